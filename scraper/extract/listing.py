"""Lists of models in the form in which hosts hand them to routers, in any unit: `pricing.prompt` and its siblings,
limits, features.

Names and places are those of OpenRouter; the unit is not: some hosts send dollars for one token, some for a million,
under the same names. It is declared, and an amount that cannot be in it is noted and not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import TOKEN, Feed, Price, Row, Spec, always, as_text, whole_tokens
from scraper.extract.jsontext import Json
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import features, modality_facts
from scraper.extract.source import Source
from scraper.meters import MILLION, Unit
from scraper.records import Fact, Reading

_LEAST, _MOST = Decimal("0.001"), Decimal(1000)
"""Dollars for a million tokens: what is below or above is a price in another unit."""


def plausible(unit: Unit) -> tuple[Decimal, Decimal]:
    """Return the smallest and the largest amount that the price of a number of tokens can be."""
    return _LEAST * unit.quantity / MILLION, _MOST * unit.quantity / MILLION


def token_prices(
    paths: Mapping[str, str],
    unit: Unit = TOKEN,
    *,
    when: Callable[[Row], bool] = always,
    may_be_free: bool = False,
) -> tuple[Price, ...]:
    """Return the prices of tokens at these paths (`pricing/input`) with their keys, in a unit and guarded against
    another one.
    """
    return tuple(
        Price(path, key, unit, when=when, between=plausible(unit), may_be_free=may_be_free)
        for path, key in paths.items()
    )


def unread(reason: str, keys: str, *, under: str = "") -> dict[str, str]:
    """Return keys (blanks between), of the row or of the object `under` it, as known and not read for a reason."""
    return dict.fromkeys((f"{under}/{key}".lstrip("/") for key in keys.split()), reason)


def fields_of(feed: Feed, *others: str) -> frozenset[str]:
    """Return the fields that a contract names, and others that its `more` reads: what its source publishes."""
    return frozenset({price.key for price in feed.prices} | {spec.field for spec in feed.specs} | set(others))


def list_of_models(
    addresses: tuple[str, ...],
    read: Callable[[Document], Reading],
    *,
    publishes: frozenset[str],
    key: Mapping[str, str] | None = None,
) -> Source:
    """Return the source of a seller that has one: a list of its models at an address, the current one first."""
    return Source(name="models", addresses=addresses, read=read, publishes=publishes, key=key or {})


_NAMES: Final = {
    "pricing/prompt": "input",
    "pricing/completion": "output",
    "pricing/input_cache_read": "cache_read",
    "pricing/input_cache_reads": "cache_read",
    "pricing/input_cache_write": "cache_write",
    "pricing/input_cache_writes": "cache_write",
    "pricing/internal_reasoning": "reasoning",
}

SPECS: Final = (
    Spec("context_length", "context_window", whole_tokens),
    Spec("max_output_length", "max_output_tokens", whole_tokens),
    Spec("max_completion_tokens", "max_output_tokens", whole_tokens),
    Spec("supported_features", "capabilities", features),
    Spec("hugging_face_id", "hugging_face_id", as_text),
    Spec("quantization", "quantization", lambda name: "" if name == "unknown" else as_text(name)),
)
"""The specs of a row of such a list."""

KNOWN: Final[Mapping[str, str]] = {
    "pricing/image": "does not say what of an image is priced",
    "pricing/request": "0 in all rows",
    "created": "when the entry or the list was made, not the model",
    **unread("read together", "input_modalities output_modalities"),
    **unread("sampling", "supported_sampling_parameters"),
    **unread("no spec of ours", "object owned_by description permission parent root is_ready datacenters openrouter"),
}


def both_modalities(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    """Yield the modalities of a row that lists both."""
    return modality_facts(row, pointer)


def listing(
    unit: Unit = TOKEN,
    *,
    name: str = "",
    paths: Mapping[str, str] = _NAMES,
    when: Callable[[Row], bool] = always,
    specs: tuple[Spec, ...] = (),
    known: Mapping[str, str] | None = None,
) -> Feed:
    """Return the contract of a list whose prices of tokens are in `unit`; no zero in it means free.

    `specs` and `known` come beside the common ones; a common spec whose path one of `specs` has is replaced by it.
    """
    own = {spec.path for spec in specs}
    return Feed(
        rows="/data",
        name=name,
        prices=token_prices(paths, unit, when=when),
        specs=(*(spec for spec in SPECS if spec.path not in own), *specs),
        known={**KNOWN, **(known or {})},
        more=both_modalities,
    )


def with_prices(feed: Feed, *prices: Price) -> Feed:
    """Return a contract with further prices."""
    return replace(feed, prices=(*feed.prices, *prices))


def without(*values: Json) -> Callable[[Json], str]:
    """Return a way to write a count of tokens that says nothing for these values, which a feed sends as fillers."""
    return lambda value: "" if value in values else whole_tokens(value)


def counted(value: Json) -> str:
    """Write a count of tokens that some rows send as a text."""
    return whole_tokens(int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value)
