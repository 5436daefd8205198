"""Poe: the list of its bots that can be called by programs, with prices as texts in USD for one token.

A bot without `pricing` is free of charge for a while or paid in another way, which the list does not say.
"""

from __future__ import annotations

from typing import Final

from scraper.extract import router
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Spec, read_feed, whole_tokens
from scraper.extract.listing import fields_of, list_of_models, token_prices, unread
from scraper.extract.rowfacts import features
from scraper.records import Reading

_FEED: Final = Feed(
    rows="/data",
    name="metadata/display_name",
    prices=token_prices(
        {
            "pricing/prompt": "input",
            "pricing/completion": "output",
            "pricing/input_cache_read": "cache_read",
            "pricing/input_cache_write": "cache_write",
        }
    ),
    specs=(
        Spec("context_window/context_length", "context_window", whole_tokens),
        Spec("context_window/max_output_tokens", "max_output_tokens", whole_tokens),
        Spec("architecture", "modalities", router.modalities_of),
        Spec("supported_features", "capabilities", features),
    ),
    known={
        **unread("does not say of how many, and of what", "request image", under="pricing"),
        **unread("how it is shown", "image url", under="metadata"),
        "created": "when the bot was made",
        "context_length": "the context again",
        **unread("settings", "reasoning parameters"),
        **unread("no spec of ours", "object owned_by root description supported_endpoints"),
    },
)


def read_models(document: Document) -> Reading:
    """Read the list of bots."""
    return read_feed(document, _FEED).reading()


SOURCES = (list_of_models(("https://api.poe.com/v1/models",), read_models, publishes=fields_of(_FEED)),)
