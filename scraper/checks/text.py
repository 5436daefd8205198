"""How guards put numbers into words."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from scraper.meters import unit_of
from scraper.records import SPECS, plain

NEAR: Final = Decimal("0.1")
"""How far, in parts of a power of ten, a ratio may lie from it to be taken for it."""

_WORDS: Final = {
    1: "ten times as much",
    2: "a hundred times as much",
    3: "a thousand times as much",
    6: "a million times as much",
    -1: "a tenth",
    -2: "a hundredth",
    -3: "a thousandth",
    -6: "a millionth",
}
_POWERS: Final = tuple(power for power in _WORDS if power > 0)


def power_of(times: Decimal, powers: tuple[int, ...]) -> int | None:
    """Return the power of ten (negative for a fraction) that a ratio is within a tenth of, None without one."""
    for power in powers:
        for signed in (power, -power):
            if abs(times.scaleb(-signed) - 1) <= NEAR:
                return signed
    return None


def shown(amount: Decimal, field: str, currency: str | None) -> str:
    """Write an amount with its currency and unit, or a spec with its kind."""
    number = plain(amount.normalize())
    if currency is None:
        return f"{number} {SPECS[field]}"
    return f"{number} {currency} per {unit_of(field)}"


def change(field: str, who: str, old: Decimal, new: Decimal, currency: str | None) -> str:
    """Say that a number rose or fell: "input of x fell from 5 to 0.5 USD per 1M tokens"."""
    went = "rose" if new > old else "fell"
    return f"{field} of {who} {went} from {plain(old.normalize())} to {shown(new, field, currency)}"


def times_words(times: Decimal) -> str:
    """Say a ratio: "ten times as much", "a thousandth", "37 times as much"."""
    power = power_of(times, _POWERS)
    if power is not None:
        return f"about {_WORDS[power]}"
    if times > 1:
        return f"{times.quantize(Decimal('0.1')):f} times as much"
    return f"{(1 / times).quantize(Decimal('0.1')):f} times less"
