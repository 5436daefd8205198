"""Reading Retry-After: how long a host wants to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After asks to wait, or None where there is none that makes sense.

    It may be a number of seconds or an HTTP date; a date that is over asks for no wait.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        # More digits than any time has; what is counted is cut off by a limit anyway.
        return float(text[:12]) if len(text) <= 12 else 1e12
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
