"""Guards that compare a price with its like: under the other labels of its offer, and among the other offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Final

from scraper.checks.case import Case, Objection, Said, ratio
from scraper.checks.text import shown, times_words
from scraper.meters import RateKey
from scraper.records import plain

AKIN: Final = frozenset({"tier", "prompt_gt", "scope", "region", "window", "ttl"})
"""Labels under which the same thing is sold on other terms: such prices are of one size."""
AKIN_FAR: Final = Decimal(20)
OTHERS: Final = 3
"""So many other offers make a neighbourhood."""
OTHERS_FAR: Final = Decimal(1000)


def far_from_its_like(case: Case) -> Iterator[Objection]:
    """The same thing in another tier, region or window costs a few times more or less, not twenty times."""
    for facts in case.by_offer:
        like: dict[str, list[Said]] = defaultdict(list)
        for said in facts:
            if said.amount:
                like[_thing(said.fact.field)].append(said)
        for group in like.values():
            # Most prices have no like.
            for said in group if len(group) > 1 else ():
                others = [one for one in group if one is not said and one.fact.currency == said.fact.currency]
                far = [one for one in others if _far(said, one)]
                if said.fresh and others and len(far) == len(others):
                    yield said.doubt(f"{_told(said)}, {_beside(said, far[0])} {far[0].fact.field}")


def far_from_the_others(case: Case) -> Iterator[Objection]:
    """A price a thousand times above the highest of all other offers, or below the lowest, is in another unit."""
    columns: dict[tuple[str, str | None], list[Said]] = defaultdict(list)
    for said in case.facts:
        if said.amount:
            columns[said.fact.field, said.fact.currency].append(said)
    for column in columns.values():
        ordered = sorted(column, key=lambda said: said.amount or 0)
        if len(ordered) <= OTHERS:
            continue
        for said, nearest in ((ordered[0], ordered[1]), (ordered[-1], ordered[-2])):
            times = ratio(said.amount or Decimal(1), nearest.amount or Decimal(1))
            if said.fresh and not 1 / OTHERS_FAR < times < OTHERS_FAR:
                yield said.doubt(f"{_told(said)}, {_beside(said, nearest)} that of {nearest.who}, the nearest of all")


@lru_cache(maxsize=4096)
def _thing(field: str) -> str:
    """Return a rate key without the labels under which the same thing is sold on other terms."""
    return str(RateKey.parse(field).with_labels(**dict.fromkeys(AKIN)))


def _far(one: Said, other: Said) -> bool:
    times = ratio(one.amount or Decimal(1), other.amount or Decimal(1))
    return not 1 / AKIN_FAR <= times <= AKIN_FAR


def _told(said: Said) -> str:
    return f"{said.fact.field} of {said.who} is {shown(said.amount or Decimal(0), said.fact.field, said.fact.currency)}"


def _beside(said: Said, other: Said) -> str:
    times = ratio(said.amount or Decimal(1), other.amount or Decimal(1))
    return f"{times_words(times)} beside the {plain((other.amount or Decimal(0)).normalize())} of"
