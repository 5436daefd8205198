"""Changes as rows of a table: what was, what is, since when, with the words of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scraper.diff import Kind
from scraper.meters import is_rate_key
from scraper.publish.site import words
from scraper.publish.site.addresses import web_address
from scraper.publish.text import said
from scraper.store import ChangeView, Statement

KINDS: Final = {
    Kind.OFFER_ADDED: "new offer",
    Kind.OFFER_WITHDRAWN: "withdrawn",
    Kind.CHANGED: "changed",
    Kind.TERMS: "terms changed",
    Kind.FIELD_ADDED: "newly stated",
    Kind.FIELD_REMOVED: "no longer stated",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A change; `move` is how much a price went up or down ("+20 %"), `direction` is `up`, `down` or ""."""

    day: str
    provider: str
    model_id: str
    name: str
    field: str
    what: str
    kind: str
    before: str
    after: str
    move: str
    direction: str
    quote: str
    address: str
    path: str


def row_of(change: ChangeView, paths: Mapping[int, str] | None = None) -> Row:
    """Return the row of a change; `paths` has the pages of offers by their numbers."""
    moved = _moved(change)
    proof = change.after.first if change.after else (change.before.last if change.before else None)
    return Row(
        day=words.day(change.at),
        provider=change.provider,
        model_id=change.model_id,
        name=change.name,
        field=change.field,
        what=words.full_label(change.field) if change.field else "",
        kind=KINDS[change.kind],
        before=_said(change.before, change.kind),
        after=_said(change.after, change.kind),
        move=f"{moved:+.0f} %" if moved else "",
        direction="up" if moved > 0 else ("down" if moved < 0 else ""),
        quote=proof.quote if proof else "",
        address=web_address(proof.capture.url) if proof else "",
        path=(paths or {}).get(change.offer_id, ""),
    )


def _said(one: Statement | None, kind: Kind) -> str:
    if one is None:
        return ""
    terms = ""
    if kind is Kind.TERMS:
        terms = (" promotional" if one.promotional else "") + (
            f" until {words.day(one.valid_until)}" if one.valid_until else ""
        )
    return said(one) + terms


def _moved(change: ChangeView) -> Decimal:
    """Return by how many percent a price moved, 0 where that cannot be said."""
    one, other = change.before, change.after
    if change.kind is not Kind.CHANGED or one is None or other is None or not is_rate_key(change.field):
        return Decimal(0)
    if one.value is None or other.value is None or one.currency != other.currency or not Decimal(one.value):
        return Decimal(0)
    return (Decimal(other.value) / Decimal(one.value) - 1) * 100
