"""Rows of feeds that list what they sell.

{"pricing": [{"sku": "LLM output tokens", "amount": "4.4", "unit": "1M tokens"}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scraper.extract.feed import Price, Row, amount_fact, objects_of
from scraper.extract.offers import Offers
from scraper.meters import RateKey, Unit
from scraper.records import Fact


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
