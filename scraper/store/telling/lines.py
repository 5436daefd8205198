"""Lines: the ways to subscribers, since when they are known, who sends through them now, and which are disabled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from scraper.due import LONGEST_LEASE
from scraper.store.opening import Store
from scraper.store.rows import change_one
from scraper.store.tables import alert_channels

_c = alert_channels.c


class Line(NamedTuple):
    """One way to a subscriber: the subscriber's name and the channel's."""

    subscriber: str
    channel: str

    def __str__(self) -> str:
        return f"{self.subscriber}/{self.channel}"


def enrol_lines(connection: Connection, lines: Iterable[Line], at: datetime) -> dict[Line, datetime]:
    """Return since when each line is known, those that are not from now on."""
    known = {Line(row.subscriber, row.channel): row.known_at for row in connection.execute(select(alert_channels))}
    new = [line for line in lines if line not in known]
    if new:
        rows = [{**line._asdict(), "known_at": at, "disabled_why": ""} for line in new]
        connection.execute(insert(alert_channels), rows)
    return known | dict.fromkeys(new, at)


def take_line(store: Store, line: Line, *, holder: str, at: datetime, seconds: float) -> bool:
    """Take a line to send through it; False where another process has it, or where it is disabled."""
    free = or_(_c.lease_until.is_(None), _c.lease_until <= at, _c.lease_until > at + LONGEST_LEASE)
    taken = update(alert_channels).where(is_of(_c, line), _c.disabled_at.is_(None), free)
    return change_one(store, taken.values(lease_holder=holder, lease_until=at + timedelta(seconds=seconds)))


def keep_line(store: Store, line: Line, *, holder: str, at: datetime, seconds: float) -> bool:
    """Hold a line for longer; False where it ran out and another process has it."""
    mine = update(alert_channels).where(is_of(_c, line), _c.lease_holder == holder)
    return change_one(store, mine.values(lease_until=at + timedelta(seconds=seconds)))


def give_line(store: Store, line: Line, *, holder: str) -> None:
    """Give a line back."""
    mine = update(alert_channels).where(is_of(_c, line), _c.lease_holder == holder)
    change_one(store, mine.values(lease_holder=None, lease_until=None))


def disable_line(store: Store, line: Line, *, why: str, at: datetime) -> None:
    """Send nothing through a line until a person asks for it again; what waits goes on waiting."""
    change_one(store, update(alert_channels).where(is_of(_c, line)).values(disabled_at=at, disabled_why=why))


def is_of(columns: Any, line: Line) -> ColumnElement[bool]:
    """Return the condition that a row, of a table with these columns, is of a line."""
    return and_(columns.subscriber == line.subscriber, columns.channel == line.channel)
