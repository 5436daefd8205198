"""Tables of prices and specs as facts: what each column means by its heading, and what each line says.

`read_table(table, offers, ...)` is the whole of most providers: it finds the name column, reads every price and spec
column of every line, and reports headings and cells that are not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.grid import Grid, Line
from scraper.extract.markup import Table
from scraper.extract.money import SIGN, find_unit
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import Scale, facts_of
from scraper.extract.specs import read_date, read_tokens
from scraper.extract.vocabulary import VOCABULARY, Meaning, Role, Vocabulary, modality_of, tier_of
from scraper.meters import RateKey, Unit
from scraper.records import SPECS, Fact

MONEY = re.compile(rf"{SIGN}\s?\.?\d|\d\s?{SIGN}")
"""What a table of prices has in a cell."""
_OTHER_MONEY = (
    r"(?:[₩₽₺₫฿₪₦₱₴₸]|kr\.?|zł|Kč|Rp|S/|(?:AED|AUD|BRL|CAD|CHF|CLP|COP|CZK|DKK|HKD|HUF|IDR|ILS|KRW|MXN|MYR|NOK|NZD"
    r"|PEN|PHP|PLN|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|VND|ZAR))"
)
_BARE = re.compile(rf"\d{{1,4}}(?:\.\d+)?|{_OTHER_MONEY}\s?\d[\d.,]*|\d[\d.,]*\s?{_OTHER_MONEY}")
"""What may well be an amount, and does not say of which of the moneys that are read."""
_NOTHING = re.compile(r"[-–—]|n/?a", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a grid mean; None for a heading that is not known."""

    meanings: tuple[Meaning | None, ...]
    paths: tuple[tuple[str, ...], ...]
    units: tuple[Unit | None, ...]
    """The unit that each heading names, or one above it; None where none does."""

    @property
    def has_prices(self) -> bool:
        """Say whether any column is a price."""
        return any(meaning is not None and meaning.key is not None for meaning in self.meanings)

    def of_role(self, role: Role) -> int | None:
        """Return the number of the first column of a role, or None."""
        return next((n for n, meaning in enumerate(self.meanings) if meaning and meaning.role is role), None)


@dataclass(slots=True)
class LineFacts:
    """What one line says: its name and id cells, and the facts of its other cells."""

    name: Passage | None = None
    model_id: Passage | None = None
    facts: list[Fact] = field(default_factory=list)


def columns_of(grid: Grid, vocabulary: Vocabulary = VOCABULARY) -> Columns:
    """Look up the headings of a grid."""
    paths = grid.headers
    return Columns(
        meanings=tuple(vocabulary.meaning_of_path(path) for path in paths),
        paths=paths,
        units=tuple(next(filter(None, map(find_unit, reversed(path))), None) for path in paths),
    )


def unit_scale(scale: Scale, *texts: str) -> Scale:
    """Return the scale with the unit that texts name; unchanged where none does.

    Where they name several ("Prices per 1M tokens.", "560 tokens per image"), it has none, so that prices are noted.
    """
    units = {find_unit(text) for text in texts} - {None}
    return replace(scale, unit=None) if len(units) > 1 else scale.in_unit(next(iter(units), None))


def read_line(
    line: Line, columns: Columns, scale: Scale, offers: Offers, *, footnotes: Collection[str] = ()
) -> LineFacts:
    """Read the cells of one line by the meanings of their columns; what cannot be read is noted, never skipped."""
    found = LineFacts()
    modality, labels = "", dict[str, str]()
    for meaning, cell in zip(columns.meanings, line.cells, strict=True):
        role = meaning.role if meaning else None
        if role is Role.NAME:
            found.name = found.name or cell
        elif role is Role.ID:
            found.model_id = found.model_id or cell
        elif role is Role.MODALITY:
            try:
                modality = modality_of(cell.line)
            except Unreadable as problem:
                # Which of its prices are whose is not known then.
                offers.note("unreadable", str(problem), cell.locator)
                return found
        elif role in (Role.RESOLUTION, Role.QUALITY) and role is not None and cell.line:
            labels[role.value] = cell.line.replace(" ", "").replace("×", "x")
    own, scale = _own_unit(line, columns, scale.labelled(**labels))
    columned = zip(columns.meanings, columns.paths, columns.units, line.cells, strict=True)
    for meaning, path, unit, cell in columned:
        if meaning is None or meaning.role is not None or not cell.text.strip():
            continue
        try:
            if meaning.spec:
                found.facts.extend(spec_facts(cell, meaning.spec, footnotes=footnotes))
            else:
                # A column of labels alone ("> 200K input tokens"): the cell says which price it is ("Input: $6").
                key = meaning.key or RateKey("tokens", "", meaning.labels)
                key = key.with_modality(modality) if modality else key
                if own and unit not in (None, scale.unit):
                    raise Unreadable(f"its line is per {own!r}, and its heading per {unit}")
                found.facts.extend(facts_of(cell, key, scale.in_unit(unit)))
        except REFUSALS as problem:
            offers.note("unreadable", f"{' / '.join(path)}: {problem}", cell.locator)
    return found


def _own_unit(line: Line, columns: Columns, scale: Scale) -> tuple[str, Scale]:
    """Return what a line's own cell says of its unit, "" where it has none, and the scale with that unit; with none,
    so that prices are noted, for words that name none.
    """
    place = columns.of_role(Role.UNIT)
    if place is None:
        return "", scale
    said = line.cells[place].line
    return said, replace(scale, unit=find_unit(f"per {said}"))


def spec_facts(cell: Passage, name: str, *, footnotes: Collection[str] = ()) -> tuple[Fact, ...]:
    """Return the fact that a cell states for a spec; none for an empty cell or a dash.

    Raises `Unreadable` for a cell that is not of the spec's kind.
    """
    text = cell.line
    if not text or _NOTHING.fullmatch(text):
        return ()
    if SPECS[name] == "tokens":
        value = read_tokens(text)
    elif SPECS[name] == "date":
        value = read_date(text, footnotes=footnotes)
    else:
        value = text
    return (Fact.sourced(name, value, cell.evidence()),)


Naming = Callable[[LineFacts], Sequence[Named]]


def named_by_cell(line: LineFacts) -> Sequence[Named]:
    """The plain way to name the offer of a line: the id cell's text, the name cell's text."""
    model_id = line.model_id.line if line.model_id else ""
    name = line.name.line if line.name else ""
    return [Named(model_id, name or model_id)] if model_id or name else []


def all_named(offers: Sequence[Named]) -> Naming:
    """Name the same offers for every line, for tables of one model (or several) without a column of names."""
    return lambda _: offers


def read_table(
    table: Table,
    offers: Offers,
    *,
    scale: Scale,
    vocabulary: Vocabulary = VOCABULARY,
    naming: Naming = named_by_cell,
    footnotes: Collection[str] = (),
) -> None:
    """Read a table whose lines are offers. Headings that are not known, and lines without a name, are noted."""
    columns = columns_of(table.grid, vocabulary)
    note_unknown(columns.paths, columns.meanings, table.locator, offers)
    above: LineFacts | None = None
    under = scale
    for line in table.grid.lines:
        tier = _tier_below(line)
        if tier is not None:
            under = scale.labelled(tier=tier)
            continue
        if _heads_other(line, columns, vocabulary):
            offers.note("unreadable", "what stands below a line of other headings is not read", table.locator)
            return
        found = read_line(line, columns, under, offers, footnotes=footnotes)
        if above is not None and not _names(found.name) and not _names(found.model_id):
            # Markdown has no rowspan: a line without a name goes on with the one above.
            found.name, found.model_id = above.name, above.model_id
        above = found
        try:
            named = naming(found)
        except REFUSALS as problem:
            offers.note("unreadable", f"a line's name: {problem}", table.locator)
            continue
        if not named and found.facts:
            offers.note("unreadable", "a line of prices names no model", table.locator)
        for one in named:
            offers.add(one, found.facts)


def _tier_below(line: Line) -> str | None:
    """Return the tier that a line over all columns says of the lines below it, "" for standard; None for others."""
    alone = len(line.cells) > 1 and len({cell.locator for cell in line.cells}) == 1
    return tier_of(line.cells[0].line) if alone else None


def _heads_other(line: Line, columns: Columns, vocabulary: Vocabulary) -> bool:
    """Say whether a line has the heading of one price in the column of another."""
    for meaning, cell in zip(columns.meanings, line.cells, strict=True):
        if meaning is not None and meaning.key is not None:
            said = vocabulary.meaning(cell.line)
            if said is not None and said.key not in (None, meaning.key):
                return True
    return False


def _names(cell: Passage | None) -> bool:
    """Say whether a cell names an offer, be it one that is struck out."""
    return cell is not None and bool(cell or cell.struck)


def note_unknown(
    paths: Iterable[tuple[str, ...]], meanings: Iterable[Meaning | None], locator: str, offers: Offers
) -> None:
    """Note each heading that is not known."""
    for path, meaning in zip(paths, meanings, strict=True):
        if meaning is None and path:
            offers.note("unknown_heading", f"the heading {' / '.join(path)!r} is not known", locator)


def price_tables(tables: Iterable[Table], offers: Offers, *, ignored: Mapping[str, str]) -> Iterable[Table]:
    """Yield the tables that have money in them, but for those under a heading that is ignored on purpose.

    `ignored` maps the beginning of a heading (in any case) to the reason; a heading anywhere above the table counts.
    A table of bare numbers, or of amounts of another money, under headings of prices is noted in `offers`.
    """
    for table in tables:
        headings = [text.casefold() for text in table.context.path]
        if any(heading.startswith(start.casefold()) for heading in headings for start in ignored):
            continue
        if any(MONEY.search(cell.line) for row in table.grid.rows[table.grid.header_rows :] for cell in row):
            yield table
        elif bare := _bare_prices(table.grid):
            text = f"a table has prices in {', '.join(bare)} without a sign of money that is known; it is not read"
            offers.note("unreadable", text, table.locator)


def _bare_prices(grid: Grid) -> list[str]:
    """Return the headings of prices under which amounts stand that are of no money which is known."""
    columns = columns_of(grid)
    return [
        " / ".join(columns.paths[number])
        for number, meaning in enumerate(columns.meanings)
        if meaning is not None and meaning.key and any(_BARE.fullmatch(line.cells[number].line) for line in grid.lines)
    ]
