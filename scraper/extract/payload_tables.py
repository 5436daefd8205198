"""Tables that a page holds as data for its own scripts, made into the same tables as those that it shows.

An object with `rows` (lists of cells), or with `groups` of rows that share their first cell, is a table. Its headings
are its own (`headings`, or `headingLabels` under `headingGroups`), else those of the table shown in its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.offers import Offers
from scraper.extract.passage import Passage
from scraper.extract.payload import Payload
from scraper.extract.vocabulary import fold, threshold_of

Row = tuple[Passage, ...]


def payload_tables(payload: Payload, offers: Offers, *, optional: Collection[str] = ()) -> Iterator[Table]:
    """Yield the table that a payload holds; none where it holds none.

    A row may lack the columns whose headings (folded) are `optional`; where the headings are those of the shown
    table, it may also have the columns of its first group alone. A row of any other length is noted and left out.
    """
    value = payload.value
    if not isinstance(value, dict):
        return
    rows = list(_rows(payload, value))
    heads = _own_headings(payload, value) or _shown_headings(payload)
    if not rows or not heads:
        return
    paths = Grid(heads, len(heads)).headers
    whole = bool(value.get("headings") or value.get("headingLabels"))
    body = []
    for row in rows:
        columns = _columns(paths, len(row), optional, whole=whole)
        if columns is None:
            text = f"a row of {len(row)} cells does not fit {len(paths)} headings: {row[0].line}"
            offers.note("unreadable", text, row[0].locator)
            continue
        cells = dict(zip(columns, row, strict=True))
        body.append(tuple(cells.get(place, Passage("", "", "")) for place in range(len(paths))))
    yield Table(Grid((*heads, *body), len(heads)), f"{payload.locator}#", payload.context)


def _rows(payload: Payload, value: dict[str, Any]) -> Iterator[Row]:
    for number, row in enumerate(_list(value, "rows")):
        yield _cells(payload, f"/rows/{number}", row)
    for place, group in enumerate(_list(value, "groups")):
        if isinstance(group, dict) and "model" in group:
            first = payload.passage(f"/groups/{place}/model")
            for number, row in enumerate(_list(group, "rows")):
                yield (first, *_cells(payload, f"/groups/{place}/rows/{number}", row))


def _cells(payload: Payload, pointer: str, row: object) -> Row:
    return tuple(payload.passage(f"{pointer}/{place}") for place in range(len(row) if isinstance(row, list) else 0))


def _list(value: dict[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _own_headings(payload: Payload, value: dict[str, Any]) -> tuple[Row, ...]:
    """Return the header rows: groups, the thresholds that their hints state, headings; or nothing."""
    groups, labels = _list(value, "headingGroups"), _list(value, "headingLabels")
    if not groups or not labels:
        key = "headings" if value.get("headings") else "headingLabels"
        headings = tuple(_label(payload, f"/{key}/{n}", label) for n, label in enumerate(_list(value, key)))
        return (headings,) if headings else ()
    above: list[Passage] = []
    hints: list[Passage] = []
    for number, group in enumerate(groups):
        pointer, span = f"/headingGroups/{number}/label", group.get("colSpan", 1)
        above.extend([_label(payload, pointer, group.get("label"))] * span)
        hints.extend([_hint(payload, pointer, group.get("label"))] * span)
    last = tuple(_label(payload, f"/headingLabels/{n}", label) for n, label in enumerate(labels))
    return (tuple(above), tuple(hints), last) if len(above) == len(last) else ()


def _described(label: object) -> tuple[str, dict[str, Any]]:
    """Return the key and the object of a heading that comes with a hint: `{"…": {"label": …, "tooltip": …}}`."""
    if isinstance(label, dict) and len(label) == 1:
        key, inner = next(iter(label.items()))
        if isinstance(inner, dict):
            return key, inner
    return "", {}


def _label(payload: Payload, pointer: str, label: object) -> Passage:
    key, inner = _described(label)
    return payload.passage(f"{pointer}/{key}/label" if "label" in inner else pointer)


def _hint(payload: Payload, pointer: str, label: object) -> Passage:
    key, inner = _described(label)
    hint = inner.get("tooltip")
    if isinstance(hint, str) and threshold_of(hint) is not None:
        return payload.passage(f"{pointer}/{key}/tooltip")
    return Passage("", "", payload.locator)


def _shown_headings(payload: Payload) -> tuple[Row, ...]:
    if len(payload.tables) != 1:
        return ()
    grid = payload.tables[0].grid
    return grid.rows[: grid.header_rows]


def _columns(
    paths: tuple[tuple[str, ...], ...], count: int, optional: Collection[str], *, whole: bool
) -> list[int] | None:
    """Return the columns that a row of `count` cells fills, or None where that cannot be said."""
    every = list(range(len(paths)))
    group = next((path[0] for path in paths if len(path) > 1), "")
    first = [place for place in every if len(paths[place]) < 2 or paths[place][0] == group]
    for columns in (every,) if whole else (every, first):
        needed = [place for place in columns if not paths[place] or fold(paths[place][-1]) not in optional]
        for some in (columns, needed):
            if len(some) == count:
                return some
    return None
