"""How lines stand: what waits for each, what was sent and given up, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, false, func, select

from scraper.store.opening import Store
from scraper.store.tables import alert_channels, deliveries, events, queued_events
from scraper.store.telling.lines import Line
from scraper.store.telling.messages import DeliveryState

_c = alert_channels.c
_d = deliveries.c
_q = queued_events.c


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """How a subscriber's channel stands, in counts of events that wait and of messages."""

    line: Line
    queued: int
    waiting: int
    sent: int
    dead: int
    last_sent_at: datetime | None
    next_at: datetime | None
    error: str
    disabled_at: datetime | None
    disabled_why: str


def list_lines(store: Store) -> list[LineView]:
    """Return how every line stands that was ever used, by name."""
    with store.reading() as connection:
        rows = connection.execute(select(alert_channels).order_by(_c.subscriber, _c.channel)).all()
        waits = and_(_q.delivery_id.is_(None), events.c.retracted == false())
        queued = _counts(
            connection, select(_q.subscriber, _q.channel, func.count()).join_from(queued_events, events).where(waits)
            .group_by(_q.subscriber, _q.channel),
        )  # fmt: skip
        states = {
            state: _counts(
                connection,
                select(_d.subscriber, _d.channel, func.count())
                .where(_d.state == state)
                .group_by(_d.subscriber, _d.channel),
            )
            for state in DeliveryState
        }
        last = {
            Line(row[0], row[1]): row[2]
            for row in connection.execute(
                select(_d.subscriber, _d.channel, func.max(_d.ended_at))
                .where(_d.state == DeliveryState.SENT)
                .group_by(_d.subscriber, _d.channel)
            )
        }
        # The first one that waits, before one that was given up: the last of a line counts.
        unsent = select(deliveries).where(_d.state != DeliveryState.SENT)
        failing = {
            Line(row.subscriber, row.channel): row
            for row in connection.execute(unsent.order_by(_d.state == DeliveryState.WAITING, _d.id.desc()))
        }
    views = []
    for row in rows:
        line = Line(row.subscriber, row.channel)
        first = failing.get(line)
        under = first is not None and first.state == DeliveryState.WAITING
        views.append(
            LineView(
                line=line,
                queued=queued.get(line, 0),
                waiting=states[DeliveryState.WAITING].get(line, 0),
                sent=states[DeliveryState.SENT].get(line, 0),
                dead=states[DeliveryState.DEAD].get(line, 0),
                last_sent_at=last.get(line),
                next_at=first.next_at if first is not None and under else None,
                error=first.error if first is not None else "",
                disabled_at=row.disabled_at,
                disabled_why=row.disabled_why,
            )
        )
    return views


def _counts(connection: Connection, query: Any) -> dict[Line, int]:
    return {Line(row[0], row[1]): row[2] for row in connection.execute(query)}
