"""Messages: the events that wait for a line, the message that is made of them, and how sending it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, false, select, update

from scraper.events import Event
from scraper.store.correcting import corrected_in, keep_corrections
from scraper.store.opening import Store
from scraper.store.outbox import StoredEvent, mark_routed, unrouted
from scraper.store.rows import change_one, insert_rows
from scraper.store.tables import alert_channels, deliveries, events, queued_events
from scraper.store.telling.lines import Line, is_of

LOCK: Final = "alerts"
"""Whoever routes events, or adds some that no reading makes, waits for the others who do."""

_MANY: Final = 5000

_c = alert_channels.c
_d = deliveries.c
_q = queued_events.c


class DeliveryState(StrEnum):
    """How a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedEvent:
    """An event that waits for a subscriber, and since when."""

    number: int
    queued_at: datetime
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message under way or done, by its `message` id; `attempts` counts those that failed.

    `maybe_arrived` is false only where every attempt was certainly refused.
    """

    number: int
    line: Line
    message: str
    digest: bool
    state: DeliveryState
    attempts: int
    error: str
    made_at: datetime
    next_at: datetime
    give_up_at: datetime
    ended_at: datetime | None
    maybe_arrived: bool


# Routing.


def take_unrouted(connection: Connection, limit: int) -> list[StoredEvent]:
    """Return events of which nobody was told yet, and count them as told: the caller queues them for whom they concern.

    Only for the transaction of a router, which has the `LOCK`.
    """
    found = unrouted(connection, limit)
    mark_routed(connection, [one.number for one in found])
    return found


def queue_events(connection: Connection, wanted: Sequence[tuple[Line, int]], at: datetime) -> None:
    """Let events, by their numbers, wait for lines, in this order; what is queued already stays as it is."""
    numbers = {number for _, number in wanted}
    rows = connection.execute(select(_q.subscriber, _q.channel, _q.event_id).where(_q.event_id.in_(numbers)))
    known = {(Line(row.subscriber, row.channel), row.event_id) for row in rows}
    new = [
        {**line._asdict(), "event_id": number, "queued_at": at}
        for line, number in wanted
        if (line, number) not in known
    ]
    insert_rows(connection, queued_events, new)


# Making a message.


def lines_with_work(store: Store, at: datetime) -> frozenset[Line]:
    """Return the lines for which something waits that may be sent at a time, disabled ones left out."""
    waiting = select(_d.subscriber, _d.channel).where(_d.state == DeliveryState.WAITING)
    later = select(_d.subscriber, _d.channel).where(_d.state == DeliveryState.WAITING, _d.next_at > at)
    holds = (_q.delivery_id.is_(None), events.c.retracted == false())
    queued = select(_q.subscriber, _q.channel).join_from(queued_events, events).where(*holds)
    disabled = select(_c.subscriber, _c.channel).where(_c.disabled_at.is_not(None))
    with store.reading() as connection:
        work, not_yet, off = (
            {Line(*row) for row in connection.execute(query)} for query in (waiting.union(queued), later, disabled)
        )
    return frozenset(work - not_yet - off)


def under_way(store: Store, line: Line) -> Delivery | None:
    """Return the first message of a line that has not arrived and is not given up."""
    query = select(deliveries).where(is_of(_d, line), _d.state == DeliveryState.WAITING).order_by(_d.id).limit(1)
    with store.reading() as connection:
        row = connection.execute(query).first()
        return None if row is None else _delivery(row)


def last_ended(store: Store, line: Line) -> Delivery | None:
    """Return the message of a line that ended last."""
    ended = (is_of(_d, line), _d.state != DeliveryState.WAITING)
    with store.reading() as connection:
        row = connection.execute(select(deliveries).where(*ended).order_by(_d.id.desc()).limit(1)).first()
        return None if row is None else _delivery(row)


def queued_of(store: Store, line: Line) -> list[QueuedEvent]:
    """Return what waits for a line and is in no message yet, in its order; without what is retracted."""
    query = _queued().where(is_of(_q, line), _q.delivery_id.is_(None), events.c.retracted == false())
    with store.reading() as connection:
        return [_queued_event(row) for row in connection.execute(query.order_by(_q.id))]


def events_in(store: Store, delivery: Delivery) -> list[Event]:
    """Return the events of a message, in their order; a correction knows in which message the line got the first."""
    query = _queued().where(_q.delivery_id == delivery.number).order_by(_q.id)
    with store.reading() as connection:
        found = [_queued_event(row).event for row in connection.execute(query)]
        corrected = {event.corrects.event for event in found if event.corrects is not None}
        messages = corrected_in(connection, delivery.line, corrected) if corrected else {}
    return [_of_message(event, messages) for event in found]


def _of_message(event: Event, messages: Mapping[str, str]) -> Event:
    if event.corrects is None:
        return event
    corrects = event.corrects.model_copy(update={"message": messages.get(event.corrects.event, "")})
    return event.model_copy(update={"corrects": corrects})


def make_delivery(
    store: Store,
    line: Line,
    queued: Sequence[QueuedEvent],
    *,
    holder: str,
    message: str,
    digest: bool,
    at: datetime,
    give_up_at: datetime,
) -> Delivery | None:
    """Make one message of what waits, to be sent at once.

    None where the line is another process' by now, or something of it was retracted meanwhile.
    """
    with store.writing() as connection:
        mine = select(_c.subscriber).where(is_of(_c, line), _c.lease_holder == holder)
        if connection.execute(mine.with_for_update()).first() is None:
            return None
        numbers = [one.number for one in queued]
        if _count_holding(connection, numbers) < len(numbers):
            return None
        row = {
            **line._asdict(),
            "message": message,
            "digest": digest,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "error": "",
            "made_at": at,
            "next_at": at,
            "give_up_at": give_up_at,
            "maybe_arrived": True,
        }
        (number,) = insert_rows(connection, deliveries, [row])
        for start in range(0, len(numbers), _MANY):
            some = _q.id.in_(numbers[start : start + _MANY])
            connection.execute(update(queued_events).where(some).values(delivery_id=number))
        made = _delivery(connection.execute(select(deliveries).where(_d.id == number)).one())
        # Whoever finds it later cannot know that; who has just made it does.
        return replace(made, maybe_arrived=False)


def _count_holding(connection: Connection, numbers: Sequence[int]) -> int:
    """Count the queued events that are not retracted; who reads a history again waits until this transaction ends."""
    count = 0
    for start in range(0, len(numbers), _MANY):
        some = (_q.id.in_(numbers[start : start + _MANY]), events.c.retracted == false())
        holding = select(events.c.id).join_from(queued_events, events).where(*some)
        count += len(connection.execute(holding.with_for_update(read=True, of=events)).all())
    return count


# How sending it goes.


def begin_attempt(store: Store, delivery: Delivery) -> bool:
    """Write down that a message is being sent again; False where it is not under way any more."""
    waiting = (_d.id == delivery.number, _d.state == DeliveryState.WAITING)
    return change_one(store, update(deliveries).where(*waiting).values(maybe_arrived=True))


def mark_sent(store: Store, delivery: Delivery, at: datetime) -> None:
    """Write down that a message arrived."""
    _end(store, delivery, state=DeliveryState.SENT, ended_at=at, error="")


def mark_failed(store: Store, delivery: Delivery, *, error: str, maybe_arrived: bool, next_at: datetime) -> None:
    """Write down that a message could not be sent, whether it may have arrived all the same, and when to try again."""
    _end(store, delivery, attempts=_d.attempts + 1, error=error, maybe_arrived=maybe_arrived, next_at=next_at)


def mark_dead(store: Store, delivery: Delivery, *, error: str, maybe_arrived: bool, at: datetime) -> None:
    """Give a message up until a person asks for it again."""
    told = {"attempts": _d.attempts + 1, "error": error, "maybe_arrived": maybe_arrived, "ended_at": at}
    _end(store, delivery, state=DeliveryState.DEAD, **told)


def retry_lines(store: Store, lines: Sequence[Line], *, at: datetime, give_up_at: datetime) -> int:
    """Enable lines, and try again now what waits or was given up; return how many messages that are.

    What was retracted meanwhile is not told after all or, where it may have arrived, is corrected afterwards.
    """
    count = 0
    with store.writing() as connection:
        for line in lines:
            enabled = update(alert_channels).where(is_of(_c, line)).values(disabled_at=None, disabled_why="")
            connection.execute(enabled)
            again = update(deliveries).where(is_of(_d, line), _d.state != DeliveryState.SENT)
            values = {"state": DeliveryState.WAITING, "attempts": 1, "ended_at": None, "next_at": at}
            count += connection.execute(again.values(**values, give_up_at=give_up_at)).rowcount
        for provider in _retracted_providers(connection):
            keep_corrections(connection, provider, at)
    return count


def _retracted_providers(connection: Connection) -> list[str]:
    """Return whose events are retracted and in a message that is under way."""
    query = select(events.c.provider).distinct().join_from(queued_events, events).join(deliveries)
    under = query.where(events.c.retracted, _d.state == DeliveryState.WAITING)
    return list(connection.scalars(under.order_by(events.c.provider)))


# Forgetting.


def forget_told(store: Store, before: datetime) -> int:
    """Forget messages that ended before a time, and what has waited since before it; return how many messages.

    Events are kept: by them it is known what was told already, and feeds are made of them.
    """
    ended = select(_d.id).where(_d.state != DeliveryState.WAITING, _d.ended_at < before)
    with store.writing(LOCK) as connection:
        connection.execute(delete(queued_events).where(_q.delivery_id.in_(ended)))
        connection.execute(delete(queued_events).where(_q.delivery_id.is_(None), _q.queued_at < before))
        return connection.execute(delete(deliveries).where(_d.id.in_(ended))).rowcount


def is_any_to_forget(store: Store, before: datetime) -> bool:
    """Say whether there is anything that `forget_told` forgets."""
    ended = select(_d.id).where(_d.state != DeliveryState.WAITING, _d.ended_at < before)
    old = select(_q.id).where(_q.delivery_id.is_(None), _q.queued_at < before)
    with store.reading() as connection:
        return any(connection.execute(query.limit(1)).first() for query in (ended, old))


# Small things.


def _end(store: Store, delivery: Delivery, **values: Any) -> None:
    waiting = (_d.id == delivery.number, _d.state == DeliveryState.WAITING)
    change_one(store, update(deliveries).where(*waiting).values(values))


def _queued() -> Any:
    return select(_q.id, _q.queued_at, events.c.body).join_from(queued_events, events, _q.event_id == events.c.id)


def _queued_event(row: Any) -> QueuedEvent:
    return QueuedEvent(number=row.id, queued_at=row.queued_at, event=Event.from_json(row.body))


def _delivery(row: Any) -> Delivery:
    return Delivery(
        number=row.id,
        line=Line(row.subscriber, row.channel),
        message=row.message,
        digest=row.digest,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        error=row.error,
        made_at=row.made_at,
        next_at=row.next_at,
        give_up_at=row.give_up_at,
        ended_at=row.ended_at,
        maybe_arrived=row.maybe_arrived,
    )
