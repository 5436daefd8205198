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

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Price, Row, Spec, as_text, at_path, conditional_facts, read_feed, whole_tokens
from scraper.extract.jsontext import Json
from scraper.extract.offers import Offers
from scraper.extract.source import Source
from scraper.extract.specs import day_of_epoch, listed, modalities, read_date
from scraper.extract.tiers import members, service_facts, tier_facts, variant_facts
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
_BY_IMAGE: Final = Price(path="cost", key="images", unit=_ONE("image"))
_BY_SECOND: Final = Price(path="cost_per_second", key="video_seconds", unit=_ONE("second"))
_IMAGE_LABELS: Final = {"size": "resolution", "quality": "quality", "operation": "mode", "style": "variant"}
_VIDEO_LABELS: Final = {"resolution": "resolution", "mode": "mode", "audio": "variant"}

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
    return bool(named) or "free" in (row.get("tags") or ())


def _modalities(value: Json) -> str:
    return modalities(at_path(value, "input") or (), at_path(value, "output") or ())


def _capabilities(tags: Json) -> str:
    if not isinstance(tags, list):
        raise Unreadable("the tags are no list")
    return listed(_CAPABILITIES[tag] for tag in tags if tag in _CAPABILITIES)


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    prices, place = row.get("pricing"), f"{pointer}/pricing"
    yield from _token_facts(prices, place, offers)
    for name, inner, where in members(at_path(prices, "service_tiers"), f"{place}/service_tiers"):
        yield from service_facts(inner, where, _TOKENS, offers, tier=name)
    for name, inner, where in members(at_path(prices, "regional"), f"{place}/regional"):
        yield from conditional_facts(inner, where, _TOKENS, {"region": name})
        yield from _token_facts(inner, where, offers, region=name)
    images, videos = "image_dimension_quality_pricing", "video_duration_pricing"
    yield from variant_facts(at_path(prices, images), f"{place}/{images}", _BY_IMAGE, _IMAGE_LABELS)
    yield from variant_facts(at_path(prices, videos), f"{place}/{videos}", _BY_SECOND, _VIDEO_LABELS)


def _token_facts(prices: Json, place: str, offers: Offers, **labels: str) -> Iterator[Fact]:
    """Read what stands beside plain token prices: tiers by the length of the prompt, and the fast mode."""
    for price in _TOKENS:
        tiers = at_path(prices, f"{price.path}_tiers")
        yield from tier_facts(tiers, f"{place}/{price.path}_tiers", price, **labels)
    yield from service_facts(at_path(prices, "fast"), f"{place}/fast", _TOKENS, offers, tier="fast", **labels)


_FEED: Final = Feed(
    rows="/data",
    name="name",
    prices=(
        *(replace(price, path=f"pricing/{price.path}") for price in _TOKENS),
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
        **dict.fromkeys((f"pricing/{price.path}_tiers" for price in _TOKENS), "read by _token_facts"),
        **dict.fromkeys(("pricing/fast", "pricing/service_tiers", "pricing/regional"), "read by _more"),
        "pricing/image_dimension_quality_pricing": "read by _more",
        "pricing/video_duration_pricing": "read by _more",
        "pricing/video_token_pricing": "two prices of one token, with and without a video sent: no key for them",
        "pricing/realtime_client_message_cost": "no meter for messages",
        "pricing/realtime_session_duration_cost_per_second": "does not say what the second is of",
        "pricing/varies_by_provider": "the prices are those of the default host",
        "created": "when the list was made, one number for all rows; the model's own day is `released`",
        "type": "decides whether max_tokens is read",
        **dict.fromkeys(("object", "owned_by", "description", "temperature", "interleaved"), "no spec of ours"),
        **dict.fromkeys(("supported_parameters", "supported_specifications", "reasoning_options"), "settings"),
        **dict.fromkeys(("regions", "video_capabilities", "deprecated_at"), "no spec of ours"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    Source(
        name="models",
        addresses=("https://ai-gateway.vercel.sh/v1/models",),
        read=read_models,
        publishes=frozenset({price.key for price in _FEED.prices} | {spec.field for spec in _FEED.specs}),
    ),
)
