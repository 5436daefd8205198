"""Requesty: the router's list of models, with prices as numbers in dollars for one token in the row itself.

`caching_price` is what is written to a cache, `cached_price` what is read from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, Spec, read_feed, whole_tokens
from scraper.extract.listing import fields_of, list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import capability, flag_facts
from scraper.records import Fact, Reading

_FLAGS: Final = {
    f"supports_{word}": capability(word)
    for word in ("vision", "reasoning", "tool_calling", "computer_use", "image_generation", "output_json_schema")
}


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    return flag_facts(row, pointer, _FLAGS)


_FEED: Final = Feed(
    rows="/data",
    prices=(
        *token_prices({"input_price": "input", "output_price": "output"}),
        # Where nothing is cached the two repeat the input price.
        *token_prices(
            {"cached_price": "cache_read", "caching_price": "cache_write"},
            when=lambda row: row.get("supports_caching") is not False,
        ),
    ),
    specs=(
        Spec("context_window", "context_window", whole_tokens),
        Spec("max_output_tokens", "max_output_tokens", whole_tokens),
    ),
    skip=lambda row: str(row.get("id")).startswith("policy/"),  # a user's own rules of routing
    known={
        **unread("read together", " ".join(_FLAGS)),
        **unread("no spec of ours", "api created description object owned_by supports_caching"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(("https://router.requesty.ai/v1/models",), read_models, publishes=fields_of(_FEED, "capabilities")),
)
