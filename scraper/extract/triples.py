"""Cells with several prices in an order that a sentence of the page states.

"$0.95 / $0.19 / $4.00" is read by "prices are input / cached input / output, in that order".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.document import Document
from scraper.extract.markup import Table
from scraper.extract.naming import read_title, status_fact
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.extract.tables import MONEY, columns_of
from scraper.extract.vocabulary import VOCABULARY, Role, tier_of
from scraper.meters import RateKey
from scraper.records import Fact

_ORDER: Final = re.compile(r"prices are (?P<order>[\w -]+(?:/[\w -]+)+)", re.IGNORECASE)


def stated_order(document: Document) -> tuple[RateKey, ...]:
    """Return the prices that a text says a cell has, in its order; none where no text says it."""
    for text in document.texts:
        said = _ORDER.search(text.passage.line)
        meanings = [VOCABULARY.meaning(part) for part in said["order"].split("/")] if said else []
        keys = [meaning.key for meaning in meanings if meaning and meaning.key]
        if keys and len(keys) == len(meanings):
            return tuple(keys)
    return ()


def facts_in_order(cell: Passage, order: Sequence[RateKey], scale: Scale) -> tuple[Fact, ...]:
    """Return the facts of a cell with one price for each key, or with one mark ("—") for all of them.

    Raises `Unreadable` for any other number of prices.
    """
    parts = [part.strip() for part in cell.line.split(" / ")]
    if len(parts) == 1 and "$" not in parts[0]:
        parts = parts * len(order)
    if len(parts) != len(order) or not order:
        raise Unreadable(f"{cell.line!r} has not one price for each of {', '.join(map(str, order)) or 'no order'}")
    facts: list[Fact] = []
    for part, key in zip(parts, order, strict=True):
        facts.extend(facts_of(cell.with_text(part), key, scale))
    return tuple(facts)


def tier_columns(table: Table, order: Sequence[RateKey], offers: Offers) -> Iterator[tuple[Named, tuple[Fact, ...]]]:
    """Yield the offers of a table with a column for each tier, cell by cell; what cannot be read is noted."""
    name = columns_of(table.grid).of_role(Role.NAME)
    for line in table.grid.lines if name is not None else ():
        title = read_title(line.cells[name or 0].line)
        named = Named("", title.name, status_fact(title, line.cells[name or 0]))
        for path, cell in line:
            tier = tier_of(path[-1]) if path else None
            if tier is None and MONEY.search(cell.line):
                heading = " / ".join(path)
                offers.note("unknown_heading", f"the heading {heading!r} of prices names no tier", cell.locator)
            if tier is None or not cell.line:
                continue
            try:
                yield named, facts_in_order(cell, order, Scale(PER_MILLION).labelled(tier=tier))
            except REFUSALS as problem:
                offers.note("unreadable", f"{named.name}: {problem}", cell.locator)
