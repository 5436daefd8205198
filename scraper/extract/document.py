"""A document: the text of one capture, read as blocks or as JSON, in which every place has an address.

Locators: `heading[2]`, `tab[1]` (a tab's name), `text[14]`, `table[3]/row[5]/cell[2]` (rows and cells as they stand in
the source, counted from 1), `table[3]` (all of its rows), `payload[7]#/rows/0/1` (a JSON pointer into embedded data),
`#/data/0/pricing/prompt` (a pointer into a JSON document), `#/data/content>table[3]/row[5]/cell[2]` (a place of a page
that is a text of a JSON document). `Document.at` finds the text at a locator again, years later, from the bytes alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from scraper.extract import Unreadable, jsontext
from scraper.extract.jsontext import Json
from scraper.extract.markdown import to_html
from scraper.extract.markup import Block, Heading, Island, Table, Text, blocks_of
from scraper.extract.passage import Passage, plain_passage
from scraper.extract.payload import Payload, payloads_of
from scraper.extract.vocabulary import TIER_NAMES
from scraper.records import Evidence, clean


@dataclass(frozen=True)
class Document:
    """One capture as text. `kind` is `html`, `markdown` or `json`.

    Where a source has several pages, this is the first one, and `further` are the others in their order.
    """

    text: str
    kind: str
    url: str = ""
    further: tuple[Document, ...] = ()

    @property
    def pages(self) -> tuple[Document, ...]:
        """All pages: this one and the further ones. Locators are those of each page."""
        return (self, *self.further)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Headings, texts, tables and islands in reading order."""
        if self.kind == "json":
            raise Unreadable("it is JSON where a page was expected")
        html = to_html(self.text) if self.kind == "markdown" else self.text
        try:
            return blocks_of(html, TIER_NAMES)
        except RecursionError as error:
            raise Unreadable("it is markup nested too deep to be a page") from error

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables in reading order; one without cells says nothing."""
        return tuple(block for block in self.blocks if isinstance(block, Table) and block.grid.width)

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """The paragraphs, list items and other runs of text in reading order."""
        return tuple(block for block in self.blocks if isinstance(block, Text))

    @cached_property
    def headings(self) -> tuple[Heading, ...]:
        """The headings in reading order."""
        return tuple(block for block in self.blocks if isinstance(block, Heading))

    @cached_property
    def payloads(self) -> tuple[Payload, ...]:
        """The embedded data in reading order."""
        return payloads_of([block for block in self.blocks if isinstance(block, Island)])

    @cached_property
    def json(self) -> Json:
        """The document as JSON, decimals as sent."""
        if self.kind != "json":
            raise Unreadable(f"it is {self.kind} where JSON was expected")
        return jsontext.loads(self.text.removeprefix("\ufeff"))

    def at_pointer(self, pointer: str) -> Passage:
        """Return the value at a JSON pointer of a JSON document as a passage."""
        return plain_passage(jsontext.written(jsontext.at(self.json, pointer)), f"#{pointer}")

    @cached_property
    def _passages(self) -> dict[str, Passage]:
        found: dict[str, Passage] = {}
        for block in self.blocks:
            if isinstance(block, Heading | Text):
                found[block.passage.locator] = block.passage
            elif isinstance(block, Table):
                found.update((cell.locator, cell) for row in block.grid.rows for cell in row if cell.locator)
                lines = [line for _, line in block.source_lines]
                found[block.locator] = Passage("\n".join(lines), clean(" / ".join(lines)), block.locator, "table")
        return found

    def inner(self, pointer: str) -> Document:
        """Return the page of HTML that is a text of this JSON document; raise `Unreadable` where there is none."""
        if pointer not in self._inner:
            text = jsontext.at(self.json, pointer)
            if not isinstance(text, str):
                raise Unreadable(f"there is no page at {pointer}")
            self._inner[pointer] = Document(text, "html", self.url)
        return self._inner[pointer]

    @cached_property
    def _inner(self) -> dict[str, Document]:
        return {}

    def at(self, locator: str) -> Passage:
        """Return the passage at a locator; raise `Unreadable` where the document has nothing there."""
        place, hash_sign, pointer = locator.partition("#")
        outer, inner_sign, inner = pointer.rpartition(">")
        if hash_sign and not place and inner_sign and _PLACE.match(inner):
            return self.inner(outer).at(inner)
        if hash_sign and not place:
            return self.at_pointer(pointer)
        if hash_sign:
            for payload in self.payloads:
                if payload.locator == place:
                    return payload.passage(pointer)
        elif locator in self._passages:
            return self._passages[locator]
        raise Unreadable(f"there is nothing at {locator}")


_PLACE = re.compile(r"(?:heading|tab|text|table|payload)\[\d+\]")


def said_in(document: Document, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], Evidence]]:
    """Yield what a pattern finds first in each text of a document, with the words that were found as evidence."""
    for text in document.texts:
        said = pattern.search(text.passage.line)
        if said is not None:
            yield said, text.passage.evidence(said[0])


# A list may as well begin a Markdown link, and a brace a component: only what JSON alone begins with counts.
_JSON_START = re.compile(r"\{\s*[\"}]|\[\s*\{\s*[\"}]|\[\s*\]\s*\Z")


def kind_of(content_type: str, url: str, text: str) -> str:
    """Say what a document is: by its content type, else by its address, else by how it begins. Types lie, so JSON
    and HTML are also recognised by their first character.
    """
    start = text.lstrip("\ufeff \t\r\n")[:200].casefold()
    if re.match(r"<(?:!doctype html|html|head|body|\?xml)(?![\w-])", start):
        return "html"
    declared = content_type.partition(";")[0].strip().casefold()
    if declared.endswith("json") or (_JSON_START.match(start) and "markdown" not in declared):
        return "json"
    path = url.partition("?")[0].casefold()
    if "markdown" in declared or path.endswith((".md", ".mdx", ".md.txt")):
        return "markdown"
    return "html" if "html" in declared or start.startswith("<") else "markdown"
