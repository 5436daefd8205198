"""Prices in a list in which each one says what it is for and per what: `{"type": "input_token", "price": "0.4",
"price_unit": "Per 1M tokens"}`, `{"sku": "LLM output tokens", "amount": "4.4", "unit": "1M tokens"}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scraper.extract import REFUSALS
from scraper.extract.feed import Price, Row, amount_fact, as_text, objects_of
from scraper.extract.jsontext import Json, escape
from scraper.extract.listing import plausible
from scraper.extract.money import find_unit
from scraper.extract.offers import Offers
from scraper.extract.tiers import objects
from scraper.meters import RateKey, Unit
from scraper.records import Fact


@dataclass(frozen=True, slots=True)
class Typed:
    """Where such an object has its parts, the keys of the types that are known, and types that are left out."""

    kind: str
    amount: str
    unit: str
    keys: Mapping[str, str]
    left_out: frozenset[str] = frozenset()


def typed_facts(
    entries: Json, place: str, typed: Typed, offers: Offers, labels: Mapping[str, str | int]
) -> Iterator[Fact]:
    """Yield the price of each object of a list under labels; a type or a unit that is not known is noted."""
    for number, entry in enumerate(objects(entries)):
        kind, pointer = str(entry.get(typed.kind)), f"{place}/{number}/{escape(typed.amount)}"
        if kind in typed.left_out:
            continue
        if kind not in typed.keys:
            offers.note("off_contract", f"prices of the type {kind!r} are not read", f"#…/{escape(typed.kind)}", page=0)
            continue
        try:
            unit = find_unit(as_text(entry.get(typed.unit)).casefold())
            key = RateKey.parse(typed.keys[kind]).with_labels(**labels)
            if unit is None or (unit.thing, unit.over) != (key.unit.thing, key.unit.over):
                offers.note("unreadable", f"a price of {kind} per {entry.get(typed.unit)!r}", f"#{pointer}")
                continue
            between = plausible(unit) if unit.thing == "token" else None
            fact = amount_fact(entry.get(typed.amount), pointer, Price(typed.amount, str(key), unit, between=between))
        except REFUSALS as problem:
            offers.note("unreadable", f"{kind}: {problem}", f"#{pointer}")
            continue
        if fact is not None:
            yield fact


def sku_facts(
    row: Row, pointer: str, skus: Mapping[str, str], units: Mapping[str, Unit], tier: str, offers: Offers
) -> Iterator[Fact]:
    """Yield the prices of a row's `pricing` in a tier ("" for standard); an unknown sku or unit is noted."""
    for number, entry in objects_of(row, "pricing"):
        place = f"{pointer}/pricing/{number}/amount"
        key, unit = skus.get(str(entry.get("sku"))), units.get(str(entry.get("unit")))
        if key is None or unit is None:
            text = f"the sku {entry.get('sku')!r} per {entry.get('unit')!r} is not known"
            offers.note("off_contract", text, f"#{place}")
            continue
        price = Price(path="amount", key=str(RateKey.parse(key).with_labels(tier=tier)), unit=unit)
        fact = amount_fact(entry.get("amount", 0), place, price)
        if fact is not None:
            yield fact
