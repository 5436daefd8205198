"""A digest as Markdown that any renderer shows alike; what strangers wrote can neither format, link, nor mention."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scraper.alerts.layout.parts import Digest, Group, Item, Move, Row, Section
from scraper.alerts.layout.plain import ARROWS, HEADS, fields_text, moved_text, moves_of, names_in_short, rows_say

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~&$])")
_MENTION: Final = re.compile(r"([@#])(?=\w)")
_QUOTE: Final = 200


def markdown_of(digest: Digest, *, heading: bool = True, tables: bool = True) -> str:
    """Write a digest as Markdown; without a heading where it has its title elsewhere, as an issue has.

    Without `tables` it is for chats, which show none: lists instead.
    """
    lines = _lines(digest, heading=heading, tables=tables)
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is: no formatting, no HTML, nobody mentioned, nothing referred to."""
    return _SPECIAL.sub(r"\\\1", _MENTION.sub("\\1\u200b", text))


def code(text: str) -> str:
    """Return text as a code span, also where it has backticks."""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _cell(text: str) -> str:
    """Return a code span fit for a cell of a table, which a bar would end also in code."""
    return code(text).replace("|", r"\|")


def _lines(digest: Digest, *, heading: bool, tables: bool) -> Iterator[str]:
    if heading:
        yield from (f"# {escaped(digest.title)}", "")
    if digest.lead:
        yield from (f"{escaped(digest.lead)}.", "")
    if digest.attention:
        yield from ("## Needs attention", "")
        for section in digest.attention:
            yield from _section(section, quotes=digest.quotes, tables=tables)
    for group in digest.groups:
        yield from _group(group, quotes=digest.quotes, tables=tables)
    if digest.waiting:
        yield from ("## Waits for a person", "")
        for section in digest.waiting:
            yield from _section(section, quotes=digest.quotes, tables=tables)
    if digest.rest:
        # Our own words around a command in backticks, in which an escape would be shown.
        yield from (digest.rest, "")
    if digest.rest_link:
        yield from (f"[All of it]({target(digest.rest_link)})", "")


def target(address: str) -> str:
    """Return an address as the target of a link."""
    return address.replace("(", "%28").replace(")", "%29")


def _group(group: Group, *, quotes: bool, tables: bool) -> Iterator[str]:
    yield from (f"## {escaped(group.provider)}", "")
    for section in group.sections:
        yield from _section(section, quotes=quotes, tables=tables)
    if group.evidence:
        pages = ", ".join(f"[{', '.join(page.days)}]({target(page.address)})" for page in group.evidence)
        yield from (f"Evidence: {pages}" + (f" and {group.more:,} more pages" if group.more else "") + ".", "")


def _section(section: Section, *, quotes: bool, tables: bool) -> Iterator[str]:
    yield from (f"### {section.title}{rows_say(section, request=not tables)}", "")
    if section.names:
        more = f" and {section.more:,} more" if section.more else ""
        yield from (f"{', '.join(map(code, section.names))}{more}.", "")
        return
    yield from _row_table(section.rows) if tables else map(_row_line, section.rows)
    moved = [item for item in section.items if item.moves]
    if not tables:
        yield from (line for item in moved for line in _item_lines(item, quotes=quotes))
    elif moved:
        yield from ("| | field | before | after | |", "|---|---|--:|--:|--:|")
        for item in moved:
            yield from _rows(item, quotes=quotes)
        yield ""
    for item in section.items:
        if not item.moves:
            link = f" ([evidence]({target(item.link)}))" if item.link else ""
            yield f"- {code(item.name)}{': ' if item.note else ''}{escaped(item.note)}{link}"
    if section.more:
        yield from ("", f"… and {section.more:,} more.")
    if section.hint:
        yield from ("", f"{section.hint}.")
    yield ""


def _row_table(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield from (f"| | {' | '.join(HEADS)} | |", "|---|--:|--:|--:|--:|")
    for row in rows:
        pairs = (" → ".join(cell) if any(cell) else "" for cell in (*row.cells, row.request))
        also = f", also {names_in_short([_cell(name) for name in row.also])}" if row.also else ""
        rest = f"; {escaped(row.rest)}" if row.rest else ""
        last = f"{ARROWS.get(row.direction, '')} {row.percent}".strip()
        yield f"| {_linked(_cell(row.name), row.link)}{also}{rest} | {' | '.join(map(escaped, pairs))} | {last} |"
    yield ""


def _in_chat(text: str) -> str:
    """Return text for a chat, which has no formulas that a dollar sign would begin."""
    return escaped(text).replace(r"\$", "$")


def _row_line(row: Row) -> str:
    percent = f"{ARROWS.get(row.direction, '')} {row.percent}".strip()
    moved = f"**{percent}** " if percent else ""
    also = f"; also {names_in_short([code(name) for name in row.also])}" if row.also else ""
    return f"- {moved}{_linked(code(row.name), row.link)} {_in_chat(', '.join(moves_of(row)))}{also}"


def _item_lines(item: Item, *, quotes: bool) -> Iterator[str]:
    """Write an offer and what happened to it as a list within a list."""
    yield f"- {_linked(code(item.name), item.link)}"
    for move in item.moves:
        percent = f" **{move.percent}**" if move.percent else ""
        yield f"  - {code(move.field)} {_in_chat(moved_text(move))}{percent}"
        if quotes and move.quote:
            yield f"    {code(move.quote[:_QUOTE])}"
    last = [fields_text(item.more)] if item.more else []
    yield from (f"  - {_in_chat(text)}" for text in (*last, item.request, item.note) if text)


def _linked(shown: str, link: str) -> str:
    return f"[{shown}]({target(link)})" if link else shown


def _rows(item: Item, *, quotes: bool) -> Iterator[str]:
    name = _linked(_cell(item.name), item.link)
    for number, move in enumerate(item.moves):
        yield f"| {'' if number else name} | {_cell(move.field)} | {' | '.join(_cells(move))} |"
        if quotes and move.quote:
            yield f"| | {_cell(move.quote[:_QUOTE])} | | | |"
    last = [fields_text(item.more)] if item.more else []
    last += [text for text in (item.request, item.note) if text]
    for text in last:
        yield f"| | {escaped(text)} | | | |"


def _cells(move: Move) -> tuple[str, str, str]:
    arrow = ARROWS.get(move.direction, "")
    percent = f"{arrow} {move.percent}" if move.percent else arrow
    after = f"{move.after} / {move.unit}" if move.unit and move.after else move.after
    before = " → ".join((move.before, *move.via))
    return escaped(before), escaped(after) or escaped(moved_text(move)), percent
