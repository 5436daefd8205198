"""The time as it is now, and times as people give them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from scraper.errors import RatecardError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60

_HOURS: Final = re.compile(
    r"(?:(?P<days>[A-Za-z]{3}(?:[-,][A-Za-z]{3})*)\s*)?(?P<hours>(?<!\S)\d\d:\d\d-\d\d:\d\d)?", re.ASCII
)


def utc_now() -> datetime:
    """Return the time as it is now, aware UTC."""
    return datetime.now(UTC)


def parse_at(text: str) -> datetime:
    """Read a time as people give it: a date means 23:59:59 UTC of that day, a date-time without zone is UTC.

    Returns aware UTC; raises `RatecardError` for anything else.
    """
    return read_time(text, time(23, 59, 59))


def read_time(text: str, of_day: time) -> datetime:
    """Do what `parse_at` does, but that a date means this time of the day, in UTC."""
    text = text.strip()
    try:
        return datetime.combine(date.fromisoformat(text), of_day, UTC)
    except ValueError:
        pass  # not a day alone
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RatecardError(
            f"{text!r} is not a time; write a date (2026-04-27) or a date-time (2026-04-27T10:00:00Z)"
        ) from error


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of some days of a week (Monday is 0), in minutes from the midnight at which each day begins.

    Where `end` is not after `begin`, they go on into the next day.
    """

    days: frozenset[int]
    begin: int
    end: int


def read_hours(text: object, like: str) -> Hours:
    """Read hours of a week: `22:00-07:00`, `Mon-Fri 18:00-08:00`, `Sat,Sun`.

    Raises `ValueError` for anything else; `like` says there how to write them.
    """
    found = _HOURS.fullmatch(text.strip()) if isinstance(text, str) and text.strip() else None
    if found is None:
        raise ValueError(f"{text!r} is no time of a week; write it {like}")
    begin, end = (_minutes(part) for part in (found["hours"] or "00:00-24:00").split("-"))
    return Hours(frozenset(_weekdays(found["days"] or "mon-sun")), begin, end)


def _minutes(text: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if minutes > 59 or hours * 60 + minutes > DAY_MINUTES:
        raise ValueError(f"{text} is no time of a day")
    return hours * 60 + minutes


def _weekdays(text: str) -> Iterator[int]:
    for part in text.lower().split(","):
        first, *more = part.split("-", maxsplit=1)
        try:
            begin, end = DAYS.index(first), DAYS.index(more[0] if more else first)
        except ValueError as error:
            raise ValueError(f"{part!r} is no day of a week; the days are {', '.join(DAYS)}") from error
        # "Sat-Mon" goes on into the next week.
        yield from (day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
