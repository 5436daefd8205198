"""Guards that look for values that took the place of others: of another price, of another offer, of another row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from scraper.checks.case import MOST, Case, Failure, Objection, Said, named, ratio, vanished
from scraper.checks.losses import LOST_SHARE
from scraper.checks.text import shown
from scraper.diff import same_value
from scraper.holds import Stood
from scraper.meters import RateKey

SHIFTED: Final = 3

SHIFTED_SHARE: Final = Decimal("0.9")

PAIR: Final = 2


@dataclass(frozen=True, slots=True)
class _Taken:
    """A price that has the value that another one of its offer had: that one is `gone`, or took this one's (`crossed`).

    `whole` says that it is so for a good part of the offers that could be confused so.
    """

    said: Said
    other: Stood
    gone: bool
    crossed: bool
    whole: bool = False

    @property
    def pair(self) -> tuple[str, str, datetime | None]:
        """The field that has the value, and the one that had it, and the day from which both hold."""
        return self.said.fact.field, self.other.field, self.other.valid_from

    @property
    def value(self) -> str:
        """The value, with its unit."""
        return shown(self.said.amount or Decimal(0), self.other.field, self.other.currency)


def swapped(case: Case) -> Iterator[Objection]:
    """Prices that take the values of another price of their offers have been read under the wrong heading."""
    by_pair: dict[tuple[str, str, datetime | None], list[_Taken]] = defaultdict(list)
    for one in _taken(case):
        if one.said.stood is not None and (one.whole or one.crossed):
            by_pair[one.pair].append(one)
            yield one.said.doubt(
                f"{one.said.fact.field} of {one.said.who} took the value that {one.other.field} had, {one.value}; "
                "their columns look swapped"
            )
    for (field, other, _), found in by_pair.items():
        if found[0].whole and (len(found) > 1 or found[0].crossed):
            yield Failure(
                f"{field} has the values that {other} had, for {len(found)} of the offers "
                f"({named([one.said.who for one in found])}); their columns look swapped"
            )


def relabelled(case: Case) -> Iterator[Objection]:
    """New prices with the values of others that went or moved may be the same ones, read under another heading."""
    for one in _taken(case):
        if one.said.stood is not None or not one.whole:
            continue
        yield one.said.doubt(
            f"{one.said.fact.field} of {one.said.who} is new, with the value that {one.other.field} had, {one.value}; "
            "a heading may be misread"
        )
        if one.gone:
            gone = f"{one.other.field} of {one.said.who} is gone, and {one.said.fact.field} has its value"
            yield vanished(one.other, f"{gone}; a heading may be misread")


def rows_shifted(case: Case) -> Iterator[Objection]:
    """Prices that all took the values of other offers were read from the wrong rows."""
    columns: dict[str, list[Said]] = defaultdict(list)
    for said in case.facts:
        if said.known and said.amount:
            columns[said.fact.field].append(said)
    for field, column in columns.items():
        before = {said.before for said in column if said.before}
        fresh = [said for said in column if said.fresh]
        landed = [said for said in fresh if said.amount in before]
        if len(landed) < SHIFTED or len({said.amount for said in landed}) < PAIR:
            continue
        if len(landed) >= SHIFTED_SHARE * len(fresh) and len(fresh) > MOST * len(column):
            for said in fresh:
                yield said.doubt(
                    f"{said.went}; {field} of {len(landed)} offers has the value that another offer had, and rows "
                    "look shifted"
                )


def offers_swapped(case: Case) -> Iterator[Objection]:
    """Two offers that exchange their prices were read under each other's names."""
    moves: dict[tuple[str, Decimal, Decimal], list[Said]] = defaultdict(list)
    holders: Counter[str] = Counter()
    for said in case.facts:
        if said.before and said.amount:
            holders[said.fact.field] += 1
            if said.fresh:
                moves[said.fact.field, said.before, said.amount].append(said)
    crossing: dict[tuple[str, str], list[Said]] = defaultdict(list)
    for (field, before, amount), there in moves.items():
        for back in moves.get((field, amount, before), ()):
            for said in there:
                crossing[said.who, back.who].append(said)
    for (_, other), found in crossing.items():
        if len(found) > 1 or LOST_SHARE * holders[found[0].fact.field] <= PAIR:
            for said in found:
                yield said.doubt(
                    f"{said.fact.field} of {said.who} is {said.fact.value}, as it was of {other}, which has the value "
                    "in its place; they look swapped"
                )


def _taken(case: Case) -> list[_Taken]:
    """Return the prices that have the value of another one of their offer, which is gone or went its own way."""
    taken = [one for facts in case.by_offer if facts[0].known for one in _taken_by(case, facts)]
    if not taken:
        return []
    count = Counter(one.pair for one in taken)
    stood = [
        {(rate.field, rate.valid_from): rate.value for rate in case.rates_of(facts[0].offer)} for facts in case.by_offer
    ]
    found = []
    for one in taken:
        field, other = ((name, one.other.valid_from) for name in one.pair[:2])
        could = sum(
            other in had and had.get(field) != had[other] and (one.said.stood is None or field in had) for had in stood
        )
        found.append(replace(one, whole=count[one.pair] >= LOST_SHARE * could))
    return found


def _taken_by(case: Case, facts: Sequence[Said]) -> Iterator[_Taken]:
    rates = {(said.fact.field, said.fact.valid_from): said for said in facts if said.amount}
    others = case.rates_of(facts[0].offer)
    for (_, valid_from), said in rates.items():
        if said.fresh and not said.announced:
            of_that_day = (other for other in others if other.valid_from == valid_from)
            taken = (_take(said, other, rates.get((other.field, valid_from))) for other in of_that_day)
            yield from (one for one in taken if one is not None)


def _take(said: Said, other: Stood, now: Said | None) -> _Taken | None:
    """Return what it means that a price has the value that another one had, which is `now` what it is now.

    What crosses, or replaces what is gone, is no chance. Otherwise prices meet the former prices of others often
    enough, and only those are in doubt that one heading tells apart.
    """
    if other.currency != said.fact.currency or not _one_page(said.fact.field, other.field):
        return None
    if not same_value(other.field, other.value, said.fact.value) or (now is not None and not now.fresh):
        return None
    crossed = now is not None and said.before is not None and now.amount == said.before
    if now is not None and not crossed and (_together(said, now) or not _one_heading(said.fact.field, other.field)):
        return None
    return _Taken(said, other, now is None, crossed)


def _one_page(field: str, other: str) -> bool:
    """Say whether two prices are such as one page may confuse; those of two hosts are not."""
    hosts = _host(RateKey.parse(field)), _host(RateKey.parse(other))
    return hosts[0] == hosts[1] or "" in hosts


def _host(key: RateKey) -> str:
    """Return the host behind a price; an offer's own price has none."""
    return dict(key.labels).get("upstream", "")


def _one_heading(field: str, other: str) -> bool:
    """Say whether two prices of one unit, and of one host, differ only in the meter or only in the labels."""
    one, two = RateKey.parse(field), RateKey.parse(other)
    if one.unit != two.unit or _host(one) != _host(two):
        return False
    return one.meter == two.meter or (one.modality, one.labels) == (two.modality, two.labels)


def _together(one: Said, other: Said) -> bool:
    """Say whether two prices moved by one ratio: of an offer cut by half, the old batch prices are the new ones."""
    if not (one.before and one.amount and other.before and other.amount):
        return False
    return abs(ratio(one.amount, one.before) / ratio(other.amount, other.before) - 1) < Decimal("0.02")
