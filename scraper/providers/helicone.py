"""Helicone AI Gateway: the public registry of models, each with the hosts that it is sent to and their prices.

Prices are numbers in dollars for a million tokens, those of each host under the label `upstream`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, Spec, conditional_facts, read_feed, whole_tokens
from scraper.extract.hosts import host_facts
from scraper.extract.listing import fields_of, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import modality_facts
from scraper.extract.source import Source
from scraper.extract.tiers import objects
from scraper.records import Fact, Reading

_NAMES: Final = {
    "prompt": "input",
    "completion": "output",
    "cacheRead": "cache_read",
    "cacheWrite": "cache_write",
    "audio/input": "input.audio",
    "audio/output": "output.audio",
    "image/input": "input.image",
    "image/output": "output.image",
}
_TIER: Final = token_prices(_NAMES, MILLION_TOKENS)


def _tiers(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    for number, tier in enumerate(objects(row.get("pricingTiers"))):
        above = whole_tokens(tier.get("threshold") or 0)
        if above:
            yield from conditional_facts(tier, f"{pointer}/pricingTiers/{number}", _TIER, {"prompt_gt": above})


_HOST: Final = Feed(
    rows="",
    model_id="provider",
    prices=token_prices({f"pricing/{path}": key for path, key in _NAMES.items()}, MILLION_TOKENS),
    known={
        **unread("read by _tiers", "pricingTiers"),
        **unread("the base begins at 0", "threshold", under="pricing"),
        **unread("does not say of what it is a price", "thinking web_search video file", under="pricing"),
        **unread("does not say of what it is a price", "cachedInput", under="pricing/audio"),
        **unread("does not say of what it is a price", "cachedInput", under="pricing/image"),
        **unread("no spec of ours", "providerSlug supportsPtb endpoint"),
    },
    more=_tiers,
)


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    yield from modality_facts(row, pointer, before="inputModalities", after="outputModalities")
    yield from host_facts([*objects(row.get("endpoints"))], _HOST, f"{pointer}/endpoints", offers)


_FEED: Final = Feed(
    rows="/data/models",
    name="name",
    prices=(),
    specs=(
        Spec("contextLength", "context_window", whole_tokens),
        Spec("maxOutput", "max_output_tokens", whole_tokens),
    ),
    known={
        **unread("read by _more", "endpoints inputModalities outputModalities"),
        "trainingDate": "the day of release in some rows, the end of the training data in others",
        **unread("no spec of ours", "author description supportedParameters pinnedVersionOfModel"),
    },
    more=_more,
)


def read_registry(document: Document) -> Reading:
    """Read the registry of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    Source(
        name="model-registry",
        addresses=(
            "https://api.helicone.ai/v1/public/model-registry/models",
            "https://jawn.helicone.ai/v1/public/model-registry/models",
        ),
        read=read_registry,
        publishes=fields_of(_FEED, "modalities"),
    ),
)
