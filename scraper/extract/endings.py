"""Sentences that say until when models are sold: "The `kimi-k2` series models were officially discontinued on …"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.specs import DATE_PATTERN, read_date
from scraper.records import Fact, State

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
