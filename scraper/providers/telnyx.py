"""Telnyx: the list of models of its API, and that of its pay-per-call endpoint, whose prices are its own.

Prices are texts in dollars for a million tokens; most rows of the first list have placeholders of 0.
"""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Spec, read_feed, whole_tokens
from scraper.extract.listing import fields_of, token_prices, unread
from scraper.extract.source import Source
from scraper.records import Reading

_NAMES: Final = {"input": "input", "output": "output"}
_API: Final = Feed(
    rows="/data",
    prices=token_prices(
        {**{f"pricing/{name}": key for name, key in _NAMES.items()}, "pricing/cached_prompt": "cache_read"},
        MILLION_TOKENS,
    ),
    specs=(
        Spec("context_length", "context_window", whole_tokens),
        Spec("max_completion_tokens", "max_output_tokens", whole_tokens),
    ),
    unit_at="pricing/unit",
    units={"1M_tokens": MILLION_TOKENS},
    # Models of other makers are passed on to them with the caller's own key.
    skip=lambda row: str(row.get("owned_by", "")).casefold() != "telnyx",
    known=unread("no spec of ours", "object owned_by created name task is_vision_supported regions"),
)
_CALLS: Final = Feed(
    rows="/data",
    prices=token_prices(
        {
            **{f"pricing/rates/{name}": f"{key}{{variant=x402}}" for name, key in _NAMES.items()},
            "pricing/rates/cached": "cache_read{variant=x402}",
        },
        MILLION_TOKENS,
    ),
    specs=(Spec("context_length", "context_window", whole_tokens),),
    skip=_API.skip,
    known=unread("no spec of ours", "object owned_by created name"),
)


def read_models(document: Document) -> Reading:
    """Read the list of models of the API, which needs a key."""
    return read_feed(document, _API).reading()


def read_calls(document: Document) -> Reading:
    """Read the list of models that are paid for by the call."""
    return read_feed(document, _CALLS).reading()


SOURCES = (
    Source(
        name="models",
        addresses=("https://api.telnyx.com/v2/ai/openai/models",),
        read=read_models,
        publishes=fields_of(_API),
        key={"Authorization": "Bearer TELNYX_API_KEY"},
    ),
    Source(
        name="x402-models",
        addresses=("https://x402.telnyx.com/v1/models",),
        read=read_calls,
        publishes=fields_of(_CALLS),
        rank=1,
    ),
)
