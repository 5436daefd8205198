"""Inception (Mercury): the list of models of its API, with prices as texts in dollars for one token."""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import read_feed
from scraper.extract.listing import list_of_models, listing, unread
from scraper.records import Reading

_FEED: Final = listing(name="name", known=unread("no spec of ours", "supported_endpoints"))


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.inceptionlabs.ai/v1/models",),
        read_models,
        publishes=frozenset({"input", "output", "cache_read", "context_window", "max_output_tokens", "modalities"}),
    ),
)
