"""SambaNova: the list of models of its API, with prices as texts in dollars for one token, or one hour of audio."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Price, read_feed
from scraper.extract.listing import list_of_models, listing, unread, with_prices
from scraper.meters import Unit
from scraper.records import Reading

_FEED: Final = with_prices(
    listing(known=unread("empty in all rows", "sn_metadata")),
    Price("pricing/duration_per_hour", "audio_hours", Unit(Decimal(1), "hour")),
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.sambanova.ai/v1/models",),
        read_models,
        publishes=frozenset({"input", "output", "audio_hours", "context_window", "max_output_tokens"}),
    ),
)
