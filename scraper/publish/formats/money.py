"""Prices in another currency, at dated rates that the user gives: converted in the export, never in the store."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from scraper.errors import RatecardError
from scraper.records import plain
from scraper.states import FieldView
from scraper.store import OfferView, Version

_EXACT: Final = Context(prec=120)
_SHORT: Final = re.compile(
    r"(?:(?P<from>[A-Z]{3})=)?(?P<rate>[0-9]+(?:\.[0-9]+)?)@(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
_FORM: Final = (
    "write RATE@DATE, such as 0.92@2026-11-20 (one US dollar in the currency asked for), or CNY=0.13@2026-11-20"
)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency was in the wanted one, on a day."""

    amount: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class Exchange:
    """The wanted currency (`EUR`) and the rates into it, by the currency they are from."""

    currency: str
    rates: Mapping[str, Rate]

    def offer(self, one: OfferView) -> OfferView:
        """Return an offer with its prices converted; those in a currency without a rate stay as they are, labelled."""
        return replace(one, fields=self._views(one.fields), announced=self._views(one.announced))

    def version(self, one: Version) -> Version:
        """Return a version with its prices converted, at the same rate as the current ones."""
        return replace(one, fields={name: self.view(view) for name, view in one.fields.items()})

    def view(self, view: FieldView) -> FieldView:
        """Return a field in the wanted currency; `derived` says from what, and at which rate."""
        rate = self.rates.get(view.currency or "")
        if rate is None or view.value is None:
            return view
        value = plain(_EXACT.multiply(Decimal(view.value), rate.amount))
        said = f"{view.currency} {view.value} converted at {plain(rate.amount)} of {rate.day}"
        derived = f"{view.derived}; {said}" if view.derived else said
        return replace(view, value=value, currency=self.currency, derived=derived)

    def _views(self, views: Sequence[FieldView]) -> tuple[FieldView, ...]:
        return tuple(self.view(view) for view in views)


def exchange(currency: str, given: Sequence[str], at: datetime) -> Exchange:
    """Return the exchange into a currency from rates as they are written: `0.92@2026-11-20`, or files.

    A file is CSV with the columns `from`, `to`, `rate` and `date`; of several rates the newest one counts that is not
    of a later day than `at`. Raises `RatecardError` where a rate is not there or not to be read.
    """
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise RatecardError(f"{currency!r} is no currency; write its code of three capitals, such as EUR.")
    if not given:
        raise RatecardError(f"--currency {currency} needs a dated rate: --rate FILE, or {_FORM}.")
    rates: dict[str, Rate] = {}
    for text in given:
        short = _SHORT.fullmatch(text)
        found = (
            [(short["from"] or "USD", _rate(short["rate"], short["date"], text))] if short else _file(text, currency)
        )
        for source, rate in found:
            if rate.day <= at.date() and (source not in rates or rates[source].day <= rate.day):
                rates[source] = rate
    rates.pop(currency, None)
    if not rates:
        raise RatecardError(f"there is no rate into {currency} that is not of a later day than {at:%Y-%m-%d}; {_FORM}.")
    return Exchange(currency, rates)


def _file(name: str, currency: str) -> list[tuple[str, Rate]]:
    try:
        with Path(name).open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            if not {"from", "to", "rate", "date"} <= set(table.fieldnames or ()):
                raise RatecardError(f"{name} lacks one of the columns from, to, rate and date.")
            rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        said = getattr(error, "strerror", None) or error
        raise RatecardError(f"--rate {name} is no rate and no file that can be read ({said}); {_FORM}.") from error
    return [(row["from"], _rate(row["rate"], row["date"], name)) for row in rows if row["to"] == currency]


def _rate(text: str, day: str, shown: str) -> Rate:
    try:
        amount = Decimal(text)
        found = Rate(amount, date.fromisoformat(day))
    except (InvalidOperation, ValueError, TypeError) as error:
        raise RatecardError(
            f"{shown} has the rate {text!r} of {day!r}, which is not a number of a day; {_FORM}."
        ) from error
    if not amount.is_finite() or amount <= 0:
        raise RatecardError(f"{shown} has the rate {text!r}; a rate is more than 0.")
    return found
