"""Novita AI: the list of models of its OpenAI-compatible API, and the pricing page, which prints ids.

Whole numbers are ten-thousandths of a dollar for a million tokens; beside them newer rows have the dollars as a text.
Prices by the length of the prompt are a list of tiers, the first of which is the base.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, Spec, conditional_facts, read_feed, whole_tokens
from scraper.extract.listing import SPECS, both_modalities, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.price_pages import named_by_id
from scraper.extract.prices import Scale
from scraper.extract.rowfacts import features
from scraper.extract.source import Source
from scraper.extract.tables import price_tables, read_table
from scraper.extract.tiers import objects
from scraper.extract.vocabulary import KNOWN, VOCABULARY
from scraper.meters import Unit
from scraper.records import Fact, Reading

_TEN_THOUSANDTHS: Final = Unit(MILLION_TOKENS.quantity * Decimal(10_000), "token")
_NAMES: Final = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
}
_DOLLARS: Final = token_prices(
    {f"pricing/{name}/price_per_m_decimal": key for name, key in _NAMES.items()}, MILLION_TOKENS
)


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    yield from both_modalities(row, pointer, offers)
    for number, tier in enumerate(objects(row.get("tiered_billing_configs"))):
        above = int(whole_tokens(tier.get("min_tokens")) or 0)
        labels = {"prompt_gt": above if above > 1 else None}
        yield from conditional_facts(tier, f"{pointer}/tiered_billing_configs/{number}", _DOLLARS, labels)


_FEED: Final = Feed(
    rows="/data",
    name="display_name",
    prices=(
        *_DOLLARS,
        *token_prices(
            {"input_token_price_per_m": "input", "output_token_price_per_m": "output"},
            _TEN_THOUSANDTHS,
            # Rows with tiers have the base there, and here sometimes another number.
            when=lambda row: not row.get("tiered_billing_configs"),
        ),
    ),
    specs=(
        Spec("context_size", "context_window", whole_tokens),
        Spec("max_output_tokens", "max_output_tokens", whole_tokens),
        Spec("features", "capabilities", features),
        *(spec for spec in SPECS if spec.path == "quantization"),
    ),
    known={
        **{f"pricing/{name}/price_per_m": "the same in ten-thousandths" for name in _NAMES},
        **unread("read together", "input_modalities output_modalities tiered_billing_configs is_tiered_billing"),
        **unread("no spec of ours", "created description endpoints model_type object owned_by parent permission root"),
        **unread("no spec of ours", "status tags title"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


_IGNORED: Final = dict.fromkeys(("image", "video", "audio"), "by size, steps and duration, under names that are no ids")
_VOCABULARY: Final = VOCABULARY.extended({"actions": KNOWN})


def read_pricing(document: Document) -> Reading:
    """Read the tables of language models and embeddings; the cached price stands in the cell of the input price."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        read_table(table, offers, scale=Scale(), vocabulary=_VOCABULARY, naming=named_by_id)
    return offers.reading()


SOURCES = (
    Source(
        name="models",
        addresses=tuple(
            f"https://api.novita.ai/{path}/models" for path in ("openai/v1", "openai", "v3/openai", "v3/openai/v1")
        ),
        read=read_models,
        publishes=frozenset(
            {*_NAMES.values(), "context_window", "max_output_tokens", "capabilities", "modalities", "quantization"}
        ),
    ),
    Source(
        name="pricing",
        addresses=("https://novita.ai/pricing",),
        read=read_pricing,
        publishes=frozenset({"input", "output", "cache_read", "context_window"}),
        rank=1,
    ),
)
