"""Voyage AI: the page of prices of the docs, with one column per thousand and one per million tokens.

Embedding and reranking have no output: the price is that of input. A cell may print several ids.
"""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.offers import Named
from scraper.extract.price_pages import read_price_tables
from scraper.extract.prices import Scale
from scraper.extract.reshaped import respelled
from scraper.extract.source import Source
from scraper.extract.tables import LineFacts
from scraper.extract.vocabulary import VOCABULARY, key, spec
from scraper.records import Reading

_SPELLINGS: Final = {"Price per (?:billion|1B) pixels": "Pixels per 1000 megapixels"}
_WORDS: Final = VOCABULARY.extended(
    {
        r"price(?: per (?:thousand|1k) tokens)?": key("input"),
        "pixels per 1000 megapixels": key("megapixels"),
        "(?:number of )?free tokens": spec("free_allowance"),
    }
)


def _named(line: LineFacts) -> list[Named]:
    """Ids are printed as code, one after the other; a free allowance of 0 is none."""
    line.facts = [fact for fact in line.facts if (fact.field, fact.value) != ("free_allowance", "0")]
    names = (line.name.codes or line.name.lines) if line.name else ()
    return [Named(name, name) for name in names]


def read_pricing(document: Document) -> Reading:
    """Read the tables of embedding and reranking models."""
    tables = [respelled(table, _SPELLINGS) for table in document.tables]
    return read_price_tables(tables, scale=Scale(), vocabulary=_WORDS, naming=_named, ignored={}).reading()


SOURCES = (
    Source(
        name="docs-pricing",
        addresses=("https://docs.voyageai.com/docs/pricing.md", "https://docs.voyageai.com/docs/pricing"),
        read=read_pricing,
        publishes=frozenset({"input", "megapixels", "free_allowance"}),
    ),
)
