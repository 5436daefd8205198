"""A digest as plain text: for a terminal, for cron's mail, and as the alternative of an e-mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from scraper.alerts.layout.parts import COLUMNS, DOWN, UP, Digest, Group, Item, Move, Row, Section

ARROWS: Final = {DOWN: "▼", UP: "▲"}
_QUOTE: Final = 120
_NAME: Final = 40
_ALSO: Final = 4
HEADS: Final = (*COLUMNS, "1,000 in + 500 out")


def text_of(digest: Digest, *, heading: bool = True, wide: bool = True) -> str:
    """Write a digest as lines of text, the last one ended.

    Without `heading` it has its title elsewhere. What is not `wide` has no columns: for chats, where letters are not of
    one width and lines are short.
    """
    return "\n".join(_lines(digest, heading=heading, wide=wide)).lstrip("\n") + "\n"


def _lines(digest: Digest, *, heading: bool, wide: bool) -> Iterator[str]:
    if heading:
        yield digest.title
    if digest.lead and digest.lead not in digest.title:
        yield digest.lead
    if digest.attention:
        yield from ("", "NEEDS ATTENTION")
        for section in digest.attention:
            yield from _section(section, quotes=digest.quotes, wide=wide)
    for group in digest.groups:
        yield from ("", group.provider.upper())
        for section in group.sections:
            yield from _section(section, quotes=digest.quotes, wide=wide)
        yield from _evidence(group)
    if digest.waiting:
        yield from ("", "WAITS FOR A PERSON")
        for section in digest.waiting:
            yield from _section(section, quotes=digest.quotes, wide=wide)
    if digest.rest:
        yield from ("", digest.rest)
    if digest.rest_link:
        yield f"All of it: {digest.rest_link}"


def _section(section: Section, *, quotes: bool, wide: bool) -> Iterator[str]:
    if section.names:
        yield f"  {section.title}: {names_text(section)}"
        return
    yield f"  {section.title}{rows_say(section, request=not wide)}"
    if wide:
        yield from (f"    {line}" for line in _rows(section.rows))
    else:
        yield from (f"    {row_text(row)}" for row in section.rows)
    for item in section.items:
        yield from (f"    {line}" for line in _item(item, quotes=quotes))
    if section.more:
        yield f"    … and {section.more:,} more"
    if section.hint:
        yield f"    {section.hint}"


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    """Write rows with their numbers below each other; a name that is too long for its column has a line of its own."""
    if not rows:
        return
    table = [[*row.cells, row.request] for row in rows]
    columns = [column for column in range(len(HEADS)) if any(any(line[column]) for line in table)]
    widths = [tuple(max(len(line[column][side]) for line in table) for side in (0, 1)) for column in columns]
    name = min(max(len(row.name) for row in rows), _NAME)
    heads = [HEADS[column].ljust(sum(width) + 3) for column, width in zip(columns, widths, strict=True)]
    if heads:
        yield f"{' ' * name}  {'   '.join(heads)}".rstrip()
    for row, line in zip(rows, table, strict=True):
        cells = [_pair(line[column], *width) for column, width in zip(columns, widths, strict=True)]
        if len(row.name) > name:
            yield row.name
        shown = "" if len(row.name) > name else row.name
        yield f"{shown.ljust(name)}  {'   '.join(cells)}  {row.percent.rjust(7)}  {row.rest}".rstrip()
        if row.also:
            yield f"  also {names_in_short(row.also)}"


def rows_say(section: Section, *, request: bool) -> str:
    """Say what the numbers of rows are, in brackets after the title; with `request`, also what a request is."""
    if not section.rows:
        return ""
    asked = request and any(any(row.request) for row in section.rows)
    return f" (prices per 1M tokens{'; a request has 1,000 tokens in and 500 out' if asked else ''})"


def moves_of(row: Row) -> list[str]:
    """Say of a row what moved, part by part: `input $1.00 → $0.20`."""
    pairs = zip((*COLUMNS, "request"), (*row.cells, row.request), strict=True)
    return [f"{what} {' → '.join(cell)}" for what, cell in pairs if any(cell)] + ([row.rest] if row.rest else [])


def row_text(row: Row) -> str:
    """Write a row as a line without columns."""
    moved = f"{ARROWS.get(row.direction, '')} {row.percent}".strip()
    parts = [part for part in (moved, row.name, ", ".join(moves_of(row))) if part]
    return "  ".join(parts) + (f"; also {names_in_short(row.also)}" if row.also else "")


def _pair(sides: tuple[str, str], before: int, after: int) -> str:
    arrow = "→" if any(sides) else " "
    return f"{sides[0].rjust(before)} {arrow} {sides[1].rjust(after)}"


def names_in_short(names: Sequence[str]) -> str:
    """Write some names, and how many more there are."""
    more = f" and {len(names) - _ALSO:,} more" if len(names) > _ALSO else ""
    return ", ".join(names[:_ALSO]) + more


def names_text(section: Section) -> str:
    """Write the names of a section, and how many more there are."""
    return ", ".join(section.names) + (f" and {section.more:,} more" if section.more else "")


def _item(item: Item, *, quotes: bool) -> Iterator[str]:
    yield item.name
    for line, move in zip(_aligned(item.moves), item.moves, strict=True):
        yield f"  {line}"
        if quotes and move.quote:
            yield f"    “{move.quote[:_QUOTE]}”  {move.link}".rstrip()
    if item.more:
        yield f"  … and {fields_text(item.more)}"
    if item.request:
        yield f"  {item.request}"
    if item.note:
        yield f"  {item.note}"
    if not item.moves and item.link:
        yield f"  {item.link}"


def fields_text(count: int) -> str:
    """Say how many fields are not shown."""
    return f"{count:,} more {'field' if count == 1 else 'fields'}"


def _aligned(moves: Sequence[Move]) -> Iterator[str]:
    width = max((len(move.field) for move in moves), default=0)
    for move in moves:
        percent = f"   {move.percent}" if move.percent else ""
        yield f"{move.field.ljust(width)}  {moved_text(move)}{percent}"


def moved_text(move: Move) -> str:
    """Write what was and what is, with the unit: `$5.00 → $4.50 / 1M tokens`."""
    sides = " → ".join(side for side in (move.before, *move.via, move.after) if side)
    return f"{sides} / {move.unit}" if move.unit else sides


def _evidence(group: Group) -> Iterator[str]:
    for number, page in enumerate(group.evidence):
        yield f"  {'evidence' if number == 0 else '        '}  {page.address}  captured {', '.join(page.days)}"
    if group.more:
        yield f"            … and {group.more:,} more pages"
