"""A reading beside what stood of its source: what guards look at, and the words for what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from functools import cached_property, lru_cache
from typing import Final

from scraper.contracts import Contract
from scraper.diff import same_value, since
from scraper.holds import Held, Stood
from scraper.meters import RateKey, is_rate_key
from scraper.records import SPECS, Fact, Offer, Reading

MOST: Final = Decimal("0.5")
"""More than this share is most of something."""

LASTS: Final = 3
"""Captures that have to say what is unusual, but possible."""
RETURNS: Final = 2
"""Captures that have to say what has been said before."""

_RATIO: Final = Context(prec=30)

Key = tuple[str, datetime | None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A guard's objection to the whole reading, in one sentence."""

    message: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A guard's objection to one fact, or to what vanished (of an offer as a whole where `field` is empty).

    `releases_after` counts the captures that have to say so until it is believed without a person; None: never.
    """

    model_id: str
    name: str
    field: str
    valid_from: datetime | None
    message: str
    releases_after: int | None = None

    def held(self, check: str) -> Held:
        """Return what is to be kept apart, in the name of the guard."""
        return Held(
            model_id=self.model_id,
            name=self.name,
            field=self.field,
            valid_from=self.valid_from,
            check=check,
            message=self.message,
            releases_after=self.releases_after,
        )


Objection = Failure | Doubt
Guard = Callable[["Case"], Iterator[Objection]]


@dataclass(frozen=True, slots=True)
class Said:
    """One fact of the reading. `stood` is what stood under its key (field and `valid_from`), `current` what stood of
    its field for now, `known` says whether its offer stood at all, `announced` whether its value had been announced,
    `fresh` whether the reading says something else of the field than what stood.

    `amount` is that of a sourced rate, `before` the one that stood, in the same currency.
    """

    offer: Offer
    fact: Fact
    known: bool
    stood: Stood | None
    current: Stood | None
    announced: bool
    fresh: bool
    amount: Decimal | None
    before: Decimal | None

    @property
    def who(self) -> str:
        """The offer as messages call it."""
        return self.offer.model_id or self.offer.name

    @property
    def moved(self) -> bool:
        """Whether a value that stood gave way to another one that nobody had announced."""
        return (
            self.stood is not None
            and self.stood.value is not None
            and self.fact.value is not None
            and not self.announced
            and self.fresh
        )

    @property
    def went(self) -> str:
        """How the field got where it is: "input of x went from 5 to 6", "input of x is new"."""
        who = f"{self.fact.field} of {self.who}"
        return f"{who} went from {self.stood.value} to {self.fact.value}" if self.stood else f"{who} is new"

    def doubt(self, message: str, releases_after: int | None = None) -> Doubt:
        """Object to this fact."""
        return Doubt(
            self.offer.model_id, self.offer.name, self.fact.field, self.fact.valid_from, message, releases_after
        )


@dataclass(frozen=True)
class Case:
    """A reading, its source's contract, what stood of the source, and the time of the capture."""

    reading: Reading
    contract: Contract
    stood: Sequence[Stood]
    at: datetime

    @cached_property
    def facts(self) -> tuple[Said, ...]:
        """Every fact of the reading, beside what stood."""
        return tuple(said for offer in self.reading.offers for said in self._said(offer))

    @cached_property
    def fresh(self) -> tuple[Said, ...]:
        """The facts that say something else than what stood; all of them on a source's first reading."""
        return tuple(said for said in self.facts if said.fresh)

    @cached_property
    def by_offer(self) -> tuple[tuple[Said, ...], ...]:
        """The facts, offer by offer."""
        grouped: dict[int, list[Said]] = defaultdict(list)
        for said in self.facts:
            grouped[id(said.offer)].append(said)
        return tuple(map(tuple, grouped.values()))

    @cached_property
    def prices(self) -> tuple[Mapping[str, Said], ...]:
        """The amounts of each offer that hold now, by their fields."""
        return tuple(
            {said.fact.field: said for said in facts if said.amount is not None and said.fact.valid_from is None}
            for facts in self.by_offer
        )

    @cached_property
    def specs(self) -> tuple[Mapping[str, Said], ...]:
        """The specs of each offer that have a value, by their fields."""
        return tuple(
            {said.fact.field: said for said in facts if said.fact.value and said.fact.field in SPECS}
            for facts in self.by_offer
        )

    @cached_property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """The (id, name) of the offers that stood and are not in the reading."""
        return tuple(key for key in self._stood_of if key not in self._matched)

    @cached_property
    def lost(self) -> tuple[Stood, ...]:
        """What stood of offers that are in the reading, without `valid_from`, and is not stated any more.

        What the reading states with a day on which it begins has not vanished: its day may have come.
        """
        stated = {(key, fact.field) for key, offer in self._matched.items() for fact in offer.facts}
        return tuple(
            stood
            for key in self._matched
            for stood in self._stood_of[key]
            if stood.valid_from is None and (key, stood.field) not in stated
        )

    def offer_of(self, stood: Stood) -> Offer | None:
        """Return the offer of the reading that something stood of."""
        return self._matched.get((stood.model_id, stood.name))

    def called(self, name: str) -> Sequence[str]:
        """Return the ids, in their order, of the offers that stood under a name."""
        return sorted(model_id for model_id, other in self._stood_of if model_id and other == name)

    def rates_of(self, offer: Offer) -> Sequence[Stood]:
        """Return the sourced prices that stood of an offer of the reading, but for those that are free."""
        key = self._keys.get(self._places[id(offer)])
        return [stood for stood in self._stood_of[key] if amount_of(stood)] if key is not None else []

    @cached_property
    def offers_stood(self) -> int:
        """How many offers stood."""
        return len(self._stood_of)

    @cached_property
    def _stood_of(self) -> Mapping[tuple[str, str], list[Stood]]:
        found: dict[tuple[str, str], list[Stood]] = defaultdict(list)
        for stood in self.stood:
            found[stood.model_id, stood.name].append(stood)
        return dict(found)

    @cached_property
    def _keys(self) -> Mapping[int, tuple[str, str]]:
        """For each offer of the reading (by its place) the (id, name) under which it stood."""
        by_id: dict[str, list[tuple[str, str]]] = defaultdict(list)
        by_name: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for key in self._stood_of:
            by_id[key[0]].append(key)
            by_name[key[1]].append(key)
        found = {}
        for place, offer in enumerate(self.reading.offers):
            exact = (offer.model_id, offer.name)
            if exact in self._stood_of:
                found[place] = exact
            elif offer.model_id and not offer.shared_id and len(by_id[offer.model_id]) == 1:
                found[place] = by_id[offer.model_id][0]
            elif offer.name and offer.model_id and ("", offer.name) in self._stood_of:
                found[place] = ("", offer.name)
            elif not offer.model_id and len(by_name[offer.name]) == 1:
                found[place] = by_name[offer.name][0]
        return found

    @cached_property
    def _matched(self) -> Mapping[tuple[str, str], Offer]:
        return {key: self.reading.offers[place] for place, key in self._keys.items()}

    @cached_property
    def _places(self) -> Mapping[int, int]:
        return {id(offer): place for place, offer in enumerate(self.reading.offers)}

    def _said(self, offer: Offer) -> Iterator[Said]:
        key = self._keys.get(self._places[id(offer)])
        if key is None:
            for fact in offer.facts:
                yield Said(offer, fact, False, None, None, False, True, amount_of(fact), None)
            return
        by_key = {(one.field, one.valid_from): one for one in self._stood_of[key]}
        by_field: dict[str, list[Stood]] = defaultdict(list)
        for one in self._stood_of[key]:
            by_field[one.field].append(one)
        for fact in offer.facts:
            of_field = by_field.get(fact.field, ())
            stood = by_key.get((fact.field, fact.valid_from))
            yield Said(
                offer=offer,
                fact=fact,
                known=True,
                stood=stood,
                current=current_of(of_field, self.at),
                announced=any(
                    one.valid_from and one.valid_from != fact.valid_from and agrees(one, fact) for one in of_field
                ),
                fresh=stood is None or not agrees(stood, fact),
                amount=amount_of(fact),
                before=amount_of(stood) if stood is not None and stood.currency == fact.currency else None,
            )


def vanished(stood: Stood, message: str) -> Doubt:
    """Object to it that something is gone."""
    return Doubt(stood.model_id, stood.name, stood.field, stood.valid_from, message)


def agrees(stood: Stood, fact: Fact) -> bool:
    """Say whether a fact says what stood: the same state and, if sourced, the same value in the same currency."""
    return (stood.state, stood.currency) == (fact.state, fact.currency) and same_value(
        fact.field, stood.value, fact.value
    )


def current_of(stood: Sequence[Stood], at: datetime) -> Stood | None:
    """Return what stood for a time, of all that stood of one field: the latest that has begun."""
    begun = [one for one in stood if one.valid_from is None or one.valid_from <= at]
    return max(begun, key=lambda one: since(one.valid_from), default=None)


def amount_of(claim: Fact | Stood) -> Decimal | None:
    """Return the amount of a sourced rate, None for anything else: what is not sourced has no value."""
    if claim.value is None or not is_rate_key(claim.field):
        return None
    return _decimal(claim.value)


# The same few prices stand everywhere.
_decimal = lru_cache(maxsize=4096)(Decimal)


def count_of(claim: Fact | Stood) -> Decimal | None:
    """Return the number of tokens that a spec gives, None for anything else."""
    if claim.value is None or SPECS.get(claim.field) != "tokens":
        return None
    return Decimal(claim.value)


@lru_cache(maxsize=4096)
def rate_key(field: str) -> RateKey | None:
    """Return a field's rate key, None for a spec."""
    return RateKey.parse(field) if is_rate_key(field) else None


def ratio(new: Decimal, old: Decimal) -> Decimal:
    """Return how many times the old amount (not 0) the new one is."""
    return _RATIO.divide(new, old)


def named(offers: Sequence[str], shown: int = 5) -> str:
    """Name some of many: "a, b, …"."""
    return ", ".join(offers[:shown]) + (", …" if len(offers) > shown else "")
