"""Tables in which models cross headings: each cell with its model and headings, whichever side the models are on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scraper.extract.footnotes import unmarked
from scraper.extract.markup import Table
from scraper.extract.passage import Passage
from scraper.extract.vocabulary import fold

Crossing = tuple[Passage, tuple[Passage, ...], Passage]
"""The model's cell, the cells of the headings from the outermost on, and the cell itself."""


def crossings(table: Table, corner: str, model_id: re.Pattern[str]) -> Iterator[Crossing]:
    """Yield the cells of a table whose first cell is the (folded) word `corner`, over one column or several.

    Where the other cells of the first row are ids, the models are the columns and the columns under the corner hold the
    headings. Else the models are the rows, and further columns under the corner are headings inside a model.
    """
    first, *rows = table.grid.rows
    under = next((n for n, cell in enumerate(first) if fold(cell.line) != corner), len(first))
    as_columns = under < len(first) and all(model_id.fullmatch(unmarked(cell).line) for cell in first[under:])
    for row in rows:
        for top, cell in zip(first[under:], row[under:], strict=True):
            if as_columns:
                yield top, tuple(dict.fromkeys(row[:under])), cell
            else:
                yield row[0], (top, *dict.fromkeys(row[1:under])), cell
