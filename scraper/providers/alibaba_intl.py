"""Alibaba Cloud Model Studio outside of China: the list of models of the native API, with prices in dollars.

Each price says its type and its unit; prices stand under the range of the prompt's length that they hold for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, Spec, as_text, read_feed, whole_tokens
from scraper.extract.listing import fields_of, unread
from scraper.extract.offers import Offers
from scraper.extract.paging import next_counted
from scraper.extract.prompt_lengths import length_of
from scraper.extract.rowfacts import features, modality_facts
from scraper.extract.source import Source
from scraper.extract.specs import read_date
from scraper.extract.tiers import objects
from scraper.extract.typed_prices import Typed, typed_facts
from scraper.meters import RateKey
from scraper.records import Fact, Reading

_KEYS: Final = {
    "input_token": "input",
    "output_token": "output",
    "input_token_cache": "cache_read",
    "input_token_cache_read": "cache_read{variant=explicit}",
    "input_token_cache_creation_5m": "cache_write",
    "input_token_cache_creation_1h": "cache_write{ttl=1h}",
    "input_token_batch": "input{tier=batch}",
    "output_token_batch": "output{tier=batch}",
    "image_number": "images",
}
_THINKING: Final = {
    f"thinking_{name}": str(RateKey.parse(key).with_labels(mode="thinking")) for name, key in _KEYS.items()
}
_TYPED: Final = Typed("type", "price", "price_unit", {**_KEYS, **_THINKING})
_ALL_DAY: Final = (None, "", "standard", "Default")


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    metadata, place = row.get("inference_metadata") or {}, f"{pointer}/inference_metadata"
    yield from modality_facts(metadata, place, before="request_modality", after="response_modality")
    for number, part in enumerate(objects(row.get("prices"))):
        where = f"{pointer}/prices/{number}/prices"
        if any(price.get("time_band") not in _ALL_DAY for price in objects(part.get("prices"))):
            offers.note("unreadable", f"{row.get('model')}: prices that depend on the hour", f"#{where}")
            continue
        labels = {"prompt_gt": length_of(str(part.get("range_name") or "Default")) or ""}
        yield from typed_facts(part.get("prices"), where, _TYPED, offers, labels)


_FEED: Final = Feed(
    rows="/output/models",
    model_id="model",
    name="name",
    prices=(),
    specs=(
        Spec("model_info/context_window", "context_window", whole_tokens),
        Spec("model_info/max_output_tokens", "max_output_tokens", whole_tokens),
        Spec("features", "capabilities", features),
        Spec("published_time", "released", lambda moment: read_date(as_text(moment)[:10])),
    ),
    known={
        **unread("read by _more", "prices inference_metadata"),
        **unread("a part of the context", "max_input_tokens max_reasoning_tokens", under="model_info"),
        **unread("of thinking alone", "reasoning_max_input_tokens reasoning_max_output_tokens", under="model_info"),
        **unread("no spec of ours", "capabilities provider description latest_online_at language equivalent_snapshot"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models, which needs a key."""
    return read_feed(document, _FEED).reading()


_LABELS: Final = ("", "{tier=batch}", "{prompt_gt=32000}")

SOURCES = (
    Source(
        name="models",
        addresses=("https://dashscope-intl.aliyuncs.com/api/v1/models?page_no=1&page_size=100&language=en-US",),
        read=read_models,
        publishes=fields_of(_FEED, "modalities", "cache_read", "cache_write", "output{mode=thinking}", "images")
        | {f"{meter}{labels}" for meter in ("input", "output") for labels in _LABELS},
        key={"Authorization": "Bearer DASHSCOPE_API_KEY"},
        next_page=next_counted("page_no", size="page_size", total="output/total"),
    ),
)
