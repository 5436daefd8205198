"""Baseten: the list of models of its API (with a key), and the records of models in the data of the pricing page.

The page names models by the names of its library, never by the ids of the API; models that have no link to try them at
the API are deployed on one's own machines and have no price of tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract import REFUSALS, Unreadable, jsontext
from scraper.extract.document import Document
from scraper.extract.feed import Row, read_feed
from scraper.extract.listing import listing
from scraper.extract.offers import Named, Offers
from scraper.extract.payload import Payload
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.extract.source import Source
from scraper.extract.typed import likely
from scraper.meters import RateKey
from scraper.records import Fact, Reading, clean

_FEED: Final = listing(name="name")
_COSTS: Final = {"perfCost": "input", "perfCostOutput": "output", "perfCostCacheInput": "cache_read"}
"""Dollars for a million tokens."""


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


def read_page(document: Document) -> Reading:
    """Read the records of models in the page's data; the same record stands there several times."""
    offers = Offers()
    records = [found for payload in document.payloads for found in _records(payload)]
    if not records:
        raise Unreadable("its data have no records of models with a price")
    for payload, pointer, record in records:
        if "/model-apis/" not in str(record.get("tryModelApiLink")):
            continue
        try:
            offers.add(Named("", clean(str(record["name"]))), _facts(payload, pointer, record))
        except REFUSALS as problem:
            offers.note("unreadable", f"{record.get('name')}: {problem}", f"{payload.locator}#{pointer}")
    return offers.reading()


def _records(payload: Payload) -> Iterator[tuple[Payload, str, Row]]:
    for pointer in payload.places.get("perfCost", ()):
        record = jsontext.at(payload.value, pointer)
        if record.get("__typename") == "LibraryModelRecord" and isinstance(record.get("name"), str):
            yield payload, pointer, record


def _facts(payload: Payload, pointer: str, record: Row) -> Iterator[Fact]:
    for key, meter in _COSTS.items():
        if record.get(key) is not None:
            cost = payload.passage(f"{pointer}/{key}")
            yield from likely(facts_of(cost, RateKey(meter), Scale(PER_MILLION)))


SOURCES = (
    Source(
        name="models",
        addresses=("https://inference.baseten.co/v1/models",),
        read=read_models,
        publishes=frozenset({"input", "output", "cache_read", "context_window", "max_output_tokens", "capabilities"}),
        key={"Authorization": "Bearer BASETEN_API_KEY"},
    ),
    Source(
        name="pricing",
        addresses=("https://www.baseten.co/pricing/",),
        read=read_page,
        publishes=frozenset({"input", "output", "cache_read"}),
        rank=1,
    ),
)
