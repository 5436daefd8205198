"""What goes into one message: which of the events that wait, and how the many are told in few words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from scraper.alerts.lines import HAPPENED, event_line
from scraper.alerts.message import Message
from scraper.alerts.rules import Subscriber
from scraper.alerts.timing import digest_is_due, is_quiet
from scraper.events import Event, EventKind
from scraper.publish.site.addresses import offer_path
from scraper.records import iso
from scraper.store.telling import Delivery, QueuedEvent

_WEIGHT: Final = (
    EventKind.CORRECTED,
    EventKind.PRICE_UP,
    EventKind.PRICE_DOWN,
    EventKind.HOLD_NEEDS_REVIEW,
    EventKind.ANNOUNCED_PRICE,
    EventKind.PROMOTION_ENDS,
    EventKind.WITHDRAWN,
    EventKind.NOT_OFFERED_ANY_MORE,
    EventKind.NO_LONGER_SOURCED,
    EventKind.SOURCE_FAILING,
    EventKind.SOURCE_STALE,
    EventKind.TERMS_CHANGED,
    EventKind.SPEC_CHANGED,
    EventKind.ANNOUNCEMENT_GONE,
    EventKind.NEW_OFFER,
    EventKind.NEWLY_SOURCED,
    EventKind.NOT_OFFERED,
)
"""What people want to read first, of one severity."""

_SINGULAR: Final = {
    EventKind.PRICE_UP: "price rise",
    EventKind.PRICE_DOWN: "price cut",
    EventKind.NEW_OFFER: "new offer",
    EventKind.HOLD_NEEDS_REVIEW: "value held for review",
    EventKind.ANNOUNCED_PRICE: "announced price",
    EventKind.CORRECTED: "correction",
}
_PLURAL: Final = {EventKind.HOLD_NEEDS_REVIEW: "values held for review"}


def next_batch(
    subscriber: Subscriber, queued: Sequence[QueuedEvent], last: Delivery | None, now: datetime
) -> tuple[Sequence[QueuedEvent], bool]:
    """Return which of the events that wait are told now, and whether as a digest; nothing where it is not yet time.

    `last` is the message before. What waited for a channel to work again, or for quiet hours to end, is one digest.
    """
    if not queued or is_quiet(subscriber.quiet, subscriber.time_zone, now):
        return (), False
    first = queued[0]
    if subscriber.digest.at is not None:
        due = digest_is_due(subscriber.digest, subscriber.time_zone, first.queued_at, now)
        return (queued, True) if due else ((), False)
    waited = is_quiet(subscriber.quiet, subscriber.time_zone, first.queued_at)
    recovering = (
        last is not None and last.attempts > 0 and last.ended_at is not None and first.queued_at < last.ended_at
    )
    if len(queued) > subscriber.flood or (len(queued) > 1 and (waited or recovering)):
        return queued, True
    return queued[:1], False


def compose(
    id: str,  # noqa: A002  it is called so in a message
    subscriber: Subscriber,
    events: Sequence[Event],
    *,
    digest: bool,
    site_url: str | None = None,
) -> Message:
    """Make a message of events: of the `most` important ones where they are more."""
    shown = most_important(events, subscriber.most)
    return Message(
        id=id,
        subscriber=subscriber.name,
        events=tuple(with_site(event, site_url) for event in shown),
        digest=digest,
        title=title_of(events),
        count=len(events),
        omitted=len(events) - len(shown),
        list_url=f"{site_url.rstrip('/')}/changes.html" if site_url else "",
        list_command=f"ratecard alerts preview --since {iso(min(event.at for event in events))[:10]} "
        f"--subscriber '{subscriber.name}'",
    )


def most_important(events: Sequence[Event], most: int) -> list[Event]:
    """Return the most important events, in the order in which they came."""
    if len(events) <= most:
        return list(events)
    order = sorted(range(len(events)), key=lambda place: _importance(events[place]))
    return [events[place] for place in sorted(order[:most])]


def title_of(events: Sequence[Event]) -> str:
    """Return one line: what happened, or how many things of each kind."""
    if len(events) == 1:
        return event_line(events[0]).partition(";")[0]
    counts = Counter(event.kind for event in events)
    parts = [_counted(kind, counts[kind]) for kind in _WEIGHT if counts[kind]]
    more = f" and {len(parts) - 4} other kinds" if len(parts) > 5 else ""
    providers = {event.provider for event in events}
    where = f" of {next(iter(providers))}" if len(providers) == 1 else f" of {len(providers)} providers"
    return f"{len(events):,} changes{where}: {', '.join(parts[:4] if more else parts)}{more}"


def with_site(event: Event, site_url: str | None) -> Event:
    """Return an event with the page of its offer among the links, where there is a site and it has one."""
    # What was corrected to nothing, and what is held with nothing before it, may be an offer that there is not.
    unsure = {EventKind.CORRECTED: event.after, EventKind.HOLD_NEEDS_REVIEW: event.before}.get(
        event.kind, event
    ) is None
    if not site_url or unsure or not (event.model_id or event.name):
        return event
    path = offer_path(event.provider, event.model_id, event.name, shared_id=event.shared_id)
    page = f"{site_url.rstrip('/')}/{path}.html"
    return event.model_copy(update={"links": (*event.links, page)})


def _importance(event: Event) -> tuple[int, int, Decimal]:
    moved = abs(event.percent) if event.percent is not None else Decimal(0)
    return -event.severity.rank, _WEIGHT.index(event.kind), -moved


def _counted(kind: EventKind, count: int) -> str:
    one = _SINGULAR.get(kind)
    if one is None:
        return f"{count:,} {HAPPENED[kind]}"
    return f"{count:,} {one if count == 1 else _PLURAL.get(kind, one + 's')}"
