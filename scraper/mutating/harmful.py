"""Mutations that make a page state something else than it did: none of it may be published without a word."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from scraper.mutating.harmless import MONEY
from scraper.mutating.written import Cell, Written, map_text, meaning_of, tables_of, with_tables

_UNITS: Final = (
    (re.compile(r"(?i)(?<=per )1M\b|(?<=per )1 ?million\b|(?<=/)1M\b|(?<=/ )1M\b"), "1K"),
    (re.compile(r"(?i)\b1M(?= (?:(?:input|output|text) )?tokens)"), "1K"),
    (re.compile(r"\bM(?=Tok)"), "K"),
    (re.compile(r"(?<=per )million\b|(?<=/ )million\b|(?<=/)million\b"), "thousand"),
    (re.compile(r"1,000,000(?= tokens)"), "1,000"),
)


def unit_changed(page: str, kind: str, rng: random.Random) -> str:
    """Prices per million are prices per thousand, with the same numbers."""
    for pattern, unit in _UNITS:
        page = pattern.sub(unit, page)
    return page


def currency_changed(page: str, kind: str, rng: random.Random) -> str:
    """Prices in dollars are in euros or in dollars of another country, on the whole page or in one table."""
    sign = rng.choice(("€", "€", "CA$", "HK$"))

    def in_other_money(text: str) -> str:
        return re.sub(r"(?:US)?\\?\$(?=\s?\.?\d)", sign, text)

    tables = [table for table in tables_of(page, kind) if "$" in table.written()]
    if len(tables) > 1 and rng.random() < 0.5:
        table = rng.choice(tables)
        return page[: table.start] + in_other_money(page[table.start : table.end]) + page[table.end :]
    return in_other_money(page)


def decimal_comma(page: str, kind: str, rng: random.Random) -> str:
    """Prices have a comma where they had a decimal point."""
    return re.sub(r"(\$\s?\d*)\.(?=\d)", r"\1,", page)


def header_row_removed(page: str, kind: str, rng: random.Random) -> str:
    """Tables have lost their header."""

    def beheaded(table: Written) -> Written:
        first = table.rows[0]
        rest = table.rows[table.head :]
        if table.is_markup and len(rest) > 1:
            gap = first.gap + "".join(row.gap for row in table.rows[1 : table.head]) + rest[0].gap
            return replace(table, rows=(replace(rest[0], gap=gap), *rest[1:]), head=0)
        return replace(table, rows=rest) if len(rest) > 1 else table

    return with_tables(page, [beheaded(table) for table in tables_of(page, kind)])


def headings_swapped(page: str, kind: str, rng: random.Random) -> str:
    """Two headings of prices have changed places, in each table; or the labels "Input" and "Output" on cards."""

    def swapped(cells: Sequence[Cell], bodies: Sequence[Sequence[Cell]]) -> list[Cell]:
        prices = [
            place
            for place, cell in enumerate(cells)
            if (meaning := meaning_of(cell.text))
            and meaning.key
            and any(MONEY.search(one.text) for one in bodies[place])
        ]
        changed = list(cells)
        if len(prices) > 1:
            one, other = rng.sample(prices, 2)
            changed[one] = replace(cells[one], inner=cells[other].inner)
            changed[other] = replace(cells[other], inner=cells[one].inner)
        return changed

    def changed(table: Written) -> Written:
        if table.labels_are_rows:
            labels = swapped([row.cells[0] for row in table.body], [row.cells[1:] for row in table.body])
            rows = [row.with_cells([label, *row.cells[1:]]) for row, label in zip(table.body, labels, strict=True)]
            return replace(table, rows=(*table.rows[: table.head], *rows))
        if len({len(row.cells) for row in table.rows}) > 1:
            return table
        columns = [[row.cells[place] for row in table.body] for place in range(len(table.rows[0].cells))]
        return replace(table, rows=(table.rows[0].with_cells(swapped(table.rows[0].cells, columns)), *table.rows[1:]))

    mutated = with_tables(page, [changed(table) for table in tables_of(page, kind)])
    if mutated != page:
        return mutated
    names = {"Input": "Output", "Output": "Input", "Write": "Read", "Read": "Write"}
    return map_text(page, kind, lambda text: names.get(text, text)) if kind == "html" else page


def rows_dropped(page: str, kind: str, rng: random.Random) -> str:
    """Half of the rows of each table are gone: any of them, or the last ones."""

    def halved(table: Written) -> Written:
        groups = table.groups()
        half = len(groups) // 2
        if not half:
            return table
        chosen = set(range(half, len(groups))) if rng.random() < 0.5 else set(rng.sample(range(len(groups)), half))
        return table.with_body([row for n, group in enumerate(groups) if n not in chosen for row in group])

    return with_tables(page, [halved(table) for table in tables_of(page, kind)])


def column_shifted(page: str, kind: str, rng: random.Random) -> str:
    """The cells stand one column further than their headings, to the left or to the right."""
    left = rng.random() < 0.5

    def shifted(table: Written) -> Written:
        spanned = any(
            cell.spans(name) > 1 for row in table.body for cell in row.cells for name in ("rowspan", "colspan")
        )
        if spanned or len(table.rows[0].cells) < 3:
            return table
        rows = []
        for row in table.body:
            first, *rest = row.cells
            rest = [*rest[1:], *rest[:1]] if left else [*rest[-1:], *rest[:-1]]
            rows.append(row.with_cells([first, *rest]))
        return replace(table, rows=(*table.rows[: table.head], *rows))

    return with_tables(page, [shifted(table) for table in tables_of(page, kind)])


def batch_as_standard(page: str, kind: str, rng: random.Random) -> str:
    """What was called batch is called standard: everywhere, or in short texts such as headings, tabs and labels."""
    word = re.compile(r"\bbatch(?: api| processing| mode)?\b(?!\.)", re.IGNORECASE)

    def renamed(text: str) -> str:
        return word.sub(lambda match: "Standard" if match[0][0].isupper() else "standard", text)

    if rng.random() < 0.5:
        return renamed(page)
    if kind == "html":
        return map_text(page, kind, lambda text: renamed(text) if len(text.strip()) <= 40 else text)
    short: Callable[[re.Match[str]], str] = lambda match: renamed(match[0])  # noqa: E731
    return re.sub(r"^(?:#.*|.{1,40}|\|.*Batch.*\|[ \t]*)$", short, page, flags=re.MULTILINE)


CHANGES: Final = (
    unit_changed,
    currency_changed,
    decimal_comma,
    header_row_removed,
    headings_swapped,
    rows_dropped,
    column_shifted,
    batch_as_standard,
)
