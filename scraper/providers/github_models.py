"""GitHub Models: the catalogue of models. It has limits and capabilities; nothing in it is sold by the token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, Spec, read_feed, whole_tokens
from scraper.extract.listing import fields_of, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import features, modality_facts
from scraper.extract.source import Source
from scraper.records import Fact, Reading


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    return modality_facts(row, pointer, before="supported_input_modalities", after="supported_output_modalities")


_FEED: Final = Feed(
    rows="",
    name="name",
    prices=(),
    specs=(
        Spec("limits/max_output_tokens", "max_output_tokens", whole_tokens),
        Spec("capabilities", "capabilities", features),
    ),
    known={
        "limits/max_input_tokens": "the limit of a prompt, not the window",
        **unread("read together", "supported_input_modalities supported_output_modalities"),
        **unread("no spec of ours", "html_url publisher rate_limit_tier registry summary tags version"),
    },
    more=_more,
)


def read_catalog(document: Document) -> Reading:
    """Read the catalogue."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    Source(
        name="catalog",
        addresses=("https://models.github.ai/catalog/models",),
        read=read_catalog,
        publishes=fields_of(_FEED, "modalities"),
    ),
)
