"""Prices in lists and inner objects of a feed's row: tiers by the length of the prompt, variants by size or sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from scraper.extract import Unreadable
from scraper.extract.feed import Price, Row, at_path, conditional_facts, whole_tokens
from scraper.extract.jsontext import Json, escape
from scraper.extract.offers import Offers
from scraper.records import Fact


def objects(value: Json) -> list[Row]:
    """Return a list of objects, empty where there is none; raise `Unreadable` for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Unreadable(f"{str(value)[:60]!r} is no list of objects")
    return value


def members(value: Json, place: str) -> list[tuple[str, Row, str]]:
    """Return the name, the object and the place of each member of an object of objects; empty where there is none."""
    found = value if isinstance(value, dict) else {}
    if found is not value and value is not None:
        raise Unreadable(f"{str(value)[:60]!r} is no object")
    objects([*found.values()])
    return [(name, inner, f"{place}/{escape(name)}") for name, inner in found.items()]


def tier_facts(tiers: Json, place: str, price: Price, **labels: str | int) -> Iterator[Fact]:
    """Yield the prices of tiers `{cost, min, max}`: from `min` tokens of prompt on, the whole request has the tier's.

    A first tier without a `min` is the base, with the key of `price`; `max`, where the next one begins, says no more.
    """
    for number, tier in enumerate(objects(tiers)):
        limit = tier.get("min") or 0
        if (limit or number) and not whole_tokens(limit):
            raise Unreadable(f"tier {number + 1} begins at {limit!r} tokens")
        cost = replace(price, path="cost")
        yield from conditional_facts(tier, f"{place}/{number}", [cost], {**labels, "prompt_gt": limit or None})


def token_facts(
    prices: Json, place: str, table: Sequence[Price], offers: Offers, **labels: str | int
) -> Iterator[Fact]:
    """Yield what stands beside plain prices of tokens: the tiers of each (`input_tiers`), and those of `fast` mode."""
    for price in table:
        yield from tier_facts(at_path(prices, f"{price.path}_tiers"), f"{place}/{price.path}_tiers", price, **labels)
    yield from service_facts(at_path(prices, "fast"), f"{place}/fast", table, offers, **{**labels, "tier": "fast"})


def service_facts(
    prices: Json, place: str, table: Sequence[Price], offers: Offers, **labels: str | int
) -> Iterator[Fact]:
    """Yield the prices of an inner object under labels, and those of its `long_context` above the `threshold`.

    Keys that are neither are noted.
    """
    paths = {price.path for price in table}
    for key in prices if isinstance(prices, dict) else ():
        if key not in paths | {"long_context", "threshold"}:
            offers.note("off_contract", f"the key {key!r} is new in an object of prices", f"#{place}")
    yield from conditional_facts(prices or {}, place, table, labels)
    long = at_path(prices, "long_context")
    if long is not None:
        limit = at_path(long, "threshold")
        if not whole_tokens(limit):
            raise Unreadable("a long context without a threshold")
        yield from service_facts(long, f"{place}/long_context", table, offers, **{**labels, "prompt_gt": limit})


def variant_facts(entries: Json, place: str, price: Price, names: Mapping[str, str]) -> Iterator[Fact]:
    """Yield the price of each entry of a list, labelled by its other keys as `names` says (`size` is `resolution`).

    A key that is true is its own value (`variant=audio`); two of one label are joined (`variant=audio+voice_control`).
    Raises `Unreadable` for a key that `names` does not have, unless it is null or false.
    """
    for number, entry in enumerate(objects(entries)):
        said = {
            key: value for key, value in entry.items() if key != price.path and value not in (None, False, "default")
        }
        if not said.keys() <= names.keys():
            raise Unreadable(f"prices by {', '.join(sorted(said.keys() - names.keys()))} are not understood")
        labels: dict[str, str | int | None] = {}
        for key in sorted(said):
            label = key if said[key] is True else str(said[key]).replace(" ", "")
            before = labels.get(names[key])
            labels[names[key]] = f"{before}+{label}" if before else label
        yield from conditional_facts(entry, f"{place}/{number}", [price], labels)
