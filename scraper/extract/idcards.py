"""Cards of models as texts: a name, labels each followed by a price, and at the end the id that a caller sends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scraper.extract.document import Document
from scraper.extract.markup import Heading, Text
from scraper.extract.passage import Passage
from scraper.extract.tables import MONEY
from scraper.extract.vocabulary import Vocabulary

_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:[-.][a-z0-9.]+)+")
_SUFFIX: Final = re.compile(r"(?:/|per) ?[\w ,]+")


@dataclass(frozen=True, slots=True)
class Card:
    """A card: its id, the name above its prices (the id where none stands there), labels with their prices."""

    model_id: str
    name: str
    rows: tuple[tuple[Passage, Passage], ...]
    unread: tuple[Passage, ...] = ()
    """Prices of the card that no known label stands in front of."""


def cards_with_id(document: Document, vocabulary: Vocabulary) -> Iterator[Card]:
    """Yield the cards whose id stands alone in a text right after their prices, with at most one text between.

    The name is the heading above the prices, else the id. What follows a price as "/ 1K pages" is a part of it. Prices
    that no id follows (of tools, of plans) are left out.
    """
    rows: list[tuple[Passage, Passage]] = []
    unread: list[Passage] = []
    name, gap = "", 0
    label: Passage | None = None
    for block in document.blocks:
        if not isinstance(block, Heading | Text):
            continue
        passage, line = block.passage, block.passage.line
        meaning = vocabulary.meaning(line)
        if isinstance(block, Heading):
            rows, unread, name, label = [], [], line, None
        elif label is not None and (MONEY.search(line) or line.casefold() == "free"):
            rows, label, gap = [*rows, (label, passage)], None, 0
        elif rows and not gap and _SUFFIX.fullmatch(line):
            rows[-1] = (rows[-1][0], rows[-1][1].with_text(f"{rows[-1][1].text} {line}"))
        elif meaning is not None and meaning.key is not None:
            rows, label = ([] if gap else rows), passage
        elif _ID.fullmatch(line):
            if (rows or unread) and gap <= 1:
                yield Card(line, name or line, tuple(rows), tuple(unread))
            rows, unread, name = [], [], ""
        elif MONEY.search(line):
            unread, gap = [*unread, passage], 0
        else:
            gap += 1
