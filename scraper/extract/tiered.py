"""All tables of a pricing page with tiers in tabs: those shown and those in payloads, each in its tier."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from scraper.extract.captions import captioned_tables, tab_names, tier_above, with_heading_row
from scraper.extract.document import Document
from scraper.extract.markup import Table
from scraper.extract.offers import Offers
from scraper.extract.payload_tables import payload_tables
from scraper.extract.prices import Scale
from scraper.extract.prompt_lengths import by_context, stated_limits
from scraper.extract.tables import unit_scale
from scraper.extract.vocabulary import Vocabulary

_UNIT = re.compile(r"[Pp]rices? per\b")


def tiered_tables(
    document: Document, vocabulary: Vocabulary, offers: Offers, *, optional: Collection[str] = ()
) -> Iterator[tuple[Table, Scale]]:
    """Yield each table with the unit, the tier and the threshold of long context of its prices.

    Columns of long context come as a table of their own. A table of a tier that is not known is noted and left out, as
    are rows of payloads that fit no headings; `optional` are the headings whose cells such a row may lack.
    """
    tables = [with_heading_row(table, vocabulary) for table in captioned_tables(document)]
    for payload in document.payloads:
        tables.extend(payload_tables(payload, offers, optional=optional))
    limits, tabs = stated_limits(document, tables), tab_names(document)
    for table in tables:
        tier = tier_above(table, tabs)
        if tier is None:
            offers.note("unknown_heading", "prices of a tier that is not known are not read", table.locator)
            continue
        units = (text.line for text in table.context.texts if _UNIT.search(text.line))
        scale = unit_scale(Scale(), *units).labelled(tier=tier)
        for part, limit in by_context(table, limits, offers):
            yield part, scale.labelled(prompt_gt=limit)
