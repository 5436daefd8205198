"""Corrections: who was told what a history that was read again does not say, and what it says instead.

Whoever got a message that is wrong gets one that says so, as an event of its own; whoever had not got it yet gets
neither. It may be done as often as one likes: what is right is left alone, and a correction that is wrong in its turn
is corrected, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, and_, delete, or_, select, update

from scraper.diff import same_value
from scraper.events import Corrected, Event, EventKind, Severity, Side, event_id
from scraper.records import State
from scraper.store.events import claim_of_side, links_of, side_of_row
from scraper.store.outbox import OF_SOURCES, keep_events
from scraper.store.rows import by_id, each, insert_rows
from scraper.store.sourcing import captures_by_id
from scraper.store.tables import captures, deliveries, events, observations, offers, queued_events, sources

_d = deliveries.c
_e = events.c
_o = observations.c
_q = queued_events.c

_OFFERS: Final = (EventKind.NEW_OFFER, EventKind.WITHDRAWN)
_ANNOUNCED: Final = (EventKind.ANNOUNCED_PRICE, EventKind.ANNOUNCEMENT_GONE)
_UNCORRECTED: Final = (*OF_SOURCES, EventKind.HOLD_NEEDS_REVIEW)
_SECOND: Final = timedelta(seconds=1)
"""Events know their time to the second, observations know it better."""

_Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a line was told last of one thing: `said` is the event itself or the last correction of it."""

    line: _Line
    first: Event
    holds: bool
    said: Event


@dataclass(slots=True)
class _Wanted:
    """Corrections that are needed, by their ids, with whom they are for; and those that were sent and still hold."""

    events: dict[str, Event] = field(default_factory=dict)
    lines: list[tuple[_Line, str]] = field(default_factory=list)
    right: set[str] = field(default_factory=set)


def keep_corrections(connection: Connection, provider: str, at: datetime) -> None:
    """Correct what was told of a provider and is not in its history, in the transaction that wrote that; `at` is now.

    What is in no message yet, or in one that certainly did not arrive, is told to nobody.
    """
    _take_apart(connection, provider)
    made = _corrections(connection, provider)
    wanted = _Wanted()
    judged: dict[tuple[str, str], tuple[Literal["before", "after"], Side | None] | None] = {}
    for one in _told(connection, provider, made):
        key = one.first.id, one.said.id
        if key not in judged:
            judged[key] = _wrong(connection, one)
        if (found := judged[key]) is not None:
            correction = _correction(one, *found, at)
            wanted.events[correction.id] = correction
            wanted.lines.append((one.line, correction.id))
        elif one.said.corrects is not None:
            wanted.right.add(one.said.id)
    over = [{"row": row, "retracted": True} for name, (row, _) in made.items() if name not in wanted.right]
    each(connection, by_id(events), over)
    keep_events(connection, list(wanted.events.values()), at, tell=False)
    _queue(connection, wanted, at)


def corrected_in(connection: Connection, line: _Line, wanted: Iterable[str]) -> dict[str, str]:
    """Return by event in which message a line got it, for those that it got."""
    query = (
        select(_e.event, _d.message)
        .join_from(queued_events, events)
        .join(deliveries)
        .where(_q.subscriber == line[0], _q.channel == line[1], _e.event.in_(list(wanted)))
    )
    return {row.event: row.message for row in connection.execute(query)}


def _take_apart(connection: Connection, provider: str) -> None:
    """Let what waits in a message that certainly did not arrive, and has something retracted in it, wait anew."""
    stale = (
        select(_q.delivery_id)
        .join_from(queued_events, events)
        .where(_e.provider == provider, _e.retracted, _q.delivery_id.is_not(None))
    )
    unsent = and_(_d.state == "waiting", ~_d.maybe_arrived)
    found = connection.scalars(select(_d.id).where(_d.id.in_(stale), unsent).with_for_update()).all()
    if found:
        connection.execute(update(queued_events).where(_q.delivery_id.in_(found)).values(delivery_id=None))
        connection.execute(delete(deliveries).where(_d.id.in_(found)))


def _corrections(connection: Connection, provider: str) -> dict[str, tuple[int, Event]]:
    """Return all corrections that were ever made, by their ids, with their numbers."""
    rows = connection.execute(
        select(_e.id, _e.event, _e.body).where(_e.provider == provider, _e.kind == EventKind.CORRECTED)
    )
    return {row.event: (row.id, Event.from_json(row.body)) for row in rows}


def _told(connection: Connection, provider: str, made: Mapping[str, tuple[int, Event]]) -> list[_Told]:
    """Return what lines were told that does not hold, or was corrected before, in the order in which it was told."""
    roots = {name: _root(event, made) for name, (_, event) in made.items()}
    doubtful = or_(_e.retracted, _e.kind == EventKind.CORRECTED, _e.event.in_(set(roots.values())))
    rows = connection.execute(
        select(_q.subscriber, _q.channel, _e.event, _e.body, _e.retracted)
        .join_from(queued_events, events)
        .join(deliveries)
        .where(_e.provider == provider, _e.kind.not_in(_UNCORRECTED), _d.state != "dead", doubtful)
        .order_by(_q.id)
    )
    first: dict[str, tuple[Event, bool]] = {}
    last: dict[object, tuple[_Line, str, Event]] = {}
    for row in rows:
        line, root = (row.subscriber, row.channel), roots.get(row.event, row.event)
        event = Event.from_json(row.body)
        if event.corrects is None:
            first[root] = event, not row.retracted
        if root in first:
            last[line, _about(first[root][0])] = line, root, event
    return [_Told(line, *first[root], said) for line, root, said in last.values()]


def _about(event: Event) -> object:
    """Return what an event is about: one field of one offer at one time, by one source."""
    side = event.after or event.before
    begins = side.valid_from if side is not None and event.kind in _ANNOUNCED else None
    return event.source, event.model_id or event.name, event.name, event.field, event.at, begins


def _root(event: Event, made: Mapping[str, tuple[int, Event]]) -> str:
    """Return the id of what was told first, of which a correction is, or one of a correction."""
    while event.corrects is not None and event.corrects.event in made:
        event = made[event.corrects.event][1]
    return event.corrects.event if event.corrects is not None else event.id


# What is wrong.


def _wrong(connection: Connection, told: _Told) -> tuple[Literal["before", "after"], Side | None] | None:
    """Return which side of what was said is wrong, and what it should have been; None where nothing is."""
    first, said = told.first, told.said
    if said.corrects is not None:
        side = said.corrects.side
        is_now = _stated(connection, first, side)
        return None if _same(first, said.after, is_now) else (side, is_now)
    if told.holds:
        return None
    is_now = _stated(connection, first, "after")
    if not _same(first, first.after, is_now):
        return "after", is_now
    if first.before is None or first.before.state != State.SOURCED:
        return None
    was = _stated(connection, first, "before")
    return None if _same(first, first.before, was) else ("before", was)


def _same(event: Event, one: Side | None, other: Side | None) -> bool:
    if one is None or other is None or event.kind in _OFFERS:
        return (one is None) == (other is None)
    if (one.state, one.currency) != (other.state, other.currency):
        return False
    terms = (one.promotional, one.valid_until) == (other.promotional, other.valid_until)
    return same_value(event.field, one.value, other.value) and (terms or event.kind is not EventKind.TERMS_CHANGED)


def _stated(connection: Connection, event: Event, side: Literal["before", "after"]) -> Side | None:
    """Return what the source of an event stated when that happened, or before that, by its history as it is now.

    What was before is what it stated last that was something else, whenever it changed; where it never did, the same.
    """
    known = _offer(connection, event)
    until = event.at + _SECOND
    if known is None or (event.kind in _OFFERS and not _listed(known, until)):
        return None
    query = (
        select(observations)
        .join_from(observations, sources, _o.source_id == sources.c.id)
        .where(sources.c.provider == event.provider, sources.c.name == event.source, _o.offer_id == known.id)
    )
    if event.field:
        query = query.where(_o.field == event.field, _begins(event))
    standing = query.where(_o.first_seen < until, or_(_o.closed_at.is_(None), _o.closed_at >= until))
    row = connection.execute(standing.order_by(_o.valid_from.desc().nulls_last(), _o.id.desc()).limit(1)).first()
    if side == "before":
        ended = query.where(_o.closed_at <= (until if row is None else row.first_seen))
        row = connection.execute(ended.order_by(_o.closed_at.desc(), _o.id.desc()).limit(1)).first() or row
    if row is None:
        return Side() if event.kind in _OFFERS else None
    capture = captures_by_id(connection, captures.c.id == row.last_capture_id)[row.last_capture_id]
    found = side_of_row(row, capture)
    return found if event.field else Side(evidence=found.evidence)


def _offer(connection: Connection, event: Event) -> Any:
    """Return the offer of an event as it is numbered now, None where the history has none."""
    named = offers.c.model_id == event.model_id if event.model_id else offers.c.name == event.name
    rows = connection.execute(select(offers).where(offers.c.provider == event.provider, named)).all()
    return next((row for row in rows if len(rows) == 1 or row.name == event.name), None)


def _listed(offer: Any, before: datetime) -> bool:
    return bool(offer.first_seen < before and (offer.withdrawn_at is None or offer.withdrawn_at >= before))


def _begins(event: Event) -> Any:
    """Return which statements of a field are meant: those of an announced day, or those that hold already."""
    side = event.after or event.before
    if event.kind in _ANNOUNCED and side is not None:
        return _o.valid_from == side.valid_from
    return or_(_o.valid_from.is_(None), _o.valid_from <= event.at)


# What is said of it.


def _correction(told: _Told, side: Literal["before", "after"], is_now: Side | None, at: datetime) -> Event:
    kind = EventKind.CORRECTED
    first, said = told.first, told.said
    wrong = first.before if said.corrects is None and side == "before" else said.after
    shown = Corrected(event=said.id, kind=said.kind, at=said.at, before=said.before, after=said.after, side=side)
    return first.model_copy(
        update={
            "id": event_id(kind, said.id, side, *claim_of_side(first.field, is_now)),
            "kind": kind,
            "at": at,
            "before": wrong,
            "after": is_now,
            "percent": None,
            "typical_request": None,
            "severity": max(first.severity, Severity.NOTICE, key=lambda one: one.rank),
            "note": "",
            "links": links_of(wrong, is_now) or first.links,
            "corrects": shown,
        }
    )


def _queue(connection: Connection, wanted: _Wanted, at: datetime) -> None:
    """Let corrections wait for whom they are for, whatever the rules say: who got the first gets the second."""
    ids = list(wanted.events)
    numbers = {row.event: row.id for row in connection.execute(select(_e.event, _e.id).where(_e.event.in_(ids)))}
    known = connection.execute(
        select(_q.subscriber, _q.channel, _q.event_id).where(_q.event_id.in_(list(numbers.values())))
    )
    queued = {((row.subscriber, row.channel), row.event_id) for row in known}
    rows: list[dict[str, Any]] = [
        {"subscriber": line[0], "channel": line[1], "event_id": numbers[name], "queued_at": at}
        for line, name in wanted.lines
        if (line, numbers[name]) not in queued
    ]
    insert_rows(connection, queued_events, rows)
