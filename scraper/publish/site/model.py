"""The page of one model: all of its offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from scraper.identity import creator_name
from scraper.publish.site import prose, words
from scraper.publish.site.cards import Card, cell_money, cell_text
from scraper.publish.site.changes import row_of
from scraper.publish.site.charts import MOST_SERIES, Span, chart, joined
from scraper.records import REFERENCE_FIELDS
from scraper.store import ChangeView, OfferView, Statement

MOST_CHANGES: Final = 40

FIELDS: Final = tuple(field for field in REFERENCE_FIELDS if field not in ("modalities", "capabilities"))


def by_price(cards: Sequence[Card]) -> list[Card]:
    """Order offers: the lowest dollar price for input first, those without one last."""

    def order(card: Card) -> tuple[bool, Decimal, str, str]:
        money = cell_money(card.cell("input"))
        known = money is not None and money[0] in ("$", "")
        return not known, money[1] if money and known else Decimal(0), card.provider, card.model_id or card.name

    return sorted(cards, key=order)


def model_context(
    model: str,
    cards: Sequence[Card],
    offers: Sequence[tuple[OfferView, Sequence[Statement], Sequence[ChangeView]]],
    names: Mapping[str, str],
    paths: Mapping[int, str],
) -> dict[str, Any]:
    """Return what the templates of a model's page show; `cards` are its offers that are listed, `paths` all pages."""
    changes = sorted((change for _, _, told in offers for change in told), key=lambda one: one.id)
    changes.sort(key=lambda one: one.at, reverse=True)
    series = _series(offers, names)
    best = [prose.cheapest(field, cards) for field in words.PRICES]
    return {
        "model": model,
        "creator": creator_name(model.partition("/")[0]),
        "cards": by_price(cards),
        "sellers": len({card.provider for card in cards}),
        "names": names,
        "fields": FIELDS,
        "best": [one for one in best if one is not None],
        "chart": chart(series, "USD", f"Input price of {model} over time"),
        "charted": list(series),
        "changes": [row_of(change, paths) for change in changes[:MOST_CHANGES]],
        "text": cell_text,
    }


def _series(
    offers: Sequence[tuple[OfferView, Sequence[Statement], Sequence[ChangeView]]], names: Mapping[str, str]
) -> dict[str, list[Span]]:
    """Return the input prices in dollars of those offers whose price moved, and of as many others as there is room."""
    found: list[tuple[int, str, list[Span]]] = []
    for offer, past, _ in offers:
        spans: list[tuple[Span, datetime | None]] = [
            (Span(view.first_seen, view.last_seen, Decimal(view.value)), None)
            for view in offer.fields
            if view.field == "input" and view.value and view.currency == "USD" and view.first_seen and view.last_seen
        ]
        spans += [
            (Span(one.first_seen, one.last_seen, Decimal(one.value)), one.closed_at)
            for one in past
            if one.field == "input" and one.value and one.currency == "USD"
        ]
        if spans:
            told = f"{names.get(offer.provider, offer.provider)} {offer.model_id or offer.name}"
            found.append((-len(spans), told, joined([span for span, _ in spans], [end for _, end in spans])))
    return {told: spans for _, told, spans in sorted(found, key=lambda one: one[:2])[:MOST_SERIES]}
