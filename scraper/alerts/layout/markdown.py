"""A digest as Markdown that any renderer shows alike; what strangers wrote can neither format, link, nor mention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.alerts.layout.digest import DOWN, UP, Digest, Group, Item, Move, Section
from scraper.alerts.layout.plain import fields_text, moved_text

_ARROWS: Final = {DOWN: "▼", UP: "▲"}
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~&$])")
_MENTION: Final = re.compile(r"([@#])(?=\w)")
_QUOTE: Final = 200


def markdown_of(digest: Digest, *, heading: bool = True) -> str:
    """Write a digest as Markdown; without a heading where it has its title elsewhere, as an issue has."""
    return re.sub("\n{3,}", "\n\n", "\n".join(_lines(digest, heading=heading))).strip("\n") + "\n"


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


def _lines(digest: Digest, *, heading: bool) -> Iterator[str]:
    if heading:
        yield from (f"# {escaped(digest.title)}", "")
    if digest.lead:
        yield from (f"{escaped(digest.lead)}.", "")
    if digest.attention:
        yield from ("## Needs attention", "")
        for section in digest.attention:
            yield from _section(section, quotes=digest.quotes)
    for group in digest.groups:
        yield from _group(group, quotes=digest.quotes)
    if digest.rest:
        yield from (escaped(digest.rest).replace(r"\`", "`"), "")
    if digest.rest_link:
        yield from (f"[All of it]({target(digest.rest_link)})", "")


def target(address: str) -> str:
    """Return an address as the target of a link."""
    return address.replace("(", "%28").replace(")", "%29")


def _group(group: Group, *, quotes: bool) -> Iterator[str]:
    yield from (f"## {escaped(group.provider)}", "", f"{escaped(group.summary)}.", "")
    for section in group.sections:
        yield from _section(section, quotes=quotes)
    if group.evidence:
        pages = ", ".join(f"[{', '.join(page.days)}]({target(page.address)})" for page in group.evidence)
        yield from (f"Evidence: {pages}" + (f" and {group.more:,} more pages" if group.more else "") + ".", "")


def _section(section: Section, *, quotes: bool) -> Iterator[str]:
    yield from (f"### {section.title}", "")
    if section.names:
        more = f" and {section.more:,} more" if section.more else ""
        yield from (f"{', '.join(map(code, section.names))}{more}.", "")
        return
    if moved := [item for item in section.items if item.moves]:
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


def _rows(item: Item, *, quotes: bool) -> Iterator[str]:
    name = f"[{_cell(item.name)}]({target(item.link)})" if item.link else _cell(item.name)
    for number, move in enumerate(item.moves):
        yield f"| {'' if number else name} | {_cell(move.field)} | {' | '.join(_cells(move))} |"
        if quotes and move.quote:
            yield f"| | {_cell(move.quote[:_QUOTE])} | | | |"
    last = [fields_text(item.more)] if item.more else []
    last += [text for text in (item.request, item.note) if text]
    for text in last:
        yield f"| | {escaped(text)} | | | |"


def _cells(move: Move) -> tuple[str, str, str]:
    arrow = _ARROWS.get(move.direction, "")
    percent = f"{arrow} {move.percent}" if move.percent else arrow
    after = f"{move.after} / {move.unit}" if move.unit and move.after else move.after
    before = " → ".join((move.before, *move.via))
    return escaped(before), escaped(after) or escaped(moved_text(move)), percent
