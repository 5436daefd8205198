"""Prices whose unit is raised beside the amount: "€1.80 /<sup>million tokens</sup>".

Raised text is a footnote's mark elsewhere, and is taken off; here it is put back where it is a unit.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.passage import Passage

_UNIT: Final = re.compile(r"/ \[(?P<words>[a-z][a-z ]*)\]\s*", re.IGNORECASE)
_CACHED: Final = re.compile(r"(?P<unit>.*\btokens) cached", re.IGNORECASE)
_AUDIO: Final = re.compile(r"audio (?P<clock>second|minute|hour)", re.IGNORECASE)


def with_raised_units(table: Table) -> Table:
    """Return the table with the units that its cells raise as a part of their text, a price a line."""
    rows = tuple(tuple(_with_units(cell) for cell in row) for row in table.grid.rows)
    return replace(table, grid=Grid(rows, table.grid.header_rows))


def _with_units(cell: Passage) -> Passage:
    return cell.with_text(_UNIT.sub(_said, cell.quote).strip()) if _UNIT.search(cell.quote) else cell


def _said(match: re.Match[str]) -> str:
    words = _CACHED.sub(r"\g<unit> cached input", match["words"])
    words = _AUDIO.sub(r"\g<clock> of audio", words)
    return f"/ {words}\n"
