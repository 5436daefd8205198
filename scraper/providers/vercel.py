"""Vercel AI Gateway: the JSON list of models, with prices as texts in USD for one token (image, second, character).

Long prompts are tiers in lists (`input_tiers`: the first one is the base); processing tiers and regions are objects of
their own beside the plain prices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import (
    Feed,
    Price,
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
from scraper.extract.listing import list_of_models
from scraper.extract.offers import Offers
from scraper.extract.specs import day_of_epoch, listed, modalities, read_date
from scraper.extract.tiers import members, service_facts, token_facts, variant_facts
from scraper.meters import Unit
from scraper.records import Fact, Reading

_ONE: Final = partial(Unit, Decimal(1))
# Sent as "10", "14", "35", which is what a thousand cost; a fraction of a dollar would be for one, and is noted.
_SEARCHES: Final = partial(Price, unit=Unit(Decimal(1000), "search"), between=(Decimal(1), Decimal(1000)))

_TOKENS: Final = (
    Price(path="input", key="input", may_be_free=True),
    Price(path="output", key="output", may_be_free=True),
    Price(path="input_cache_read", key="cache_read", may_be_free=True),
    Price(path="input_cache_write", key="cache_write", may_be_free=True),
)
_IMAGES: Final = "image_dimension_quality_pricing"
_VIDEOS: Final = "video_duration_pricing"
_BY_IMAGE: Final = Price(path="cost", key="images", unit=_ONE("image"))
_BY_SECOND: Final = Price(path="cost_per_second", key="video_seconds", unit=_ONE("second"))
_IMAGE_LABELS: Final = {"size": "resolution", "quality": "quality", "operation": "mode", "style": "variant"}
_VIDEO_LABELS: Final = {"resolution": "resolution", "mode": "mode", "audio": "variant", "voice_control": "variant"}

# With one of these in a row that is not of a language model, `input` repeats the price of a character or is a filler.
_NOT_BY_TOKEN: Final = ("image", "video_duration", "speech", "transcription", "realtime_session")

# The tags that say what a model can do; others group models for the website.
_CAPABILITIES: Final = {
    "tool-use": "tools",
    "reasoning": "reasoning",
    "vision": "vision",
    "file-input": "file input",
    "image-generation": "image generation",
    "web-search": "web search",
    "implicit-caching": "implicit caching",
    "explicit-caching": "explicit caching",
}


def _free(row: Row) -> bool:
    named = re.search(r"\bfree\b", f"{row['id'].rpartition('/')[2]} {row.get('name')}", re.IGNORECASE)
    tags = row.get("tags")
    return bool(named) or (isinstance(tags, list) and "free" in tags)


def _by_token(row: Row) -> bool:
    return row.get("type") in (None, "language") or not any(key.startswith(_NOT_BY_TOKEN) for key in row["pricing"])


def _modalities(value: Json) -> str:
    return modalities(as_texts(at_path(value, "input")), as_texts(at_path(value, "output")))


def _capabilities(tags: Json) -> str:
    return listed(_CAPABILITIES[tag] for tag in as_texts(tags) if tag in _CAPABILITIES)


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    prices, place = row.get("pricing"), f"{pointer}/pricing"
    yield from token_facts(prices, place, _TOKENS, offers)
    for name, inner, where in members(at_path(prices, "service_tiers"), f"{place}/service_tiers"):
        yield from service_facts(inner, where, _TOKENS, offers, tier="" if name in ("default", "standard") else name)
    for name, inner, where in members(at_path(prices, "regional"), f"{place}/regional"):
        yield from conditional_facts(inner, where, _TOKENS, {"region": name})
        yield from token_facts(inner, where, _TOKENS, offers, region=name)
    yield from variant_facts(at_path(prices, _IMAGES), f"{place}/{_IMAGES}", _BY_IMAGE, _IMAGE_LABELS)
    yield from variant_facts(at_path(prices, _VIDEOS), f"{place}/{_VIDEOS}", _BY_SECOND, _VIDEO_LABELS)


_FEED: Final = Feed(
    rows="/data",
    name="name",
    prices=(
        Price(path="pricing/input", key="input", may_be_free=True, when=_by_token),
        *(replace(price, path=f"pricing/{price.path}") for price in _TOKENS[1:]),
        Price(path="pricing/image", key="images", unit=_ONE("image")),
        Price(path="pricing/audio_input_token_cost", key="input.audio"),
        Price(path="pricing/audio_output_token_cost", key="output.audio"),
        Price(path="pricing/speech_input_character_cost", key="characters", unit=_ONE("character")),
        Price(path="pricing/transcription_duration_cost_per_second", key="audio_seconds", unit=_ONE("second")),
        _SEARCHES(path="pricing/web_search", key="searches"),
        _SEARCHES(path="pricing/maps_search", key="searches{variant=maps}"),
    ),
    specs=(
        Spec("context_window", "context_window", whole_tokens),
        # In rows without a type it is 256 or 1024, whatever the model.
        Spec("max_tokens", "max_output_tokens", whole_tokens, when=lambda row: row.get("type") == "language"),
        Spec("released", "released", lambda seconds: day_of_epoch(seconds) if seconds else ""),
        Spec("knowledge", "knowledge_cutoff", lambda day: read_date(as_text(day))),
        Spec("modalities", "modalities", _modalities),
        Spec("tags", "capabilities", _capabilities),
    ),
    free=_free,
    known={
        **dict.fromkeys((f"pricing/{price.path}_tiers" for price in _TOKENS), "read by _more"),
        **dict.fromkeys(("pricing/fast", "pricing/service_tiers", "pricing/regional"), "read by _more"),
        **dict.fromkeys((f"pricing/{_IMAGES}", f"pricing/{_VIDEOS}"), "read by _more"),
        "pricing/video_token_pricing": "two prices of one token, with and without a video sent: no key for them",
        "pricing/realtime_client_message_cost": "no meter for messages",
        "pricing/realtime_session_duration_cost_per_second": "does not say what the second is of",
        "pricing/varies_by_provider": "hosts differ; the prices are the headline of the row",
        "created": "when the list was made, one number for all rows; the model's own day is `released`",
        "type": "decides whether max_tokens is read",
        **dict.fromkeys(("object", "owned_by", "description", "temperature", "interleaved"), "no spec of ours"),
        **dict.fromkeys(("supported_parameters", "supported_specifications", "reasoning_options"), "settings"),
        **dict.fromkeys(("regions", "video_capabilities", "deprecated_at", "zdr", "no_training"), "no spec of ours"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://ai-gateway.vercel.sh/v1/models",),
        read_models,
        publishes=frozenset({price.key for price in _FEED.prices} | {spec.field for spec in _FEED.specs}),
    ),
)
