"""Runs the migrations on the connection that the store gives, in one transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, func, select

from scraper.store.tables import metadata


def run(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # A table that is rebuilt is dropped, which would delete the rows that refer to it. This has no effect inside a
        # transaction, so it is said to the driver before one begins.
        driver(connection, "PRAGMA foreign_keys=OFF")
    try:
        context.configure(
            connection=connection, target_metadata=metadata, render_as_batch=sqlite, transactional_ddl=True
        )
        with context.begin_transaction():
            if not sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("ratecard migrations"))))
            context.run_migrations()
            if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise RuntimeError("a migration left rows that refer to nothing; it was undone")
    finally:
        if sqlite:
            driver(connection, "PRAGMA foreign_keys=ON")


def driver(connection: Connection, statement: str) -> None:
    raw = connection.connection.dbapi_connection
    if raw is not None:
        raw.cursor().execute(statement)


run(context.config.attributes["connection"])
