"""Which section and which tier a table stands in, and its headings, where a rendering has lost the page's structure.

Markdown twins of component pages caption each table by its component ("Batch pricing data", "Pricing Table data") and
print the real headings and the tabs' names as lines of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from scraper.extract.document import Document
from scraper.extract.grid import Grid, header_group_continued
from scraper.extract.markup import Context, Heading, Table, Text
from scraper.extract.passage import Passage
from scraper.extract.vocabulary import TIER_NAMES, Role, Vocabulary, tier_of

_CAPTION = re.compile(r"(?:(?P<tier>\w[\w -]*?) pricing|(?:\w+ )?pricing table) data", re.IGNORECASE)
_TIER = re.compile("|".join(name.capitalize() for name in sorted(TIER_NAMES, key=len, reverse=True)))
_LONGEST_BAR = 100
_SECTION = re.compile(r"[A-Z](?:[\w/&-]+ ?){1,8}", re.ASCII)


def captioned_tables(document: Document) -> tuple[Table, ...]:
    """Return the tables of a document; where headings only caption tables, each in the context that lines give it.

    The label is the tier's name; a line that reads like a heading begins a section, and with it the standard tier.
    """
    if any(_CAPTION.fullmatch(heading.passage.line) for heading in document.headings):
        return tuple(_captioned(document))
    return document.tables


def _captioned(document: Document) -> Iterator[Table]:
    headings: tuple[Passage, ...] = ()
    section: tuple[Passage, ...] = ()
    label, texts = "", list[Passage]()
    for block in document.blocks:
        if isinstance(block, Heading):
            caption = _CAPTION.fullmatch(block.passage.line)
            if caption is None:
                above = (one for one in block.context.headings if not _CAPTION.fullmatch(one.line))
                headings = section = (*above, block.passage)
                label, texts = "", []
            elif caption["tier"]:
                label = caption["tier"]
        elif isinstance(block, Text):
            line = block.passage.line
            if tier_of(line) is not None:
                label = line
            elif _SECTION.fullmatch(line):
                section = (*headings, block.passage)
                label, texts = "", []
            texts.append(block.passage)
        elif isinstance(block, Table):
            yield replace(block, context=Context(section, label, tuple(texts)))


def tier_above(table: Table, tabs: Collection[str] = ()) -> str | None:
    """Return the tier that a table stands in, "" for standard; None where its tab names no tier that is known.

    It is that of its tab, else of the nearest heading above it that names one.
    `tabs` are the names of the page's tabs, for those among them that are no tier's name.
    """
    context = table.context
    if any(tier_of(text) is None for text in [text.line for text in context.texts if text.line in tabs][-1:]):
        return None
    if context.label:
        return tier_of(context.label)
    return next((tier for heading in reversed(context.path) if (tier := _tier_in(heading)) is not None), "")


def _tier_in(heading: str) -> str | None:
    """Return the tier that a heading names ("Batch pricing", "Text tokens (Flex Processing)"), or None."""
    found = re.fullmatch(r"(?:.*\()?(?P<tier>[^()]+?)(?: pricing)?\)?", heading, re.IGNORECASE)
    return tier_of(found["tier"]) if found else None


def modality_above(table: Table) -> str:
    """Return the modality that a table's heading says its tokens are of ("Audio tokens"), or ""."""
    match = re.match(r"(audio|image|video) tokens\b", table.context.heading, re.IGNORECASE)
    return match[1].casefold() if match else ""


def tab_names(document: Document) -> frozenset[str]:
    """Return the names of tabs that the payloads of a page's switches give (`options` of `label` and `value`), and
    what stands between the names of tiers in a bar of tabs: "StandardBatchFlexPriority"."""
    options = [payload.value.get("options") for payload in document.payloads if isinstance(payload.value, dict)]
    labels = [one.get("label") for some in options if isinstance(some, list) for one in some if isinstance(one, dict)]
    bars = [_TIER.split(text.passage.line) for text in document.texts if len(text.passage.line) < _LONGEST_BAR]
    labels += [part.strip(" |,·*-") for parts in bars if len(parts) > 2 for part in parts]
    return frozenset(label for label in labels if isinstance(label, str) and label)


def with_heading_row(table: Table, vocabulary: Vocabulary) -> Table:
    """Return the table with its second row as headings too, where the first one only groups columns.

    Markdown has one header row: "| | Short context | | Long context | |", then "| Model | Input | Output | …" as data.
    """
    grid = table.grid
    if grid.header_rows != 1 or len(grid.rows) < 3 or grid.rows[0][0]:
        return table
    meanings = [vocabulary.meaning(cell.line) for cell in grid.rows[1]]
    if all(meanings) and any(meaning and meaning.role is Role.NAME for meaning in meanings):
        return replace(table, grid=header_group_continued(Grid(grid.rows, 2)))
    return table


def without_columns(table: Table, left_out: frozenset[int]) -> Table:
    """Return the table without some of its columns."""
    rows = tuple(tuple(cell for n, cell in enumerate(row) if n not in left_out) for row in table.grid.rows)
    return replace(table, grid=Grid(rows, table.grid.header_rows))
