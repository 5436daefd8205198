"""Doubleword: the list of models behind its docs, with prices as numbers in dollars for one token, in three tiers:
in real time, asynchronous, and in batches of 24 hours. Prices of cached tokens are multiples of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from scraper.extract.derived import Multiple, multiple_facts
from scraper.extract.document import Document
from scraper.extract.feed import TOKEN, Feed, Row, Spec, at_path, read_feed
from scraper.extract.listing import fields_of, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import features
from scraper.extract.source import Source
from scraper.extract.specs import day_end, day_start
from scraper.records import Fact, Reading

_TIERS: Final = {"realtime": "", "async": "{tier=async}", "batch24h": "{tier=batch}"}
_PRICES: Final = token_prices(
    {f"pricing/{name}/{meter}": f"{meter}{tier}" for name, tier in _TIERS.items() for meter in ("input", "output")},
    TOKEN,
)
_CACHE: Final = {
    "readMultiplier": "cache_read",
    "writeMultiplier5m": "cache_write",
    "writeMultiplier1h": "cache_write{ttl=1h}",
    "writeMultiplier24h": "cache_write{ttl=24h}",
}
_MULTIPLES: Final = [Multiple(f"cachePricing/{name}", _PRICES[0], key) for name, key in _CACHE.items()]


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    since, until = (at_path(row, f"cachePricing/{name}") for name in ("validFrom", "validUntil"))
    term = {
        "valid_from": day_start(str(since)[:10]) if since else None,
        "valid_until": day_end(str(until)[:10]) if until else None,
    }
    if at_path(row, "cachePricing/enabled") is True:
        for fact in multiple_facts(row, pointer, _MULTIPLES):
            yield fact.model_copy(update=term)


_FEED: Final = Feed(
    rows="/models",
    name="displayName",
    prices=_PRICES,
    specs=(Spec("capabilities", "capabilities", features),),
    known=unread("read by _more, and no spec of ours", "cachePricing pricing name providerName description type"),
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list, which stands in an object or alone."""
    alone = isinstance(document.json, list)
    return read_feed(document, replace(_FEED, rows="") if alone else _FEED).reading()


SOURCES = (
    Source(
        name="models",
        addresses=("https://docs.doubleword.ai/api/models",),
        read=read_models,
        publishes=fields_of(_FEED, "cache_read", "cache_write", "cache_write{ttl=1h}"),
    ),
)
