"""Guards that compare the values of a reading with those that stood of its source: what moved.

A page that is misread is misread again next week, so that saying it twice proves nothing where a layout is in doubt:
only a person releases such holds. Where the doubt is whether a value will last, later captures release it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scraper.checks.case import LASTS, MOST, RETURNS, Case, Failure, Objection, Said, amount_of, count_of, ratio
from scraper.checks.text import change, power_of, shown, times_words
from scraper.diff import same_value
from scraper.holds import Held
from scraper.meters import is_rate_key
from scraper.records import SPECS

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


def currency_switched(case: Case) -> Iterator[Objection]:
    """Prices do not change their currency; a page that does was made for another country."""
    rated = [
        (said, said.stood)
        for said in case.facts
        if said.amount is not None and said.stood and amount_of(said.stood) is not None
    ]
    switched = [(said, stood) for said, stood in rated if stood.currency != said.fact.currency]
    if switched and len(switched) > MOST * len(rated):
        first, before = switched[0]
        yield Failure(
            f"{len(switched)} of {len(rated)} prices changed their currency (from {before.currency} to "
            f"{first.fact.currency}); the page was probably made for another country"
        )
    for said, stood in switched:
        yield said.doubt(
            f"{said.fact.field} of {said.who} changed its currency from {stood.currency} to {said.fact.currency}"
        )


def scale_jump(case: Case) -> Iterator[Objection]:
    """A value about ten, a hundred, a thousand … times the old one, or far from it, may be in another unit."""
    jumps = [jump for said in case.facts if (jump := _jump(said)) is not None]
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
        alike = columns[said.fact.field, jump.power]
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
            yield said.doubt(f"{said.went}, together with {moved} of the {stood} prices of its source", LASTS)


def column_moved(case: Case) -> Iterator[Objection]:
    """A field that moves for many offers whose other prices stay was rather read from another column or row."""
    kept = Counter(said.fact.field for said in _kept(case))
    moved, alone = Counter[str](), Counter[str]()
    for facts in case.by_offer:
        mine = [said for said in facts if said.moved and _measured(said)]
        for said in mine:
            moved[said.fact.field] += 1
            alone[said.fact.field] += len(mine) == 1
    for said in case.fresh:
        field, count = said.fact.field, moved[said.fact.field]
        if not said.known or count < MOVED or count <= MOVED_SHARE * kept[field] or alone[field] <= MOST * count:
            continue
        yield said.doubt(f"{said.went}; of {count} of {kept[field]} offers, {field} moved, and nothing else", LASTS)


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


def _kept(case: Case) -> list[Said]:
    """Return the numbers and dates of the reading whose fields had values before."""
    return [said for said in case.facts if said.stood and said.stood.value and said.fact.value and _measured(said)]


def _measured(said: Said) -> bool:
    return said.amount is not None or SPECS.get(said.fact.field) in ("tokens", "date")


@dataclass(frozen=True, slots=True)
class _Jump:
    """A value that jumped; `power` is the power of ten that it jumped by, 0 where it is none."""

    said: Said
    old: Decimal
    new: Decimal
    power: int
    rate: bool


def _jump(said: Said) -> _Jump | None:
    """Return how a fact jumped against what stood under its key or, where nothing did, against the current value."""
    base = said.stood or said.current
    if base is None or said.announced or base.currency != said.fact.currency:
        return None
    rate = said.amount is not None
    old, new = (amount_of(base), said.amount) if rate else (count_of(base), count_of(said.fact))
    if not old or not new or new == old:
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
