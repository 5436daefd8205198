"""Guards that compare a reading with what stood of its source: what moved, what vanished, what took another's place.

A page that is misread is misread again next week, so that saying it twice proves nothing where a layout is in doubt:
only a person releases such holds. Where the doubt is whether a value will last, later captures release it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from scraper.checks.case import (
    MOST,
    Case,
    Doubt,
    Failure,
    Objection,
    Said,
    amount_of,
    count_of,
    named,
    rate_key,
    ratio,
)
from scraper.checks.text import change, power_of, shown, times_words
from scraper.diff import same_value
from scraper.holds import Held, Stood
from scraper.meters import is_rate_key
from scraper.records import SPECS, State

MANY: Final = 4
"""So many things that vanish at once are no longer a matter of one or two offers …"""
LOST_SHARE: Final = Decimal("0.2")
"""… where they are more than this share."""

UNIT_POWERS: Final = (2, 3, 6)
"""Powers of ten between units that are mistaken for each other: cents, thousands, millions."""
POWERS: Final = (1, *UNIT_POWERS)
FAR: Final = Decimal(20)
"""More times than this, up or down, is a jump."""
COLUMN: Final = 3
"""So many values that jump by one power of ten are a column with another unit."""

MOVED: Final = 5
MOVED_SHARE: Final = Decimal("0.3")
"""At least `MOVED` values, and more than this share of all, do not move by chance at once."""

SHIFTED: Final = 3
SHIFTED_SHARE: Final = Decimal("0.9")

PAIR: Final = 2

SENTENCE: Final = 4
"""Words that make a statement; fewer are a mark."""

RECENT: Final = timedelta(days=35)
"""For so long after the last reading, a page that lost much has rather broken than changed."""

LASTS: Final = 3
"""Captures that have to say what is unusual, but possible."""
RETURNS: Final = 2
"""Captures that have to say what has been said before."""


def currency_switched(case: Case) -> Iterator[Objection]:
    """Prices do not change their currency; a page that does was made for another country."""
    rated = [
        said for said in case.facts if said.amount is not None and said.stood and amount_of(said.stood) is not None
    ]
    switched = [said for said in rated if said.stood and said.stood.currency != said.fact.currency]
    if switched and len(switched) > MOST * len(rated):
        first = switched[0]
        yield Failure(
            f"{len(switched)} of {len(rated)} prices changed their currency (from "
            f"{first.stood.currency if first.stood else ''} to {first.fact.currency}); the page was probably made for "
            "another country"
        )
    for said in switched:
        old = said.stood.currency if said.stood else ""
        yield said.doubt(f"{said.fact.field} of {said.who} changed its currency from {old} to {said.fact.currency}")


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
            yield _vanished(one.other, f"{gone}; a heading may be misread")


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
                    f"{_went(said)}; {field} of {len(landed)} offers has the value that another offer had, and rows "
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


def offers_lost(case: Case) -> Iterator[Objection]:
    """Offers that vanish together were not all withdrawn: the page or the reading of it lost them."""
    lost, stood = len(case.missing), case.offers_stood
    if lost < MANY or lost <= LOST_SHARE * stood:
        return
    said = f"{lost} of the {stood} offers that stood are missing from the reading"
    for model_id, name in case.missing:
        yield Doubt(model_id, name, "", None, f"{model_id or name} is gone: {said}")


def field_lost(case: Case) -> Iterator[Objection]:
    """A field that many offers lose together was lost by the page's column, not by the offers."""
    holders: Counter[str] = Counter()
    for stood in case.stood:
        if stood.valid_from is None and stood.state is State.SOURCED and case.offer_of(stood) is not None:
            holders[stood.field] += 1
    gone: dict[str, list[Doubt]] = defaultdict(list)
    for stood in case.lost:
        if stood.state is State.SOURCED:
            who = stood.model_id or stood.name
            gone[stood.field].append(_vanished(stood, f"{stood.field} of {who} is gone"))
    for said in case.fresh:
        if said.stood and said.stood.state is State.SOURCED and said.fact.state is not State.SOURCED:
            gone[said.fact.field].append(said.doubt(f"{said.fact.field} of {said.who} is now {said.fact.state}"))
    for field, doubts in gone.items():
        if len(doubts) >= MANY and len(doubts) > LOST_SHARE * holders[field]:
            for doubt in doubts:
                message = f"{doubt.message}, as it is for {len(doubts)} of the {holders[field]} offers that had it"
                yield Doubt(doubt.model_id, doubt.name, doubt.field, doubt.valid_from, message)


def no_longer_offered(case: Case) -> Iterator[Objection]:
    """A mark in place of a price ("-") may be that of another column; a sentence that says so is not."""
    for said in case.fresh:
        quote, before = said.fact.evidence.quote, amount_of(said.stood) if said.stood else None
        if before is None or said.stood is None or said.fact.state is not State.NOT_OFFERED:
            continue
        if len(quote.split()) < SENTENCE:
            was = shown(before, said.fact.field, said.stood.currency)
            yield said.doubt(
                f"{said.fact.field} of {said.who} is not offered any more (“{quote}”), and was {was}", LASTS
            )


def ambiguous_names(case: Case) -> Iterator[Objection]:
    """A name without an id says nothing where several offers that stood have that name."""
    for said in case.fresh:
        others = case.called(said.offer.name)
        if not said.known and not said.offer.model_id and len(others) > 1:
            yield said.doubt(
                f"{said.offer.name} stands without an id, and {named(others)} have that name; ids may have been lost"
            )


def scale_jump(case: Case) -> Iterator[Objection]:
    """A value about ten, a hundred, a thousand … times the old one, or far from it, may be in another unit."""
    jumps = [jump for said in case.facts if (jump := _jump(case, said)) is not None]
    compared = Counter(said.fact.field for said in case.facts if said.before)
    columns = Counter((jump.said.fact.field, jump.power) for jump in jumps if jump.rate and jump.power)
    powers = Counter(jump.power for jump in jumps if jump.rate and jump.power)
    for (field, power), count in columns.items():
        if abs(power) in UNIT_POWERS and count >= COLUMN and count > MOST * compared[field]:
            yield Failure(_flipped(count, compared[field], f"values of {field}", power))
    for power, count in powers.items():
        if abs(power) in UNIT_POWERS and count >= COLUMN and count > MOST * compared.total():
            yield Failure(_flipped(count, compared.total(), "prices", power))
    for jump in jumps:
        said = jump.said
        alike = columns[said.fact.field, jump.power] if jump.power else 0
        sure = abs(jump.power) in UNIT_POWERS or (alike >= COLUMN and alike > MOST * compared[said.fact.field])
        told = change(said.fact.field, said.who, jump.old, jump.new, said.fact.currency)
        yield said.doubt(f"{told}, {times_words(ratio(jump.new, jump.old))}", None if sure else LASTS)


def mass_move(case: Case) -> Iterator[Objection]:
    """So many prices of a source that move or go at once are rather misread than all changed."""
    kept, lost = _kept(case), Counter(stood.field for stood in case.lost if amount_of(stood) is not None)
    moved = sum(said.moved for said in kept if said.amount is not None) + lost.total()
    stood = sum(said.amount is not None for said in kept) + lost.total()
    if moved < MOVED or moved <= MOVED_SHARE * stood:
        return
    for said in case.fresh:
        if said.known and said.amount is not None:
            yield said.doubt(f"{_went(said)}, together with {moved} of the {stood} prices of its source", LASTS)


def column_moved(case: Case) -> Iterator[Objection]:
    """A field that moves for many offers whose other prices stay was rather read from another column or row."""
    kept = Counter(said.fact.field for said in _kept(case))
    moved: dict[str, list[Said]] = defaultdict(list)
    alone: Counter[str] = Counter()
    for facts in case.by_offer:
        mine = [said for said in facts if said.moved and _measured(said)]
        for said in mine:
            moved[said.fact.field].append(said)
            alone[said.fact.field] += len(mine) == 1
    for said in case.fresh:
        field, count = said.fact.field, len(moved[said.fact.field])
        if not said.known or count < MOVED or count <= MOVED_SHARE * kept[field] or alone[field] <= MOST * count:
            continue
        yield said.doubt(f"{_went(said)}; of {count} of {kept[field]} offers, {field} moved, and nothing else", LASTS)


def zero_crossing(case: Case) -> Iterator[Objection]:
    """A price that becomes free, or stops being free, may be a placeholder; so may a new one beside others."""
    for said in case.fresh:
        new = said.known and said.stood is None and not said.fact.promotional
        if new and said.amount == 0 and case.rates_of(said.offer):
            yield said.doubt(f"{said.fact.field} of {said.who} is new, and free, beside other prices", LASTS)
    for said in case.facts:
        before, amount = said.before, said.amount
        if before is None or amount is None or bool(before) == bool(amount) or not said.moved:
            continue
        if said.fact.promotional or (said.stood and said.stood.promotional):
            continue
        how = "became free, and was" if before else "is no longer free, and is"
        was = before or amount
        yield said.doubt(
            f"{said.fact.field} of {said.who} {how} {shown(was, said.fact.field, said.fact.currency)}", LASTS
        )


def flapping(case: Case) -> Iterator[Objection]:
    """A value that was left not long ago and comes back may be the other side of an experiment with two pages."""
    for said in case.facts:
        if not said.moved or said.stood is None or said.stood.promotional or said.fact.promotional:
            continue
        if any(same_value(said.fact.field, said.fact.value, earlier) for earlier in said.stood.earlier):
            yield said.doubt(
                f"{said.fact.field} of {said.who} is {said.fact.value} again, as it was before {said.stood.value}",
                RETURNS,
            )


COMPANIONS: Final = frozenset(
    {
        "swapped",
        "relabelled",
        "scale_jump",
        "mass_move",
        "offers_swapped",
        "currency_switched",
        "zero_crossing",
        "far_from_its_like",
    }
)
"""Guards whose doubt about one price of an offer is a doubt about the others that are new beside it."""


def companions(case: Case, holds: Sequence[Held]) -> Iterator[Held]:
    """Hold what else is new in the prices of an offer, so that never half of a doubtful price list is published."""
    doubted: dict[tuple[str, str], Held] = {}
    for held in holds:
        if held.check in COMPANIONS and is_rate_key(held.field):
            worst = doubted.setdefault((held.model_id, held.name), held)
            if held.releases_after is None and worst.releases_after is not None:
                doubted[held.model_id, held.name] = held
    for said in case.fresh:
        first = doubted.get((said.offer.model_id, said.offer.name))
        if first is None or not said.known or not is_rate_key(said.fact.field):
            continue
        how = "changed" if said.stood else "is new"
        message = f"{said.fact.field} of {said.who} {how} beside {first.field}, which is in doubt"
        yield said.doubt(message, first.releases_after).held(first.check)


SHAKEN: Final = frozenset({"offers_lost", "field_lost", "relabelled", "rows_shifted", "mass_move", "column_moved"})
"""Guards that doubt the layout of a page, and so all that is new on it."""


def amid_losses(case: Case, holds: Sequence[Held]) -> Iterator[Held]:
    """Hold all that is new in a reading that lost much of what stood, or whose layout is in doubt.

    What is left of a page that lost rows or columns may be read from the wrong ones. After a long time without a
    reading much has changed, and only what lost most of it is in doubt.
    """
    recent = case.at - max((stood.last_seen for stood in case.stood), default=case.at) <= RECENT
    doubting = [held for held in holds if held.check in SHAKEN] if recent else []
    lost, stood = _lost(case), sum(_lasting(stood) for stood in case.stood)
    if doubting:
        why = doubting[0].message
        releases_after = None if any(held.releases_after is None for held in doubting) else LASTS
    elif lost >= MANY and lost > (LOST_SHARE if recent else MOST) * stood:
        why, releases_after = f"{lost} of the {stood} values that stood are gone", LASTS
    else:
        return
    for said in case.fresh:
        if said.known and said.announced:
            continue
        how = "changed" if said.stood else "is new"
        message = f"{said.fact.field} of {said.who} {how}, in a reading of which much is in doubt: {why}"
        yield said.doubt(message, releases_after).held(amid_losses.__name__)


def _lost(case: Case) -> int:
    """Count the values that stood and are not stated any more, those of missing offers among them."""
    missing = set(case.missing)
    gone = [stood for stood in case.stood if (stood.model_id, stood.name) in missing]
    unsaid = [
        said.stood
        for said in case.fresh
        if said.stood and said.fact.state is not State.SOURCED and said.stood.state is State.SOURCED
    ]
    return sum(_lasting(stood) for stood in (*gone, *case.lost, *unsaid))


def _lasting(stood: Stood) -> bool:
    return stood.state is State.SOURCED and stood.valid_from is None


def _kept(case: Case) -> list[Said]:
    """Return the numbers and dates of the reading whose fields had values before."""
    return [said for said in case.facts if said.stood and said.stood.value and said.fact.value and _measured(said)]


def _measured(said: Said) -> bool:
    return said.amount is not None or SPECS.get(said.fact.field) in ("tokens", "date")


def _went(said: Said) -> str:
    who = f"{said.fact.field} of {said.who}"
    return f"{who} went from {said.stood.value} to {said.fact.value}" if said.stood else f"{who} is new"


def _vanished(stood: Stood, message: str) -> Doubt:
    return Doubt(stood.model_id, stood.name, stood.field, stood.valid_from, message)


@dataclass(frozen=True, slots=True)
class _Jump:
    """A value that jumped; `power` is the power of ten that it jumped by, 0 where it is none."""

    said: Said
    old: Decimal
    new: Decimal
    power: int
    rate: bool


def _jump(case: Case, said: Said) -> _Jump | None:
    """Return how a fact jumped against what stood under its key or, if it is announced, against the current value."""
    base = said.stood or (said.current if said.fact.valid_from is not None and said.fact.valid_from > case.at else None)
    if base is None or said.announced or base.currency != said.fact.currency:
        return None
    rate = said.amount is not None
    old, new = (amount_of(base), said.amount) if rate else (count_of(base), count_of(said.fact))
    if not old or not new:
        return None
    times = ratio(new, old)
    power = power_of(times, POWERS if rate else UNIT_POWERS)
    if power is None and 1 / FAR <= times <= FAR:
        return None
    return _Jump(said, old, new, power or 0, rate)


def _flipped(count: int, of: int, what: str, power: int) -> str:
    return (
        f"{count} of {of} {what} are {times_words(Decimal(1).scaleb(power))} what they were; their unit was probably "
        "misread"
    )


def _taken(case: Case) -> list[_Taken]:
    """Return the prices that have the value of another one of their offer, which is gone or went its own way."""
    taken = [one for facts in case.by_offer if facts[0].known for one in _taken_by(case, facts)]
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
    if other.currency != said.fact.currency or not _one_host(said.fact.field, other.field):
        return None
    if not same_value(other.field, other.value, said.fact.value) or (now is not None and not now.fresh):
        return None
    crossed = now is not None and said.before is not None and now.amount == said.before
    if now is not None and not crossed and (_together(said, now) or not _one_heading(said.fact.field, other.field)):
        return None
    return _Taken(said, other, now is None, crossed)


def _one_host(field: str, other: str) -> bool:
    """Say whether two fields are different prices of one host; those of two hosts are no columns of one page."""
    one, two = rate_key(field), rate_key(other)
    if one is None or two is None or one == two:
        return False
    return dict(one.labels).get("upstream") == dict(two.labels).get("upstream")


def _one_heading(field: str, other: str) -> bool:
    """Say whether two prices of one unit differ only in the meter or only in the labels."""
    one, two = rate_key(field), rate_key(other)
    if one is None or two is None or one.unit != two.unit:
        return False
    return one.meter == two.meter or (one.modality, one.labels) == (two.modality, two.labels)


def _together(one: Said, other: Said) -> bool:
    """Say whether two prices moved by one ratio: of an offer cut by half, the old batch prices are the new ones."""
    if not (one.before and one.amount and other.before and other.amount):
        return False
    return abs(ratio(one.amount, one.before) / ratio(other.amount, other.before) - 1) < Decimal("0.02")
