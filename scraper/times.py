"""The time as it is now, and times as people give them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from scraper.errors import RatecardError


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
