"""Tables that MDX pages hand to a component as data, written as the HTML tables that readers see.

<DocTable columns={[{ title: "Model" }, …]} rows={[["kimi-k2.6", <>{"$"}0.16</>], …]} />
"""

from __future__ import annotations

import html
import re
from typing import Final

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
