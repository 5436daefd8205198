"""Repeated definition blocks as tables: under each heading, labels and values in turn ("Input", "$5 / MTok", …).

A length of prompt that stands before a value ("Prompts > 200K tokens") holds for that value; one that stands before a
label holds for that label and the ones after it. The name of a tab ("Batch") holds for all that it labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from scraper.extract.document import Document
from scraper.extract.grid import Grid
from scraper.extract.markup import Heading, Table, Text
from scraper.extract.passage import Passage
from scraper.extract.tables import MONEY
from scraper.extract.vocabulary import Vocabulary, threshold_of

_NONE = Passage("", "", "")


@dataclass(slots=True)
class _Block:
    """What has been read under one heading: (tab, length, label, value) four by four, and what waits for its value."""

    found: list[tuple[Passage, Passage, Passage, Passage]] = field(default_factory=list)
    last: Text | None = None
    label: Passage = _NONE
    length: Passage = _NONE
    waits: bool = False  # for a value
    after: bool = False  # the length stands after the label: it is that label's alone
    used: bool = False  # and a value has had it

    def add(self, text: Text, *, is_label: bool) -> None:
        passage, self.last = text.passage, text
        if is_label:
            self.length = _NONE if self.used else self.length
            self.label, self.waits, self.after, self.used = passage, True, False, False
        elif threshold_of(passage.line) is not None:
            self.length, self.waits, self.after, self.used = passage, bool(self.label), True, False
        elif self.waits:
            # A label followed by anything but a price ("Write" on a button) is no definition.
            if MONEY.search(passage.line):
                tab = Passage(text.context.label, text.context.label, "")
                self.found.append((tab, self.length, self.label, passage))
                self.used = self.after
            else:
                self.label = _NONE
            self.waits = False

    def table(self) -> Iterator[Table]:
        if self.found and self.last is not None:
            tabs, lengths, labels, values = zip(*self.found, strict=True)
            yield Table(Grid((tabs, lengths, labels, values), 3), labels[0].locator, self.last.context)


def definition_tables(document: Document, vocabulary: Vocabulary) -> Iterator[Table]:
    """Yield a table (tabs, lengths of prompt and labels as headings, values) for each heading under which known labels
    are followed by values.

    The locators are those of the texts; the context is that of the last text under the heading.
    """
    block = _Block()
    for one in document.blocks:
        if isinstance(one, Heading):
            yield from block.table()
            block = _Block()
        elif isinstance(one, Text):
            meaning = vocabulary.meaning(one.passage.line)
            block.add(one, is_label=meaning is not None and meaning.key is not None)
    yield from block.table()
