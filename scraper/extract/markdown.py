"""Markdown and MDX to HTML, so that their tables are read by the same code as those of pages. Tables that MDX hands to
a component as data become the HTML tables that readers see.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_TAG_LINE = re.compile(r"^[ \t]*</?[A-Za-z][\w.-]*(?:\s[^\n]*)?>[ \t]*$", re.MULTILINE)
_TAB = re.compile(r"<(?:Tab|TabItem)\b[^>]*?\b(?:title|label)=\"([^\"]*)\"[^>]*>")
_COMMENT = re.compile(r"\{/\*.*?\*/\}|<!--.*?-->", re.DOTALL)
_RAISED = re.compile(r"\^((?:\\?\*)+|\d{1,2}|[†‡]+)\^")  # "Search^\*^", a footnote mark


class _Renderer(RendererHTML):
    """Marks table rows that have fewer cells than the table: GFM pads them at the end, renderings of spans do not."""

    def tr_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[index]
        if token.map and env["lines"] and tokens[index - 1].type != "thead_open":
            width = 0
            for later in tokens[index + 1 :]:
                if later.type == "tr_close":
                    break
                width += later.type == "td_open"
            given = _cells_given(env["lines"][token.map[0]].strip().removeprefix("|").removesuffix("|"))
            if given < width:
                return f'<tr data-short="{given}">\n'
        return self.renderToken(tokens, index, options, env)


def _cells_given(row: str) -> int:
    """Return how many cells the line of a row has."""
    return len(escapedSplit(row)) if "\\" in row else row.count("|") + 1


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    # MDX indents whatever stands inside a component; nothing of what we read is indented code.
    return parser.disable("code")


def to_html(markdown: str) -> str:
    """Render Markdown or MDX to HTML. Components become unknown elements, tabs become labelled panels."""
    text = _FRONT_MATTER.sub("", markdown.replace("\r\n", "\n"))
    text = with_tables(_COMMENT.sub("", text))
    text = _TAB.sub(lambda match: f'<div role="tabpanel" aria-label="{match[1]}">', text)
    text = re.sub(r"</(?:Tab|TabItem)>", "</div>", text)
    text = _RAISED.sub(lambda match: f"<sup>{match[1]}</sup>", text)
    # A component's tag on a line of its own must not swallow the Markdown next to it.
    text = _TAG_LINE.sub(lambda match: f"\n{match[0].strip()}\n", text)
    env: dict[str, Any] = {"lines": text.split("\n")}
    rendered: str = _parser().render(text, env)
    return rendered


# The components' own code, which a page carries in front of its text.
_CODE: Final = re.compile(r"^export (?:const|function|default)\b.*?^\}?\)?;?\n(?=\s*\n)", re.MULTILINE | re.DOTALL)
_TABLE: Final = re.compile(r"<[A-Z]\w*\s+columns=\{\[(?P<columns>.*?)\]\}\s+rows=\{\[(?P<rows>.*?)\]\}\s*/>", re.DOTALL)
_TITLE: Final = re.compile(r"""\{[^{}]*?\btitle:\s*(?P<quote>["'])(?P<title>.*?)(?P=quote)[^{}]*\}""")
_ROW: Final = re.compile(r"^\s*\[(?P<cells>.*)\],?\s*$", re.MULTILINE)
# A text in quotes, a fragment (<>…</>) or a bare value; what stands between is commas.
_CELL: Final = re.compile(
    r"""\s*(?:(?P<quote>["'])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)|<>(?P<inner>.*?)</>|(?P<bare>[^,"'<]+))\s*(?:,|$)"""
)
# Attributes whose values are objects, which HTML does not know: <div style={{minWidth: '240px'}}>
_OBJECT: Final = re.compile(r"(<[A-Za-z][\w.-]*(?:\s[^<>{}]*?)?)\s\w+=\{\{[^{}]*\}\}")
_EXPRESSION: Final = re.compile(r"""\{\s*(["'])(.*?)\1\s*\}""")


def with_tables(mdx: str) -> str:
    """Return MDX with its data tables as HTML, each row on one line; one that is written otherwise stays as it is."""
    return _OBJECT.sub(r"\1", _TABLE.sub(_as_html, _CODE.sub("", mdx)))


def _as_html(match: re.Match[str]) -> str:
    titles = [title["title"] for title in _TITLE.finditer(match["columns"])]
    rows = [_cells(row["cells"]) for row in _ROW.finditer(match["rows"])]
    if not titles or not rows or any(row is None or len(row) != len(titles) for row in rows):
        return match[0]
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row or ())}</tr>\n" for row in rows)
    return f"\n<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n"


def _cells(row: str) -> list[str] | None:
    """Return the cells of a row as HTML; None where a part of it is not a cell."""
    cells, position = [], 0
    while position < len(row):
        match = _CELL.match(row, position)
        if match is None or match.end() == position:
            return None
        inner = match["inner"]
        text = match["text"] if match["quote"] else match["bare"]
        cells.append(_EXPRESSION.sub(r"\2", inner) if inner is not None else html.escape((text or "").strip()))
        position = match.end()
    return cells
