"""Hugging Face Inference Providers: the router's list of models, each with the hosts that serve it and their prices.

Prices are numbers in dollars for a million tokens; only hosts that are `live` sell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract import router
from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, Spec, as_text, read_feed
from scraper.extract.hosts import host_facts
from scraper.extract.listing import list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.tiers import objects
from scraper.records import Fact, Reading

_HOST: Final = Feed(
    rows="",
    model_id="provider",
    prices=token_prices({"pricing/input": "input", "pricing/output": "output"}, MILLION_TOKENS, may_be_free=True),
    free=lambda row: row.get("is_free") is True,
    skip=lambda row: row.get("status") != "live",
    known={
        **unread("a spec of one host: specs have no upstream", "context_length supports_tools"),
        **unread("a spec of one host: specs have no upstream", "supports_structured_output"),
        **unread("health and speed", "status first_token_latency_ms throughput"),
        **unread("no spec of ours", "is_free is_model_author"),
    },
)


def _hosts(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    return host_facts([*objects(row.get("providers"))], _HOST, f"{pointer}/providers", offers)


_FEED: Final = Feed(
    rows="/data",
    prices=(),
    specs=(
        Spec("architecture", "modalities", router.modalities_of),
        Spec("id", "hugging_face_id", as_text),
    ),
    known=unread("no spec of ours", "object created owned_by providers"),
    more=_hosts,
)


def read_models(document: Document) -> Reading:
    """Read the list of models: the prices of each host are under the label `upstream`."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://router.huggingface.co/v1/models",),
        read_models,
        publishes=frozenset({"modalities", "hugging_face_id"}),
    ),
)
