"""Rows of features ("Tool Calls", a tick for each model) as one list of capabilities, its rows as evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scraper.extract import Unreadable
from scraper.extract.markup import Table
from scraper.extract.passage import Passage
from scraper.extract.specs import listed
from scraper.records import MAX_QUOTE, Evidence, Fact, State

_YES = re.compile(r"[✓✔✅☑]|yes|supported|true", re.IGNORECASE)
_NO = re.compile(r"[✗✘❌×xX–—-]|no|not supported|unsupported|false|", re.IGNORECASE)


def supported(label: str, said: str) -> str:
    """Return the capability that a cell of a feature's row states: the label, with the limit where the cell names one
    ("Non-thinking mode only"), or "" where it is not supported.

    Raises `Unreadable` for a limit that cannot be an item of a list.
    """
    if _NO.fullmatch(said):
        return ""
    if "," in label + said or len(said) > 60:
        raise Unreadable(f"{said!r} does not say whether {label!r} is supported")
    return label if _YES.fullmatch(said) else f"{label} ({said})"


def capabilities(found: Sequence[tuple[str, Passage]], table: Table) -> tuple[Fact, ...]:
    """Return the fact of a list of capabilities ("" is none), whose evidence is the rows in which their cells stand."""
    value = listed(name for name, _ in found)
    if not value:
        return ()
    numbers = {_row_of(cell) for _, cell in found}
    lines = {number: line for number, line in table.source_lines if min(numbers) <= number <= max(numbers)}
    evidence = Evidence(locator=table.locator, quote=" / ".join(lines.values())[:MAX_QUOTE].rstrip())
    return (Fact(field="capabilities", state=State.SOURCED, value=value, evidence=evidence),)


def _row_of(cell: Passage) -> int:
    match = re.search(r"/row\[(\d+)\]", cell.locator)
    if match is None:
        raise Unreadable(f"{cell.locator!r} is not a cell of a table")
    return int(match[1])
