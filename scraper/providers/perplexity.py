"""Perplexity: the JSON list of the models of its gateway, and the pricing page of the docs for the Sonar models.

The list says the unit of its prices in each row; the page prints names only, and a fee per request by context size.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Price, read_feed
from scraper.extract.markup import Table
from scraper.extract.money import find_unit
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import Scale
from scraper.extract.reshaped import respelled
from scraper.extract.source import Source, SourceKind
from scraper.extract.tables import LineFacts, price_tables, read_table
from scraper.extract.vocabulary import KNOWN, VOCABULARY, key
from scraper.meters import Unit
from scraper.records import Reading

_FEED: Final = Feed(
    rows="/data",
    prices=(
        Price(path="pricing/input", key="input"),
        Price(path="pricing/output", key="output"),
        Price(path="pricing/cache_read", key="cache_read"),
        Price(path="pricing/cache_write", key="cache_write"),
    ),
    unit_at="pricing/unit",
    units={"usd_per_1m_tokens": MILLION_TOKENS},
    known={"object": "the same in all rows", "created": "0 in all rows", "owned_by": "whose model it is"},
)


def read_models(document: Document) -> Reading:
    """Read the list of models that the gateway sells, its own and others'."""
    return read_feed(document, _FEED).reading()


_IGNORED: Final = {
    "tool pricing": "fees of tools, which are no models",
    "search api": "a fee of an API without a model",
    "pro search": "rows are kinds of search, not models",
    "sandbox": "fees of tools, which are no models",
}
# Headings name the thing before the unit: "Input Tokens ($/1M)", "Search Queries ($/1K)".
_SPELLINGS: Final = {
    r"(.*?)\s*Tokens? \(\$\s?(?:/|per )\s?1?M\)": r"\1 ($/1M tokens)",
    r"Search Quer(?:y|ies) \(\$\s?(?:/|per )\s?1?K\)": "Search queries ($/1K searches)",
}
_SIZE: Final = r"(?: search)?(?: context(?: size)?)?(?: \(\$?\s?(?:/|per )\s?1(?:k|,?000)(?: requests)?\))?"
_VOCABULARY: Final = VOCABULARY.extended(
    {
        "citation": key("tokens{variant=citation}"),
        r"search queries(?: \(\$/1k searches\))?": key("searches"),
        "price": key("input"),
        r"(?:request )?(?:price|fee)s? per 1(?:k|,?000) requests": key("requests"),
        f"low{_SIZE}": key("requests{mode=low-context}"),
        f"medium{_SIZE}": key("requests{mode=medium-context}"),
        f"high{_SIZE}": key("requests{mode=high-context}"),
        "dimensions|mrl|quantization": KNOWN,
    }
)
_PER_THOUSAND: Final = Unit(Decimal(1000), "request")


def _fee_scale(document: Document, table: Table) -> Scale:
    """Say what the fees of a table are for: 1,000 requests where its section says so, before or after it.

    Nothing else that is said there ("total cost per query = …") can be the unit of a fee of some dollars.
    """
    said = (text.passage.line for text in document.texts if text.context.path == table.context.path)
    sentences = (sentence for line in said for sentence in re.split(r"(?<=[.:;])\s+", line))
    return Scale(_PER_THOUSAND if _PER_THOUSAND in map(find_unit, sentences) else None)


def _named(line: LineFacts) -> list[Named]:
    """Sonar models are printed by name, embedding models by the id in code that a caller sends."""
    if line.name is None or not line.name.line:
        return []
    name = line.name.line
    return [Named(name if name in line.name.codes else "", name)]


def read_pricing(document: Document) -> Reading:
    """Read the tables of token prices, of request fees by the size of the search context, and of embeddings."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        if not table.context.label.casefold().startswith(tuple(_IGNORED)):
            scale = _fee_scale(document, table)
            read_table(respelled(table, _SPELLINGS), offers, scale=scale, vocabulary=_VOCABULARY, naming=_named)
    return offers.reading()


_FEES: Final = frozenset({"requests{mode=low-context}", "requests{mode=medium-context}", "requests{mode=high-context}"})

SOURCES = (
    Source(
        name="models",
        kind=SourceKind.CATALOGUE,
        addresses=("https://api.perplexity.ai/v1/models",),
        read=read_models,
        publishes=frozenset(price.key for price in _FEED.prices),
    ),
    Source(
        name="docs-pricing",
        kind=SourceKind.DOCS,
        addresses=(
            "https://docs.perplexity.ai/docs/getting-started/pricing.md",
            "https://docs.perplexity.ai/docs/getting-started/pricing",
            "https://docs.perplexity.ai/getting-started/pricing.md",
            "https://docs.perplexity.ai/getting-started/pricing",
            "https://docs.perplexity.ai/guides/pricing.md",
            "https://docs.perplexity.ai/guides/pricing",
        ),
        read=read_pricing,
        publishes=_FEES | {"input", "output", "reasoning", "searches", "tokens{variant=citation}"},
    ),
)
