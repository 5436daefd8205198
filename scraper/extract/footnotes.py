"""Footnotes of a document: the marks that its notes begin with, and what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scraper.extract.document import Document
from scraper.extract.passage import Passage
from scraper.records import Evidence

_NOTE = re.compile(r"(?:\((?P<a>\d{1,2})\)|\[(?P<b>\d{1,2})\]|(?P<c>\d{1,2}|[*†‡]+))\s+\S")


def footnote_marks(document: Document) -> frozenset[str]:
    """Return the marks ("1", "2", "*") that texts of the document begin with, as footnotes do."""
    matches = (_NOTE.match(text.passage.line) for text in document.texts)
    return frozenset(match["a"] or match["b"] or match["c"] for match in matches if match)


@dataclass(frozen=True, slots=True)
class Footnote:
    """One footnote: its text without the mark, as it stands in the quote of the passage that holds it."""

    text: str
    passage: Passage

    def evidence(self, part: str | None = None) -> Evidence:
        """Return the footnote (or a part of it) as evidence."""
        return self.passage.evidence(part or self.text)


_NUMBERED = re.compile(r"(?<!\S)[(\[](\d{1,2})[)\]]\s")


def footnotes_of(document: Document) -> dict[str, Footnote]:
    """Return the numbered footnotes of a document by their number ("1"); a number that two have is left out.

    A passage that begins with a mark ("(1) …") may hold several footnotes, one after the other.
    """
    found: dict[str, Footnote] = {}
    twice: set[str] = set()
    for text in document.texts:
        _, *parts = _NUMBERED.split(text.passage.quote)
        if not _NUMBERED.match(text.passage.quote):
            continue
        for mark, said in zip(parts[::2], parts[1::2], strict=True):
            twice.update({mark} & found.keys())
            found[mark] = Footnote(said.strip(), text.passage)
    return {mark: note for mark, note in found.items() if mark not in twice and note.text}


def marks_of(passage: Passage) -> tuple[str, ...]:
    """Return the numbers of the footnotes that a passage refers to, raised or in brackets: "PRICING(1)(2)"."""
    raised = [mark.strip("()[]") for mark in passage.footnotes]
    return tuple(dict.fromkeys([*raised, *re.findall(r"\((\d{1,2})\)", passage.text)]))


def unmarked(passage: Passage) -> Passage:
    """Return a passage without the footnote marks in brackets that its text has."""
    return passage.with_text(re.sub(r"\(\d{1,2}\)", "", passage.text).strip())
