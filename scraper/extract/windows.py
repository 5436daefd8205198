"""The hours of prices by the time of day, in the words of the source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from scraper.extract.footnotes import Footnote
from scraper.extract.passage import Passage
from scraper.records import Evidence, Fact, State

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
