"""GMI Cloud: the prices that its console reads, whole numbers in millionths of a dollar for a million tokens.

A row's tiers by the length of the prompt are its prices where it has any; the plain ones repeat the first. Beside each
price may stand the one before a discount.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, conditional_facts, number_of, read_feed, whole_tokens
from scraper.extract.listing import fields_of, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.source import Source
from scraper.extract.tiers import objects
from scraper.meters import Unit
from scraper.records import Fact, Reading

_MILLIONTHS: Final = Unit(MILLION_TOKENS.quantity * Decimal(1_000_000), "token")
_TIER: Final = {"inputPrice": "input", "outputPrice": "output", "cacheReadPrice": "cache_read"}
_PLAIN: Final = {"pricePer1mPromptToken": "input", "pricePer1mCompletionToken": "output"}


def _reduced(row: Row, keys: dict[str, str]) -> bool:
    """Say whether a price before a discount is above the one that is paid."""
    pairs = ((row.get(key), row.get(f"origin{key[0].upper()}{key[1:]}")) for key in keys)
    return any(origin is not None and number_of(origin) > number_of(paid or 0) for paid, origin in pairs)


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    for number, tier in enumerate(objects(row.get("tiers"))):
        labels = {"prompt_gt": whole_tokens(tier.get("threshold"))}
        yield from conditional_facts(
            tier,
            f"{pointer}/tiers/{number}",
            token_prices(_TIER, _MILLIONTHS),
            labels,
            promotional=_reduced(tier, _TIER),
        )


_FEED: Final = Feed(
    rows="/modelPrices",
    model_id="modelName",
    prices=token_prices(_PLAIN, _MILLIONTHS, when=lambda row: not row.get("tiers")),
    promotional=partial(_reduced, keys=_PLAIN),
    skip=lambda row: row.get("billingType") != "llm",
    known=unread("read by _more", "billingType tiers originPricePer1mPromptToken originPricePer1mCompletionToken"),
    more=_more,
)


def read_prices(document: Document) -> Reading:
    """Read the rows of language models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    Source(
        name="model-prices",
        addresses=("https://console.gmicloud.ai/api/v1/billing/model_prices",),
        read=read_prices,
        publishes=fields_of(_FEED, "cache_read"),
    ),
)
