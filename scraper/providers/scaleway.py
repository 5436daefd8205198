"""Scaleway Generative APIs: the table of prices in euros, whose names are the ids that a caller sends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from scraper.extract.document import Document
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import Scale
from scraper.extract.reshaped import with_raised_units
from scraper.extract.source import Source
from scraper.extract.tables import LineFacts, columns_of, price_tables, read_table
from scraper.extract.vocabulary import KNOWN, VOCABULARY
from scraper.records import Reading

_IGNORED: Final = {"dedicated": "machines by the hour"}
_WORDS: Final = VOCABULARY.extended({"tasks?": KNOWN})
_ID: Final = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)+")


def _named(line: LineFacts) -> Sequence[Named]:
    name = line.name.line if line.name else ""
    return [Named(name if _ID.fullmatch(name) else "", name)] if name else []


def read_pricing(document: Document) -> Reading:
    """Read the tables that price what is sent and made."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        if columns_of(table.grid, _WORDS).has_prices:
            scale = Scale(currency="EUR", clock="audio")
            read_table(with_raised_units(table), offers, scale=scale, vocabulary=_WORDS, naming=_named)
        else:
            offers.note("unknown_heading", "a table with prices has no column of what is sent or made", table.locator)
    return offers.reading(needed="table with prices of tokens")


SOURCES = (
    Source(
        name="pricing",
        addresses=("https://www.scaleway.com/en/pricing/model-as-a-service/",),
        read=read_pricing,
        publishes=frozenset({"input", "output", "cache_read", "audio_minutes"}),
    ),
)
