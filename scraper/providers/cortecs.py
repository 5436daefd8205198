"""Cortecs: the list of models of its router, with the price of the cheapest host in euros for a million tokens."""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Spec, read_feed, whole_tokens
from scraper.extract.listing import both_modalities, fields_of, list_of_models, token_prices, unread
from scraper.extract.rowfacts import features
from scraper.records import Reading

_FEED: Final = Feed(
    rows="/data",
    currency="EUR",
    prices=token_prices(
        {
            "pricing/input_token": "input",
            "pricing/output_token": "output",
            "pricing/cache_read_cost": "cache_read",
            "pricing/cache_write_cost": "cache_write",
        },
        MILLION_TOKENS,
    ),
    specs=(
        Spec("context_size", "context_window", whole_tokens),
        Spec("max_output_tokens", "max_output_tokens", whole_tokens),
        Spec("supported_features", "capabilities", features),
    ),
    unit_at="pricing/currency",
    units={"EUR": MILLION_TOKENS},
    known={
        **unread("read together", "input_modalities output_modalities"),
        **unread("per second and per character, of models of speech", "audio_cost speech_cost", under="pricing"),
        **unread("groups for a website, and what one host offers", "tags model_series providers providers_details"),
        **unread("no spec of ours", "object owned_by created description name release_date"),
    },
    more=both_modalities,
)


def read_models(document: Document) -> Reading:
    """Read the list of models; a row in another currency has no prices and is noted."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.cortecs.ai/v1/models?currency=EUR", "https://api.cortecs.ai/v1/models"),
        read_models,
        publishes=fields_of(_FEED, "modalities") - {"cache_write", "max_output_tokens"},
    ),
)
