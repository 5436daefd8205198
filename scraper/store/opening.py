"""Opening a store: SQLite files and PostgreSQL, brought to the schema of this code, errors told in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from scraper.errors import RatecardError
from scraper.store.asking import HEAD
from scraper.store.quick import WAIT_SECONDS
from scraper.store.tables import metadata

# As Alembic makes it.
_VERSION: Final = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
_CHECK: Final = "check the address given by --db or RATECARD_DB"


def hold_back_others(connection: Connection, provider: str) -> None:
    """Let other writers of a provider wait until the end of this transaction; on SQLite all of them do anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(provider))))


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. `shown` is its address without a password. Close it, or use it in a `with` statement."""

    engine: Engine
    shown: str

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection on which all queries see the same moment; nothing is kept of what is written on it."""
        engine = self.engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with self.told(), engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, provider: str | None = None, *, keep: bool = True) -> Iterator[Connection]:
        """Give the connection of one transaction: kept as a whole at the end, or not at all.

        Writers of one provider wait for each other. With `keep=False` it is undone at the end.
        """
        engine = self.engine.execution_options(ratecard_writes=True)
        with self.told(), engine.connect() as connection, connection.begin() as transaction:
            if provider is not None:
                hold_back_others(connection, provider)
            yield connection
            if not keep:
                transaction.rollback()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn the failure of a database into a `RatecardError`; faults of the code stay what they are."""
        try:
            yield
        except DatabaseError as error:
            if type(error) not in (DatabaseError, OperationalError):
                raise
            raise RatecardError(_sentence(self.shown, str(error.orig))) from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str) -> Store:
    """Open a store (`sqlite:///FILE` or `postgresql://…`), creating it or bringing it up to date where needed.

    Raises `RatecardError` where there is no such database, it cannot be used, is not ours, or is newer than this code.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        _make_folder(address)
    store = Store(_engine(address), address.render_as_string(hide_password=True))
    try:
        if (version_of(store) or _make_tables(store)) != HEAD:
            # Only an older database needs Alembic, and loading it takes longer than most commands.
            from scraper.store.migrating import upgrade

            upgrade(store)
    except BaseException:
        store.close()
        raise
    return store


def version_of(store: Store) -> str | None:
    """Return the schema version of a database, None where it is empty.

    Raises `RatecardError` where it holds another program's tables.
    """
    with store.reading() as connection:
        tables = set(inspect(connection).get_table_names())
        if "alembic_version" in tables:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        # A PostgreSQL database may be shared with other programs, a file never is.
        foreign = tables if connection.dialect.name == "sqlite" else tables & metadata.tables.keys()
    if foreign:
        raise RatecardError(
            f"The database {store.shown} was not made by ratecard (it has a table {min(foreign)!r}); {_CHECK}."
        )
    return None


def _make_tables(store: Store) -> str:
    """Make all tables in an empty database, the same as all migrations would, all or none; return its version."""
    with store.writing() as connection:
        hold_back_others(connection, "ratecard migrations")
        _VERSION.create(connection, checkfirst=True)
        found: str | None = connection.execute(select(_VERSION.c.version_num)).scalar()
        if found is None:
            metadata.create_all(connection, checkfirst=False)
            connection.execute(insert(_VERSION).values(version_num=HEAD))
        return found or HEAD


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise RatecardError(
            f"{url!r} is not the address of a database; write sqlite:///FILE or postgresql://HOST/NAME."
        ) from error
    shown = address.render_as_string(hide_password=True)
    if address.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return address.set(drivername="postgresql+psycopg")
    if address.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise RatecardError(
            f"{shown} is neither SQLite nor PostgreSQL; write sqlite:///FILE or postgresql://HOST/NAME."
        )
    if not address.database or address.database == ":memory:":
        raise RatecardError(f"{shown} names no file; write sqlite:///FILE (four slashes for an absolute path).")
    return address


def _make_folder(address: URL) -> None:
    file = Path(address.database or "")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RatecardError(
            f"The folder {file.parent} for the database cannot be made ({error.strerror}); {_CHECK}."
        ) from error


def _engine(address: URL) -> Engine:
    if address.get_backend_name() != "sqlite":
        # As many connections as there are threads: some wait for each other's locks, and none for a connection.
        return create_engine(address, connect_args={"connect_timeout": 10}, pool_pre_ping=True, max_overflow=-1)
    # How long to wait for another writer can be said in the address, too: sqlite:///FILE?timeout=5
    wait = {} if "timeout" in address.query else {"timeout": WAIT_SECONDS}
    engine = create_engine(address, connect_args=wait)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(raw: Any, _record: Any) -> None:
    # The driver would begin transactions by its own rules, too late for a writer; `_begin` does it.
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads before it writes fails at once, whatever the timeout, if another writer came between.
    writes = connection.get_execution_options().get("ratecard_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _sentence(shown: str, said: str) -> str:
    said = said.strip().splitlines()[0] if said.strip() else "no reason given"
    if "locked" in said:
        return f"The database {shown} is in use by another program ({said}); try again when it is done."
    if "full" in said or "disk I/O" in said:
        return f"The database {shown} cannot be written ({said}); make space on the disk, or mend it, and run it again."
    if "not a database" in said:
        return f"{shown} is not a SQLite database ({said}); {_CHECK}."
    return f"The database {shown} cannot be used ({said}); {_CHECK}, that it is there and that it may be written."
