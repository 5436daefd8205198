"""What people and programs read of a model: who sells it at which prices, and what is stated of it by whom."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scraper.models import ModelFact, ModelView, Stated, Voice, whose
from scraper.publish.objects import field_object
from scraper.publish.text import said, who
from scraper.states import FieldView
from scraper.store.views import OfferView
from scraper.words import iso

PRICES: Final = ("input", "output", "cache_read", "input{tier=batch}", "output{tier=batch}")
"""The prices that offers of one model are compared by."""


def model_text(view: ModelView, *, evidence: bool = False) -> RenderableType:
    """Show a model: its offers side by side, then what its creator, or else who, states of it.

    With `evidence`, each value with its address, the time of the capture, the place and the quote.
    """
    head = Text.assemble((view.model, "bold"), f"   {view.creator}, family {view.family}, {len(view.offers)} offers")
    offers = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("offer", "variant", *PRICES):
        offers.add_column(column, justify="right" if column in PRICES else "left")
    for offer in view.offers:
        prices = (_price(offer, field) for field in PRICES)
        offers.add_row(who(offer.provider, offer.model_id, offer.name), offer.variant, *prices)
    facts = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("stated", "value", "by", ""):
        facts.add_column(column)
    for fact in view.facts:
        for value, by, mark, shown in _values(fact):
            facts.add_row(fact.field, value, by, Text(mark, style="yellow"))
            for line in _proof(shown) if evidence else ():
                facts.add_row("", Text(line, style="dim"))
    return Group(head, Padding(offers, (0, 0, 1, 2)), Padding(facts, (0, 0, 0, 2)))


def model_object(view: ModelView) -> dict[str, Any]:
    """Return a model as JSON has it; each value has its evidence and says whose it is."""
    return {
        "model": view.model,
        "creator": view.creator,
        "family": view.family,
        "offers": [
            {
                "provider": offer.provider,
                "model_id": offer.model_id or None,
                "name": offer.name,
                "variant": offer.variant or None,
                "prices": [field_object(found) for field in PRICES if (found := _field(offer, field))],
            }
            for offer in view.offers
        ],
        "facts": [
            {
                "field": fact.field,
                "published": _stated(fact.published) if fact.published else None,
                "disputed": fact.disputed,
                "by_creator": next((_stated(one) for one in fact.by(Voice.CREATOR)), None),
                "by_repository": [_stated(one) for one in fact.by(Voice.REPOSITORY)],
                "by_references": [_stated(one) for one in fact.by(Voice.REFERENCE)],
                "by_sellers": [_stated(one) for one in fact.by(Voice.SELLER)],
            }
            for fact in view.facts
        ],
    }


def _stated(one: Stated) -> dict[str, Any]:
    return {"provider": one.offer.provider, "model_id": one.offer.model_id or None, **field_object(one.view)}


def _field(offer: OfferView, name: str) -> FieldView | None:
    return next((view for view in offer.fields if view.field == name), None)


def _price(offer: OfferView, name: str) -> Text:
    view = _field(offer, name)
    written = said(view).partition(" / ")[0] if view else "Not sourced"
    return Text(written, style="" if view and view.value is not None else "dim")


def _values(fact: ModelFact) -> list[tuple[str, str, str, Stated | None]]:
    """Return each value that is shown of a field, whose it is, and its mark; each has one statement as its evidence."""
    mark = "disputed" if fact.disputed else ""
    rows = [(said(one.view), whose(one), mark, one) for one in (fact.published, *fact.beside) if one is not None]
    if rows:
        return [*rows]
    sellers: dict[str, list[Stated]] = {}
    for one in fact.by(Voice.SELLER):
        sellers.setdefault(said(one.view), []).append(one)
    found: list[tuple[str, str, str, Stated | None]] = []
    for value, ones in sellers.items():
        names = dict.fromkeys(one.offer.provider for one in ones)
        found.append((value, f"as sold by {', '.join(names)}", "", ones[0]))
    return found or [("Not sourced", "", "", None)]


def _proof(one: Stated | None) -> list[str]:
    view = one.view if one is not None else None
    if view is None or view.captured_at is None:
        return []
    return [
        f"{view.source_url}   captured {iso(view.captured_at)}   sha256 {view.capture[:12]}…",
        f"{view.locator}   “{view.quote}”",
    ]
