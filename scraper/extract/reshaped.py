"""Tables made over before they are read: cells in other words, rows left out or moved below a row's name, headings
joined with the rows below them or spelled another way, raised units put back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.naming import read_title, split_joined, status_fact
from scraper.extract.offers import Named
from scraper.extract.passage import Passage
from scraper.extract.relabel import relabelled
from scraper.extract.tables import LineFacts, columns_of
from scraper.extract.vocabulary import Role, Vocabulary, threshold_of

_CLIP: Final = re.compile(r"(?P<resolution>\d{3,4}P|\dK),? (?P<length>\d+s)\b", re.IGNORECASE)
_OF_A_CLIP: Final = re.compile(rf"(?P<amount>[$¥]\s?[\d.]+)(?: (?:/|per) {_CLIP.pattern} video)?", re.IGNORECASE)
_PERMANENT: Final = re.compile(r"\s*permanent \d+% off", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"(\d+[KM]) ?[~–-] ?\d+[KM]", re.IGNORECASE)


def reworded(table: Table, words: Mapping[str, str], *, left_out: str = "") -> Table:
    """Return the table with each cell that a pattern (any case) is all of in other words, and without the rows in which
    a cell has a match of `left_out`. Only the text that is looked up changes; places and quotes stay."""

    respelled_as = _speller(tuple(words.items()))

    def said(cell: Passage) -> Passage:
        spelled = respelled_as(cell.text)
        return cell if spelled is None else cell.with_text(spelled)

    rows: Iterable[Sequence[Passage]] = table.grid.rows
    if left_out:
        rows = [row for row in rows if not any(re.search(left_out, cell.line) for cell in row)]
    return _with_rows(table, [[said(cell) for cell in row] for row in rows])


@lru_cache(maxsize=64)
def _speller(spellings: tuple[tuple[str, str], ...]) -> Callable[[str], str | None]:
    """Return what tells what the first pattern (any case) that is all of a text makes of it, on one line; None where
    none is.
    """
    patterns = [(re.compile(pattern, re.IGNORECASE), spelling) for pattern, spelling in spellings]

    # The same words stand in cell after cell.
    @lru_cache(maxsize=4096)
    def spelled(text: str) -> str | None:
        line = " ".join(text.split())
        for pattern, spelling in patterns:
            match = pattern.fullmatch(line)
            if match:
                return match.expand(spelling)
        return None

    return spelled


def clips_by_size(table: Table, vocabulary: Vocabulary) -> Table:
    """Return a table of videos sold by the clip with "768P, 6s" of a row as the resolution beside its price and, on a
    line of its own below the row's name, the length."""
    name = columns_of(table.grid, vocabulary).of_role(Role.NAME)
    return _with_rows(table, [_clip(row, name) for row in table.grid.rows])


def _clip(row: Sequence[Passage], name: int | None) -> Sequence[Passage]:
    found = next((match for cell in row if (match := _CLIP.search(cell.line))), None)
    if found is None:
        return row
    cells = []
    for number, cell in enumerate(row):
        amount = _OF_A_CLIP.fullmatch(cell.line)
        if number == name:
            cell = cell.with_text(f"{cell.text}\n{found['length']}")
        elif amount:
            cell = cell.with_text(f"{amount['amount']} per video, {found['resolution']}")
        cells.append(cell)
    return cells


def _with_rows(table: Table, rows: Iterable[Sequence[Passage]]) -> Table:
    return replace(table, grid=Grid(tuple(tuple(row) for row in rows), table.grid.header_rows))


def named_by_lines(line: LineFacts) -> list[Named]:
    """Name the offers of a line by the first line of its name's cell, which prints ids; the other lines say when its
    prices hold: a length of prompt ("≤ 512k input tokens"), a length of video ("6s"), a discount that does not end.

    Raises `Unreadable` for other words.
    """
    if line.name is None or not line.name.lines:
        return []
    title = read_title(line.name.lines[0])
    for words in line.name.lines[1:]:
        rest = _BETWEEN.sub(r"> \1", _PERMANENT.sub("", words)).strip(" *")
        if rest != words.strip(" *"):
            line.facts = [fact.model_copy(update={"promotional": False}) for fact in line.facts]
        limit = threshold_of(rest)
        if re.fullmatch(r"\d+s", rest):
            line.facts = relabelled(line.facts, mode=rest)
        elif limit is None and rest:
            raise Unreadable(f"{words!r} below a name is not understood")
        else:
            line.facts = relabelled(line.facts, prompt_gt=limit or 0)
    status = status_fact(title, line.name)
    return [Named(name if " " not in name else "", name, status) for name in split_joined(title.name)]


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


def respelled(table: Table, spellings: Mapping[str, str]) -> Table:
    """Return the table with each cell of its header rewritten by the first pattern (any case) that is all of its text.

    Only the text that is looked up changes; places and quotes stay.
    """

    head = table.grid.header_rows
    above = replace(table, grid=Grid(table.grid.rows[:head], head))
    return replace(table, grid=Grid((*reworded(above, spellings).grid.rows, *table.grid.rows[head:]), head))


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
