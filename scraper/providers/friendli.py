"""FriendliAI: the list of its serverless models.

Prices are in dollars for one token; until mid-2026 they were for a million, with a `unit_type` beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, TOKEN, Row, Spec, as_text, at_path, read_feed
from scraper.extract.listing import list_of_models, listing, token_prices, unread, with_prices
from scraper.extract.rowfacts import capability, flags, licence
from scraper.extract.specs import read_date
from scraper.records import Reading

_PATHS: Final = {
    "pricing/input": "input",
    "pricing/output": "output",
    "pricing/prompt": "input",
    "pricing/completion": "output",
    "pricing/input_cache_read": "cache_read",
    "pricing/input_cache_write": "cache_write",
}


def _unit_type(said: str | None) -> Callable[[Row], bool]:
    return lambda row: at_path(row, "pricing/unit_type") == said


_FEED: Final = with_prices(
    listing(
        TOKEN,
        name="name",
        paths=_PATHS,
        when=_unit_type(None),
        specs=(
            Spec("license", "licence", licence, when=lambda row: bool(row.get("context_length"))),
            Spec("deprecation_date", "retires", lambda day: read_date(as_text(day)[:10])),
            Spec(
                "functionality",
                "capabilities",
                flags({key: capability(key) for key in ("tool_call", "parallel_tool_call", "structured_output")}),
            ),
        ),
        known={
            "pricing/unit_type": "decides which unit the prices are in",
            **unread("settings", "reasoning reasoning_options interleaved default_params mode"),
            **unread("no spec of ours", "hugging_face_url policy base_model"),
        },
    ),
    *token_prices(_PATHS, MILLION_TOKENS, when=_unit_type("TOKEN")),
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.friendli.ai/serverless/v1/models",),
        read_models,
        publishes=frozenset(
            {"input", "output", "cache_read", "context_window", "max_output_tokens"}
            | {"modalities", "capabilities", "hugging_face_id", "retires", "licence"}
        ),
    ),
)
