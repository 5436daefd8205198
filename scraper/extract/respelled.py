"""Headings written another way before they are looked up: the thing and its unit in the order the vocabulary reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.passage import Passage


def respelled(table: Table, spellings: Mapping[str, str]) -> Table:
    """Return the table with each cell of its header rewritten by the first pattern (any case) that is all of its text.

    Only the text that is looked up changes; places and quotes stay.
    """

    def spelled(cell: Passage) -> Passage:
        for pattern, spelling in spellings.items():
            match = re.fullmatch(pattern, cell.line, re.IGNORECASE)
            if match:
                return cell.with_text(match.expand(spelling))
        return cell

    head = table.grid.header_rows
    rows = [tuple(spelled(cell) for cell in row) for row in table.grid.rows[:head]]
    return replace(table, grid=Grid((*rows, *table.grid.rows[head:]), head))
