"""Comparing what is published with a price list, offer by offer and field by field; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from scraper.diff import same_value
from scraper.meters import is_rate_key
from scraper.opinions.opinion import Entry, Opinion, PriceList
from scraper.records import State
from scraper.states import FieldView
from scraper.store import OfferView

_LEAST_PLACES: Final = 2
_LEAST_DIGITS: Final = 2


class Verdict(StrEnum):
    """How a field of ours and one of theirs stand to each other."""

    AGREE = "agree"
    ROUNDED = "rounded"
    DIFFER = "differ"
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A value of a list with the entry that it stands in."""

    entry: Entry
    opinion: Opinion


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one field of an offer; `ours` is None where we have no view, `theirs` where the list is silent."""

    offer: OfferView
    field: str
    verdict: Verdict
    ours: FieldView | None
    theirs: Theirs | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A list compared with the offers of some providers.

    `unmatched` are offers of ours that the list does not have, `unknown` its entries that we do not have, `nameless`
    offers that no list can name: their provider prints no id, or one id for several. `absent` are providers that the
    list does not cover.
    """

    list: PriceList
    findings: tuple[Finding, ...]
    matched: tuple[OfferView, ...]
    unmatched: tuple[OfferView, ...]
    unknown: tuple[Entry, ...]
    nameless: tuple[OfferView, ...]
    absent: tuple[str, ...]


def compare(offers: Sequence[OfferView], theirs: PriceList, providers: Collection[str]) -> Comparison:
    """Compare what is published of the offers of some providers with a list, by provider and exact id."""
    covered = [name for name in providers if name in theirs.providers]
    entries: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in theirs.entries:
        if entry.provider in covered:
            entries[entry.provider, entry.model_id].append(entry)
    ours = [offer for offer in offers if offer.provider in covered]
    named = [offer for offer in ours if offer.model_id and not offer.shared_id]
    matched = [offer for offer in named if (offer.provider, offer.model_id) in entries]
    findings = [
        finding for offer in matched for finding in _compare(offer, entries[offer.provider, offer.model_id], theirs)
    ]
    ids = {(offer.provider, offer.model_id) for offer in ours}
    return Comparison(
        list=theirs,
        findings=tuple(findings),
        matched=tuple(matched),
        unmatched=tuple(offer for offer in named if (offer.provider, offer.model_id) not in entries),
        unknown=tuple(entry for key, found in entries.items() if key not in ids for entry in found),
        nameless=tuple(offer for offer in ours if not offer.model_id or offer.shared_id),
        absent=tuple(name for name in providers if name not in theirs.providers),
    )


def _compare(offer: OfferView, entries: Sequence[Entry], price_list: PriceList) -> Iterator[Finding]:
    said: dict[str, list[Theirs]] = defaultdict(list)
    for entry in entries:
        for opinion in entry.opinions:
            said[opinion.field].append(Theirs(entry=entry, opinion=opinion))
    views = {view.field: view for view in offer.fields}
    for name in [*views, *(name for name in said if name not in views)]:
        ours = views.get(name)
        opinions = said.get(name, [])
        if not opinions and ours is not None and ours.state is State.SOURCED and price_list.says(name):
            yield Finding(offer=offer, field=name, verdict=Verdict.ONLY_OURS, ours=ours, theirs=None)
        for theirs in opinions:
            verdict = judge(ours, theirs.opinion)
            if verdict is not None:
                yield Finding(offer=offer, field=name, verdict=verdict, ours=ours, theirs=theirs)


def judge(ours: FieldView | None, theirs: Opinion) -> Verdict | None:
    """Return how a value of theirs stands to what we publish.

    None where a list says 0 of what we have no price for: lists write 0 for free, for unknown and for not sold alike.
    """
    if ours is None or ours.state is not State.SOURCED or ours.value is None:
        if is_rate_key(theirs.field) and Decimal(theirs.value) == 0:
            return None
        refused = ours is not None and ours.state is State.NOT_OFFERED
        return Verdict.DIFFER if refused else Verdict.ONLY_THEIRS
    if ours.currency != theirs.currency:
        return Verdict.DIFFER
    if same_value(ours.field, ours.value, theirs.value) or ours.value == theirs.equally:
        return Verdict.AGREE
    if is_rate_key(ours.field) and (rounds(ours.value, theirs.value) or rounds(theirs.value, ours.value)):
        return Verdict.ROUNDED
    return Verdict.DIFFER


def rounds(rounded: str, exact: str) -> bool:
    """Say whether one amount is the other, rounded to cents or finer: "0.13" of "0.125", but not "3" of "2.5"."""
    one, other = Decimal(rounded), Decimal(exact).normalize()
    places, finer = -_exponent(one), -_exponent(other)
    if places < _LEAST_PLACES or finer <= places or len(one.as_tuple().digits) < _LEAST_DIGITS:
        return False
    return abs(one - other) * 2 <= Decimal(1).scaleb(-places)


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
