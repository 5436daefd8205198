"""Nebius Token Factory: the verbose list of models of its API (with a key), prices as texts in dollars for one token.

The plain list has ids only. A context of 8,000 tokens is a filler, whatever the model.
"""

from __future__ import annotations

from typing import Final

from scraper.extract import router
from scraper.extract.document import Document
from scraper.extract.feed import Spec, read_feed
from scraper.extract.listing import list_of_models, listing, without
from scraper.records import Reading

_FEED: Final = listing(
    name="name",
    specs=(
        Spec("context_length", "context_window", without(8000)),
        Spec("architecture", "modalities", router.modalities_of),
    ),
)


def read_models(document: Document) -> Reading:
    """Read the verbose list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        tuple(
            f"https://api.{host}/v1/models?verbose=true"
            for host in ("tokenfactory.nebius.com", "studio.nebius.com", "studio.nebius.ai")
        ),
        read_models,
        publishes=frozenset({"input", "output", "context_window", "modalities", "capabilities"}),
        key={"Authorization": "Bearer NEBIUS_API_KEY"},
    ),
)
