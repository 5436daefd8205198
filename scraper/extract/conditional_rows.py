"""Tables in which cells say when the prices of their row hold: for a length of the prompt, with sound, in a mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scraper.extract import REFUSALS
from scraper.extract.grid import Line
from scraper.extract.markup import Table
from scraper.extract.offers import Offers
from scraper.extract.prices import Scale
from scraper.extract.tables import LineFacts, columns_of, note_unknown, read_line
from scraper.extract.vocabulary import Vocabulary

CONDITION: Final = "condition"
"""The heading of a column of such cells."""

Condition = Callable[[str], Mapping[str, str | int]]
"""Says which labels a cell gives to the prices of its row. Raises `Unreadable` for a cell that is not understood."""


@dataclass(frozen=True, slots=True)
class Conditional:
    """One row that has been read: what it states, and its cells."""

    stated: LineFacts
    line: Line


def conditional_rows(
    table: Table, offers: Offers, *, scale: Scale, vocabulary: Vocabulary, condition: Condition
) -> Iterator[Conditional]:
    """Yield the rows of a table with their prices labelled by their conditions.

    Headings that are not known are noted, and rows with a condition that is refused are noted and left out.
    """
    columns = columns_of(table.grid, vocabulary)
    note_unknown(columns.paths, columns.meanings, table.locator, offers)
    for line in table.grid.lines:
        labels: dict[str, str | int] = {}
        try:
            for path, cell in line:
                if CONDITION in path and cell:
                    labels |= condition(cell.text)
        except REFUSALS as problem:
            who = next((cell.line for cell in line.cells if cell), "")
            offers.note("unreadable", f"{who}: {problem}", table.locator)
            continue
        found = read_line(line, columns, scale.labelled(**labels), offers)
        yield Conditional(found, line)
