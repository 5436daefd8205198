"""Moonshot AI in China (platform.kimi.com): pages of prices in CNY, one a family of models, in Chinese."""

from __future__ import annotations

from functools import partial
from typing import Final

from scraper.extract.chinese import table_in_english
from scraper.extract.document import Document
from scraper.extract.price_pages import named_by_id, read_price_tables
from scraper.extract.prices import Scale
from scraper.extract.source import Source
from scraper.records import Reading


def read_pricing(document: Document) -> Reading:
    """Read the table of a page, whose unit stands in a column of its own."""
    tables = [table_in_english(table) for table in document.tables]
    return read_price_tables(tables, scale=Scale(currency="CNY"), naming=named_by_id, ignored={}).reading()


_PRICING: Final = partial(
    Source,
    read=read_pricing,
    publishes=frozenset({"input", "output", "cache_read", "context_window"}),
    browser=True,
)
_PAGES: Final = {"pricing/k3": "chat-k3", "pricing/k2.7-code": "chat-k27-code", "pricing/k2.6": "chat-k26"}

SOURCES = tuple(
    _PRICING(name=name, addresses=(f"https://platform.kimi.com/docs/pricing/{page}",)) for name, page in _PAGES.items()
)
