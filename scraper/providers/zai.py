"""Z.AI: the page of prices of the docs (Markdown or HTML), which prints names only.

"Free" and "Limited-time Free" are prices of 0, the latter for a time; "-" is not offered; a backslash says nothing.
"""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.money import find_unit
from scraper.extract.offers import Offers
from scraper.extract.prices import Scale
from scraper.extract.source import Source
from scraper.extract.tables import price_tables, read_table, unit_scale
from scraper.extract.vocabulary import VOCABULARY, key, labelled
from scraper.records import Reading

_IGNORED: Final = {
    "built-in tools": "fees of tools, which are no models",
    "agents": "agents are made of models; they are no offer of one",
}
_WORDS: Final = VOCABULARY.extended({"cached input storage": key("cache_storage")})
_OF_WHAT_IS_MADE: Final = _WORDS.extended({"price": key("output")})
_UNDIRECTED: Final = _WORDS.extended({"price": labelled()})


def read_pricing(document: Document) -> Reading:
    """Read the tables of models; the sentence above each names its unit: 1M tokens, an image, a video."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        scale = unit_scale(Scale(), *(text.line for text in reversed(table.context.texts)))
        made = scale.unit in (find_unit("per image"), find_unit("per video"))
        read_table(table, offers, scale=scale, vocabulary=_OF_WHAT_IS_MADE if made else _UNDIRECTED)
    return offers.reading(needed="table of prices")


SOURCES = (
    Source(
        name="docs-pricing",
        addresses=(
            "https://docs.z.ai/guides/overview/pricing.md",
            "https://docs.z.ai/guides/overview/pricing",
        ),
        read=read_pricing,
        publishes=frozenset({"input", "output", "cache_read", "cache_storage", "images", "videos", "tokens"}),
    ),
)
