"""CrofAI: the list of models of its API, with prices as texts (or numbers) in dollars for a million tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, Spec, as_text, read_feed
from scraper.extract.listing import counted, fields_of, list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import flag_facts
from scraper.records import Fact, Reading

_FLAGS: Final = {"custom_reasoning": "reasoning", "reasoning_effort": "reasoning effort"}


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    return flag_facts(row, pointer, _FLAGS)


_FEED: Final = Feed(
    rows="/data",
    name="name",
    prices=token_prices(
        {"pricing/prompt": "input", "pricing/completion": "output", "pricing/cache_prompt": "cache_read"},
        MILLION_TOKENS,
    ),
    specs=(
        Spec("context_length", "context_window", counted),
        Spec("max_completion_tokens", "max_output_tokens", counted),
        Spec("quantization", "quantization", as_text),
    ),
    known={
        **unread("read together", " ".join(_FLAGS)),
        **unread("no spec of ours", "object owned_by created speed reasoning description"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://crof.ai/v1/models",), read_models, publishes=fields_of(_FEED, "capabilities") - {"quantization"}
    ),
)
