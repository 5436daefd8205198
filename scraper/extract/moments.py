"""Moments from which or until which something holds: "until 2026/05/31 15:59 UTC", "take effect at 16:00 UTC on …"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from scraper.extract.markup import Context
from scraper.extract.specs import DATE_PATTERN, day_end, day_start, read_date
from scraper.records import Fact

_ZONE: Final = r"\(?UTC\)?(?:\s+time)?"
_MOMENT: Final = (
    rf"(?:(?P<date>{DATE_PATTERN})[\s,]+(?P<time>\d{{1,2}}:\d{{2}})\s*{_ZONE}"
    rf"|(?P<time2>\d{{1,2}}:\d{{2}})\s*{_ZONE}[\s,]*(?:on\s+)?(?P<date2>{DATE_PATTERN})"
    # A day without a time; one with a time of another zone is not a day of ours.
    rf"|(?P<day>{DATE_PATTERN})(?!\d|[\s,]*(?:at\s+)?\d{{1,2}}:\d{{2}}))"
)
_SINCE: Final = re.compile(
    rf"\b(?:starting|beginning|effective|from|as of|takes?\s+effect)(?:\s+(?:from|at|on|as of))*\s+{_MOMENT}",
    re.IGNORECASE,
)
_UNTIL: Final = re.compile(rf"\b(?:until|till|through|(?P<short>before))(?:\s+(?:at|on))?\s+{_MOMENT}", re.IGNORECASE)


def since(text: str) -> datetime | None:
    """Return the moment (UTC) from which a text says that something holds; None where it names none, or several."""
    return _only(_SINCE, text, end=False)


def until(text: str) -> datetime | None:
    """Return the moment (UTC) until which a text says that something holds; a day alone is meant to its end,
    and with "before" not at all.
    """
    return _only(_UNTIL, text, end=True)


def _only(pattern: re.Pattern[str], text: str, *, end: bool) -> datetime | None:
    found = {_moment(match, end=end) for match in pattern.finditer(text)}
    return found.pop() if len(found) == 1 else None


def _moment(match: re.Match[str], *, end: bool) -> datetime:
    if match["day"] and end:
        return day_start(match["day"]) - timedelta(seconds=1) if match["short"] else day_end(match["day"])
    if match["day"]:
        return day_start(match["day"])
    hour, minute = (match["time"] or match["time2"]).split(":")
    day = datetime.fromisoformat(read_date(match["date"] or match["date2"]))
    return day.replace(hour=int(hour), minute=int(minute), tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Term:
    """From when and until when what a table states holds; None where nothing is said of it."""

    start: datetime | None = None
    end: datetime | None = None

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None

    def of(self, fact: Fact) -> Fact:
        """Return a fact with this term, where it has none of its own."""
        return fact.model_copy(
            update={"valid_from": fact.valid_from or self.start, "valid_until": fact.valid_until or self.end}
        )


def term_above(context: Context) -> Term:
    """Return the term that the sentence above a table states, the one that ends in a colon: "…, as follows:"."""
    for text in reversed(context.texts):
        if text.line.endswith(":"):
            sentence = re.split(r"(?<=[.:])\s+(?=[A-Z(])", text.line)[-1]
            return Term(since(sentence), until(sentence))
    return Term()
