"""Tables without table markup: texts one after the other, first the headings, then each row from its id on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scraper.extract.grid import Grid
from scraper.extract.markup import Context, Table, Text
from scraper.extract.passage import Passage
from scraper.extract.tables import MONEY
from scraper.extract.vocabulary import Role, Vocabulary


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
