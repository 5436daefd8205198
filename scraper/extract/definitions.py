"""Repeated definition blocks as tables: under each heading, labels and values in turn ("Input", "$5 / MTok", …)."""

from __future__ import annotations

from collections.abc import Iterator

from scraper.extract.document import Document
from scraper.extract.grid import Grid
from scraper.extract.markup import Heading, Table, Text
from scraper.extract.passage import Passage
from scraper.extract.tables import MONEY
from scraper.extract.vocabulary import Vocabulary


def definition_tables(document: Document, vocabulary: Vocabulary) -> Iterator[Table]:
    """Yield a table of two rows (labels, values) for each heading under which known labels are followed by values.

    The locators are those of the texts; the context is that of the last text under the heading.
    """
    pairs: list[tuple[Passage, Passage]] = []
    label: Passage | None = None
    last: Text | None = None
    for block in document.blocks:
        if isinstance(block, Heading):
            if pairs and last is not None:
                yield _table(pairs, last)
            pairs, label, last = [], None, None
        elif isinstance(block, Text):
            meaning = vocabulary.meaning(block.passage.line)
            if meaning is not None and meaning.key is not None:
                label = block.passage
            elif label is not None:
                # A label followed by anything but a price ("Write" on a button) is no definition.
                if MONEY.search(block.passage.line):
                    pairs.append((label, block.passage))
                label = None
            last = block
    if pairs and last is not None:
        yield _table(pairs, last)


def _table(pairs: list[tuple[Passage, Passage]], last: Text) -> Table:
    rows = tuple(label for label, _ in pairs), tuple(value for _, value in pairs)
    return Table(Grid(rows, 1), pairs[0][0].locator, last.context)
