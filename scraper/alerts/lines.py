"""An event in one line of plain text: what happened, what it was and what it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from scraper.events import Corrected, Event, EventKind, Side
from scraper.meters import is_rate_key
from scraper.publish.text import amount, percent_text
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
    EventKind.CORRECTED: "corrected",
}
"""What happened, in words."""


def event_line(event: Event) -> str:
    """Say what happened in one line: `openai/gpt-5 input: price up $1.25 → $1.50 / 1M tokens (+20 %)`."""
    what = f"{event.subject} {event.field}".rstrip()
    if event.corrects is not None:
        return f"{what}: corrected; {correction_text(event, event.corrects)}"
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


def correction_text(event: Event, corrects: Corrected) -> str:
    """Say what had been told, that it was read wrongly, and what the page said: `on 2026-08-22 we said price up …`."""
    sides = [side_text(event.field, side) for side in (corrects.before, corrects.after) if side is not None]
    said = f"{HAPPENED[corrects.kind]} {' → '.join(sides) if event.field else ''}".rstrip()
    message = f" (message {corrects.message})" if corrects.message else ""
    if not event.field:
        right = "does not list it" if event.after is None else "lists it"
    else:
        right = "stated nothing" if event.after is None else f"said {side_text(event.field, event.after)}"
    before = " before that" if corrects.side == "before" else ""
    return f"on {iso(corrects.at)[:10]} we said {said}{message}; that was read wrongly, the page {right}{before}"


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
