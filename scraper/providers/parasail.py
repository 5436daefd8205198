"""Parasail: the public price list of its serverless endpoints, in dollars for a million tokens.

`externalAlias` is what a caller sends, `modelName` the weights behind it.
"""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, Spec, as_text, as_texts, read_feed, whole_tokens
from scraper.extract.jsontext import Json
from scraper.extract.listing import fields_of, token_prices, unread
from scraper.extract.rowfacts import features, has
from scraper.extract.source import Source
from scraper.records import Reading

_FEATURE: Final = "parasail:or-feature:"


def _by_token(row: Row) -> bool:
    """Speech is in the list too; what its cost is for is not said."""
    return not has(row, "tags", "TTS")


def _private(row: Row) -> bool:
    """Endpoints of one customer have a random alias."""
    alias = str(row.get("externalAlias"))
    return not alias.startswith("parasail-") and "/" not in alias


def _features(tags: Json) -> str:
    return features([tag.removeprefix(_FEATURE) for tag in as_texts(tags) if tag.startswith(_FEATURE)])


_FEED: Final = Feed(
    rows="",
    model_id="externalAlias",
    name="displayName",
    prices=token_prices(
        {"inputCost": "input", "outputCost": "output", "cachedCost": "cache_read"}, MILLION_TOKENS, when=_by_token
    ),
    specs=(
        Spec("contextLength", "context_window", whole_tokens),
        Spec("maxCompletionTokens", "max_output_tokens", whole_tokens),
        Spec("modelName", "hugging_face_id", lambda name: as_text(name) if "/" in as_text(name) else ""),
        Spec("tags", "capabilities", _features),
    ),
    skip=_private,
    known=unread("no spec of ours", "engineTask"),
)


def read_prices(document: Document) -> Reading:
    """Read the price list."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    Source(
        name="prices",
        addresses=("https://platform.parasail.io/api/v1/prices/serverlessEndpoints",),
        read=read_prices,
        publishes=fields_of(_FEED),
    ),
)
