"""Tables without markup: headings, then the cells of each row, each a text of its own, in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from scraper.extract.document import Document
from scraper.extract.grid import Grid
from scraper.extract.markup import Context, Table, Text
from scraper.extract.money import find_unit
from scraper.extract.passage import Passage
from scraper.extract.tables import MONEY
from scraper.extract.vocabulary import Role, Vocabulary
from scraper.meters import Unit


def text_tables(texts: Sequence[Text], vocabulary: Vocabulary, model_id: re.Pattern[str]) -> Iterator[Table]:
    """Yield a table for each run of texts of a page that begins with the headings of a table of prices.

    `model_id` matches the whole text that begins a row. Texts of a row before its first price stand below its id in the
    name's cell. A row that has not exactly one text for each price ends its table.
    """
    place = 0
    while place < len(texts):
        heads = _headings(texts[place:], vocabulary)
        if not heads:
            place += 1
            continue
        context = texts[place].context
        place += len(heads)
        rows = []
        while (row := _row(texts[place:], len(heads), model_id)) is not None:
            cells, used = row
            rows.append(cells)
            place += used
        if rows:
            yield _table(heads, rows, context)


def _headings(texts: Sequence[Text], vocabulary: Vocabulary) -> list[Passage]:
    heads: list[Passage] = []
    for text in texts:
        meaning = vocabulary.meaning(text.passage.line)
        wanted = meaning is not None and (meaning.key is not None if heads else meaning.role is Role.NAME)
        if not wanted:
            break
        heads.append(text.passage)
    return heads if len(heads) > 1 else []


def _row(texts: Sequence[Text], width: int, model_id: re.Pattern[str]) -> tuple[list[Passage], int] | None:
    if not texts or not model_id.fullmatch(texts[0].passage.line):
        return None
    name, used = texts[0].passage, 1
    while used < len(texts) and not MONEY.search(texts[used].passage.line) and used < 3:
        if model_id.fullmatch(texts[used].passage.line):
            return None
        name = name.with_text(f"{name.text}\n{texts[used].passage.line}")
        used += 1
    prices = [text.passage for text in texts[used : used + width - 1]]
    if len(prices) < width - 1 or not all(MONEY.search(price.line) for price in prices):
        return None
    return [name, *prices], used + width - 1


def _table(heads: list[Passage], rows: list[list[Passage]], context: Context) -> Table:
    return Table(Grid((tuple(heads), *(tuple(row) for row in rows)), 1), heads[0].locator, context)


_SIGN: Final = "$"
_AMOUNT: Final = re.compile(r"\$? ?\d+(?:\.\d+)?")
_MOST_HEADINGS: Final = 12


@dataclass(slots=True)
class TextTable:
    """A table of texts: its headings, its rows, and the unit that the note below it names."""

    headings: list[str]
    rows: list[list[Passage]] = field(default_factory=list)
    unit: Unit | None = None


def tables_between(document: Document, *, first: str, last: str, end: str) -> Iterator[TextTable]:
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
