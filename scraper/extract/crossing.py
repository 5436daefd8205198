"""Tables in which models cross headings: each cell with its model and headings, whichever side the models are on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scraper.extract.footnotes import unmarked
from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.passage import Passage
from scraper.extract.vocabulary import VOCABULARY, Role

Crossing = tuple[Passage, tuple[Passage, ...], Passage, tuple[Passage, ...]]
"""The model's cell, the cells of the headings from the outermost on, the cell itself, and all such cells of its row."""


def is_corner(cell: Passage) -> bool:
    """Say whether a cell is the heading of the models ("MODEL"), over whose row or column they stand."""
    meaning = VOCABULARY.meaning(unmarked(cell).line)
    return meaning is not None and meaning.role is Role.NAME


def with_corner_first(table: Table) -> Table | None:
    """Return a table that has a heading of the models in its first row with that column in front; else None."""
    first = table.grid.rows[0] if table.grid.width else ()
    corner = next((n for n, cell in enumerate(first) if is_corner(cell)), None)
    if not corner:
        return None if corner is None else table
    rows = tuple((row[corner], *row[:corner], *row[corner + 1 :]) for row in table.grid.rows)
    return replace(table, grid=Grid(rows, table.grid.header_rows))


def crossings(table: Table, model_id: re.Pattern[str]) -> Iterator[Crossing]:
    """Yield the cells of a table whose first cell is the heading of the models, over one column or several.

    Where the other cells of the first row are ids, the models are the columns and the columns under the corner hold the
    headings. Else the models are the rows, and further columns under the corner are headings inside a model. Markdown
    cannot span cells: an empty heading before another one is the heading above, one after another is none.
    """
    first, *rows = table.grid.rows
    under = next((n for n, cell in enumerate(first) if cell and not is_corner(cell)), len(first))
    as_columns = under < len(first) and all(model_id.fullmatch(unmarked(cell).line) for cell in first[under:])
    above = first[:under]
    for row in rows:
        last = max((n for n, cell in enumerate(row[:under]) if cell), default=0)
        above = tuple(cell or (above[n] if n < last else cell) for n, cell in enumerate(row[:under]))
        headings = tuple(dict.fromkeys(cell for n, cell in enumerate(above) if cell or not n))
        for top, cell in zip(first[under:], row[under:], strict=True):
            model, path = (top, headings) if as_columns else (row[0], (top, *headings[1:]))
            yield model, path, cell, row[under:]
