"""Moonshot AI (Kimi): the docs' pages of prices (Markdown with data tables), and the list of models with those retired.

Prices are printed by id; "cache hit" is a cache read, "cache miss" the plain price of input.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.offers import Named, Offers
from scraper.extract.price_pages import named_by_id, read_price_tables
from scraper.extract.prices import Scale
from scraper.extract.releases import endings
from scraper.extract.source import Source
from scraper.extract.tables import columns_of
from scraper.extract.vocabulary import VOCABULARY, Role, key
from scraper.records import Fact, Reading, State

VOCABULARY_OF_KIMI: Final = VOCABULARY.extended(
    {r"input (?:price )?\(cache hit\)": key("cache_read"), r"input (?:price )?\(cache miss\)": key("input")}
)


def read_pricing(document: Document) -> Reading:
    """Read the tables of a page of prices, whose unit stands in a column of its own."""
    offers = read_price_tables(
        document.tables, scale=Scale(), vocabulary=VOCABULARY_OF_KIMI, naming=named_by_id, ignored={}
    )
    _add_endings(document, offers)
    return offers.reading()


def read_models(document: Document) -> Reading:
    """Read the list of models: which are deprecated, and the days of retirement that sentences state."""
    offers = Offers()
    for table in document.tables:
        name = columns_of(table.grid, VOCABULARY_OF_KIMI).of_role(Role.NAME)
        for row in table.grid.rows[table.grid.header_rows :]:
            said = [cell for cell in row if cell.line.casefold() in ("deprecated", "discontinued", "retired")]
            if name is None or not row[name].line:
                continue
            facts = [
                Fact(field="status", state=State.SOURCED, value=cell.line.casefold(), evidence=cell.evidence())
                for cell in said
            ]
            offers.add(Named(row[name].line, row[name].line), facts)
    if not offers:
        raise Unreadable("it has no table of models")
    _add_endings(document, offers)
    return offers.reading()


def _add_endings(document: Document, offers: Offers) -> None:
    ids: set[str] = set()
    for table in document.tables:
        name = columns_of(table.grid, VOCABULARY_OF_KIMI).of_role(Role.NAME)
        ids.update(row[name].line for row in table.grid.rows if name is not None)
    for model_id, fact in endings(document, ids):
        offers.add(Named(model_id, model_id), [fact])


_DOCS: Final = "https://platform.kimi.ai/docs"
_PRICING: Final = partial(
    Source, read=read_pricing, publishes=frozenset({"input", "output", "cache_read", "context_window"})
)

SOURCES = (
    # The page beside it (without .md) had no prices for a time, only links to those of the families.
    _PRICING(name="pricing", addresses=(f"{_DOCS}/pricing/chat.md",)),
    _PRICING(name="pricing/k2.6", addresses=(f"{_DOCS}/pricing/chat-k26.md", f"{_DOCS}/pricing/chat-k26"), rank=1),
    Source(
        name="models",
        addresses=(f"{_DOCS}/models.md", f"{_DOCS}/models"),
        read=read_models,
        publishes=frozenset({"status", "retires"}),
        rank=1,
        lists=False,
    ),
)
