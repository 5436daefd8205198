"""HTML as a list of blocks in reading order: headings, texts, tables and payloads, each with its place.

Markdown and MDX come here too, rendered to HTML first, so that there is one reading of tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.extract import Unreadable
from scraper.extract.grid import Grid, Spanned, spread
from scraper.extract.nesting import nested_too_deep
from scraper.extract.passage import STRUCK, Passage, struck, tidy_lines, unstruck
from scraper.records import clean

_SKIPPED = frozenset({"script", "style", "template", "noscript", "svg", "button", "nav", "head", "iframe", "select"})
_INLINE = frozenset(
    {
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark",
        "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tooltip", "u", "var", "wbr",
        "devsite-tooltip", "img", "label",
    }
)  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
NEAR: Final = 200
"""How many of the texts above a block it knows: enough for any table's notes, and linear on a page of a million."""
_REMEMBERED = frozenset({"span", "code", "a"})
_ISLANDS = frozenset({"script", "astro-island"})
_STRUCK_TAGS = frozenset({"s", "del", "strike"})
_SPAN = re.compile(r"[ \t\n\f\r]*\+?0*([0-9]{1,5})")
_WIDEST: Final = 1000
"""The most columns that a cell spans."""
_MARKED = re.compile("\0([^\0]*)\0")
"""The mark of a footnote, in the text of a passage that is being built."""


_Found = dict[str, list[str]]
"""What is met under an element beside its text, by its kind; often nothing."""
_KINDS: Final = ("footnotes", "codes", "links", "link_texts", "spans")
"""The kinds, as a passage has them one after another."""


@dataclass(frozen=True, slots=True)
class Context:
    """What stands above a block: the path of headings, the label of its tab, and the texts since the heading."""

    headings: tuple[Passage, ...] = ()
    label: str = ""
    texts: tuple[Passage, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """The headings' texts, outermost first."""
        return tuple(heading.line for heading in self.headings)

    @property
    def heading(self) -> str:
        """The text of the nearest heading."""
        return self.headings[-1].line if self.headings else ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading with its level from 1 to 6, or the name of a tab before its panel, one level below what is above."""

    passage: Passage
    level: int
    context: Context


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, a list item or any other run of text."""

    passage: Passage
    context: Context


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a grid."""

    grid: Grid
    locator: str
    context: Context

    @property
    def source_lines(self) -> tuple[tuple[int, str], ...]:
        """The rows as they stand in the source: their numbers, and the quotes of their cells with " | " between."""
        rows: dict[int, dict[str, str]] = {}
        for cell in (cell for row in self.grid.rows for cell in row):
            match = re.fullmatch(r".*/row\[(\d+)\]/cell\[\d+\]", cell.locator)
            if match:
                rows.setdefault(int(match[1]), {})[cell.locator] = cell.quote
        return tuple((number, " | ".join(cells.values())) for number, cells in sorted(rows.items()))

    def transposed(self, header_columns: int = 1) -> Table:
        """Return the table with rows and columns swapped, for tables whose columns are the models."""
        return Table(self.grid.transposed(header_columns), self.locator, self.context)


@dataclass(frozen=True, slots=True)
class Island:
    """An element that carries data for the page's own scripts: its attributes and its raw text."""

    attributes: dict[str, str]
    content: str
    tag: str
    context: Context
    tables: tuple[Table, ...] = field(default=(), compare=False)


Block = Heading | Text | Table | Island


def _is_struck(tag: str, attributes: Mapping[str, str | None]) -> bool:
    return tag in _STRUCK_TAGS or (bool(attributes) and _strikes(attributes))


def _strikes(attributes: Mapping[str, str | None]) -> bool:
    style = attributes.get("style")
    if style and "line-through" in style.replace(" ", "").casefold():
        return True
    # The one class that is looked at: a utility's name for the style itself. A struck price taken for a current one
    # would be a wrong number.
    classes = attributes.get("class") or ""
    return "line-through" in classes and "line-through" in classes.split()


def _own_text(node: LexborNode) -> str:
    """Return the text of a text node, without what is the mark of struck text here."""
    return (node.text_content or "").replace("\n", " ").replace(STRUCK, "")


def _is_hidden(attributes: Mapping[str, str | None]) -> bool:
    """Say whether an element shows nothing: beside a price, what it holds would be taken for digits of it."""
    if not attributes:
        return False
    style = attributes.get("style")
    if style:
        style = style.replace(" ", "").casefold()
        if "display:none" in style or "visibility:hidden" in style:
            return True
    return "hidden" in attributes


def _raw_text(node: LexborNode, found: _Found) -> str:
    """Collect the text that is shown under a node, in which "\n" parts lines and other blanks are as they were sent;
    footnote marks, codes and links go to `found`.
    """
    parts: list[str] = []
    child = node.child
    while child is not None:
        tag = child.tag or ""
        if tag == "-text":
            parts.append(_own_text(child))
        elif tag == "br":
            parts.append("\n")
        elif tag == "sup":
            parts.append(_marked(child, found))
        elif tag not in _SKIPPED and not tag.startswith("-") and not _is_hidden(attributes := child.attributes):
            inner = _raw_text(child, found)
            if tag in _REMEMBERED:
                _remember(child, tag, inner, found)
            if _is_struck(tag, attributes):
                inner = struck(inner)
            parts.append(_beside(parts, inner) if tag in _INLINE else f"\n{inner}\n")
        child = child.next
    return parts[0] if len(parts) == 1 else "".join(parts)


def _beside(parts: Sequence[str], inner: str) -> str:
    """Return the text of an inline element as it stands after parts of a text: digits of its own do not go on a number,
    as they may be a footnote's mark ("$2<a href=#n1>1</a>").
    """
    before = next((part for part in reversed(parts) if part), "") if inner[:1].isdigit() else ""
    return f" {inner}" if before[-1:].isdigit() else inner


def _marked(sup: LexborNode, found: _Found) -> str:
    """Return a footnote's mark as it stands in a raw text."""
    mark = clean(sup.text())
    found.setdefault("footnotes", []).append(mark)
    return f"\0{mark}\0"


def _remember(node: LexborNode, tag: str, raw: str, found: _Found) -> None:
    """Add a span, a code or a link with this raw text to `found`."""
    if tag == "span":
        found.setdefault("spans", []).append(_shown(raw))
    elif tag == "code":
        found.setdefault("codes", []).append(clean(node.text()))
    elif link := node.attributes.get("href"):
        found.setdefault("links", []).append(link)
        found.setdefault("link_texts", []).append(_shown(raw))


def _passage(raw: str, found: _Found, locator: str, tag: str) -> Passage:
    if STRUCK in raw or "\0" in raw:
        shown, struck_parts, quoted = unstruck(raw)
        text = tidy_lines(_MARKED.sub("", shown))
        quote = clean(_MARKED.sub(_footnote_mark, quoted))
    else:
        raw = raw.strip()
        text, struck_parts = tidy_lines(raw), ()
        quote = text if "\n" not in raw else clean(raw)
    if not found:
        return Passage(text, quote, locator, tag, struck_parts)
    return Passage(text, quote, locator, tag, struck_parts, *(tuple(found.get(kind, ())) for kind in _KINDS))


def _shown(raw: str) -> str:
    """The lines of a raw text without its footnote marks and struck parts."""
    if STRUCK in raw or "\0" in raw:
        raw = _MARKED.sub("", unstruck(raw)[0])
    return tidy_lines(raw)


def _footnote_mark(match: re.Match[str]) -> str:
    mark = match[1]
    return mark if mark.startswith(("(", "[")) else f" [{mark}] "


def passage_of(node: LexborNode, locator: str, *, is_struck: bool = False) -> Passage:
    """Return the text of one element as a passage; `is_struck` says that all of it is struck out."""
    found: _Found = {}
    raw = _raw_text(node, found)
    return _passage(struck(raw) if is_struck else raw, found, locator, node.tag or "")


def _cell(node: LexborNode, locator: str, *, is_struck: bool) -> Passage:
    """Return the text of a cell; a heading that sorts its column when it is pressed stands in a button."""
    passage = passage_of(node, locator, is_struck=is_struck)
    button = node.css_first("button") if node.tag == "th" and not passage else None
    return passage if button is None else passage_of(button, locator)._replace(tag="th")


def _tree(html: str) -> LexborHTMLParser:
    if nested_too_deep(html):
        raise Unreadable("it is markup nested too deep to be a page")
    return LexborHTMLParser(html)


def text_of_html(fragment: str, locator: str) -> Passage:
    """Return the text of a piece of HTML, such as a cell that a payload holds as markup."""
    body = _tree(fragment).body
    return passage_of(body, locator) if body is not None else Passage("", "", locator)


class _Walk:
    """One pass over the document; `blocks` has what it met. Numbers headings, texts, tables and tabs from 1, in reading
    order.
    """

    def __init__(self, tree: LexborHTMLParser, tabs: frozenset[str]) -> None:
        self.tree = tree
        self.tabs = tabs
        self.counts = {"heading": 0, "text": 0, "table": 0, "tab": 0}
        self.headings: list[tuple[int, Passage]] = []
        self.label = ""
        self.texts: list[Passage] = []
        self.run: list[str] = []
        self.found: _Found = {}
        self.blocks: list[Block] = []

    def context(self) -> Context:
        return Context(tuple([passage for _, passage in self.headings]), self.label, tuple(self.texts[-NEAR:]))

    def locator(self, kind: str) -> str:
        self.counts[kind] += 1
        return f"{kind}[{self.counts[kind]}]"

    def flush(self) -> None:
        if not self.run:
            return
        raw, found = "".join(self.run), self.found
        self.run, self.found = [], {}
        if raw.replace("\0", "").strip():
            passage = _passage(raw, found, self.locator("text"), "p")
            # A tab's name printed above its pane, and nothing else, labels what follows until the next heading.
            if passage.line.casefold() in self.tabs:
                self.label = passage.line
            self.blocks.append(Text(passage, self.context()))
            self.texts.append(passage)

    def walk(self, node: LexborNode) -> None:
        child = node.child
        while child is not None:
            self.visit(child, child.tag or "")
            child = child.next

    def visit(self, node: LexborNode, tag: str) -> None:
        if tag == "-text":
            self.run.append(_own_text(node))
        elif tag == "br":
            self.run.append("\n")
        elif tag in _ISLANDS:
            self.flush()
            self.island(node, tag)
        elif tag in _SKIPPED or tag.startswith("-"):
            return
        elif tag in _INLINE and not _holds_blocks(node):
            self.inline(node, tag)
        elif tag in _HEADINGS:
            self.flush()
            self.blocks.append(self.heading(node, _HEADINGS[tag]))
        elif tag == "table":
            self.flush()
            self.blocks.append(self.table(node))
        else:
            self.flush()
            if _is_struck(tag, node.attributes) and node.css_first("table") is None:
                self.run.append(struck(_raw_text(node, self.found)))
            else:
                self.pane(node)
            self.flush()

    def inline(self, node: LexborNode, tag: str) -> None:
        if tag == "sup":
            self.run.append(_marked(node, self.found))
            return
        raw = _raw_text(node, self.found)
        # Of the spans of a text only those inside another element are told.
        if tag in ("a", "code"):
            _remember(node, tag, raw, self.found)
        self.run.append(struck(raw) if _is_struck(tag, node.attributes) else _beside(self.run, raw))

    def heading(self, node: LexborNode, level: int) -> Heading:
        passage = passage_of(node, self.locator("heading"))
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        above = self.context()
        self.headings.append((level, passage))
        self.label, self.texts = "", []
        return Heading(passage, level, above)

    def table(self, node: LexborNode) -> Table:
        locator = self.locator("table")
        rows = []
        for number, (row, in_head, left) in enumerate(_rows(node), 1):
            cells: list[Spanned] = []
            start = f"{locator}/row[{number}]/cell["
            given_up = _is_struck("tr", row.attributes)
            for place, cell in enumerate(_children(row, "td", "th"), 1):
                attributes = cell.attributes
                passage = _cell(cell, f"{start}{place}]", is_struck=given_up or _strikes(attributes))
                down, across = attributes.get("rowspan"), attributes.get("colspan")
                # Editors mark a place that another cell spans by a cell with a span of 0.
                if not passage and "0" in (down, across):
                    continue
                cells.append((passage, _down(down, left), _across(across)))
            given = row.attributes.get("data-short") or ""
            # Markdown fills a short row up to the width of its table: only the cells that it gives count.
            rows.append((cells[: int(given)] if given.isdecimal() else cells, in_head, given.isdecimal()))
        return Table(spread(rows), locator, self.context())

    def pane(self, node: LexborNode) -> None:
        """Walk an element; a tab's panel begins with the tab's name, the heading and the label of what it has."""
        name = self.panel_label(node)
        if not name:
            self.walk(node)
            return
        before = self.label
        # Below all that stands above it; a heading of an upper level inside the panel ends it like any other.
        level = max((level for level, _ in self.headings), default=0) + 1
        tab = (level, Passage(name, name, self.locator("tab"), "tab"))
        self.blocks.append(Heading(tab[1], level, self.context()))
        self.headings.append(tab)
        self.label = name
        self.walk(node)
        self.flush()
        self.headings = [heading for heading in self.headings if heading is not tab]
        self.label = before

    def panel_label(self, node: LexborNode) -> str:
        attributes = node.attributes
        if not attributes or attributes.get("role") != "tabpanel":
            return ""
        if attributes.get("aria-label"):
            return clean(attributes["aria-label"] or "")
        tab = attributes.get("aria-labelledby")
        found = self.tree.css_first(f'[id="{tab}"]') if tab and '"' not in tab else None
        return clean(found.text()) if found is not None else ""

    def island(self, node: LexborNode, tag: str) -> None:
        attributes = {name: value or "" for name, value in node.attributes.items()}
        if tag == "script":
            self.blocks.append(Island(attributes, node.text() or "", tag, self.context()))
            return
        context, place = self.context(), len(self.blocks)
        self.walk(node)
        self.flush()
        tables = tuple(block for block in self.blocks[place:] if isinstance(block, Table))
        self.blocks.insert(place, Island(attributes, "", tag, context, tables))


def _holds_blocks(node: LexborNode) -> bool:
    """Say whether there is a block inside an element; most that could have one have nothing but text."""
    child = node.child
    while child is not None and (child.tag or "").startswith("-"):
        child = child.next
    return child is not None and node.css_first("table,h1,h2,h3,h4,h5,h6,p,div") is not None


def _rows(table: LexborNode) -> Iterator[tuple[LexborNode, bool, int]]:
    """The rows of a table, not those of a table inside it, each with whether it is in the table's head, and how many
    rows its group (head, body or foot) has from it on: no cell spans more.
    """
    for group in _children(table, "thead", "tbody", "tfoot"):
        rows = list(_children(group, "tr"))
        for number, row in enumerate(rows):
            yield row, group.tag == "thead", len(rows) - number


def _children(node: LexborNode, *tags: str) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        if child.tag in tags:
            yield child
        child = child.next


def _span(value: str | None) -> int | None:
    """Read a span as browsers do, by the digits that it begins with; None where it is no number."""
    digits = _SPAN.match(value or "1")
    return int(digits[1]) if digits else None


def _down(value: str | None, left: int) -> int:
    """Return how many rows a cell spans, of those that are left in its group; 0 is all of them."""
    rows = _span(value)
    return 1 if rows is None else min(rows or left, left)


def _across(value: str | None) -> int:
    """Return how many columns a cell spans; what cannot be is 1."""
    columns = _span(value)
    return columns if columns and columns <= _WIDEST else 1


def blocks_of(html: str, tabs: frozenset[str]) -> tuple[Block, ...]:
    """Return the blocks of an HTML document. `tabs` are the (casefolded) names of tabs that may label what follows."""
    tree = _tree(html)
    if tree.body is None:
        return ()
    walk = _Walk(tree, tabs)
    if tree.head is not None:
        for script in tree.head.css("script"):
            walk.island(script, "script")
    walk.walk(tree.body)
    walk.flush()
    return tuple(walk.blocks)
