"""Token counts, dates, modalities and lists of capabilities as pages write them; exact or refused."""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from scraper.extract import Unreadable
from scraper.records import clean

_TOKENS = re.compile(
    r"(?:(?:default:?\s*[\d.,]+\s?[km]?\s+)?max(?:imum)?:?\s*|up to\s*)?"
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s?(?P<scale>k|m|thousand|million)?"
    r"(?:[ -]?tok(?:en)?s?)?"
    # What needs a beta header is not what a plain request has: "200K tokens / 1M tokens (beta)".
    r"(?:\s*/\s*\d[\d.,]*\s?[km]?(?:\s?tok(?:en)?s?)?\s*\(beta\))?",
    re.IGNORECASE,
)
_SCALES: Final = {"": 1, "k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000}

_MONTHS: Final = {
    name[:length]: number
    for number, name in enumerate(name.casefold() for name in calendar.month_name)
    for length in (3, 4 if name == "september" else 3, len(name))
    if name
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
DATE_PATTERN: Final = (
    rf"(?:\d{{4}}-\d{{2}}(?:-\d{{2}})?|\d{{4}}/\d{{1,2}}/\d{{1,2}}"
    rf"|(?:{_MONTH})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}\s+(?:{_MONTH})\.?,?\s+\d{{4}}"
    rf"|(?:{_MONTH})\.?,?\s+\d{{4}})"
)
"""A regular expression (to be used without regard to case) for the dates that `read_date` reads."""
_DATES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})-(?P<month>\d{2})(?:-(?P<day>\d{2}))?",
        r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})",
        rf"(?P<name>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})\s+(?P<name>{_MONTH})\.?,?\s+(?P<year>\d{{4}})",
        rf"(?P<name>{_MONTH})\.?,?\s+(?P<year>\d{{4}})",
    )
)


def read_tokens(text: str) -> str:
    """Read a count of tokens ("1M tokens", "1,047,576", "128K", "MAXIMUM: 384K") as a whole number; K is 1,000."""
    match = _TOKENS.fullmatch(clean(text))
    if match is None or ("," in match["number"] and not re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", match["number"])):
        raise Unreadable(f"{text!r} is not a number of tokens")
    if "." in match["number"] and not match["scale"]:
        raise Unreadable(f"{text!r} may mean thousands or decimals")
    count = Decimal(match["number"].replace(",", "")) * _SCALES[(match["scale"] or "").casefold()]
    if count != int(count) or not 0 < count < 10**12 or not match["number"].isascii():
        raise Unreadable(f"{text[:60]!r} is not a whole number of tokens")
    return str(int(count))


def read_date(text: str, *, footnotes: Collection[str] = ()) -> str:
    """Read a date as an ISO date of the precision stated: `2026-08-31`, or `2026-01` for "Jan 2026".

    Renderings leave footnote marks beside years ("Jan 20262", "Jan 2026 2"): a last digit that is one of `footnotes`
    is then dropped, where the text is no date otherwise. Raises `Unreadable` for what is no date, and for days that do
    not exist.
    """
    compact = re.sub("[\u2010\u2011]", "-", clean(text)).rstrip(".")
    for pattern in _DATES:
        match = pattern.fullmatch(compact)
        if match is None:
            continue
        parts = match.groupdict()
        year = int(parts["year"])
        month = _MONTHS[parts["name"].casefold()] if parts.get("name") else int(parts["month"])
        day = int(parts["day"]) if parts.get("day") else None
        try:
            date(year, month, 1 if day is None else day)
        except ValueError as error:
            raise Unreadable(f"{text!r} is not a day of the calendar") from error
        if not 2000 <= year <= 2100:
            raise Unreadable(f"{text!r} is not a date of our time")
        return f"{year:04}-{month:02}" + (f"-{day:02}" if day else "")
    if compact[-1:] in footnotes and re.search(r"\d{4} ?\d$", compact):
        return read_date(compact[:-1])
    raise Unreadable(f"{text!r} is not a date")


def day_start(text: str) -> datetime:
    """Return the first moment (UTC) of a day; a month without a day is refused."""
    iso = read_date(text)
    if len(iso) != 10:
        raise Unreadable(f"{text!r} does not name a day")
    return datetime.fromisoformat(iso).replace(tzinfo=UTC)


def day_end(text: str) -> datetime:
    """Return the last second (UTC) of a day."""
    return day_start(text).replace(hour=23, minute=59, second=59)


def day_of_epoch(seconds: object) -> str:
    """Return the UTC day of a time in seconds since 1970, as feeds give it for `created`."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 946_684_800 <= seconds < 4_102_444_800:
        raise Unreadable(f"{seconds!r} is not a time in seconds")
    return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()


_ORDER: Final = ("text", "image", "audio", "video", "file")
_MODALITY: Final = re.compile(r"(?:3d|[a-z]+)(?:[_-][a-z]+)*")


def modalities(inputs: Iterable[str], outputs: Iterable[str]) -> str:
    """Write modalities in their one form: `text+image->text`; what is not known stands after what is, as it is.

    Each is one word: anything else was read from another column.
    """
    before, after = _joined(tuple(inputs)), _joined(tuple(outputs))
    if not before or not after:
        raise Unreadable("modalities need at least one input and one output")
    return f"{before}->{after}"


# All rows of a feed have the same few lists.
@lru_cache(maxsize=1024)
def _joined(items: tuple[str, ...]) -> str:
    found = {clean(item).casefold() for item in items if clean(item)}
    if strange := next((item for item in found if not _MODALITY.fullmatch(item)), None):
        raise Unreadable(f"{strange[:80]!r} is not a modality")
    return "+".join([known for known in _ORDER if known in found] + sorted(found.difference(_ORDER)))


def listed(items: Iterable[str]) -> str:
    """Write a list (capabilities, aliases) in its one form: alphabetical, each once, joined by ", "."""
    return ", ".join(sorted({clean(item) for item in items} - {""}))
