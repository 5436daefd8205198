"""Markdown and MDX to HTML, so that their tables are read by the same code as those of pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from scraper.extract.jsx import with_tables

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
            line = env["lines"][token.map[0]].strip()
            given = len(escapedSplit(line.removeprefix("|").removesuffix("|")))
            if given < width:
                return f'<tr data-short="{given}">\n'
        return self.renderToken(tokens, index, options, env)


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
