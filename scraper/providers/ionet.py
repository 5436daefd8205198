"""IO.net Intelligence: the list of models of its API, with prices as numbers in dollars for one token in the row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, Spec, read_feed, whole_tokens
from scraper.extract.listing import fields_of, list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import flag_facts, modality_facts
from scraper.records import Fact, Reading

_FLAGS: Final = {"supports_reasoning": "reasoning", "supports_tools": "tools"}


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    yield from modality_facts(row, pointer)
    yield from flag_facts(row, pointer, _FLAGS)


_FEED: Final = Feed(
    rows="/data",
    name="name",
    prices=token_prices(
        {
            "input_token_price": "input",
            "output_token_price": "output",
            "cache_read_token_price": "cache_read",
            "cache_write_token_price": "cache_write",
        }
    ),
    specs=(
        Spec("context_window", "context_window", whole_tokens),
        Spec("max_tokens", "max_output_tokens", whole_tokens),
        Spec("precision", "quantization", lambda name: str(name or "")),
    ),
    known={
        **unread("read together", f"input_modalities output_modalities {' '.join(_FLAGS)}"),
        **unread("no spec of ours", "object owned_by created root parent permission"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.intelligence.io.solutions/api/v1/models",),
        read_models,
        publishes=fields_of(_FEED, "capabilities", "modalities") - {"cache_write"},
    ),
)
