"""Guards that compare a price with its like: under the other labels of its offer, and among the other offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
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


Price = tuple[Said, Decimal]
"""A fact that is a price, and its amount, which is not 0."""


def far_from_its_like(case: Case) -> Iterator[Objection]:
    """The same thing in another tier, region or window costs a few times more or less, not twenty times."""
    for facts in case.by_offer:
        like: dict[str, list[Price]] = defaultdict(list)
        for said, amount in _prices(facts):
            like[_thing(said.fact.field)].append((said, amount))
        for group in like.values():
            # Most prices have no like.
            for said, amount in group if len(group) > 1 else ():
                others = [one for one in group if one[0] is not said and one[0].fact.currency == said.fact.currency]
                far = [one for one in others if not 1 / AKIN_FAR <= ratio(amount, one[1]) <= AKIN_FAR]
                if said.fresh and others and len(far) == len(others):
                    other, beside = far[0]
                    yield said.doubt(f"{_told(said, amount)}, {_beside(amount, beside)} {other.fact.field}")


def far_from_the_others(case: Case) -> Iterator[Objection]:
    """A price a thousand times above the highest of all other offers, or below the lowest, is in another unit."""
    columns: dict[tuple[str, str | None], list[Price]] = defaultdict(list)
    for said, amount in _prices(case.facts):
        columns[said.fact.field, said.fact.currency].append((said, amount))
    for column in columns.values():
        ordered = sorted(column, key=itemgetter(1))
        if len(ordered) <= OTHERS:
            continue
        for (said, amount), (other, nearest) in ((ordered[0], ordered[1]), (ordered[-1], ordered[-2])):
            if said.fresh and not 1 / OTHERS_FAR < ratio(amount, nearest) < OTHERS_FAR:
                yield said.doubt(
                    f"{_told(said, amount)}, {_beside(amount, nearest)} that of {other.who}, the nearest of all"
                )


def _prices(facts: Iterable[Said]) -> Iterator[Price]:
    return ((said, said.amount) for said in facts if said.amount)


@lru_cache(maxsize=4096)
def _thing(field: str) -> str:
    """Return a rate key without the labels under which the same thing is sold on other terms."""
    return str(RateKey.parse(field).with_labels(**dict.fromkeys(AKIN)))


def _told(said: Said, amount: Decimal) -> str:
    return f"{said.fact.field} of {said.who} is {shown(amount, said.fact.field, said.fact.currency)}"


def _beside(amount: Decimal, other: Decimal) -> str:
    return f"{times_words(ratio(amount, other))} beside the {plain(other.normalize())} of"
