"""Pages whose tables of prices have one model a line: the whole of what many a price page is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scraper.extract import Unreadable
from scraper.extract.markup import Table
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import Scale
from scraper.extract.tables import LineFacts, Naming, named_by_cell, price_tables, read_table, unit_scale
from scraper.extract.vocabulary import VOCABULARY, Vocabulary


def named_by_id(line: LineFacts) -> Sequence[Named]:
    """Name the offer of a line whose name cell prints the id that a caller sends."""
    model_id = line.name.lines[0] if line.name else ""
    return [Named(model_id, model_id)] if model_id else []


def read_price_tables(
    tables: Iterable[Table],
    *,
    scale: Scale,
    vocabulary: Vocabulary = VOCABULARY,
    naming: Naming = named_by_cell,
    ignored: Mapping[str, str],
) -> Offers:
    """Read all tables that have money in them, but for those under an ignored heading.

    The unit of a table is the one that the text above it names ("Prices per 1M tokens."), else that of the scale.
    Raises `Unreadable` where there is no such table.
    """
    offers = Offers()
    found = False
    for table in price_tables(tables, offers, ignored=ignored):
        found = True
        above = [text.line for text in reversed(table.context.texts)]
        read_table(table, offers, scale=unit_scale(scale, *above), vocabulary=vocabulary, naming=naming)
    if not found:
        raise Unreadable("it has no table of prices")
    return offers
