"""Writing many rows in few statements, the same on both databases."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    func,
    insert,
    select,
    update,
)

from scraper.store.opening import Store

Row = dict[str, Any]

_MANY: Final = 10
"""From so many rows on, preparing them here is worth it."""


# SQLAlchemy takes longer to make a statement than to carry it out: those of every reading are made once.


@lru_cache(maxsize=64)
def by_id(table: Table) -> Update:
    """Return an update of the row that the parameter `row` names, of the columns for which there are parameters."""
    return update(table).where(table.c.id == bindparam("row"))


def each(connection: Connection, statement: Update, rows: list[Row]) -> None:
    """Do an update once for each row of parameters."""
    if rows:
        connection.execute(statement, rows)


def change_one(store: Store, statement: Update | Delete) -> bool:
    """Change or delete a row in a transaction of its own; say whether there was one to be changed."""
    with store.writing() as connection:
        return connection.execute(statement).rowcount == 1


def insert_rows(connection: Connection, table: Table, rows: list[Row]) -> list[int]:
    """Insert rows and return their ids in the same order (none for a table without ids)."""
    if not rows:
        return []
    if "id" not in table.c:
        _insert(connection, table, rows)
        return []
    # Numbered before they are written: to get the ids of many rows back in a certain order is several times slower.
    ids = _new_ids(connection, table, len(rows))
    _insert(connection, table, [{"id": number, **row} for number, row in zip(ids, rows, strict=True)])
    return ids


def _insert(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Write rows, all with the same columns.

    What SQLAlchemy does for every value of every row takes several times as long as SQLite needs to write it; in the
    rows of one reading most columns have few values.
    """
    if connection.dialect.name != "sqlite" or len(rows) < _MANY:
        connection.execute(_into(table), rows)
        return
    statement, names = _statement(table, connection.dialect, tuple(rows[0]))
    columns = [_written(connection.dialect, table.c[name], [row[name] for row in rows]) for name in names]
    connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


@lru_cache(maxsize=64)
def _into(table: Table) -> Insert:
    return insert(table)


@lru_cache(maxsize=64)
def _last_id(table: Table) -> Select[Any]:
    return select(func.max(table.c.id))


@lru_cache(maxsize=64)
def _statement(table: Table, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the statement that inserts a row, and the columns in the order in which it wants them."""
    compiled = insert(table).compile(dialect=dialect, column_keys=names)
    return str(compiled), tuple(compiled.positiontup or ())


def _written(dialect: Dialect, column: Column[Any], values: list[Any]) -> list[Any]:
    """Return the values of a column as the driver wants them."""
    write = column.type.dialect_impl(dialect).bind_processor(dialect)
    if write is None:
        return values
    known = {value: write(value) for value in set(values)}
    return [known[value] for value in values]


def _new_ids(connection: Connection, table: Table, count: int) -> list[int]:
    if connection.dialect.name == "sqlite":
        # There is one writer at a time.
        first = (connection.execute(_last_id(table)).scalar() or 0) + 1
        return list(range(first, first + count))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    series = func.generate_series(1, count).table_valued("number")
    return list(connection.scalars(select(func.nextval(sequence)).select_from(series)))
