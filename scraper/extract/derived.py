"""Prices that follow from a rule that the source states: "50% off with the batch API"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from scraper.extract.passage import Passage
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
