"""Prices that follow from a rule that the source states: "50% off with the batch API"."""

from __future__ import annotations

from decimal import Decimal

from scraper.meters import RateKey
from scraper.records import Evidence, Fact, plain


def half_in_batch(fact: Fact, rule: str, evidence: Evidence) -> Fact:
    """Return half of a price as the price of batch; `rule` is the sentence that says so, as the evidence has it."""
    field = str(RateKey.parse(fact.field).with_labels(tier="batch"))
    value = plain(Decimal(fact.value or 0) / 2)
    return fact.model_copy(update={"field": field, "value": value, "derived": rule, "evidence": evidence})
