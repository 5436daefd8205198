"""What `ratecard alerts` prints: how subscribers and channels stand, what is silenced, what would be sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from scraper.alerts.composing import compose
from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.plain import text_of
from scraper.alerts.message import Message, message_id
from scraper.alerts.rules import Alerts
from scraper.alerts.sending import is_silenced
from scraper.events import Event, EventKind, Severity, event_id
from scraper.records import iso
from scraper.store.telling import Line, LineView, Silence


def preview(
    alerts: Alerts,
    events: Sequence[Event],
    silenced: Sequence[Silence],
    *,
    only: str | None = None,
    site_url: str | None = None,
) -> list[Message]:
    """Return what subscribers, or one of them, would get of events: a digest each, or the one event that there is.

    `events` are in the order in which they happened.
    """
    subscribers = [alerts.subscriber(only)] if only else alerts.subscribers.values()
    # No rule sends a correction: it goes to whoever got what it is of.
    told = [event for event in events if event.corrects is None and not is_silenced(event, silenced)]
    messages = []
    for one in subscribers:
        mine = [event for event in told if one.channels_for(event)]
        if mine:
            name = message_id(one.name, [event.id for event in mine])
            messages.append(compose(name, one, mine, digest=len(mine) > 1, site_url=site_url))
    return messages


def made_up(at: datetime) -> Event:
    """Return an event for a test where nothing has happened yet."""
    return Event(
        id=event_id(EventKind.NEW_OFFER, "test", at.isoformat()),
        kind=EventKind.NEW_OFFER,
        at=at,
        provider="example",
        source="test",
        model_id="example-model",
        severity=Severity.INFO,
        note="This is a test; there is no such offer.",
    )


def preview_text(messages: Sequence[Message]) -> str:
    """Show messages with whom they would go to."""
    parts = [f"To {message.subscriber}:\n{text_of(digest_of(message))}" for message in messages]
    return "\n\n".join(parts).rstrip() or "Nothing would be sent."


def message_object(message: Message) -> dict[str, Any]:
    """Return a message as JSON values."""
    return {
        "id": message.id,
        "subscriber": message.subscriber,
        "digest": message.digest,
        "title": message.title,
        "count": message.count,
        "omitted": message.omitted,
        "events": [event.to_object() for event in message.events],
    }


def standing_lines(alerts: Alerts, views: Sequence[LineView], silenced: Sequence[Silence]) -> Iterator[str]:
    """Yield how each subscriber and channel stands, a line each; what is not in the file any more, and silences."""
    known = {view.line: view for view in views}
    for subscriber in alerts.subscribers.values():
        rules = f"{len(subscriber.rule)} rules" if subscriber.rule else "everything"
        yield f"{subscriber.name}: {subscriber.digest}, {subscriber.time_zone.key}, {rules}"
        for name in subscriber.all_channels:
            view = known.pop(Line(subscriber.name, name), None)
            yield f"  {name} ({alerts.channels[name].kind}): {_standing(view)}"
    for view in known.values():
        if view.queued or view.waiting:
            yield f"{view.line}: not in {alerts.file} any more; {_standing(view)}"
    for one in silenced:
        yield f"silence {one.id}: {one.pattern!r} until {iso(one.until)}, by {one.made_by} at {iso(one.made_at)}"


def _standing(view: LineView | None) -> str:
    if view is None:
        return "not used yet"
    parts = [f"{view.sent:,} sent"]
    parts += [f"last {iso(view.last_sent_at)}"] if view.last_sent_at else []
    parts += [f"{view.queued:,} events wait"] if view.queued else []
    parts += [f"{view.waiting:,} being sent"] if view.waiting else []
    parts += [f"next try {iso(view.next_at)}"] if view.next_at else []
    parts += [f"{view.dead:,} dead"] if view.dead else []
    if view.disabled_at:
        parts.append(f"DISABLED since {iso(view.disabled_at)}: {view.disabled_why}")
    elif view.error:
        parts.append(view.error)
    return ", ".join(parts)


def standing_object(alerts: Alerts, views: Sequence[LineView], silenced: Sequence[Silence]) -> dict[str, Any]:
    """Return the same as JSON values."""
    known = {view.line: view for view in views}
    return {
        "subscribers": [
            {
                "name": one.name,
                "digest": str(one.digest),
                "time_zone": one.time_zone.key,
                "channels": [_line_object(alerts, known.get(Line(one.name, name)), name) for name in one.all_channels],
            }
            for one in alerts.subscribers.values()
        ],
        "silences": [
            {
                "id": one.id,
                "pattern": one.pattern,
                "by": one.made_by,
                "at": iso(one.made_at),
                "until": iso(one.until),
            }
            for one in silenced
        ],
    }


def _line_object(alerts: Alerts, view: LineView | None, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": alerts.channels[name].kind,
        "queued": view.queued if view else 0,
        "waiting": view.waiting if view else 0,
        "sent": view.sent if view else 0,
        "dead": view.dead if view else 0,
        "last_sent_at": _iso(view.last_sent_at) if view else None,
        "next_at": _iso(view.next_at) if view else None,
        "error": (view.error or None) if view else None,
        "disabled_at": _iso(view.disabled_at) if view else None,
        "disabled_why": (view.disabled_why or None) if view else None,
    }


def _iso(at: datetime | None) -> str | None:
    return iso(at) if at else None
