"""When a subscriber is told: at once or in digests, and never in quiet hours; in the subscriber's own time zone.

Pure: all functions get the time. Local times go by the zone's rules: a time that an hour skips in spring comes after
the gap, and one that comes twice in autumn counts the first time, so that a day has one digest whatever its length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from scraper.times import DAY_MINUTES, DAYS, Hours, read_hours

_SUCH_AS: Final = '"22:00-07:00", "Mon-Fri 18:00-08:00" or "Sat,Sun"'


@dataclass(frozen=True, slots=True)
class DigestTime:
    """How often: at once where there is no `at`, else every day, or every week on a day (Monday is 0)."""

    at: time | None = None
    weekday: int | None = None

    def __str__(self) -> str:
        if self.at is None:
            return "at once"
        day = "daily" if self.weekday is None else f"weekly {DAYS[self.weekday]}"
        return f"{day} {self.at:%H:%M}"


def read_digest(value: object) -> DigestTime:
    """Read `at once`, `daily 08:00` or `weekly mon 08:00`; raise `ValueError` where it is none of them."""
    if isinstance(value, DigestTime):
        return value
    words = value.lower().split() if isinstance(value, str) else []
    problem = 'must be "at once", "daily HH:MM" or "weekly DAY HH:MM", such as "weekly mon 08:00"'
    match words:
        case ["at", "once"]:
            return DigestTime()
        case ["daily", at]:
            return DigestTime(_clock(at, problem))
        case ["weekly", day, at] if day in DAYS:
            return DigestTime(_clock(at, problem), DAYS.index(day))
    raise ValueError(problem)


def read_quiet(value: object) -> tuple[Hours, ...]:
    """Read quiet hours, one text or a list of them; raise `ValueError` where one is none."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        raise ValueError(f"must be a list of times, such as {_SUCH_AS}")  # noqa: TRY004  pydantic tells this one
    found = tuple(text if isinstance(text, Hours) else read_hours(text, f"like {_SUCH_AS}") for text in texts)
    if _never_open(found):
        raise ValueError("leaves no time at which anything could be sent")
    return found


def is_quiet(quiet: Sequence[Hours], zone: ZoneInfo, at: datetime) -> bool:
    """Say whether a time lies in quiet hours."""
    local = at.astimezone(zone)
    return _is_quiet(quiet, local.weekday(), local.hour * 60 + local.minute)


def digest_is_due(digest: DigestTime, zone: ZoneInfo, since: datetime, now: datetime) -> bool:
    """Say whether a digest's time came after `since`, when the first event began to wait, and not after `now`."""
    if digest.at is None:
        return True
    slot = last_slot(digest, zone, now)
    return slot > since


def last_slot(digest: DigestTime, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the last time of a digest that is not after `now`."""
    if digest.at is None:
        return now
    today = now.astimezone(zone).date()
    for back in range(9):
        day = today - timedelta(days=back)
        if digest.weekday is not None and day.weekday() != digest.weekday:
            continue
        slot = _moment(day, digest.at, zone)
        if slot <= now:
            return slot
    raise AssertionError("a week has every day once")


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _clock(text: str, problem: str) -> time:
    found = re.fullmatch(r"(\d\d):(\d\d)", text, re.ASCII)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(problem)
    return time(int(found[1]), int(found[2]))


def _is_quiet(quiet: Sequence[Hours], weekday: int, minute: int) -> bool:
    before = (weekday - 1) % 7
    for one in quiet:
        if one.end > one.begin:
            if weekday in one.days and one.begin <= minute < one.end:
                return True
        elif (weekday in one.days and minute >= one.begin) or (before in one.days and minute < one.end):
            return True
    return False


def _never_open(quiet: Sequence[Hours]) -> bool:
    return bool(quiet) and all(_is_quiet(quiet, day, minute) for day in range(7) for minute in range(0, DAY_MINUTES, 5))
