"""Changes as rows of a table: what was, what is, since when, with the words of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scraper.diff import Kind
from scraper.publish.site import words
from scraper.publish.site.addresses import web_address
from scraper.publish.text import percent_moved, percent_text, said, said_with_terms
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
    moved = percent_moved(change)
    told = said_with_terms if change.kind is Kind.TERMS else _said
    proof = change.after.first if change.after else (change.before.last if change.before else None)
    return Row(
        day=words.day(change.at),
        provider=change.provider,
        model_id=change.model_id,
        name=change.name,
        field=change.field,
        what=words.full_label(change.field) if change.field else "",
        kind=KINDS[change.kind],
        before=told(change.before),
        after=told(change.after),
        move=percent_text(moved) if moved else "",
        direction=("up" if moved > 0 else "down") if moved else "",
        quote=proof.quote if proof else "",
        address=web_address(proof.capture.url) if proof else "",
        path=(paths or {}).get(change.offer_id, ""),
    )


def _said(one: Statement | None) -> str:
    return said(one) if one is not None else ""
