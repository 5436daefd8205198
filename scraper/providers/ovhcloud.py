"""OVHcloud AI Endpoints: the catalogue made for routers, and the list of the API, which has the same prices.

Texts in dollars for one token; 0 stands for what is not sold or not paid by the token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Row, at_path, read_feed
from scraper.extract.listing import both_modalities, list_of_models, listing, unread
from scraper.extract.offers import Offers
from scraper.records import Fact, Reading


def _in_dollars(row: Row) -> bool:
    return at_path(row, "pricing/currency_unit") in (None, "USD")


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    if not _in_dollars(row):
        offers.note("unreadable", f"{row['id']}: its prices are not in USD", f"#{pointer}/pricing/currency_unit")
    return both_modalities(row, pointer, offers)


_FEED: Final = replace(
    listing(name="name", when=_in_dollars, known=unread("decides whether prices are read", "pricing/currency_unit")),
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the catalogue or the list."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        (
            "https://catalog.endpoints.ai.ovh.net/rest/v2/openrouter",
            "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1/models",
        ),
        read_models,
        publishes=frozenset(
            {"input", "output", "context_window", "max_output_tokens", "capabilities", "modalities", "hugging_face_id"}
        ),
    ),
)
