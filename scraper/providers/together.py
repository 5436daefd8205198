"""Together AI: the list of serverless models (v2), the older list of all models (v1), and the pricing page.

Both lists need a key and are in dollars for a million tokens. The page prints names only, and the price of cached input
under that of input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, Spec, at_path, read_feed, whole_tokens
from scraper.extract.listing import token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.prices import Scale
from scraper.extract.rowfacts import has, licence
from scraper.extract.source import Source
from scraper.extract.tables import price_tables, read_table, unit_scale
from scraper.records import Fact, Reading

_BY_TOKEN: Final = ("chat", "language", "code", "moderation")
_BY_INPUT: Final = ("embedding", "rerank")  # the output price repeats the input's
_OTHERS: Final = ("image", "audio", "transcribe", "video")  # nothing says what their numbers are for


def _note_type(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    if row.get("type") not in (*_BY_TOKEN, *_BY_INPUT, *_OTHERS):
        offers.note(
            "off_contract", f"what models of the type {row.get('type')!r} are paid by is not known", f"#{pointer}"
        )
    yield from ()


def _described(row: Row) -> bool:
    """Whether the list says more of a model than that it is there: a licence alone makes no offer."""
    return bool(row.get("context_length"))


_V1: Final = Feed(
    rows="",
    name="display_name",
    prices=(
        *token_prices(
            {"pricing/input": "input"},
            MILLION_TOKENS,
            when=lambda row: row.get("type") in (*_BY_TOKEN, *_BY_INPUT),
            may_be_free=True,
        ),
        *token_prices(
            {"pricing/output": "output", "pricing/cached_input": "cache_read"},
            MILLION_TOKENS,
            when=lambda row: row.get("type") in _BY_TOKEN,
            may_be_free=True,
        ),
    ),
    specs=(
        Spec("context_length", "context_window", whole_tokens),
        Spec("license", "licence", licence, when=_described),
    ),
    free=lambda row: bool(re.search(r"\bfree\b", str(row.get("display_name")), re.IGNORECASE)),
    known={
        **unread("of machines and of training, 0 in all rows", "base finetune hourly", under="pricing"),
        **unread("no spec of ours", "config created link object organization running type"),
    },
    more=_note_type,
)

_V2: Final = Feed(
    rows="/data",
    model_id="serverlessEndpoint",
    prices=token_prices(
        {"pricing/input": "input", "pricing/output": "output", "pricing/cachedInput": "cache_read"}, MILLION_TOKENS
    ),
    skip=lambda row: not has(row, "products", "PRODUCT_SERVERLESS") or not row.get("serverlessEndpoint"),
    known=unread("decides what is sold without a server", "products"),
)


def read_models(document: Document) -> Reading:
    """Read a list of models: v1 is a bare list, v2 an object, which may be one page of several."""
    if isinstance(document.json, list):
        return read_feed(document, _V1).reading()
    offers = read_feed(document, _V2)
    if at_path(document.json, "next_cursor"):
        offers.note(
            "off_contract", "the list goes on at its next_cursor, and what follows is not read", "#/next_cursor"
        )
    return offers.reading()


def read_pricing(document: Document) -> Reading:
    """Read the tables of the pricing page; each is in the unit that the nearest caption above it names."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored={}):
        captions = (
            text.line for text in table.context.texts if re.search(r"\bprices? per\b", text.line, re.IGNORECASE)
        )
        read_table(table, offers, scale=unit_scale(Scale(), *[*captions][-1:]))
    return offers.reading()


SOURCES = (
    Source(
        name="models",
        addresses=(
            "https://api.together.ai/v2/supported-models?product=PRODUCT_SERVERLESS&limit=200",
            "https://api.together.xyz/v1/models",
            "https://api.together.ai/v1/models",
        ),
        read=read_models,
        publishes=frozenset({"input", "output", "cache_read", "context_window", "licence"}),
        key={"Authorization": "Bearer TOGETHER_API_KEY"},
    ),
    Source(
        name="pricing",
        addresses=("https://www.together.ai/pricing",),
        read=read_pricing,
        publishes=frozenset({"input", "output", "cache_read"}),
        rank=1,
    ),
)
