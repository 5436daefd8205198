"""Pages of life cycles: a table of models for each state (active, legacy, ended), with ids, days and modalities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.document import Document
from scraper.extract.markup import Table
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.specs import modalities, read_date
from scraper.extract.vocabulary import without_marks
from scraper.records import Evidence, Fact, Reading, State

_COLUMNS: Final = {
    "(?:model )?names?|model versions?|models?": "name",
    "(?:model|api) ids?|api names?": "id",
    "launch date|release date": "released",
    "(?:eol|end[- ]of[- ]life) date": "retires",
    "input modalities": "inputs",
    "output modalities": "outputs",
}
_ID: Final = re.compile(r"[a-z0-9-]+\.[a-z0-9.:-]+")
_US_DAY: Final = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})")
_EVERYWHERE: Final = re.compile(r"\s*\(all regions\)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Which state the models under a heading are in: patterns over the (casefolded) heading, and the status."""

    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Row:
    status: str
    heading: Passage
    name: str
    model_id: str
    cells: Mapping[str, Passage]
    table: Table

    @property
    def place(self) -> str:
        """Where the row's name stands."""
        return self.cells["name"].locator

    @property
    def quote(self) -> str:
        """The whole row as it stands in the table."""
        number = int(re.findall(r"row\[(\d+)\]", self.place)[0])
        return dict(self.table.source_lines)[number]


def read_lifecycle(document: Document, lifecycle: Lifecycle) -> Reading:
    """Read the tables of states. A model that is in a later state, too, is in that one; it keeps its id.

    Days that hold for some regions alone, and days before which nothing happens, are not read.
    """
    offers = Offers()
    rows = [row for table in document.tables for row in _rows(table, lifecycle, offers)]
    if not rows:
        raise Unreadable("it has no table of models under a heading that is known")
    first = rows[0].status
    ids = {row.name.casefold(): row.model_id for row in rows if row.model_id}
    ending = {row.name.casefold() for row in rows if row.status != first}
    for row in rows:
        model_id = row.model_id or ids.get(row.name.casefold(), "")
        try:
            named = Named(model_id, row.name)
            overtaken = row.status == first and row.name.casefold() in ending
            offers.add(named, [] if overtaken else [_fact("status", row.status, row.heading.evidence())])
            offers.add(named, _specs(row, launched=[one.model_id for one in rows].count(model_id) == 1))
        except REFUSALS as problem:
            offers.note("unreadable", f"{row.name}: {problem}", row.place)
    return offers.reading()


def _rows(table: Table, lifecycle: Lifecycle, offers: Offers) -> Iterator[_Row]:
    heading = next(iter(reversed(table.context.headings)), None)
    for above in reversed(table.context.headings):
        if any(re.fullmatch(pattern, above.line.casefold()) for pattern in lifecycle.states):
            heading = above
            break
    said = heading.line.casefold() if heading else ""
    status = next((status for pattern, status in lifecycle.states.items() if re.fullmatch(pattern, said)), "")
    columns = {n: _column(path) for n, path in enumerate(table.grid.headers)}
    if not status or heading is None or "name" not in columns.values():
        return
    if any(not path for path in table.grid.headers):
        # A heading is missing, so the ones to its right stand over other columns: what any words fit is not read.
        offers.note("unreadable", "the table has fewer headings than columns", table.locator)
        columns = {n: column for n, column in columns.items() if column not in ("inputs", "outputs")}
    for line in table.grid.lines:
        cells = {column: cell for (n, column), cell in zip(columns.items(), _of(line.cells, columns), strict=True)}
        name, model_id = cells["name"].line, cells["id"].line if "id" in cells else ""
        if model_id and not _ID.fullmatch(model_id):
            offers.note("unreadable", f"{model_id[:60]!r} is not a model id", cells["id"].locator)
        elif name:
            yield _Row(status, heading, name, model_id, cells, table)


def _of(cells: tuple[Passage, ...], columns: Mapping[int, str]) -> list[Passage]:
    return [cells[n] for n in columns]


def _column(path: tuple[str, ...]) -> str:
    heading = without_marks(path[-1].casefold()) if path else ""
    return next((name for pattern, name in _COLUMNS.items() if re.fullmatch(pattern, heading)), "")


def _specs(row: _Row, *, launched: bool) -> Iterator[Fact]:
    """Yield what a row states; `launched` says that no other row has a day of launch for the same id."""
    for spec in ("released", "retires") if launched or not row.model_id else ("retires",):
        cell = row.cells.get(spec)
        days = _days(cell.text) if cell is not None else set()
        if cell is not None and len(days) == 1:
            yield _fact(spec, days.pop(), cell.evidence())
    sent, made = row.cells.get("inputs"), row.cells.get("outputs")
    if sent and made:
        value = modalities(_kinds(sent.line), [kind for kind in _kinds(made.line) if kind.casefold() != "chat"])
        yield _fact("modalities", value, Evidence(locator=row.table.locator, quote=row.quote))


def _kinds(text: str) -> list[str]:
    return [kind for kind in re.split(r"\s*,\s*", text) if kind]


def _days(text: str) -> set[str]:
    """The days that a cell names, in ISO form: a day for each region, one a line, or one for all; none for words."""
    found = set()
    for line in text.split("\n"):
        for part in line.split() if _US_DAY.match(line) else [_EVERYWHERE.sub("", line)]:
            match = _US_DAY.fullmatch(part)
            day = f"{match['year']}-{int(match['month']):02}-{int(match['day']):02}" if match else part
            try:
                found.add(read_date(day))
            except Unreadable:
                return set()
    return found


def _fact(field: str, value: str, evidence: Evidence) -> Fact:
    return Fact(field=field, state=State.SOURCED, value=value, evidence=evidence)
