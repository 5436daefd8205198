"""Rows of feeds whose amounts are whole numbers of a small part of a dollar, with prices of long prompts and lists of
prices by resolution beside the plain ones.

    {"promptTextTokenPrice": "20000", "promptTextTokenPriceLongContext": "40000", "longContextThreshold": "200000"}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.feed import Price, Row, always, amount_fact, as_texts, at_path, number_of, objects_of, spec_fact
from scraper.extract.offers import Offers
from scraper.extract.specs import modalities
from scraper.meters import RateKey, Unit
from scraper.records import Fact, plain

TICKS: Final = 10**10
"""How many ticks are a dollar: "20000" for a token is $0.000002."""


def ticks(path: str, key: str, when: Callable[[Row], bool] = always) -> Price:
    """Return the price at a path that is sent in ticks for one of its key's thing."""
    return Price(path=path, key=key, unit=Unit(Decimal(TICKS), RateKey.parse(key).unit.thing), when=when)


def image_ticks(path: str, text: str) -> Price:
    """Return the price of images sent, which is apart from that of text (at the path `text`) only where it differs."""
    return ticks(path, "input.image", when=lambda row: row[path] != row.get(text))


def long_context(row: Row, pointer: str, threshold: str, paths: Mapping[str, str]) -> Iterator[Fact]:
    """Yield the prices of prompts longer than the row's own threshold; `paths` maps paths to meters."""
    limit = number_of(at_path(row, threshold) or 0)
    for path, meter in paths.items() if limit else ():
        fact = amount_fact(row.get(path, 0), f"{pointer}/{path}", ticks(path, f"{meter}{{prompt_gt={limit}}}"))
        if fact is not None:
            yield fact


def two_modalities(row: Row, pointer: str, sent: str, made: str) -> Iterator[Fact]:
    """Yield the modalities that two lists of a row state; the evidence is the first of them."""
    if row.get(sent) and row.get(made):
        written = modalities(as_texts(row[sent]), as_texts(row[made]))
        yield spec_fact("modalities", written, row[sent], f"{pointer}/{sent}")


def discounted_batch(row: Row, pointer: str, percent_at: str, prices: tuple[Price, ...]) -> Iterator[Fact]:
    """Yield the prices of batch that follow from the percentage which a row takes off these prices.

    Raises `Unreadable` for a percentage that leaves no price.
    """
    percent = number_of(at_path(row, percent_at) or 0)
    if not 0 <= percent < 100:
        raise Unreadable(f"{percent_at} is {percent}, which cannot be taken off a price")
    for price in prices if percent else ():
        fact = amount_fact(row.get(price.path, 0), f"{pointer}/{percent_at}", price, quote=plain(percent))
        if fact is not None and fact.value is not None:
            value = plain(Decimal(fact.value) * (100 - percent) / 100)
            derived = f"{percent_at} {percent}"
            yield fact.model_copy(update={"field": f"{price.key}{{tier=batch}}", "value": value, "derived": derived})


def by_resolution(row: Row, pointer: str, path: str, prices: Mapping[str, str]) -> Iterator[Fact]:
    """Yield prices that a list gives by resolution ("IMAGE_RESOLUTION_1P5K" is 1.5K) and quality."""
    for number, entry in objects_of(row, path):
        size = re.sub(r"(\d)P(\d)", r"\1.\2", str(entry.get("resolution")).rpartition("_")[2])
        for name, meter in prices.items():
            key = RateKey(meter).with_labels(resolution=size, quality=entry.get("quality"))
            fact = amount_fact(entry.get(name, 0), f"{pointer}/{path}/{number}/{name}", ticks(name, str(key)))
            if fact is not None:
                yield fact


def by_endpoint(row: Row, pointer: str, path: str, prices: Mapping[str, str], offers: Offers) -> Iterator[Fact]:
    """Yield the `pricing` of a list of endpoints; "" is the key of a price that has no meter, others are noted."""
    for number, entry in objects_of(row, path):
        prices_sent = at_path(entry, "pricing")
        for name, value in prices_sent.items() if isinstance(prices_sent, dict) else ():
            place = f"{pointer}/{path}/{number}/pricing/{name}"
            if name not in prices:
                offers.note("off_contract", f"the price {name!r} of an endpoint is new", f"#{place}")
            elif prices[name] and (fact := amount_fact(value, place, ticks(name, prices[name]))):
                yield fact
