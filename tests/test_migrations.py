"""The schema: made by migrations, the same as the tables in code, on both databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from scraper.errors import RatecardError
from scraper.resources import folder
from scraper.store import HEAD, Store, open_store
from scraper.store.migrating import downgrade, upgrade
from scraper.store.opening import version_of
from scraper.store.tables import metadata


def shape(store: Store) -> dict[str, object]:
    """Return all that a database says of its tables, except for Alembic's."""
    found: dict[str, object] = {}
    with store.reading() as connection:
        look = inspect(connection)
        for table in sorted(set(look.get_table_names()) - {"alembic_version"}):
            found[table] = {
                "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(table)],
                "key": look.get_pk_constraint(table),
                "checks": sorted((str(c["name"]), c["sqltext"]) for c in look.get_check_constraints(table)),
                "unique": sorted((str(c["name"]), c["column_names"]) for c in look.get_unique_constraints(table)),
                "foreign": sorted(
                    (str(c["name"]), c["constrained_columns"], c["referred_table"], c["referred_columns"], c["options"])
                    for c in look.get_foreign_keys(table)
                ),
                "indexes": sorted(
                    (str(i["name"]), tuple(i["column_names"]), i["unique"], _options(i))
                    for i in look.get_indexes(table)
                ),
            }
    return found


def _options(index: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in index.get("dialect_options", {}).items()}


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(folder("migrations"))).get_heads() == [HEAD]


def test_the_migrations_make_the_tables_of_the_code(database_url: str) -> None:
    with open_store(database_url) as store:
        assert version_of(store) == HEAD
        made = shape(store)
        downgrade(store, "base")
        assert shape(store) == {}
        assert version_of(store) is None
        upgrade(store)
        assert shape(store) == made
        with store.reading() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert set(made) == set(metadata.tables)
    with open_store(database_url) as store:
        assert version_of(store) == HEAD


def test_there_and_back_and_there_again(database_url: str) -> None:
    with open_store(database_url) as store:
        first = shape(store)
        downgrade(store, "base")
    with open_store(database_url) as store:
        assert version_of(store) == HEAD
        assert shape(store) == first


def test_a_database_newer_than_the_code_is_refused(database_url: str) -> None:
    with open_store(database_url) as store, store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RatecardError, match=r"written by a newer ratecard \(schema 9999\); update ratecard"):
        open_store(database_url)


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bookmarks.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bookmarks (id INTEGER)"))
    with pytest.raises(RatecardError, match="was not made by ratecard"):
        open_store(url)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["bookmarks"]
    engine.dispose()


def test_a_postgresql_database_may_be_shared(postgres_url: str) -> None:
    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE jobs (id INTEGER)"))
    engine.dispose()
    with open_store(postgres_url) as store:
        assert version_of(store) == HEAD


@pytest.mark.parametrize(("how", "last"), [("made", "reading_pages"), ("migrated", "silences")])
def test_a_database_whose_making_is_killed_holds_nothing(database_url: str, how: str, last: str) -> None:
    # The process kills itself when the last table is about to be made, with all the others made before it.
    program = """
        import os, signal, sys
        from sqlalchemy import Engine, event
        from scraper.store import open_store
        from scraper.store.migrating import downgrade, upgrade

        url, how, last = sys.argv[1:]

        def kill(connection, cursor, statement, *rest):
            if f"CREATE TABLE {last}" in statement:
                os.kill(os.getpid(), signal.SIGKILL)

        if how == "migrated":
            store = open_store(url)
            downgrade(store, "base")
        event.listen(Engine, "before_cursor_execute", kill)
        upgrade(store) if how == "migrated" else open_store(url)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), database_url, how, last],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == -signal.SIGKILL
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    with open_store(database_url) as store:
        assert version_of(store) == HEAD
        assert set(shape(store)) == set(metadata.tables)


def test_processes_that_open_a_new_database_together_all_succeed(database_url: str) -> None:
    program = "import sys; from scraper.store import open_store; open_store(sys.argv[1]).close()"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    together = [subprocess.Popen([sys.executable, "-c", program, database_url], env=env) for _ in range(4)]
    assert [process.wait(timeout=60) for process in together] == [0, 0, 0, 0]
