"""Cohere: the page of prices, which has its models as data: labels with numbers, and limits in bullet points.

It prints names only. Reranking is priced by searches; what is free to download has no price of use. Model Vault (hours
of an instance) and the prices of older models in the answers below are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import Row, objects_of
from scraper.extract.money import find_unit
from scraper.extract.offers import Named, Offers
from scraper.extract.priced_objects import PricedObject, priced_objects
from scraper.extract.prices import Scale, facts_of
from scraper.extract.source import Source
from scraper.extract.specs import read_tokens
from scraper.meters import RateKey
from scraper.records import Fact, Reading, State

_LABELS: Final = {
    ("input", "token"): "input",
    ("output", "token"): "output",
    ("cost", "token"): "input",
    ("image cost", "token"): "input.image",
    ("cost", "search"): "search_units",
}
_FREE_OF_USE: Final = ("api key", "model download")
_LIMITS: Final = {
    "context_window": re.compile(r"(?P<tokens>[\d.,]+[KM]?)(?:[ -]tokens?)? context (?:window|length)", re.IGNORECASE),
    "max_output_tokens": re.compile(r"(?P<tokens>[\d.,]+[KM]?) max(?:imum)? output tokens?", re.IGNORECASE),
}


def read_pricing(document: Document) -> Reading:
    """Read the models that the page has as data."""
    offers = Offers()
    for one in priced_objects(document, "pricings"):
        name = one.text("modelName", "name")
        if not name:
            continue
        for number, row in objects_of(one.value, "pricings"):
            offers.add(Named("", name), _prices(one, number, row, name, offers))
        offers.add(Named("", name), _limits(one))
    return offers.reading(needed="models with prices as data")


def _prices(one: PricedObject, number: int, row: Row, name: str, offers: Offers) -> Iterator[Fact]:
    per = str(row.get("overridePer") or one.text("per"))
    unit = find_unit(f"per {per}")
    for side in ("input", "output"):
        label, amount = str(row.get(f"{side}Label") or "").casefold(), row.get(f"{side}Price")
        if amount is None or label in _FREE_OF_USE:
            continue
        place = f"{one.pointer}/pricings/{number}/{side}Price"
        try:
            key = _LABELS.get((label, unit.thing if unit else ""))
            if key is None:
                raise Unreadable(f"{label!r} per {per!r} is not known")
            yield from facts_of(one.payload.passage(place), RateKey.parse(key), Scale(unit))
        except REFUSALS as problem:
            offers.note("unreadable", f"{name}: {problem}", f"{one.payload.locator}#{place}")


def _limits(one: PricedObject) -> Iterator[Fact]:
    for said in one.texts("portableBody"):
        for field, pattern in _LIMITS.items():
            match = pattern.fullmatch(said.line)
            if match:
                value = read_tokens(match["tokens"])
                yield Fact(field=field, state=State.SOURCED, value=value, evidence=said.evidence())


SOURCES = (
    Source(
        name="pricing",
        addresses=("https://cohere.com/pricing",),
        read=read_pricing,
        publishes=frozenset({"input", "output", "input.image", "search_units", "context_window", "max_output_tokens"}),
    ),
)
