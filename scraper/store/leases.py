"""What is due, in the database: when each source ran, how that went, and which process has it now.

A lease is taken by one statement that asks for the row as it was when it was judged: of two processes that found a
source due, one gets it, and what it has done meanwhile is never done again. A lease that ran out belongs to a process
that is gone; whoever takes it over counts that as a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, insert, or_, select, update

from scraper.due import LONGEST_LEASE, Key, Row, moments_of
from scraper.store.opening import Store
from scraper.store.tables import due, observations, sources
from scraper.store.views import Status

_LOCK: Final = "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueView:
    """What is known of a source's runs. `outcome` is of the last one that ended, None before; `error` why it failed.

    `successes` and `failed` count all runs; `seconds` is how long the last one took.
    """

    row: Row
    successes: int
    failed: int
    outcome: Status | None
    error: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to refresh a source until it runs out; `holder` is of this lease alone."""

    key: Key
    holder: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a run of a source ended, and how long it took."""

    status: Status
    seconds: float
    error: str = ""


def read_due(store: Store, only: Key | None = None) -> dict[Key, DueView]:
    """Return what is known of every source that was ever scheduled or refreshed, or of one of them."""
    query = select(due)
    if only is not None:
        query = query.where(_is(only))
    with store.reading() as connection:
        rows = connection.execute(query).all()
    return {
        Key(row.provider, row.source): DueView(
            row=Row(
                known_at=row.known_at,
                last_start_at=row.last_start_at,
                last_success_at=row.last_success_at,
                starts=row.starts,
                failures=row.failures,
                lease_holder=row.lease_holder,
                lease_until=row.lease_until,
            ),
            successes=row.successes,
            failed=row.failed,
            outcome=Status(row.outcome) if row.outcome else None,
            error=row.error,
            seconds=row.milliseconds / 1000,
        )
        for row in rows
    }


def read_moments(store: Store, only: Key | None = None) -> dict[Key, tuple[datetime, ...]]:
    """Return when each source, or one, asks to be looked at again, since a price that it states ends or begins."""
    o = observations.c
    dated = or_(o.valid_from.is_not(None), o.valid_until.is_not(None))
    query = (
        select(sources.c.provider, sources.c.name, o.valid_from, o.valid_until)
        .join_from(observations, sources, o.source_id == sources.c.id)
        .where(o.closed_at.is_(None), dated)
        .distinct()
    )
    if only is not None:
        query = query.where(sources.c.provider == only.provider, sources.c.name == only.source)
    ends: dict[Key, list[datetime]] = {}
    begins: dict[Key, list[datetime]] = {}
    with store.reading() as connection:
        for row in connection.execute(query):
            key = Key(row.provider, row.name)
            ends.setdefault(key, []).extend([row.valid_until] if row.valid_until else [])
            begins.setdefault(key, []).extend([row.valid_from] if row.valid_from else [])
    return {key: moments_of(ends[key], begins[key]) for key in ends}


def enrol(store: Store, cadences: Mapping[Key, str], at: datetime) -> None:
    """Write down which sources are scheduled, how often, and since when; nothing is written where nothing is new."""
    with store.reading() as connection:
        if not _strangers(connection, cadences):
            return
    with store.writing(_LOCK) as connection:
        for key, known in _strangers(connection, cadences).items():
            if known:
                connection.execute(update(due).where(_is(key)).values(cadence=cadences[key]))
            else:
                connection.execute(insert(due), [_new(key, cadences[key], at)])


def take_lease(store: Store, key: Key, *, starts: int, holder: str, at: datetime, seconds: float) -> Lease | None:
    """Take a source that had `starts` runs when it was judged; None where another process was faster.

    `holder` names this process; the source must have been enrolled.
    """
    lease = Lease(key, f"{holder}#{starts + 1}", at)
    free = or_(due.c.lease_until.is_(None), due.c.lease_until <= at, due.c.lease_until > at + LONGEST_LEASE)
    left_behind = case((due.c.lease_holder.is_not(None), 1), else_=0)
    with store.writing() as connection:
        taken = connection.execute(
            update(due)
            .where(_is(key), due.c.starts == starts, free)
            .values(
                starts=starts + 1,
                last_start_at=at,
                failed=due.c.failed + left_behind,
                failures=due.c.failures + left_behind,
                lease_holder=lease.holder,
                lease_until=at + timedelta(seconds=seconds),
            )
        )
    return lease if taken.rowcount == 1 else None


def renew_lease(store: Store, lease: Lease, *, at: datetime, seconds: float) -> bool:
    """Hold a lease for longer; False where it ran out and another process has the source."""
    with store.writing() as connection:
        return _change(connection, lease, {"lease_until": at + timedelta(seconds=seconds)})


def settle_lease(store: Store, lease: Lease, result: Result) -> bool:
    """Write down how a run ended and give the source back; False where another process has it."""
    with store.writing() as connection:
        return _change(connection, lease, {**_ended(result, lease.started_at), **_NO_LEASE})


def release_lease(store: Store, lease: Lease) -> bool:
    """Give a source back as if it had not been taken; it stays due. False where another process has it."""
    with store.writing() as connection:
        return _change(connection, lease, _NO_LEASE)


def note_run(store: Store, key: Key, *, at: datetime, result: Result) -> None:
    """Write down a run that was asked for by hand, whoever has the source."""
    with store.writing(_LOCK) as connection:
        if connection.execute(select(due.c.starts).where(_is(key))).first() is None:
            connection.execute(insert(due), [_new(key, "", at)])
        values = {"starts": due.c.starts + 1, "last_start_at": at, **_ended(result, at)}
        connection.execute(update(due).where(_is(key)).values(values))


_NO_LEASE: Final = {"lease_holder": None, "lease_until": None}


def _change(connection: Connection, lease: Lease, values: Mapping[str, Any]) -> bool:
    mine = and_(_is(lease.key), due.c.lease_holder == lease.holder)
    return connection.execute(update(due).where(mine).values(values)).rowcount == 1


def _ended(result: Result, started_at: datetime) -> dict[str, Any]:
    shared = {"outcome": result.status, "error": result.error, "milliseconds": round(result.seconds * 1000)}
    if result.status is Status.OK:
        # When it began is what counts: a run that goes on into its next period has not served that one.
        return {**shared, "last_success_at": started_at, "failures": 0, "successes": due.c.successes + 1}
    return {**shared, "failures": due.c.failures + 1, "failed": due.c.failed + 1}


def _strangers(connection: Connection, cadences: Mapping[Key, str]) -> dict[Key, bool]:
    """Return the sources that are not known with their cadence, and whether they are known at all."""
    rows = connection.execute(select(due.c.provider, due.c.source, due.c.cadence)).all()
    known = {Key(row.provider, row.source): row.cadence for row in rows}
    return {key: key in known for key, cadence in cadences.items() if known.get(key) != cadence}


def _new(key: Key, cadence: str, at: datetime) -> dict[str, Any]:
    counts = dict.fromkeys(("starts", "successes", "failed", "failures", "milliseconds"), 0)
    return {
        "provider": key.provider,
        "source": key.source,
        "cadence": cadence,
        "known_at": at,
        "outcome": "",
        "error": "",
        **counts,
    }


def _is(key: Key) -> ColumnElement[bool]:
    return and_(due.c.provider == key.provider, due.c.source == key.source)
