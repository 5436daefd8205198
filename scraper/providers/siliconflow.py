"""SiliconFlow: the pricing page, whose tables are texts in reading order, without any markup of tables.

It prints names, not ids, and only the first rows of each table: the others come when a button is pressed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.document import Document
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import Scale, facts_of
from scraper.extract.source import Source
from scraper.extract.tables import spec_facts
from scraper.extract.text_tables import TextTable, amounts, tables_between
from scraper.extract.typed import unit_said
from scraper.extract.vocabulary import VOCABULARY, key
from scraper.records import Fact, Reading

_WORDS: Final = VOCABULARY.extended({r"price(?: \(/(?:image|video)\))?": key("output")})
_UNIT: Final = re.compile(r"\((?P<unit>/[^()]+)\)$")


def read_pricing(document: Document) -> Reading:
    """Read the tables from "Model Name" to "Actions", whose rows end with "Details"."""
    offers = Offers()
    tables = list(tables_between(document, first="model name", last="actions", end="details"))
    if not any(table.rows for table in tables):
        raise Unreadable("it has no rows from a model's name to its details")
    for table in tables:
        for cells in table.rows:
            name = cells[0].line if cells else ""
            try:
                offers.add(Named("", name), list(_facts(table, cells[1:])))
            except REFUSALS as problem:
                offers.note("unreadable", f"{name}: {problem}", cells[0].locator if cells else "")
    return offers.reading()


def _facts(table: TextTable, cells: list[Passage]) -> Iterator[Fact]:
    prices, others = amounts(cells)
    headings = [heading for heading in table.headings[1:] if not re.match(r"context", heading, re.IGNORECASE)]
    if len(others) > len(table.headings) - 1 - len(headings):
        raise Unreadable(f"the cell {others[-1].line[:60]!r} belongs to no column")
    if len(prices) == len(headings) - 1:
        # What may be missing between the input and the output of a model is only the price of what is cached.
        headings = [heading for heading in headings if heading.casefold() != "cached input"]
    if len(prices) != len(headings):
        raise Unreadable(f"{len(prices)} prices do not go with the headings {', '.join(headings)}")
    for context in others:
        yield from spec_facts(context, "context_window")
    for heading, price in zip(headings, prices, strict=True):
        meaning, said = _WORDS.meaning(heading), _UNIT.search(heading)
        if meaning is None or meaning.key is None:
            raise Unreadable(f"the heading {heading!r} is not known")
        yield from facts_of(price, meaning.key, Scale(unit_said(said["unit"]) if said else table.unit))


SOURCES = (
    Source(
        name="pricing",
        addresses=("https://www.siliconflow.com/pricing",),
        read=read_pricing,
        publishes=frozenset({"input", "output", "cache_read", "context_window", "images", "videos"}),
    ),
)
