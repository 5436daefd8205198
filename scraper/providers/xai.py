"""xAI: the models that the docs' page of models has as data, by cluster, and the API's list of language models.

All amounts are whole numbers of 1/10,000,000,000 USD: "20000" for a token is $2 for a million, "200000000" for an image
is $0.02. 0 is a placeholder. Clusters agree in most prices; where one differs, its price has the cluster as region.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract import jsontext
from scraper.extract import ticks as fixed
from scraper.extract.document import Document
from scraper.extract.embedded import embedded_rows
from scraper.extract.feed import Feed, Row, Spec, as_texts, objects_of, read_feed, whole_tokens
from scraper.extract.offers import Offers
from scraper.extract.regions import ByRegion
from scraper.extract.source import Source
from scraper.extract.specs import listed
from scraper.extract.ticks import image_ticks, long_context, ticks, two_modalities
from scraper.records import Fact, Reading

_ALIASES: Final = Spec("aliases", "aliases", lambda names: listed(as_texts(names)))
_LONG: Final = {
    "promptTextTokenPriceLongContext": "input",
    "cachedPromptTokenPriceLongContext": "cache_read",
    "completionTokenPriceLongContext": "output",
}
_LISTED: Final = {"pricePerImage": "images", "pricePerSecond": "video_seconds"}
_AUDIO: Final = {
    "perCharacter": "characters",
    "perAudioSecond": "audio_seconds",
    "perAudioSecondStreaming": "audio_seconds{mode=streaming}",
    "realtimeAudioSecondPrice": "audio_seconds{mode=realtime}",
    # Of which direction, of what text, of which minute is not said.
    **dict.fromkeys(("realtimeAudioTokenPrice", "realtimeTextInputPrice", "pstnMinutePrice"), ""),
}
_LIMITS: Final = ("cluster", "rps", "rpm", "_rpm", "tpm", "rateLimits", "provisionedThroughput", "batchEnabled")
_SETTINGS: Final = ("version", "algorithm", "features", "supportedQualities", "defaultQuality", "_longContextThreshold")


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    yield from two_modalities(row, pointer, "inputModalities", "outputModalities")
    yield from long_context(row, pointer, "longContextThreshold", _LONG)
    if row.get("batchEnabled") is True:
        yield from fixed.discounted_batch(row, pointer, "batchDiscountPercent", _CATALOGUE.prices[:2])
    yield from fixed.by_resolution(row, pointer, "resolutionPricing", _LISTED)
    yield from fixed.by_endpoint(row, pointer, "endpoints", _AUDIO, offers)


_CATALOGUE: Final = Feed(
    rows="",
    model_id="name",
    prices=(
        ticks("promptTextTokenPrice", "input"),
        ticks("completionTextTokenPrice", "output"),
        ticks("cachedPromptTokenPrice", "cache_read"),
        image_ticks("promptImageTokenPrice", "promptTextTokenPrice"),
        ticks("imagePrice", "images"),
        ticks("pricePerInputImage", "input_images"),
    ),
    specs=(Spec("maxPromptLength", "context_window", whole_tokens), _ALIASES),
    known={
        **dict.fromkeys((*_LIMITS, *_SETTINGS, "searchPrice"), "a limit, a setting, or a fee of searches"),
        **dict.fromkeys((*_LONG, "longContextThreshold", "batchDiscountPercent"), "read by _more"),
        **dict.fromkeys(("inputModalities", "outputModalities", "resolutionPricing", "endpoints"), "read by _more"),
        "pricePerInputVideoSecond": "no meter for seconds of video sent",
    },
    more=_more,
)
_GROUPS: Final = ("languageModels", "imageGenerationModels", "videoGenerationModels", "audioModels", "embeddingModels")


def read_docs(document: Document) -> Reading:
    """Read the clusters that the page has as data."""
    offers, regions = Offers(), ByRegion()
    for payload in document.payloads:
        for place in payload.places.get("clusterConfigs", ()):
            for number, cluster in objects_of(jsontext.at(payload.value, place), "clusterConfigs"):
                for group in (group for group in _GROUPS if group in cluster):
                    pointer = f"{place}/clusterConfigs/{number}/{group}"
                    for named, facts in embedded_rows(payload, pointer, _CATALOGUE, offers):
                        regions.add(str(cluster.get("clusterName")), named, facts)
    regions.add_to(offers)
    return offers.reading(needed="clusters of models")


_NAMES: Final = (("prompt", "input"), ("cached_prompt", "cache_read"), ("completion", "output"))
_API_LONG: Final = {f"{name}_text_token_price_long_context": meter for name, meter in _NAMES}


def _api_more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    yield from two_modalities(row, pointer, "input_modalities", "output_modalities")
    yield from long_context(row, pointer, "long_context_threshold", _API_LONG)


_API: Final = Feed(
    rows="/models",
    prices=(
        *(ticks(f"{name}_text_token_price", meter) for name, meter in _NAMES),
        image_ticks("prompt_image_token_price", "prompt_text_token_price"),
    ),
    specs=(Spec("context_length", "context_window", whole_tokens), _ALIASES),
    known={
        **dict.fromkeys(("object", "owned_by", "version", "fingerprint"), "no spec of ours"),
        "created": "one moment for models that came months apart",
        "search_price": "a fee for each source of a search that ended in 2025",
        "capabilities": "levels of reasoning beside flags",
        **dict.fromkeys((*_API_LONG, "long_context_threshold", "input_modalities"), "read by _api_more"),
        "output_modalities": "read by _api_more",
    },
    more=_api_more,
)


def read_api(document: Document) -> Reading:
    """Read the API's list of language models, which needs a key."""
    return read_feed(document, _API).reading()


_TEXT: Final = frozenset({"input", "output", "cache_read", "context_window", "aliases", "modalities"})
_OVER_200K: Final = frozenset(f"{meter}{{prompt_gt=200000}}" for meter in ("input", "output", "cache_read"))

SOURCES = (
    Source(
        name="docs-models",
        addresses=("https://docs.x.ai/developers/models", "https://docs.x.ai/docs/models"),
        read=read_docs,
        publishes=_TEXT
        | _OVER_200K
        | {"input{tier=batch}", "output{tier=batch}", "images", "input_images", "characters"},
    ),
    Source(
        name="language-models",
        addresses=("https://api.x.ai/v1/language-models",),
        read=read_api,
        publishes=_TEXT | _OVER_200K,
        rank=1,
        key={"Authorization": "Bearer XAI_API_KEY"},
    ),
)
