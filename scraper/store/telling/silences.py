"""Silences: what nobody is told of until a time, and who said so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from scraper.store.opening import Store
from scraper.store.rows import change_one, insert_rows
from scraper.store.tables import silences


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What nobody is told of until a time; who said so, and when."""

    id: int
    pattern: str
    made_by: str
    made_at: datetime
    until: datetime


def add_silence(store: Store, pattern: str, *, by: str, at: datetime, until: datetime) -> int:
    """Tell nobody of what a pattern says until a time; return the number of this silence."""
    with store.writing() as connection:
        row = {"pattern": pattern, "made_by": by, "made_at": at, "until": until}
        return insert_rows(connection, silences, [row])[0]


def end_silence(store: Store, number: int) -> bool:
    """Take a silence away; False where there is none of this number."""
    return change_one(store, delete(silences).where(silences.c.id == number))


def list_silences(store: Store, at: datetime) -> list[Silence]:
    """Return what is silenced at a time."""
    with store.reading() as connection:
        return silences_on(connection, at)


def silences_on(connection: Connection, at: datetime) -> list[Silence]:
    """Return what is silenced at a time, on the connection of a transaction."""
    rows = connection.execute(select(silences).where(silences.c.until > at).order_by(silences.c.id))
    return [
        Silence(id=row.id, pattern=row.pattern, made_by=row.made_by, made_at=row.made_at, until=row.until)
        for row in rows
    ]
