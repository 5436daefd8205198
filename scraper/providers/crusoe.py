"""Crusoe Managed Inference: the list of models of its API, with prices as texts in dollars for a million tokens."""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, read_feed
from scraper.extract.listing import list_of_models, listing, unread
from scraper.records import Reading

_FEED: Final = listing(MILLION_TOKENS, known=unread("sampling", "supported_parameters"))


def read_models(document: Document) -> Reading:
    """Read the list of models, which needs a key."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.inference.crusoecloud.com/v1/models",),
        read_models,
        publishes=frozenset({"input", "output", "cache_read", "context_window"}),
        key={"Authorization": "Bearer CRUSOE_API_KEY"},
    ),
)
