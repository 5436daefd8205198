"""Pages whose tables of prices have one model a line: the whole of what many a price page is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from scraper.extract import Unreadable
from scraper.extract.markup import Table
from scraper.extract.money import find_unit
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import Scale
from scraper.extract.tables import LineFacts, Naming, named_by_cell, price_tables, read_table, unit_scale
from scraper.extract.vocabulary import VOCABULARY, Vocabulary, tier_of


def named_by_id(line: LineFacts) -> Sequence[Named]:
    """Name the offer of a line whose name cell prints the id that a caller sends."""
    model_id = line.name.lines[0] if line.name else ""
    return [Named(model_id, model_id)] if model_id else []


_OF_A_TIER = re.compile(r"\b(?:batch|flex|priority)\b", re.IGNORECASE)
_ASIDE = re.compile(r"\s*\([^()]*\)$")


def scale_above(table: Table, scale: Scale) -> Scale:
    """Return the scale with what stands above a table of all its prices: their unit and their tier.

    A unit is that of the texts below the heading, else that of the nearest heading which names one. Raises `Unreadable`
    where a heading speaks of a tier in words that are not known: they may be prices of another one.
    """
    named = ""
    for said in (*table.context.path, table.context.label):
        tier = tier_of(_ASIDE.sub("", said))
        if tier is None and _OF_A_TIER.search(said):
            raise Unreadable(f"which tier it is of, {said!r} above it does not say in known words")
        named = named if tier is None else tier
    heads = unit_scale(scale, *[said for said in (*table.context.path, table.context.label) if find_unit(said)][-1:])
    return unit_scale(heads, *(text.line for text in table.context.texts)).labelled(tier=named)


def read_price_tables(
    tables: Iterable[Table],
    *,
    scale: Scale,
    vocabulary: Vocabulary = VOCABULARY,
    naming: Naming = named_by_cell,
    ignored: Mapping[str, str],
) -> Offers:
    """Read all tables that have money in them, but for those under an ignored heading.

    The unit of a table is the one that the text above it names ("Prices per 1M tokens."), else that of a heading above
    it, else that of the scale; its tier is that of the headings above it ("Batch"). One whose headings speak of a tier
    in other words is noted.
    Raises `Unreadable` where there is no such table.
    """
    offers = Offers()
    found = False
    for table in price_tables(tables, offers, ignored=ignored):
        found = True
        try:
            mine = scale_above(table, scale)
        except Unreadable as problem:
            offers.note("unreadable", f"a table of prices: {problem}", table.locator)
            continue
        read_table(table, offers, scale=mine, vocabulary=vocabulary, naming=naming)
    if not found:
        raise Unreadable("it has no table of prices")
    return offers
