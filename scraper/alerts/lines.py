"""Messages as lines of plain text, the shortest that say all: what happened, what it was and is, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from scraper.alerts.message import Message
from scraper.events import Event, EventKind, Side
from scraper.meters import is_rate_key
from scraper.publish.text import amount
from scraper.records import SPECS, State, iso

HAPPENED: Final = {
    EventKind.PRICE_UP: "price up",
    EventKind.PRICE_DOWN: "price down",
    EventKind.NEW_OFFER: "new offer",
    EventKind.WITHDRAWN: "withdrawn",
    EventKind.NEWLY_SOURCED: "newly sourced",
    EventKind.NO_LONGER_SOURCED: "no longer sourced",
    EventKind.NOT_OFFERED_ANY_MORE: "not offered any more",
    EventKind.NOT_OFFERED: "not offered",
    EventKind.SPEC_CHANGED: "spec changed",
    EventKind.TERMS_CHANGED: "terms changed",
    EventKind.ANNOUNCED_PRICE: "price announced",
    EventKind.ANNOUNCEMENT_GONE: "announcement gone",
    EventKind.PROMOTION_ENDS: "promotion ends",
    EventKind.HOLD_NEEDS_REVIEW: "held for review",
    EventKind.SOURCE_FAILING: "source failing",
    EventKind.SOURCE_STALE: "source stale",
}
"""What happened, in words."""


def message_lines(message: Message) -> list[str]:
    """Return a message as lines of text."""
    lines = [message.title]
    for event in message.events:
        lines += [f"  {line}" for line in event_lines(event)]
    if message.omitted:
        where = message.list_url or (f"`{message.list_command}`" if message.list_command else "")
        lines.append(f"  … and {message.omitted:,} more" + (f": {where}" if where else ""))
    return lines


def event_lines(event: Event) -> Iterator[str]:
    """Yield what an event says: a line of what happened, then the evidence of both sides."""
    yield event_line(event)
    if event.note:
        yield f"  {event.note}"
    for label, side in (("was", event.before), ("is", event.after)):
        if side is not None and (found := side.evidence) is not None:
            yield f"  {label}: “{found.quote[:120]}”  {iso(found.captured_at)}  {found.address}"


def event_line(event: Event) -> str:
    """Say what happened in one line: `openai/gpt-5 input: price up $1.25 → $1.50 / 1M tokens (+20 %)`."""
    what = f"{event.subject} {event.field}".rstrip()
    line = f"{what}: {HAPPENED[event.kind]}"
    sides = [side_text(event.field, side) for side in (event.before, event.after) if side is not None and side.state]
    if sides and event.field:
        line += f" {' → '.join(sides)}"
    if event.percent is not None:
        line += f" ({percent_text(event.percent)})"
    if (request := event.typical_request) is not None:
        before, after = (amount(str(one), request.currency) for one in (request.before, request.after))
        line += f"; a request of 1,000 + 500 tokens {before} → {after}"
    return line


def side_text(field: str, side: Side) -> str:
    """Say what was said of a field: its amount with the unit, Free, Not offered, Not sourced, from and until when."""
    if side.state == State.NOT_OFFERED:
        return "Not offered"
    if side.state != State.SOURCED or side.value is None:
        return "Not sourced"
    text = side.value
    if is_rate_key(field):
        text = f"{amount(side.value, side.currency)} / {side.unit}" if Decimal(side.value) else "Free"
    elif SPECS.get(field) == "tokens":
        text = f"{int(side.value):,} tokens"
    text += " promotional" if side.promotional else ""
    text += f" from {iso(side.valid_from)[:10]}" if side.valid_from else ""
    return text + (f" until {iso(side.valid_until)[:10]}" if side.valid_until else "")


def percent_text(percent: Decimal) -> str:
    """Write a per cent as far as it means something: `+20 %`, `-0.5 %`."""
    return f"{percent:+.0f} %" if abs(percent) >= 10 else f"{percent:+.1f} %"
