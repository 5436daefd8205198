"""Prices of long prompts in columns of their own: "Short context / Input", "Long context input".

The columns say "long"; how long is said elsewhere on the page: in a hint, in a name, in a note. It is looked for there
and never assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scraper.extract.captions import without_columns
from scraper.extract.document import Document
from scraper.extract.markup import Table
from scraper.extract.offers import Offers
from scraper.extract.tables import MONEY
from scraper.extract.vocabulary import fold, threshold_of

_SHORT, _LONG = "short context", "long context"
_LIMIT = re.compile(r"[<>≤≥]=?\s*(?P<number>\d[\d,.]*\s?[km]?)(?= (?:input tokens|context))", re.IGNORECASE)


def stated_limits(document: Document, tables: Iterable[Table]) -> frozenset[int]:
    """Return the thresholds of long context that cells and notes state: ">272K input tokens" is 272000."""
    texts = [text.passage.line for text in document.texts if "context" in text.passage.line.casefold()]
    texts += [cell.line for table in tables for row in table.grid.rows for cell in row]
    found = (threshold_of(f"> {match['number']}") for text in texts for match in _LIMIT.finditer(text))
    return frozenset(limit for limit in found if limit)


def by_context(table: Table, limits: frozenset[int], offers: Offers) -> list[tuple[Table, int | None]]:
    """Return the table without its columns of long context, and one with them and their threshold where it is known.

    Where the document states no threshold, or several, prices of long context are noted and left out.
    """
    paths = table.grid.headers
    short, long = (
        frozenset(n for n, path in enumerate(paths) if path and path[0].casefold().startswith(words))
        for words in (_SHORT, _LONG)
    )
    if not long:
        return [(table, None)]
    if {_leaf(paths[n]) for n in long} != {_leaf(paths[n]) for n in short}:
        # A rendering has cut the header row short: nothing says which column is which.
        offers.note("unreadable", "the columns of short and of long context are not the same", table.locator)
        return []
    base = (without_columns(table, long), None)
    if len(limits) == 1:
        return [base, (without_columns(table, short), next(iter(limits)))]
    cells = (row[n] for row in table.grid.rows[table.grid.header_rows :] for n in long)
    if any(MONEY.search(cell.line) for cell in cells):
        offers.note("unreadable", "the page states no threshold for its prices of long context", table.locator)
    return [base]


def _leaf(path: tuple[str, ...]) -> str:
    return re.sub(f"^(?:{_SHORT}|{_LONG}) ", "", fold(path[-1]))


def read_suffix(name: str) -> tuple[str, int]:
    """Split "gpt-5.5 (>272K context length)" into name and threshold; 0 for the base and for none."""
    match = re.fullmatch(r"(?P<name>.*\S) \((?P<context>[^()]+)\)", name)
    limit = threshold_of(match["context"]) if match else None
    return (match["name"], limit) if match and limit is not None else (name, 0)
