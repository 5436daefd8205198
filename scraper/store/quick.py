"""Asking a SQLite file without SQLAlchemy, which takes longer to load than all else that a short command does.

It is only for what is asked all the time, and only for a file that is there and as this code leaves one behind. In any
other case nothing is answered, and the store itself is to be opened: it knows what to do, or to say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from scraper.store.asking import FLAGS, HEAD, TIMES, Ask, utc_of

Answer = TypeVar("Answer")

WAIT_SECONDS: Final = 30
"""How long to wait for another program that is at work on the file."""


def ask_quickly(url: str, question: Callable[[Ask], Answer]) -> Answer | None:
    """Return what a question finds in a database, at one moment; None where it has to be asked of an open store."""
    file = _file_of(url)
    if file is None:
        return None
    try:
        with _reading(file) as connection:
            return question(lambda sql, asked: _rows(connection, sql, asked)) if _is_ready(connection) else None
    except sqlite3.Error:
        return None


def _file_of(url: str) -> Path | None:
    """Return the file of an address that names it plainly, where there is one."""
    name = url.removeprefix("sqlite:///")
    file = Path(name).absolute()
    is_plain = name != url and "?" not in name and "%" not in name and ".." not in file.parts
    return file if is_plain and file.is_file() else None


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection on which all statements see the same moment."""
    connection = sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def _is_ready(connection: sqlite3.Connection) -> bool:
    """Say whether opening a store would leave the file as it is."""
    version = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return version == [(HEAD,)] and connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def _rows(connection: sqlite3.Connection, sql: str, asked: Mapping[str, object]) -> list[Any]:
    found = connection.execute(sql, asked)
    readers = [(column[0], _READERS.get(column[0])) for column in found.description]
    return [
        SimpleNamespace(
            **{name: read(value) if read else value for (name, read), value in zip(readers, row, strict=True)}
        )
        for row in found
    ]


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = dict.fromkeys(TIMES, utc_of) | dict.fromkeys(FLAGS, bool)
