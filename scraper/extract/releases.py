"""Announcements: release notes, with sentences under a heading for each day of which models came and which will go,
and sentences that say until when models are sold: "The `kimi-k2` series models were officially discontinued on …".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.markup import Heading, Text
from scraper.extract.passage import Passage
from scraper.extract.specs import DATE_PATTERN, read_date
from scraper.records import Fact, State

_ID = r"[a-z][a-z0-9]*(?:[-.][a-z0-9.]*[a-z0-9])+"
_IDS = rf"(?P<ids>{_ID}(?:(?:,\s+(?:and\s+)?|\s+and\s+){_ID})*)"
_FOLLOWING = r"The following\b[^.:]*\bmodels?"
_SHUT: Final = rf"will be shut ?down (?:on )?(?P<date>(?i:{DATE_PATTERN}))"
_AFTER = r"(?=$|[,.:;]|\s+\(|\s+(?:models?|preview|to replace|as|in|for general|for public)\b)"
# A sentence with ids of its own, or one that ends in a colon and holds for the list of ids after it.
_SENTENCES: Final = tuple(
    (spec, re.compile(pattern))
    for spec, pattern in (
        ("released", rf"(?:Released|Launched) (?:the )?{_IDS}{_AFTER}"),
        ("released", r"(?:Released|Launched) (?:the )?following\b[^.:]*\bmodels?:$"),
        ("retires", rf"(?:The )?{_IDS} (?:models? )?{_SHUT}(?=$|[,.:;])"),
        ("retires", rf"{_FOLLOWING} {_SHUT}:$"),
        ("status", rf"{_FOLLOWING} (?:is|are) (?:now )?(?P<status>deprecated):$"),
    )
)


def releases_of(document: Document) -> Iterator[tuple[str, Fact]]:
    """Yield ids with what the notes state of them: `released`, `retires`, `status` ("deprecated").

    The evidence is where the value stands: the heading of the day, or the sentence that names the day or the status.
    """
    day, heading = "", Passage("", "", "")
    listing: Fact | None = None
    for block in document.blocks:
        if isinstance(block, Heading):
            day, heading, listing = _day(block.passage.line), block.passage, None
        elif isinstance(block, Text) and day:
            passage = block.passage
            if listing and passage.line in passage.codes and re.fullmatch(_ID, passage.line):
                yield passage.line, listing
                continue
            listing = None
            for spec, pattern in _SENTENCES:
                said = pattern.match(passage.line)
                if said is None:
                    continue
                named = said.groupdict()
                ids = re.findall(_ID, named.get("ids") or "")
                if not set(ids) <= set(passage.codes):
                    continue
                value = named.get("status") or (read_date(named["date"]) if named.get("date") else day)
                fact = _fact(spec, value, heading if spec == "released" else passage)
                if not ids:
                    listing = fact
                for one in ids:
                    yield one, fact


def _day(text: str) -> str:
    """Return the day that a heading names; "" for another heading, and for a month without a day."""
    try:
        found = read_date(text)
    except Unreadable:
        return ""
    return found if len(found) == len("2026-01-31") else ""


def _fact(spec: str, value: str, passage: Passage) -> Fact:
    return Fact(field=spec, state=State.SOURCED, value=value, evidence=passage.evidence())


_ENDING: Final = re.compile(
    rf"(?P<who>[^.!?]*(?:\.\S[^.!?]*)*?) (?:was|were|will be|ha(?:s|ve) been) (?:officially )?"
    rf"(?:discontinued|retired) on (?P<date>{DATE_PATTERN})",
    re.IGNORECASE,
)


def endings(document: Document, ids: Collection[str]) -> Iterator[tuple[str, Fact]]:
    """Yield ids with the day (`retires`) that a sentence gives: the ids in code before its verb.

    A sentence about a series ("the `kimi-k2` series") is about those of `ids` that begin with its name and a dash.
    """
    for text in document.texts:
        for said in _ENDING.finditer(text.passage.line):
            subjects = [code for code in text.passage.codes if code in said["who"] and not code.startswith("-")]
            evidence = text.passage.evidence(said[0])
            fact = Fact(field="retires", state=State.SOURCED, value=read_date(said["date"]), evidence=evidence)
            series = re.search(r"\bseries\b", said["who"])
            for subject in dict.fromkeys(subjects):
                members = [one for one in ids if one == subject or one.startswith(f"{subject}-")]
                for one in members if series else [subject]:
                    yield one, fact
