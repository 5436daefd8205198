"""Writing many rows in few statements, the same on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.sql.dml import Update

Row = dict[str, Any]


def by_id(table: Any) -> Update:
    """Return an update of the row that the parameter `row` names."""
    return update(table).where(table.c.id == bindparam("row"))


def each(connection: Connection, statement: Update, rows: list[Row]) -> None:
    """Do an update once for each row of parameters."""
    if rows:
        connection.execute(statement, rows)


def insert_rows(connection: Connection, table: Any, rows: list[Row]) -> list[int]:
    """Insert rows and return their ids in the same order (none for a table without ids)."""
    if not rows:
        return []
    if "id" not in table.c:
        connection.execute(insert(table), rows)
        return []
    # Numbered before they are written: to get the ids of many rows back in a certain order is several times slower.
    ids = _new_ids(connection, table, len(rows))
    connection.execute(insert(table), [{"id": number, **row} for number, row in zip(ids, rows, strict=True)])
    return ids


def _new_ids(connection: Connection, table: Any, count: int) -> list[int]:
    if connection.dialect.name == "sqlite":
        # There is one writer at a time.
        first = (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
        return list(range(first, first + count))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    series = func.generate_series(1, count).table_valued("number")
    return list(connection.scalars(select(func.nextval(sequence)).select_from(series)))
