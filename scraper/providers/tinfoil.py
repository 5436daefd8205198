"""Tinfoil: the list of models of its API, whose keys say the unit of each price."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Price, Row, Spec, read_feed, whole_tokens
from scraper.extract.listing import fields_of, list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import flag_facts
from scraper.meters import Unit
from scraper.records import Fact, Reading

_FLAGS: Final = {"reasoning": "reasoning", "tool_calling": "tools", "multimodal": "vision"}


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    return flag_facts(row, pointer, _FLAGS)


_FEED: Final = Feed(
    rows="/data",
    name="name",
    prices=(
        *token_prices(
            {
                "pricing/inputTokenPricePer1M": "input",
                "pricing/outputTokenPricePer1M": "output",
                "pricing/cachedInputTokenPricePer1M": "cache_read",
            },
            MILLION_TOKENS,
        ),
        Price("pricing/requestPrice", "requests", Unit(Decimal(1), "request")),
    ),
    specs=(Spec("context_window", "context_window", whole_tokens),),
    known={
        **unread("read together", " ".join(_FLAGS)),
        **unread("no spec of ours", "object owned_by created type endpoints"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://inference.tinfoil.sh/v1/models",), read_models, publishes=fields_of(_FEED, "capabilities")
    ),
)
