"""NanoGPT: the detailed list of models of its API. Two units stand in one object: prices of tokens are dollars for a
million, those of cached ones for a thousand, as their names say.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from scraper.extract import router
from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, Spec, at_path, read_feed, whole_tokens
from scraper.extract.listing import fields_of, list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import flags
from scraper.meters import Unit
from scraper.records import Fact, Reading

_THOUSAND: Final = Unit(Decimal(1_000), "token")
_UNITS: Final = (None, "per_million_tokens")
_FLAGS: Final = {
    "vision": "vision",
    "audio_input": "audio input",
    "video_input": "video input",
    "reasoning": "reasoning",
    "tool_calling": "tools",
    "parallel_tool_calls": "parallel tool calls",
    "structured_output": "structured outputs",
    "pdf_upload": "pdf input",
}


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    unit = at_path(row, "pricing/unit")
    if unit not in _UNITS:
        offers.note("unreadable", f"{row.get('id')}: {unit!r} is not a known unit of prices", f"#{pointer}/pricing")
    return iter(())


_FEED: Final = Feed(
    rows="/data",
    name="name",
    prices=(
        *token_prices(
            {"pricing/prompt": "input", "pricing/completion": "output"},
            MILLION_TOKENS,
            when=lambda row: at_path(row, "pricing/unit") in _UNITS,
        ),
        *token_prices(
            {
                "pricing/cacheReadInputPer1kTokens": "cache_read",
                "pricing/cacheWriteInputPer1kTokens": "cache_write",
            },
            _THOUSAND,
        ),
    ),
    specs=(
        Spec("context_length", "context_window", whole_tokens),
        Spec("max_output_tokens", "max_output_tokens", whole_tokens),
        Spec("architecture", "modalities", router.modalities_of),
        Spec("capabilities", "capabilities", flags(_FLAGS)),
    ),
    skip=lambda row: at_path(row, "pricing/currency") not in (None, "USD"),
    known={
        **unread("the unit and the currency, which are checked", "unit currency note", under="pricing"),
        **unread("plans by the month", "subscription premium"),
        **unread("no spec of ours", "object created owned_by description icon_url cost_estimate category providers"),
        **unread("no spec of ours", "distillationPolicy reasoning_efforts open_weights"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(("https://nano-gpt.com/api/v1/models?detailed=true",), read_models, publishes=fields_of(_FEED)),
)
