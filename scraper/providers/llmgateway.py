"""LLM Gateway: the list of models of its router, and of each the hosts behind it with their own prices.

Prices are texts in USD for one token, page or request; a "0" stands for whatever has no price, except in
rows that are free.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Final

from scraper.extract import router
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Price, Row, Spec, as_text, read_feed, whole_tokens
from scraper.extract.hosts import host_facts
from scraper.extract.listing import fields_of, list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import flag_facts
from scraper.extract.specs import day_of_epoch, read_date
from scraper.extract.tiers import objects
from scraper.meters import Unit
from scraper.records import Fact, Reading

_ONE: Final = partial(Unit, Decimal(1))
_BOTH_WAYS: Final = token_prices({"pricing/prompt": "input", "pricing/completion": "output"}, may_be_free=True)
_PAGES: Final = Price("pricing/ocr_page", "pages", _ONE("page"))
_IMAGES: Final = unread("does not say what of an image, and for which sizes", "image per_second", under="pricing")

_HOST: Final = Feed(
    rows="",
    model_id="providerId",
    prices=(*_BOTH_WAYS, _PAGES),
    known={
        **_IMAGES,
        "externalId": "what the host calls it; a caller sends the model's id",
        **unread("a spec of one host: specs have no upstream", "streaming vision cancellation tools parallelToolCalls"),
        **unread(
            "a spec of one host: specs have no upstream", "reasoning reasoning_efforts stability supportedVideoSizes"
        ),
        **unread("a spec of one host: specs have no upstream", "supportsVideoAudio supportsVideoWithoutAudio"),
    },
)


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    yield from flag_facts(row, pointer, {"json_output": "json mode", "structured_outputs": "structured outputs"})
    yield from host_facts([*objects(row.get("providers"))], _HOST, f"{pointer}/providers", offers)


_FEED: Final = Feed(
    rows="/data",
    name="name",
    prices=(
        *_BOTH_WAYS,
        *token_prices({"pricing/input_cache_read": "cache_read", "pricing/input_cache_write": "cache_write"}),
        *token_prices({"pricing/input_cache_write_1h": "cache_write{ttl=1h}"}),
        _PAGES,
        Price("pricing/request", "requests", _ONE("request")),
    ),
    specs=(
        Spec("context_length", "context_window", whole_tokens),
        Spec("max_output", "max_output_tokens", whole_tokens),
        Spec("created", "released", day_of_epoch),  # its source takes it from the model's day of release
        Spec("architecture", "modalities", router.modalities_of),
        Spec("deactivated_at", "retires", lambda moment: read_date(as_text(moment)[:10])),
    ),
    free=lambda row: row.get("free") is True,
    known={
        **_IMAGES,
        **unread("0 in all rows", "web_search internal_reasoning", under="pricing"),
        **unread("read together", "json_output structured_outputs providers free"),
        "supported_parameters": "the same in all rows of which nothing is known",
        "deprecated_at": "the day of the notice",
        **unread("no spec of ours", "aliases description family top_provider per_request_limits stability"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models: the first host's prices are the model's, those of each are under `upstream`."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(("https://api.llmgateway.io/v1/models",), read_models, publishes=fields_of(_FEED, "capabilities")),
)
