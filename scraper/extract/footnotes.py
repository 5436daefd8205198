"""Footnotes of a document: the marks that its notes begin with."""

from __future__ import annotations

import re

from scraper.extract.document import Document

_NOTE = re.compile(r"(?:\((?P<a>\d{1,2})\)|\[(?P<b>\d{1,2})\]|(?P<c>\d{1,2}|[*†‡]+))\s+\S")


def footnote_marks(document: Document) -> frozenset[str]:
    """Return the marks ("1", "2", "*") that texts of the document begin with, as footnotes do."""
    matches = (_NOTE.match(text.passage.line) for text in document.texts)
    return frozenset(match["a"] or match["b"] or match["c"] for match in matches if match)
