"""Atlas Cloud: the console's list of models, with the prices paid now (`actual`) and before a discount (`origin`).

Language models are paid for a million tokens, long prompts by thresholds. What the one price of an image or a video
model is for (an image, a second, at which size) is not said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import (
    MILLION_TOKENS,
    Feed,
    Row,
    Spec,
    as_text,
    as_texts,
    at_path,
    conditional_facts,
    read_feed,
    whole_tokens,
)
from scraper.extract.jsontext import Json
from scraper.extract.listing import fields_of, list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import features, modality_facts
from scraper.extract.specs import read_date
from scraper.extract.tiers import objects
from scraper.records import Fact, Reading

_TOKENS: Final = token_prices(
    {
        "input_price": "input",
        "output_price": "output",
        "cache_price": "cache_read",
        "cache_creation_price": "cache_write",
        "cache_creation_1h_price": "cache_write{ttl=1h}",
        "input_audio_price": "input.audio",
        "cache_audio_price": "cache_read.audio",
        "input_image_price": "input.image",
        "output_image_price": "output.image",
    },
    MILLION_TOKENS,
)
_PRECISIONS: Final = frozenset({"FP4", "FP8", "FP16", "BF16", "INT4", "INT8", "NVFP4", "MXFP4"})


def _discounted(row: Row) -> bool:
    return at_path(row, "price/discount") not in (None, "100", 100)


def _precision(tags: Json) -> str:
    found = [tag for tag in as_texts(tags or []) if tag in _PRECISIONS]
    return found[0] if len(found) == 1 else ""


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    # Older rows have text on both sides whatever the model, also those that make images.
    if row.get("input_modalities") != ["text"]:
        yield from modality_facts(row, pointer)
    place = f"{pointer}/price/actual/prompt_thresholds"
    for number, tier in enumerate(objects(at_path(row, "price/actual/prompt_thresholds"))):
        labels = {"prompt_gt": tier.get("threshold") or "missing"}
        yield from conditional_facts(tier, f"{place}/{number}", _TOKENS, labels, promotional=_discounted(row))


_FEED: Final = Feed(
    rows="/data",
    model_id="model",
    name="displayName",
    prices=tuple(replace(price, path=f"price/actual/{price.path}") for price in _TOKENS),
    specs=(
        Spec("contextLength", "context_window", whole_tokens),
        Spec("maxCompletionTokens", "max_output_tokens", whole_tokens),
        Spec("knowledgeCutoff", "knowledge_cutoff", lambda day: read_date(as_text(day)) if day else ""),
        Spec("tags", "quantization", _precision),
        Spec("supported_features", "capabilities", features),
    ),
    promotional=_discounted,
    known={
        **unread("read by _more, or the form of the prices", "prompt_thresholds type", under="price/actual"),
        "price/actual/base_price": "what it is for is not said",
        **unread(
            "without the discount; what the discount is", "origin discount dynamic_discount tiered_price", under="price"
        ),
        **unread("sampling", "supported_sampling_parameters"),
        **unread("read together", "input_modalities output_modalities"),
        **unread("pictures", "logo avatar background coverUrl coverVideo"),
        **unread("texts", "profile schema readme example coreStrengths useCases"),
        **unread("groups", "uuid type organization priority categories familyUUID familyName familyDisplayName"),
        **unread("groups", "parentFamilyUUID parentFamilyName parentFamilyDisplayName display_console"),
        **unread("speed", "avgTotalTPS avgLatency"),
        **unread("no spec of ours", "supported_protocols totalParameters activeParameters architectureType"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://console.atlascloud.ai/api/v1/models",), read_models, publishes=fields_of(_FEED, "modalities")
    ),
)
