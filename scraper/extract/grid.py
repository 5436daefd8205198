"""Tables as rectangular grids: spans spread out, header paths known, turned round where models are the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scraper.extract.passage import Passage

Spanned = tuple[Passage, int, int]
"""A cell with its rowspan and colspan."""

_EMPTY = Passage("", "", "")
_MONEY_OR_MARK = re.compile(r"[$＄€£¥￥₹]|^[-–—]$|^\d[\d.,]*$")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a grid below its header: its cells with the header path of each."""

    cells: tuple[Passage, ...]
    headers: tuple[tuple[str, ...], ...]

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], Passage]]:
        return iter(zip(self.headers, self.cells, strict=True))


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in which every row has the same number of cells; a cell that spans several places stands in each.

    The first `header_rows` rows name the columns.
    """

    rows: tuple[tuple[Passage, ...], ...]
    header_rows: int = 1

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.rows[0]) if self.rows else 0

    @property
    def headers(self) -> tuple[tuple[str, ...], ...]:
        """The header path of each column, from the top; a text that spans rows, and an empty one, is said once."""
        paths = []
        for column in range(self.width):
            path: list[str] = []
            for row in self.rows[: self.header_rows]:
                text = row[column].line
                if text and (not path or path[-1] != text):
                    path.append(text)
            paths.append(tuple(path))
        return tuple(paths)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The rows below the header."""
        headers = self.headers
        return tuple(Line(row, headers) for row in self.rows[self.header_rows :])

    def transposed(self, header_columns: int = 1) -> Grid:
        """Return the table with rows and columns swapped; its first `header_columns` columns become the header."""
        return Grid(tuple(zip(*self.rows, strict=True)), header_columns)


def spread(rows: Sequence[tuple[list[Spanned], bool, bool]]) -> Grid:
    """Make a grid of rows of spanned cells; each row comes with "is in the table's head" and "is short in its source".

    Where no row is marked as head, the leading rows of header cells are the header, else the first row.
    """
    filled = _unspanned(rows) or _spread(rows)
    head = _header_rows(rows)
    for number, (_, _, short) in enumerate(rows):
        if short and number > head:
            filled[number] = _realigned(filled[number], filled[number - 1], len(rows[number][0]))
    return Grid(tuple(filled), head)


def _unspanned(rows: Sequence[tuple[list[Spanned], bool, bool]]) -> list[tuple[Passage, ...]]:
    """Return the cells of rows of which none spans another place, and which are all as wide; nothing for others."""
    width = len(rows[0][0]) if rows else 0
    if any(len(cells) != width or any(down != 1 or across != 1 for _, down, across in cells) for cells, _, _ in rows):
        return []
    return [tuple([passage for passage, _, _ in cells]) for cells, _, _ in rows]


def _spread(rows: Sequence[tuple[list[Spanned], bool, bool]]) -> list[tuple[Passage, ...]]:
    """Return the cells of rows, each in all the places that it spans."""
    grid: list[dict[int, Passage]] = [{} for _ in rows]
    for number, (cells, _, _) in enumerate(rows):
        column = 0
        for passage, down, across in cells:
            while column in grid[number]:
                column += 1
            for row in range(number, min(number + down, len(rows))):
                for place in range(column, column + across):
                    grid[row].setdefault(place, passage)
            column += across
    width = max((max(row, default=-1) + 1 for row in grid), default=0)
    return [tuple([row.get(place, _EMPTY) for place in range(width)]) for row in grid]


def _header_rows(rows: Sequence[tuple[list[Spanned], bool, bool]]) -> int:
    marked = 0
    for cells, in_head, _ in rows:
        if not in_head and not (cells and all(passage.tag == "th" for passage, _, _ in cells)):
            break
        marked += 1
    return marked or min(1, len(rows))


def _realigned(row: tuple[Passage, ...], above: tuple[Passage, ...], given: int) -> tuple[Passage, ...]:
    """Mend a row that a rendering cut short: where a cell above spans it, its own cells stand further right.

    The kinds of the cells (a price or mark, or words) decide; where both readings fit, the row stays as it is.
    """
    own = row[:given]
    shift = len(row) - given
    kinds = [bool(_MONEY_OR_MARK.search(cell.line)) for cell in own]
    left = [bool(_MONEY_OR_MARK.search(cell.line)) for cell in above[:given]]
    right = [bool(_MONEY_OR_MARK.search(cell.line)) for cell in above[shift:]]
    if kinds == right and kinds != left:
        return above[:shift] + own
    return row


def header_group_continued(grid: Grid) -> Grid:
    """Return the grid with empty cells of all but the last header row filled from their left neighbour.

    Markdown cannot span columns: "| | Short context | | | Long context |" leaves the rest of a group empty.
    """
    rows = list(grid.rows)
    for number in range(grid.header_rows - 1):
        filled: list[Passage] = []
        for cell in rows[number]:
            filled.append(cell if cell or not filled else filled[-1])
        rows[number] = tuple(filled)
    return Grid(tuple(rows), grid.header_rows)
