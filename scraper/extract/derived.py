"""Prices that follow from another one by what the source states: by a rule ("50% off with the batch API"), or as a
multiple in a feed ("a cached token costs 0.2 of input").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.feed import Price, Row, amount_fact, at_path, number_of
from scraper.extract.passage import Passage
from scraper.extract.rowfacts import span
from scraper.meters import RateKey
from scraper.records import Evidence, Fact, plain


def half_in_batch(fact: Fact, rule: str, evidence: Evidence) -> Fact:
    """Return half of a price as the price of batch; `rule` is the sentence that says so, as the evidence has it."""
    field = str(RateKey.parse(fact.field).with_labels(tier="batch"))
    value = plain(Decimal(fact.value or 0) / 2)
    return fact.model_copy(update={"field": field, "value": value, "derived": rule, "evidence": evidence})


def in_batch(facts: Iterable[Fact], rule: Passage, sentence: str) -> Iterator[Fact]:
    """Yield the prices of batch of those of input and of output, by a sentence that says so of both."""
    for fact in facts:
        if fact.field in ("input", "output") and fact.value:
            yield half_in_batch(fact, sentence, rule.evidence(sentence))


_MOST: Final = 20
# Twenty digits are more than any price has; what is cut off is the noise of two binary fractions.
_EXACT_ENOUGH: Final = Context(prec=20)


@dataclass(frozen=True, slots=True)
class Multiple:
    """A factor: its path, the price that it multiplies, and the key of the price that comes of it."""

    path: str
    of: Price
    key: str


def multiple_facts(prices: Row, pointer: str, table: Sequence[Multiple]) -> Iterator[Fact]:
    """Yield the prices that factors of an object state, marked as derived, with both numbers as their evidence.

    A factor of 0 or less says nothing. Raises `Unreadable` for a factor that is no number, or too large to be one.
    """
    for multiple in table:
        factor, base = at_path(prices, multiple.path), at_path(prices, multiple.of.path)
        if factor is None or base is None:
            continue
        times = number_of(factor)
        if times > _MOST:
            raise Unreadable(f"{multiple.path} is {times}, which is no factor of a price")
        fact = amount_fact(base, pointer, multiple.of)
        if fact is None or fact.value is None or times <= 0:
            continue
        value = _EXACT_ENOUGH.multiply(Decimal(fact.value), times)
        keys = [path.partition("/")[0] for path in (multiple.of.path, multiple.path)]
        yield fact.model_copy(
            update={
                "field": multiple.key,
                "value": plain(value),
                "derived": f"{multiple.of.path} × {multiple.path}",
                "evidence": Evidence(locator=f"#{pointer}", quote=span(prices, keys)),
            }
        )
