"""Tables without markup: headings, then rows of cells, each a text of its own, in reading order.

    Model Name, Context Length, Input, Cached Input, Output, Actions,
    DeepSeek-V3.2, 164K, $, 0.27, $, 0.135, $, 0.42, Details,
    Load More, Prices shown are per 1 million tokens.

The word that ends each row is the link in its last column; a sign and its number may be two texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from scraper.extract.document import Document
from scraper.extract.money import find_unit
from scraper.extract.passage import Passage
from scraper.meters import Unit

_SIGN: Final = "$"
_AMOUNT: Final = re.compile(r"\$? ?\d+(?:\.\d+)?")
_MOST_HEADINGS: Final = 12


@dataclass(slots=True)
class TextTable:
    """A table of texts: its headings, its rows, and the unit that the note below it names."""

    headings: list[str]
    rows: list[list[Passage]] = field(default_factory=list)
    unit: Unit | None = None


def text_tables(document: Document, *, first: str, last: str, end: str) -> Iterator[TextTable]:
    """Yield the tables whose headings go from `first` to `last` and whose rows end with `end` (casefolded words)."""
    passages = [text.passage for text in document.texts]
    starts = [place for place, passage in enumerate(passages) if passage.line.casefold() == first]
    for number, start in enumerate(starts):
        stop = starts[number + 1] if number + 1 < len(starts) else len(passages)
        words = [passage.line.casefold() for passage in passages[start:stop]]
        if last not in words[:_MOST_HEADINGS]:
            continue
        body = start + words.index(last) + 1
        table = TextTable([passage.line for passage in passages[start : body - 1]])
        row: list[Passage] = []
        for passage in passages[body:stop]:
            if passage.line.casefold() == end:
                table.rows.append(row)
                row = []
            else:
                row.append(passage)
        table.unit = next((unit for rest in row if (unit := find_unit(rest.line)) is not None), None)
        yield table


def amounts(cells: list[Passage]) -> tuple[list[Passage], list[Passage]]:
    """Split the cells of a row into those that are amounts of dollars and the others; the sign may stand alone."""
    prices: list[Passage] = []
    others: list[Passage] = []
    signed = False
    for cell in cells:
        if cell.line == _SIGN:
            signed = True
        elif _AMOUNT.fullmatch(cell.line) and (signed or cell.line.startswith(_SIGN)):
            prices.append(cell)
            signed = False
        else:
            others.append(cell)
    return prices, others
