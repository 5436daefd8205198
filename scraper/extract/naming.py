"""What the name of an offer says beside the name: a status, dates, several models at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from scraper.extract.passage import Passage
from scraper.extract.specs import DATE_PATTERN, day_end, day_start
from scraper.records import Fact, State, clean

_STATUS: Final = re.compile(
    r"\s*\((?P<words>(?:deprecated|retired|discontinued|legacy|preview|beta|limited availability|invitation only|new"
    r"|public preview)\b[^()]*)\)$",
    re.IGNORECASE,
)
_UNTIL: Final = re.compile(rf"\s*[(,]?\s*(?:through|until|till)\s+(?P<date>{DATE_PATTERN})\)?$", re.IGNORECASE)
_FROM: Final = re.compile(
    rf"\s*[(,]?\s*(?:starting|from|effective|beginning)(?: on)?\s+(?P<date>{DATE_PATTERN})\)?$", re.IGNORECASE
)


_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f]")


def without_emoji(text: str) -> str:
    """Return a name without the pictures that are printed beside it."""
    return clean(_EMOJI.sub("", text))


@dataclass(frozen=True, slots=True)
class Titled:
    """A name read from a cell or heading: the plain name, its status in the page's words, the dates its prices hold."""

    name: str
    status: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def read_title(text: str) -> Titled:
    """Split "Opus 4.1 (retired, except on Bedrock)" or "X through August 31, 2026" into the name and what it says."""
    found = Titled(clean(text))
    while True:
        name = found.name
        if match := _STATUS.search(name):
            found = replace(found, name=name[: match.start()].strip(), status=match["words"])
        elif match := _UNTIL.search(name):
            found = replace(found, name=name[: match.start()].strip(), valid_until=day_end(match["date"]))
        elif match := _FROM.search(name):
            found = replace(found, name=name[: match.start()].strip(), valid_from=day_start(match["date"]))
        else:
            return found


def status_fact(title: Titled, passage: Passage) -> tuple[Fact, ...]:
    """Return the status that a title states as a fact; none where it states none, or only that the model is new."""
    if not title.status or title.status.casefold() == "new":
        return ()
    return (Fact(field="status", state=State.SOURCED, value=title.status, evidence=passage.evidence()),)


def dated(facts: Iterable[Fact], title: Titled) -> list[Fact]:
    """Return the facts with the dates of their title: a price that holds until a day is promotional."""
    return [
        fact.model_copy(
            update={
                "valid_from": title.valid_from or fact.valid_from,
                "valid_until": title.valid_until or fact.valid_until,
                "promotional": fact.promotional or title.valid_until is not None,
            }
        )
        for fact in facts
    ]


def split_joined(name: str) -> list[str]:
    """Split a name that stands for several models: "Claude Opus 5 / Claude Opus 4.8", "Claude Sonnet 4.5 / 4".

    A part that is only a version takes the words before the version of the part before it.
    """
    parts = [clean(part) for part in re.split(r"\s+/\s+|\s+and\s+|,\s+(?:and\s+)?", name) if clean(part)]
    names: list[str] = []
    for part in parts:
        if names and re.fullmatch(r"\d[\w.]*", part):
            part = re.sub(r"\d[\w.]*$", part, names[-1])
        elif names and " " in names[0] and not part.startswith(names[0].split()[0]):
            part = f"{names[0].split()[0]} {part}"
        names.append(part)
    return names
