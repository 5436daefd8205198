"""Hyperbolic: the list of models of its API. It has no prices; those are at Hugging Face, under `upstream`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, Spec, read_feed, whole_tokens
from scraper.extract.listing import fields_of, list_of_models, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import flag_facts
from scraper.records import Fact, Reading

_FLAGS: Final = {"supports_image_input": "vision", "supports_tools": "tools"}


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    return flag_facts(row, pointer, _FLAGS)


_FEED: Final = Feed(
    rows="/data",
    prices=(),
    specs=(Spec("context_length", "context_window", whole_tokens),),
    known={
        **unread("read together", " ".join(_FLAGS)),
        **unread("no spec of ours", "created number_of_inference_nodes object owned_by supports_chat"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.hyperbolic.xyz/v1/models", "https://api.hyperbolic.ai/v1/models"),
        read_models,
        publishes=fields_of(_FEED, "capabilities"),
        key={"Authorization": "Bearer HYPERBOLIC_API_KEY"},
    ),
)
