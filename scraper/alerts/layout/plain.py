"""A digest as plain text: for a terminal, for cron's mail, and as the alternative of an e-mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scraper.alerts.layout.digest import Digest, Group, Item, Move, Section

_QUOTE = 120


def text_of(digest: Digest) -> str:
    """Write a digest as lines of text, the last one ended."""
    return "\n".join(_lines(digest)) + "\n"


def _lines(digest: Digest) -> Iterator[str]:
    yield digest.title
    if digest.lead and digest.lead not in digest.title:
        yield digest.lead
    if digest.attention:
        yield from ("", "NEEDS ATTENTION")
        for section in digest.attention:
            yield from _section(section, quotes=digest.quotes)
    for group in digest.groups:
        yield from ("", f"{group.provider.upper()}   {group.summary}")
        for section in group.sections:
            yield from _section(section, quotes=digest.quotes)
        yield from _evidence(group)
    if digest.rest:
        yield from ("", digest.rest)
    if digest.rest_link:
        yield f"All of it: {digest.rest_link}"


def _section(section: Section, *, quotes: bool) -> Iterator[str]:
    if section.names:
        yield f"  {section.title}: {names_text(section)}"
        return
    yield f"  {section.title}"
    for item in section.items:
        yield from (f"    {line}" for line in _item(item, quotes=quotes))
    if section.more:
        yield f"    … and {section.more:,} more"
    if section.hint:
        yield f"    {section.hint}"


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
