"""Phala (RedPill): the list of models of its API, prices as texts in dollars for one token.

Ids that begin with `phala/` are served in Phala's own enclaves, the others are passed on to their makers.
"""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import read_feed
from scraper.extract.listing import list_of_models, listing
from scraper.records import Reading

_FEED: Final = listing(name="name")


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.redpill.ai/v1/models",),
        read_models,
        publishes=frozenset({"input", "output", "cache_read", "context_window"}),
    ),
)
