"""Prices by the time of day: which windows are the peak, in numbers of a feed or in the words of a page, and how they
are written in `price_windows`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.footnotes import Footnote
from scraper.extract.jsontext import Json
from scraper.extract.passage import Passage
from scraper.records import Evidence, Fact, State

_DAY: Final = 24 * 60

Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of each day, in minutes since midnight UTC; one that ends before it starts goes over midnight."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"

    @property
    def minutes(self) -> frozenset[int]:
        """The minutes of the day that lie in the window."""
        end = self.end if self.end > self.start else self.end + _DAY
        return frozenset(minute % _DAY for minute in range(self.start, end))


def window_of(start: Json, end: Json) -> Window:
    """Read a window from two times written as the number HHMM (100 is 01:00, 1030 is 10:30)."""
    return Window(_minutes(start), _minutes(end))


def _minutes(time: Json) -> int:
    if isinstance(time, bool) or not isinstance(time, int) or not 0 <= time <= 2400 or time % 100 > 59:
        raise Unreadable(f"{str(time)[:60]!r} is not a time of day written HHMM")
    return time // 100 * 60 + time % 100


def window_names(windows: Sequence[Window], prices: Sequence[Amounts], base: Amounts) -> list[str]:
    """Name each window `peak` or `off-peak` by its prices; `base` holds for the rest of the day.

    Raises `Unreadable` where the windows overlap, where they have more than two levels of prices, and where one level
    is not the dearer one throughout.
    """
    seen: set[int] = set()
    for window in windows:
        if seen & window.minutes:
            raise Unreadable(f"the window {window} overlaps another one")
        seen |= window.minutes
    levels: list[Amounts] = []
    for amounts in prices:
        if amounts not in levels:
            levels.append(amounts)
    if len(levels) > 2:
        raise Unreadable(f"the windows have {len(levels)} levels of prices")
    other = levels[1] if len(levels) == 2 else {key: base[key] for key in levels[0] if key in base}
    first_is_peak = _dearer(levels[0], other)
    return ["peak" if (amounts == levels[0]) is first_is_peak else "off-peak" for amounts in prices]


def _dearer(one: Amounts, other: Amounts) -> bool:
    if one.keys() != other.keys():
        raise Unreadable("the windows do not have the same prices")
    differences = [one[key] - other[key] for key in one]
    if not any(differences) or (min(differences) < 0 < max(differences)):
        raise Unreadable("no window is the dearer one")
    return max(differences) > 0


def written_windows(windows: Sequence[Window], names: Sequence[str]) -> str:
    """Write windows as the spec `price_windows`: "peak 01:00-04:00, 06:00-10:00; off-peak 10:00-01:00 UTC"."""
    parts = []
    for name in sorted(set(names), reverse=True):
        spans = ", ".join(str(window) for window, named in zip(windows, names, strict=True) if named == name)
        parts.append(f"{name} {spans}")
    return "; ".join(parts) + " UTC"


_HOURS: Final = re.compile(r"\d{1,2}:\d{2}\s?[-–~]\s?\d{1,2}:\d{2}")


def price_windows(path: Sequence[Passage], notes: Iterable[Footnote]) -> tuple[Fact, ...]:
    """Return the fact of the hours of a window: its own heading says them, else the footnote about peak hours does."""
    evidence = next((heading.evidence() for heading in path if _HOURS.search(heading.line)), None)
    for note in notes:
        said = _sentences_about_hours(note.text)
        if evidence is None and said:
            evidence = note.evidence(said)
    if evidence is None:
        return ()
    return (_fact(evidence),)


def _fact(evidence: Evidence) -> Fact:
    return Fact(field="price_windows", state=State.SOURCED, value=evidence.quote, evidence=evidence)


def _sentences_about_hours(text: str) -> str:
    """The sentence that names the peak hours, and those after it that go on about hours."""
    found: list[str] = []
    for sentence in re.split(r"(?<=\.)\s+(?=[A-Z])", text):
        named = re.search(r"\bpeak hours\b", sentence, re.IGNORECASE) and _HOURS.search(sentence)
        if named or (found and re.search(r"\bhours\b", sentence)):
            found.append(sentence)
        elif found:
            break
    return " ".join(found)
