"""Readings that must not touch what is published: pure judgement of a reading against what its source last gave."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from scraper.meters import is_rate_key
from scraper.records import Reading, State

MAX_VANISHED_SHARE: Final = 0.5
"""A reading in which more than this share of the last offers is missing is not believed …"""
MIN_VANISHED: Final = 4
"""… where at least this many are missing: of three offers two may well be retired."""


def problems_of_reading(reading: Reading, previous: Collection[tuple[str, str]], *, had_rates: bool) -> tuple[str, ...]:
    """Return why a reading is refused, one sentence each; empty where it may be compared with what is stored.

    `previous` are the (`model_id`, `name`) of the offers that the source last published, empty before its first
    reading; `had_rates` says whether it has published any rate.
    """
    if not reading.offers:
        return ("the reading has no offers at all; the page has probably changed its shape",)
    problems = []
    if had_rates and not _has_rate(reading):
        problems.append(
            f"none of the {len(reading.offers)} offers of the reading has a price, and this source has published prices"
        )
    vanished = _vanished(reading, previous)
    if len(vanished) >= MIN_VANISHED and len(vanished) > MAX_VANISHED_SHARE * len(previous):
        named = ", ".join(vanished[:5]) + (", …" if len(vanished) > 5 else "")
        problems.append(
            f"{len(vanished)} of the {len(previous)} offers that this source last published are missing from the "
            f"reading, more than half of them ({named})"
        )
    return tuple(problems)


def _has_rate(reading: Reading) -> bool:
    return any(
        fact.state is State.SOURCED and is_rate_key(fact.field) for offer in reading.offers for fact in offer.facts
    )


def _vanished(reading: Reading, previous: Collection[tuple[str, str]]) -> list[str]:
    """Name the previous offers that the reading lacks; an offer is known by its id, or by its name without one."""
    ids = {offer.model_id for offer in reading.offers if offer.model_id and not offer.shared_id}
    pairs = {(offer.model_id, offer.name) for offer in reading.offers}
    names = {offer.name for offer in reading.offers}
    nameless = {offer.name for offer in reading.offers if not offer.model_id}
    return sorted(
        model_id or name
        for model_id, name in previous
        if not (model_id in ids or (model_id, name) in pairs or (name and name in (nameless if model_id else names)))
    )
