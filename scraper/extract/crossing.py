"""Tables in which models cross headings: each cell with its model and headings, whichever side the models are on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scraper.extract.footnotes import unmarked
from scraper.extract.markup import Table
from scraper.extract.passage import Passage
from scraper.extract.vocabulary import fold

Crossing = tuple[Passage, tuple[Passage, ...], Passage, tuple[Passage, ...]]
"""The model's cell, the cells of the headings from the outermost on, the cell itself, and all such cells of its row."""


def crossings(table: Table, corner: str, model_id: re.Pattern[str]) -> Iterator[Crossing]:
    """Yield the cells of a table whose first cell is the (folded) word `corner`, over one column or several.

    Where the other cells of the first row are ids, the models are the columns and the columns under the corner hold the
    headings. Else the models are the rows, and further columns under the corner are headings inside a model. Markdown
    cannot span cells: an empty heading before another one is the heading above, one after another is none.
    """
    first, *rows = table.grid.rows
    under = next((n for n, cell in enumerate(first) if fold(cell.line) not in (corner, "")), len(first))
    as_columns = under < len(first) and all(model_id.fullmatch(unmarked(cell).line) for cell in first[under:])
    above = first[:under]
    for row in rows:
        last = max((n for n, cell in enumerate(row[:under]) if cell), default=0)
        above = tuple(cell or (above[n] if n < last else cell) for n, cell in enumerate(row[:under]))
        headings = tuple(dict.fromkeys(cell for n, cell in enumerate(above) if cell or not n))
        for top, cell in zip(first[under:], row[under:], strict=True):
            model, path = (top, headings) if as_columns else (row[0], (top, *headings[1:]))
            yield model, path, cell, row[under:]
