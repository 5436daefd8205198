"""W&B Inference: the list of models behind its own catalogue, with prices as texts in dollars for one token."""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import read_feed
from scraper.extract.listing import list_of_models, listing
from scraper.records import Reading

_FEED: Final = listing(name="name")


def read_models(document: Document) -> Reading:
    """Read the list of models; the API's own list has ids only."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://trace.wandb.ai/inference/analysis/artificialanalysis/models",),
        read_models,
        publishes=frozenset(
            {"input", "output", "cache_read", "context_window", "max_output_tokens", "modalities", "capabilities"}
        ),
    ),
)
