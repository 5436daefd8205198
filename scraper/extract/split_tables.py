"""Tables whose heading row is a table of its own above that of the rows, as fixed headings are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.passage import Passage


def rejoined(tables: Sequence[Table]) -> Iterator[Table]:
    """Yield the tables, one of headings alone joined with the next one, where that has as many columns and no headings.

    The joined table has the place and the context of its rows.
    """
    above: Table | None = None
    for table in tables:
        only_headings = len(table.grid.rows) == 1 and all(cell.tag == "th" for cell in table.grid.rows[0])
        if above is not None and not only_headings and _continues(table, above):
            yield replace(table, grid=Grid((*above.grid.rows, *table.grid.rows), 1))
        elif not only_headings:
            yield table
        above = table if only_headings else None


def _continues(table: Table, above: Table) -> bool:
    cells: Sequence[Passage] = [cell for row in table.grid.rows for cell in row]
    return table.grid.width == above.grid.width and all(cell.tag != "th" for cell in cells)
