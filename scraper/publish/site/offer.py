"""The page of one offer: a model as one provider sells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from markupsafe import Markup

from scraper.identity import creator_name, is_own
from scraper.meters import TOKEN_METERS, is_rate_key
from scraper.models import ALWAYS
from scraper.publish.site import prose, words
from scraper.publish.site.cards import NOT_OFFERED, Card, cell_text
from scraper.publish.site.changes import row_of
from scraper.publish.site.charts import Span, chart, joined
from scraper.publish.site.facts import of_the_model
from scraper.publish.site.lines import Line, Past, line_of, past_of, present_of
from scraper.publish.site.structured import offer_data
from scraper.records import State
from scraper.store import ChangeView, OfferView, Statement

MOST_COMPARED: Final = 30
MOST_RELATED: Final = 8
MOST_PAST: Final = 60
MOST_CHANGES: Final = 20

COMPARED: Final = ("input", "output", "cache_read", "input{tier=batch}", "output{tier=batch}", "context_window")
"""The fields of the table that compares providers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What an offer's page shows beside the offer: its provider, others of its model, others of its provider.

    `others` are all offers of its model that are listed, itself among them, the cheapest input first; `lowest` has
    their lowest prices for input and output. `told` is what sources that sell nothing tell of its model. `call` is the
    provider's example with this offer's own id.
    """

    facts: Mapping[str, Any]
    names: Mapping[str, str]
    call: str
    others: Sequence[Card]
    lowest: Mapping[str, prose.Cheapest | None]
    related: Sequence[Card]
    upcoming: str
    told: Sequence[OfferView] = ()


def offer_context(
    offer: OfferView, card: Card, past: Sequence[Statement], changes: Sequence[ChangeView], around: Around, url: str
) -> dict[str, Any]:
    """Return what the templates of an offer's page show."""
    ordered = [line_of(view, number) for number, view in enumerate(offer.fields, 1)]
    announced = [line_of(view, len(ordered) + number) for number, view in enumerate(offer.announced, 1)]
    lines = {line.field: line for line in ordered}
    creator = creator_name(offer.model.partition("/")[0]) if offer.model else ""
    prices = [line for line in ordered if is_rate_key(line.field)]
    specs = [line for line in ordered if not is_rate_key(line.field)]
    elsewhere = _elsewhere(lines, around, card)
    about = ALWAYS if lines["capabilities"].sourced else ("capabilities", *ALWAYS)
    of_model = of_the_model(about, offer.model or "", around.told, len(ordered) + len(announced) + 1)
    told = [word.line for row in of_model.values() for word in row.words]
    title = card.title
    return {
        "offer": offer,
        "card": card,
        "title": title,
        "provider": around.facts["name"],
        "facts": around.facts,
        "creator": creator,
        "last": words.day(offer.last_seen),
        "upcoming": around.upcoming,
        "marked": sorted({mark for line in ordered for mark, _ in line.marks}),
        "why": prose.why(title, around.facts, lines, around.lowest, card),
        "glance": _glance(lines, prices),
        "call": around.call,
        "compared": around.others[:MOST_COMPARED],
        "sellers": len({other.provider for other in around.others}),
        "uncompared": max(0, len(around.others) - MOST_COMPARED),
        "names": around.names,
        "prices": prices,
        "announced": announced,
        "capabilities": lines["capabilities"],
        "of_model": of_model,
        "about_model": [of_model[field] for field in ALWAYS],
        "tags": lines["capabilities"].shown.split(", ") if lines["capabilities"].sourced else [],
        "about": prose.about(title, creator, lines, elsewhere),
        "questions": prose.questions(
            title, card, around.facts["name"], lines, around.others, around.lowest["input"], creator
        ),
        "specs": specs,
        "elsewhere": {other["field"]: other for other in elsewhere},
        "related": around.related,
        "evidence": [line for line in (*ordered, *announced, *told) if line.number],
        "chart": _chart(offer, past, title),
        "history": _history(ordered, past)[:MOST_PAST],
        "changes": [row_of(change) for change in changes[:MOST_CHANGES]],
        "rates": calculator_rates(ordered),
        "data": offer_data(offer, title, creator, around.facts["name"], url),
    }


def _glance(lines: Mapping[str, Line], prices: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """Return the boxes at the top: input, output, cache, batch; before them what else it is billed by, if not so."""
    boxes = [
        ("Input / 1M tokens", [lines["input"]]),
        ("Output / 1M tokens", [lines["output"]]),
        ("Cache / 1M tokens", [lines["cache_read"], lines["cache_write"]]),
        ("Batch / 1M tokens", [lines[field] for field in prose.PAIR]),
    ]
    if not lines["input"].sourced and not lines["output"].sourced:
        others = [line for line in prices if line.sourced and line.field not in words.REFERENCE]
        boxes[:0] = [(f"{line.full_label} / {line.unit}", [line]) for line in others[:4]]
    return boxes


def _elsewhere(lines: Mapping[str, Line], around: Around, own: Card) -> list[dict[str, Any]]:
    """Return, of the specs that nobody states of an offer, what others of its model have: its creator's own first."""
    found = []
    creator = own.model.partition("/")[0]
    ordered = sorted(around.others, key=lambda card: (not is_own(card.provider, creator), card.variant != own.variant))
    for field in words.SPEC_FIELDS:
        if lines[field].view.state is not State.NOT_SOURCED:
            continue
        for card in ordered:
            cell = card.cell(field)
            if card.path != own.path and not isinstance(cell, int) and cell_text(cell) != NOT_OFFERED:
                provider = around.names.get(card.provider, card.provider)
                found.append(
                    {
                        "field": field,
                        "label": words.label(field),
                        "shown": cell_text(cell),
                        "provider": provider,
                        "id": card.model_id or card.name,
                        "path": card.path,
                    }
                )
                break
    return found


def _history(lines: Sequence[Line], past: Sequence[Statement]) -> list[Past]:
    """Return what stands and stood: of prices at a glance, and of every field that was ever something else."""
    by_field: dict[str, list[Past]] = defaultdict(list)
    for one in past:
        by_field[one.field].append(past_of(one))
    rows = []
    for line in lines:
        if line.number and (line.field in by_field or line.field in words.PRICES):
            rows.append(present_of(line))
        rows += by_field.pop(line.field, [])
    for left in by_field.values():
        rows += left
    return rows


def _chart(offer: OfferView, past: Sequence[Statement], title: str) -> Markup:
    """Draw input and output in the currency that the offer is priced in now, or was at last."""
    said: dict[str, list[tuple[str, Span, datetime | None]]] = {"input": [], "output": []}
    for view in offer.fields:
        if view.field in said and view.value is not None and view.first_seen and view.last_seen:
            span = Span(view.first_seen, view.last_seen, Decimal(view.value))
            said[view.field].append((view.currency or "", span, None))
    sources = {view.field: view.source for view in offer.fields if view.source}
    for one in past:
        if one.field in said and one.value is not None and one.source == sources.get(one.field, one.source):
            span = Span(one.first_seen, one.last_seen, Decimal(one.value))
            said[one.field].append((one.currency or "", span, one.closed_at))
    currency = next((told[0][0] for told in said.values() if told), "")
    series = {
        words.label(field): joined([s for c, s, _ in told if c == currency], [e for c, _, e in told if c == currency])
        for field, told in said.items()
    }
    return chart(series, currency, f"Input and output price of {title} over time")


_CALCULATED: Final = frozenset({"tier", "prompt_gt", "scope"})


def calculator_rates(lines: Sequence[Line]) -> dict[str, Any] | None:
    """Return the token prices that a request is calculated from, None where that cannot be said in one currency."""
    rates = []
    currencies = set()
    for line in lines:
        key = words.key_of(line.field)
        if key is None or not line.sourced:
            continue
        labels = dict(key.labels)
        if key.meter not in TOKEN_METERS or key.modality or not labels.keys() <= _CALCULATED:
            continue
        if "scope" in labels:
            return None
        if key.meter in ("input", "output", "cache_read"):
            rates.append([key.meter, labels.get("tier", ""), int(labels.get("prompt_gt", 0)), line.view.value])
            currencies.add(line.view.currency)
    if len(currencies) != 1 or not {rate[0] for rate in rates} & {"input", "output"}:
        return None
    return {"currency": currencies.pop(), "rates": rates, "tiers": sorted({rate[1] for rate in rates})}
