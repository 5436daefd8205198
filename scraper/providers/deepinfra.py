"""DeepInfra: the list of all models (prices in cents, caches and service tiers as multiples of them), and the list of
the OpenAI-compatible API (dollars per million tokens).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from scraper.extract.derived import Multiple, multiple_facts
from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Price, Row, Spec, at_path, number_of, read_feed, whole_tokens
from scraper.extract.listing import SPECS, fields_of, plausible, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.prompt_lengths import tiers_above
from scraper.extract.rowfacts import tagged
from scraper.extract.source import Source
from scraper.extract.specs import day_of_epoch
from scraper.meters import Unit
from scraper.records import Fact, Reading

# A price of one thing in cents is a price of a hundred things in dollars.
_CENTS: Final = {thing: Unit(Decimal(100), thing) for thing in ("token", "character", "second")}


def _billed(*kinds: str) -> Callable[[Row], bool]:
    return lambda row: at_path(row, "pricing/type") in kinds and not _discounted(row)


def _discounted(row: Row) -> bool:
    """Whether the prices have the discount already is not said."""
    return at_path(row, "pricing/discount") not in (None, 0, 1)


_TOKENS: Final = (
    Price("cents_per_input_token", "input", _CENTS["token"], between=plausible(_CENTS["token"])),
    Price("cents_per_output_token", "output", _CENTS["token"], between=plausible(_CENTS["token"])),
)
_MULTIPLES: Final = (
    Multiple("rate_per_input_token_cached", _TOKENS[0], "cache_read"),
    Multiple("rate_per_input_token_cache_write", _TOKENS[0], "cache_write"),
    *(
        Multiple(f"rate_per_explicit_cache_write_token/{ttl}", _TOKENS[0], f"cache_write{{ttl={ttl}}}")
        for ttl in ("5m", "1h")
    ),
    *(
        Multiple(f"rate_per_service_tier_{tier}", price, f"{price.key}{{tier={tier}}}")
        for tier in ("priority", "flex")
        for price in _TOKENS
    ),
)


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    """The multiples of the prices of tokens, and the sentence with the prices of long prompts, where there is one."""
    prices, place = row.get("pricing"), f"{pointer}/pricing"
    if _discounted(row):
        text = f"{row['model_name']} has a discount, and nothing says whether its prices have it already"
        offers.note("unreadable", text, f"#{place}")
    if not isinstance(prices, dict) or not _billed("tokens")(row):
        return
    base = {price.key: number_of(prices.get(price.path)) * 10_000 for price in _TOKENS}
    tiers = tiers_above(str(prices.get("full") or ""), f"#{place}/full", base)
    yield from tiers
    # A cached price in words is exact where the multiple is rounded.
    said = {fact.field for fact in tiers}
    yield from (fact for fact in multiple_facts(prices, place, _MULTIPLES) if fact.field not in said)


_LIST: Final = Feed(
    rows="",
    model_id="model_name",
    prices=(
        replace(_TOKENS[0], path=f"pricing/{_TOKENS[0].path}", when=_billed("tokens", "input_tokens")),
        replace(_TOKENS[1], path=f"pricing/{_TOKENS[1].path}", when=_billed("tokens")),
        Price("pricing/cents_per_input_chars", "characters", _CENTS["character"], _billed("input_character_length")),
        Price("pricing/cents_per_input_sec", "audio_seconds", _CENTS["second"], _billed("input_length")),
    ),
    specs=(
        Spec("max_tokens", "context_window", whole_tokens, when=_billed("tokens", "input_tokens")),
        Spec("tags", "capabilities", tagged),
        Spec("deprecated", "retires", day_of_epoch),
        *(spec for spec in SPECS if spec.path == "quantization"),
    ),
    skip=lambda row: bool(row.get("private")),
    known={
        **{f"pricing/{multiple.path}": "read by _more" for multiple in _MULTIPLES},
        **unread("read by _more", "rate_per_explicit_cache_write_token full type discount", under="pricing"),
        **unread("no price", "short table discount_ends_at usage_from_cost", under="pricing"),
        **unread("a formula of size and steps", "cents_per_image_unit default_price_cents", under="pricing"),
        **unread("its parts", "default_width default_height default_iterations cents_per_frame_unit", under="pricing"),
        **unread("of a resolution or machine not said", "cents_per_output_sec cents_per_sec", under="pricing"),
        **unread("no spec of ours", "explicit_cache_granularity_tokens", under="pricing"),
        **unread("no spec of ours", "type reported_type private is_partner featured replaced_by max_output_tokens"),
        **unread("prose", "description cover_img_url mmlu"),
    },
    more=_more,
)

_API: Final = Feed(
    rows="/data",
    prices=token_prices(
        {
            "metadata/pricing/input_tokens": "input",
            "metadata/pricing/output_tokens": "output",
            "metadata/pricing/cache_read_tokens": "cache_read",
        },
        MILLION_TOKENS,
    ),
    specs=(
        Spec("metadata/context_length", "context_window", whole_tokens),
        Spec("metadata/tags", "capabilities", tagged),
    ),
    known={
        **unread("the same in all rows, or the id again", "object created owned_by root parent"),
        **unread("the context again, and prose", "max_tokens description", under="metadata"),
    },
)


def read_list(document: Document) -> Reading:
    """Read the list of all models."""
    return read_feed(document, _LIST).reading()


def read_api(document: Document) -> Reading:
    """Read the list of the OpenAI-compatible API."""
    return read_feed(document, _API).reading()


_LIST_ADDRESS: Final = "https://api.deepinfra.com/models/list"

SOURCES = (
    Source(
        name="models",
        addresses=(_LIST_ADDRESS, f"{_LIST_ADDRESS}?type=text-generation"),
        read=read_list,
        publishes=fields_of(_LIST, *(multiple.key for multiple in _MULTIPLES)),
    ),
    Source(
        name="openai-models",
        addresses=("https://api.deepinfra.com/v1/openai/models",),
        read=read_api,
        publishes=fields_of(_API),
        rank=1,
    ),
)
