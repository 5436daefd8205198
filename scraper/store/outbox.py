"""The outbox: events, written in the transaction of what happened, until they are routed to whom they concern.

Whoever routes them marks them one by one. A mark that only moves on (the last number seen) would pass over those that
another writer, on PostgreSQL, numbers earlier and commits later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, false, select, update

from scraper.events import Event, EventKind
from scraper.holds import HoldStatus
from scraper.store.events import event_of_hold, events_of, loose_key
from scraper.store.holding import holds_where
from scraper.store.opening import Store
from scraper.store.reading import TELLING
from scraper.store.rows import by_id, each, insert_rows
from scraper.store.tables import events, holds, runs
from scraper.store.views import ChangeView, HoldView

_e = events.c
_MANY: Final = 5000

OF_SOURCES: Final = (EventKind.SOURCE_FAILING, EventKind.SOURCE_STALE, EventKind.PROMOTION_ENDS)
"""Events that no reading makes: somebody looks how things stand."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its number, which says the order, and the time of the run that recorded it."""

    number: int
    recorded_at: datetime
    event: Event


def keep_happened(
    connection: Connection, run: int, changed: Sequence[ChangeView], opened: Sequence[HoldView], *, tell: bool = True
) -> None:
    """Write down what a reading changed and what of it was held, once; without `tell`, nobody is told of it yet.

    What is told of models by who sells nothing is no event: nobody buys it.
    """
    telling = set(connection.scalars(TELLING))
    changed = [change for change in changed if change.provider not in telling]
    opened = [hold for hold in opened if hold.provider not in telling]
    found = [*events_of(connection, changed), *map(event_of_hold, opened)]
    if found:
        recorded_at = connection.execute(select(runs.c.started_at).where(runs.c.id == run)).scalar_one()
        keep_events(connection, found, recorded_at, tell=tell)


def retract_settled(connection: Connection, provider: str) -> None:
    """Take back the events of holds of a provider that wait for nobody any more: who was not told need not be."""
    open_ones = holds_where(connection, holds.c.provider == provider, holds.c.status == HoldStatus.OPEN)
    waiting = {_held(event_of_hold(hold)) for hold in open_ones}
    told = (_e.provider == provider, _e.kind == EventKind.HOLD_NEEDS_REVIEW, _e.retracted == false())
    rows = connection.execute(select(_e.id, _e.body).where(*told)).all()
    settled = [{"row": row.id, "retracted": True} for row in rows if _held(Event.from_json(row.body)) not in waiting]
    each(connection, by_id(events), settled)


def _held(event: Event) -> object:
    """Return what is held since when; a capture that says the same again may say it in a little other words."""
    return event.source, event.model_id, event.name, event.field, event.at


def keep_events(connection: Connection, found: Sequence[Event], recorded_at: datetime, *, tell: bool = True) -> int:
    """Write down events that are not known yet, and return how many those are; one that was retracted holds again."""
    wanted = list({event.id: event for event in found}.values())
    known: dict[str, tuple[int, bool]] = {}
    for start in range(0, len(wanted), _MANY):
        some = [event.id for event in wanted[start : start + _MANY]]
        rows = connection.execute(select(_e.event, _e.id, _e.retracted).where(_e.event.in_(some)))
        known |= {row.event: (row.id, row.retracted) for row in rows}
    again = [{"row": number, "retracted": False} for number, retracted in known.values() if retracted]
    each(connection, by_id(events), again)
    new = [event for event in wanted if event.id not in known]
    insert_rows(connection, events, [_row(event, recorded_at, tell=tell) for event in new])
    return len(new)


def list_events(
    store: Store, *, since: datetime | None = None, provider: str | None = None, limit: int | None = None
) -> list[Event]:
    """Return events that hold, the last ones first; `since` is the earliest time at which one happened."""
    query = select(_e.body).where(_e.retracted == false()).order_by(_e.at.desc(), _e.id.desc())
    if since is not None:
        query = query.where(_e.at >= since)
    if provider is not None:
        query = query.where(_e.provider == provider)
    with store.reading() as connection:
        return [Event.from_json(body) for body in connection.scalars(query.limit(limit))]


def unrouted(connection: Connection, limit: int) -> list[StoredEvent]:
    """Return events of which nobody was told yet, in their order."""
    waiting = (_e.routed == false(), _e.retracted == false())
    rows = connection.execute(select(events).where(*waiting).order_by(_e.id).limit(limit))
    return [StoredEvent(row.id, row.recorded_at, Event.from_json(row.body)) for row in rows]


def mark_routed(connection: Connection, numbers: Sequence[int]) -> None:
    """Write down that events were given to whom they concern."""
    each(connection, by_id(events), [{"row": number, "routed": True} for number in numbers])


class Retelling:
    """What a history that is read again makes of the events of a provider.

    Events that the history does not have any more are retracted. Of those that are new in it, only what nobody knows
    in any form is told: not what happened before our own first capture of a source (older copies tell of the past), and
    not what was told already and is now dated differently.
    """

    def __init__(self, connection: Connection, provider: str) -> None:
        others = (*OF_SOURCES, EventKind.HOLD_NEEDS_REVIEW, EventKind.CORRECTED)
        mine = (_e.provider == provider, _e.kind.not_in(others))
        self._connection = connection
        self._mine = mine
        rows = self._read()
        self._before = {row.event for row in rows}
        self._known = Counter(loose_key(Event.from_json(row.body)) for row in rows)
        hidden = update(events).where(*mine).values(retracted=True)
        connection.execute(hidden)

    def end(self, since: dict[str, datetime]) -> None:
        """Let those be told that are news; `since` is the time of the first capture of our own, by source."""
        met: Counter[str] = Counter()
        news = []
        for row in self._read():
            if row.retracted:
                continue
            key = loose_key(Event.from_json(row.body))
            met[key] += 1
            begun = since.get(row.source)
            if row.event not in self._before and met[key] > self._known[key] and begun is not None and row.at > begun:
                news.append(row.id)
        each(self._connection, by_id(events), [{"row": number, "routed": False} for number in news])

    def _read(self) -> Sequence[Any]:
        return self._connection.execute(select(events).where(*self._mine).order_by(_e.at, _e.id)).all()


def _row(event: Event, recorded_at: datetime, *, tell: bool) -> dict[str, Any]:
    return {
        "event": event.id,
        "at": event.at,
        "recorded_at": recorded_at,
        "provider": event.provider,
        "source": event.source,
        "kind": event.kind,
        "body": event.to_json(),
        "routed": not tell,
        "retracted": False,
    }
