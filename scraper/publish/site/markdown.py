"""Markdown that untrusted text cannot leave, and the rows that stand in an offer's Markdown by the dozen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from scraper.publish.site import words
from scraper.publish.site.addresses import web_address
from scraper.publish.site.cards import Card, cell_text
from scraper.publish.site.lines import Line, Past

_SPECIAL: Final = "\\`*_[]<>|#~&"
"""What is escaped; the backslash first, as the escapes of the others are made of it."""


class Raw(str):
    """Markdown that is not escaped again."""

    __slots__ = ()


def escaped(value: object) -> str:
    """Escape what stands in Markdown: no link, tag, table cell or heading comes of it."""
    return value if isinstance(value, Raw) else _escaped(str(value))


@lru_cache(maxsize=16384)
def _escaped(text: str) -> str:
    for special in _SPECIAL:
        if special in text:
            text = text.replace(special, f"\\{special}")
    return " ".join(text.replace("://", ":\\//").split())


def code(text: object) -> Raw:
    """Write a text as Markdown code on one line, also within a table."""
    shown = " ".join(str(text).split())
    fence = "`" * (_longest_run(shown) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return Raw(f"{fence}{blank}{shown}{blank}{fence}".replace("|", "\\|"))


def block(text: str) -> Raw:
    """Write lines as a block of Markdown code."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return Raw(f"{fence}\n{text}\n{fence}")


def _longest_run(text: str) -> int:
    """Return how many backticks follow each other in a text, at most."""
    return max(map(len, re.findall("`+", text))) if "`" in text else 0


@lru_cache(maxsize=4096)
def link(address: str) -> Raw:
    """Write an address of the web as a Markdown link, any other as code."""
    usable = web_address(address)
    if not usable or re.search(r"[\s<>|]", usable):
        return code(address)
    return Raw(f"<{usable}>")


def price_rows(lines: Iterable[Line]) -> Raw:
    """Return the rows of the price table, with their evidence."""
    return Raw(
        "".join(
            f"| {_escaped(line.label)} | {_escaped(line.conditions)} | {_said(line)} | {line.unit} | "
            f"{' '.join(mark for mark, _ in line.marks)} | {_evidence(line)} |\n"
            for line in lines
        )
    )


def spec_rows(lines: Iterable[Line], elsewhere: Mapping[str, Mapping[str, Any]]) -> Raw:
    """Return the rows of the specs, each with what another provider states where this one does not."""
    rows = []
    for line in lines:
        other = elsewhere.get(line.field)
        more = f" ({escaped(other['provider'])} states {escaped(other['shown'])})" if other else ""
        rows.append(f"| {_escaped(line.label)} | {_said(line)}{more} | {_evidence(line)} |\n")
    return Raw("".join(rows))


def listed_row(card: Card, fields: Iterable[str], root: str) -> Raw:
    """Return the row of an offer in the table of its provider."""
    cells = " | ".join(_escaped(cell_text(card.cell(field))) for field in fields)
    return Raw(f"| [{_escaped(card.model_id or card.name)}]({root}{card.path}.md) | {_escaped(card.name)} | {cells} |")


def history_rows(history: Iterable[Past]) -> Raw:
    """Return what was stated, from when to when."""
    return Raw(
        "\n".join(
            f"| {_escaped(one.label)} | {_escaped(one.whole)} | {one.start} | {one.last} | {one.end or 'now'} |"
            for one in history
        )
    )


def answered(asked: Iterable[tuple[str, str]]) -> Raw:
    """Return questions with their answers."""
    return Raw("\n\n".join(f"**{_escaped(question)}** {_escaped(answer)}" for question, answer in asked))


def compared_row(card: Card, seller: str, root: str) -> str:
    """Return the row of an offer in the table that compares those of one model."""
    prices = " | ".join(escaped(cell_text(card.cell(field))) for field in ("input", "output"))
    return f"| [{escaped(seller)}]({root}{card.path}.md) | {code(card.model_id or card.name)} | {prices} |\n"


def _said(line: Line) -> str:
    return f"{_escaped(line.shown)}: {line.reason}" if line.reason else _escaped(line.shown)


def _evidence(line: Line) -> str:
    if not line.number:
        return ""
    return f"“{_escaped(line.view.quote)}” {link(line.view.source_url)} {words.day(line.view.captured_at)}"
