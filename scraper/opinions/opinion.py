"""What a price list says, as types: entries of offers with values in the unit of their rate key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from scraper.records import check_amount, plain

Json = Any
"""A JSON value whose numbers are `int` or `Decimal`."""

_EXACT: Final = Context(prec=100)
PER_TOKEN: Final = 6
"""The power of ten from a price per token to one per million tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One value of an entry: `value` is a plain decimal in the unit of its rate key, or a whole number of tokens.

    `name` is the list's own name of the field. `equally` is another value that would mean the same, where the list
    states a fact that is cut differently from ours.
    """

    field: str
    value: str
    currency: str | None
    name: str
    equally: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a list says of one offer, by our name of the provider. `key` is its place in the list.

    `source` is the address that the list itself names for it; empty where it names none.
    """

    provider: str
    model_id: str
    key: str
    source: str
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """A list as it was read. `version` is of the package, or the file; `says` tells which fields it can state at all.

    `providers` are those that the list's module declares. `unread` counts, by provider and the list's own name, prices
    that are not compared.
    """

    name: str
    version: str
    entries: tuple[Entry, ...]
    says: Callable[[str], bool]
    providers: frozenset[str]
    unread: Mapping[tuple[str, str], int]


@dataclass(slots=True)
class Found:
    """What a module gathers of one entry: its opinions, and the names of prices that it does not read."""

    opinions: list[Opinion] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)

    def price(self, rate_key: str, value: Json, name: str, *, shift: int = 0, currency: str = "USD") -> None:
        """Add a price, `shift` being the power of ten from the list's unit to the rate key's; null is none."""
        if value is None:
            return
        amount = in_unit(value, shift)
        if amount is None:
            self.unread[name] += 1
        else:
            self.opinions.append(Opinion(field=rate_key, value=amount, currency=currency, name=name))

    def tokens(self, spec: str, value: Json, name: str, *, equally: int | None = None) -> None:
        """Add a number of tokens; null and 0 are none."""
        if (count := whole(value)) is not None:
            also = str(equally) if equally else ""
            self.opinions.append(Opinion(field=spec, value=str(count), currency=None, name=name, equally=also))


def in_unit(value: Json, shift: int) -> str | None:
    """Return a price times ten to the power of `shift` as a plain decimal; None where it cannot be a price."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        amount = check_amount(Decimal(value).scaleb(shift, _EXACT))
    except (InvalidOperation, ValueError):
        return None
    return plain(amount)


def whole(value: Json) -> int | None:
    """Return a positive whole number, however it is written (131072, 131072.0); else None."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    if not Decimal(value).is_finite() or value <= 0 or value != int(value) or value >= 10**12:
        return None
    return int(value)
