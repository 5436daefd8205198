"""Pages as they are written: their tables as rows of cells, and the parts of a page that people see, to be altered.

Whatever is not altered keeps its bytes. A table that is not written plainly (one inside another, a row without its end)
is not among the tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scraper.extract.vocabulary import VOCABULARY, Meaning
from scraper.records import clean


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what opens it (a tag, or blanks), its text or markup, what closes it."""

    open: str
    inner: str
    close: str

    @property
    def text(self) -> str:
        """What the cell shows, roughly: its text without tags and Markdown's marks."""
        shown = re.sub(r"<[^<>]*>", "", self.inner)
        return clean(re.sub(r"\\(?=[$*|~-])|\*\*", "", shown).replace("&nbsp;", " ").replace("&amp;", "&"))

    @property
    def is_header(self) -> bool:
        """Whether it is written as a header cell."""
        return self.open.casefold().startswith("<th")

    def spans(self, name: str) -> int:
        """Return its `rowspan` or `colspan`."""
        found = re.search(rf"\b{name}=[\"']?(\d+)", self.open, re.IGNORECASE)
        return int(found[1]) if found else 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row. `gap` is what stands before it and is not of it: the begin of the table or of its body, blanks."""

    gap: str
    open: str
    cells: tuple[Cell, ...]
    close: str

    def between(self, mark: str) -> str:
        """Return the cells as they stand in a page, with a mark between them."""
        return mark.join(f"{cell.open}{cell.inner}{cell.close}" for cell in self.cells)

    def with_cells(self, cells: Sequence[Cell]) -> Row:
        """Return the row with other cells."""
        return replace(self, cells=tuple(cells))


@dataclass(frozen=True, slots=True)
class Written:
    """A table: from `start` to `end` of its page. The first `head` rows name the columns.

    `rule` is the line below the header of a Markdown table, None in HTML. `island` says that it stands inside an
    element with data of its own, which a mutation of the table alone would contradict.
    """

    start: int
    end: int
    rows: tuple[Row, ...]
    head: int
    tail: str
    rule: Row | None = None
    island: bool = False

    @property
    def body(self) -> tuple[Row, ...]:
        """The rows below the header."""
        return self.rows[self.head :]

    @property
    def is_markup(self) -> bool:
        """Whether it is HTML."""
        return self.rule is None

    @property
    def is_plain(self) -> bool:
        """Whether each row has a cell of its own for each column, and each column but the first a heading."""
        rows = (*self.rows, self.rule) if self.rule else self.rows
        spanned = any(cell.spans(name) > 1 for row in rows for cell in row.cells for name in ("rowspan", "colspan"))
        header = self.rows[0].cells if self.head == 1 else ()
        widths = {len(row.cells) for row in rows}
        return not spanned and len(widths) == 1 and len(header) > 1 and all(cell.text for cell in header[1:])

    @property
    def header(self) -> tuple[str, ...]:
        """The texts of the first row."""
        return tuple(cell.text for cell in self.rows[0].cells)

    @property
    def labels_are_rows(self) -> bool:
        """Whether the first column says what the values are, not the header: a table whose columns are the models."""
        in_header = sum(meaning_of(text) is not None for text in self.header)
        in_column = sum(meaning_of(row.cells[0].text) is not None for row in self.body if row.cells)
        # A single one may be a row of models that is named like a length of prompts ("up to 150M").
        return in_column > max(in_header, 1)

    def groups(self) -> tuple[tuple[Row, ...], ...]:
        """Return the rows of the body as groups that belong together: by spans, and by empty first cells."""
        groups: list[list[Row]] = []
        covered = 0
        for row in self.body:
            first = row.cells[0].text if row.cells else ""
            if groups and (covered > 0 or not first):
                groups[-1].append(row)
            else:
                groups.append([row])
            spans = [cell.spans("rowspan") for cell in row.cells]
            covered = max(covered, *spans, 1) - 1
        return tuple(tuple(group) for group in groups)

    def with_body(self, rows: Sequence[Row]) -> Written:
        """Return the table with other rows below its header, which stand where the first ones stood."""
        gaps = [row.gap for row in self.body]
        padded = [*gaps[: len(rows)], *[gaps[-1]] * (len(rows) - len(gaps))]
        body = [replace(row, gap=gap) for row, gap in zip(rows, padded, strict=True)]
        # The end of a body or a foot may stand in the gap of a row that is gone.
        lost = "".join(gaps[len(rows) :])
        return replace(self, rows=(*self.rows[: self.head], *body), tail=lost + self.tail)

    def map_cells(self, change: Callable[[Cell], Cell], *, header: bool = False, body: bool = True) -> Written:
        """Return the table with each cell changed."""
        rows = [
            row.with_cells([change(cell) for cell in row.cells]) if (header if n < self.head else body) else row
            for n, row in enumerate(self.rows)
        ]
        return replace(self, rows=tuple(rows))

    def map_rows(self, change: Callable[[Sequence[Cell], bool], Sequence[Cell]]) -> Written:
        """Return the table with the cells of each row changed; the second argument says whether it is of the header."""
        rows = tuple(row.with_cells(change(row.cells, n < self.head)) for n, row in enumerate(self.rows))
        rule = self.rule.with_cells(change(self.rule.cells, True)) if self.rule else None
        return replace(self, rows=rows, rule=rule)

    def written(self) -> str:
        """Return it as it stands in a page."""
        between = "" if self.is_markup else "|"
        rows = [*self.rows]
        if self.rule:
            rows.insert(1, self.rule)
        return "".join(f"{row.gap}{row.open}{row.between(between)}{row.close}" for row in rows) + self.tail


def meaning_of(text: str) -> Meaning | None:
    """Return what a heading means in the common vocabulary; None for a text that is none."""
    return VOCABULARY.meaning(text) if text else None


_UNSEEN: Final = re.compile(
    r"<!--.*?-->|<(?P<tag>script|style|template|noscript|svg)\b[^>]*>.*?</(?P=tag)\s*>", re.DOTALL | re.IGNORECASE
)
_TABLE: Final = re.compile(r"<table\b[^>]*>(?:(?!<table\b).)*?</table\s*>", re.DOTALL | re.IGNORECASE)
# A head may have its cells without a row around them.
_ROW: Final = re.compile(
    r"(<tr\b[^>]*>|<thead\b[^>]*>(?=\s*<th\b))(.*?)(</tr\s*>|</thead\s*>)", re.DOTALL | re.IGNORECASE
)
_CELL: Final = re.compile(r"\s*(<t[dh]\b[^>]*>)(.*?)(</t[dh]\s*>)\s*", re.DOTALL | re.IGNORECASE)


def tables_of(page: str, kind: str) -> tuple[Written, ...]:
    """Return the tables of a page of the kind `html` or `markdown`, in reading order."""
    return tuple(_html_tables(page) if kind == "html" else _markdown_tables(page))


def _html_tables(page: str) -> Iterator[Written]:
    seen = _UNSEEN.sub(lambda match: " " * len(match[0]), page)
    above = ""
    for match in _TABLE.finditer(seen):
        # The heading row may be a table of its own above that of the rows, which then has none.
        apart = len(_ROW.findall(above)) == 1 and "<th" in above and not re.search("<th\\b", match[0])
        above = match[0]
        rows, position = [], 0
        source = page[match.start() : match.end()]
        for row in _ROW.finditer(source):
            cells = [Cell(*cell.groups()) for cell in _CELL.finditer(row[2])]
            if not cells or _CELL.sub("", row[2]).strip():
                break
            rows.append(Row(source[position : row.start()], row[1], tuple(cells), row[3]))
            position = row.end()
        else:
            if len(rows) > 1:
                depth = len(re.findall("<astro-island\\b", seen[: match.start()]))
                island = depth > seen.count("</astro-island", 0, match.start())
                head = 0 if apart else _head(rows)
                yield Written(match.start(), match.end(), tuple(rows), head, source[position:], island=island)


def _head(rows: Sequence[Row]) -> int:
    marked, in_head = 0, False
    for row in rows:
        in_head = (in_head or "<thead" in row.gap.casefold()) and "</thead" not in row.gap.casefold()
        if not in_head and not all(cell.is_header for cell in row.cells):
            break
        marked += 1
    return min(marked or 1, len(rows) - 1)


_LINE: Final = re.compile(r"(?P<open>[ \t]*\|)(?P<cells>.*)(?P<close>\|[ \t]*)")
_RULE: Final = re.compile(r"[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?")
_PADDED: Final = re.compile(r"\A([ \t]*)(.*?)([ \t]*)\Z", re.DOTALL)


def _markdown_tables(page: str) -> Iterator[Written]:
    position = 0
    block: list[str] = []
    for line in (*page.splitlines(keepends=True), ""):
        if _LINE.fullmatch(line.rstrip("\r\n")):
            block.append(line)
        elif block:
            if len(block) > 2 and _RULE.fullmatch(block[1].rstrip("\r\n")):
                start = position - sum(map(len, block))
                header, rule, *body = (_markdown_row(one) for one in block)
                yield Written(start, position, (header, *body), 1, "", rule=rule)
            block = []
        position += len(line)


def _markdown_row(line: str) -> Row:
    bare = line.rstrip("\r\n")
    opening, cells, closing = _LINE.sub(r"\g<open>\0\g<cells>\0\g<close>", bare).split("\0")
    padded = (_PADDED.sub(r"\1\0\2\0\3", part, count=1).split("\0") for part in re.split(r"(?<!\\)\|", cells))
    return Row("", opening, tuple(Cell(*parts) for parts in padded), closing + line[len(bare) :])


def with_tables(page: str, tables: Sequence[Written]) -> str:
    """Return the page with these tables in their places."""
    parts, position = [], 0
    for table in tables:
        parts += [page[position : table.start], table.written()]
        position = table.end
    return "".join([*parts, page[position:]])


_TOKEN: Final = re.compile(
    rf"(?P<unseen>{_UNSEEN.pattern})|(?P<markup><[A-Za-z/!](?:\"[^\"]*\"|'[^']*'|[^'\">])*>)|(?P<text>[^<]+|<)",
    re.DOTALL | re.IGNORECASE,
)
# In Markdown: front matter, code, tags and the targets of links are not text.
_MARKDOWN_TOKEN: Final = re.compile(
    r"(?P<unseen>\A---\n.*?\n---\n|^[ \t]*(?:```|~~~).*?^[ \t]*(?:```|~~~)|`[^`\n]*`|\]\([^()\n]*\))"
    r"|(?P<markup><[A-Za-z/!][^<>\n]*>)|(?P<text>(?:(?!^[ \t]*(?:```|~~~)|`|\]\(|<[A-Za-z/!]).)+|.)",
    re.DOTALL | re.MULTILINE,
)


def map_text(page: str, kind: str, change: Callable[[str], str]) -> str:
    """Return the page with each run of text that people see changed; tags, scripts and code stay as they are."""
    token = _TOKEN if kind == "html" else _MARKDOWN_TOKEN
    return token.sub(lambda match: change(match[0]) if match["text"] else match[0], page)


def sub_seen(pattern: str, written: str, page: str) -> str:
    """Substitute in an HTML page outside of scripts and of what else nobody sees; `.` matches line ends."""
    either = re.compile(rf"(?P<unseen>{_UNSEEN.pattern})|(?:{pattern})", re.DOTALL | re.IGNORECASE)
    return either.sub(lambda match: match[0] if match["unseen"] else match.expand(written), page)


def map_tags(page: str, change: Callable[[str], str]) -> str:
    """Return an HTML page with each tag changed."""
    return _TOKEN.sub(lambda match: change(match[0]) if match["markup"] else match[0], page)


@dataclass(frozen=True, slots=True)
class Headed:
    """A heading as it is written: its place, its level, its inner text or markup."""

    start: int
    end: int
    level: int
    inner: str

    @property
    def text(self) -> str:
        """What it shows."""
        return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", Cell("", self.inner, "").text).strip("# \u200b")


_HEADING: Final = {
    "html": re.compile(r"<h(?P<level>[1-6])\b[^>]*>(?P<inner>.*?)</h(?P=level)\s*>", re.DOTALL | re.IGNORECASE),
    "markdown": re.compile(r"^(?P<level>\#{1,6})[ \t]+(?P<inner>[^\n]*)$", re.MULTILINE),
}


def headings_of(page: str, kind: str) -> tuple[Headed, ...]:
    """Return the headings of a page."""
    hide = _UNSEEN if kind == "html" else re.compile(r"^[ \t]*```.*?^[ \t]*```", re.DOTALL | re.MULTILINE)
    seen = hide.sub(lambda match: " " * len(match[0]), page)
    found = []
    for match in _HEADING[kind].finditer(seen):
        level = match["level"]
        number = int(level) if level.isdecimal() else len(level)
        found.append(Headed(match.start(), match.end(), number, page[match.start("inner") : match.end("inner")]))
    return tuple(found)
