"""A digest as Slack blocks, within Slack's limits: 50 blocks, 3,000 characters of text in each, 150 in a header."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scraper.alerts.layout.parts import DOWN, UP, Digest, Group, Item, Move, Row, Section
from scraper.alerts.layout.plain import fields_text, moved_text, moves_of, names_in_short, names_text, rows_say

Block = dict[str, Any]

MOST_BLOCKS: Final = 50
MOST_TEXT: Final = 3000
MOST_HEADER: Final = 150

_ARROWS: Final = {DOWN: "▼ ", UP: "▲ "}


def slack_body(digest: Digest) -> dict[str, Any]:
    """Return the body of a post to an incoming webhook: blocks, and the text that notifications show."""
    text = f"{digest.title}: {digest.lead}" if digest.lead else digest.title
    return {"text": escaped(text[:MOST_TEXT]), "blocks": _fitting(digest)}


def escaped(text: str) -> str:
    """Return text that Slack shows as it is: no mention, no link, no command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fitting(digest: Digest) -> list[Block]:
    end = list(_end(digest))
    blocks = list(_blocks(digest))
    if len(blocks) + len(end) > MOST_BLOCKS:
        left = MOST_BLOCKS - len(end) - 1
        blocks = [*blocks[:left], _context("… there is more than fits into one message")]
    return blocks + end


def _blocks(digest: Digest) -> Iterator[Block]:
    title = digest.title if len(digest.title) <= MOST_HEADER else f"{digest.title[: MOST_HEADER - 1]}…"
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    if digest.lead:
        yield _context(escaped(digest.lead))
    for section in digest.attention:
        yield from _texts(f"⚠ *{section.title}*", _section(section))
    for group in digest.groups:
        yield {"type": "divider"}
        yield from _group(group)
    for section in digest.waiting:
        yield {"type": "divider"}
        yield from _texts(f"⏸ {_head(section)}", _section(section))


def _head(section: Section) -> str:
    return f"*{section.title}*{rows_say(section, request=True)}"


def _group(group: Group) -> Iterator[Block]:
    yield _section_block(f"*{escaped(group.provider.upper())}*")
    for section in group.sections:
        if section.names:
            yield _section_block(f"*{section.title}*\n{escaped(names_text(section))}")
        else:
            yield from _texts(_head(section), _section(section))
    if group.evidence:
        pages = ", ".join(f"<{escaped(page.address)}|{', '.join(page.days)}>" for page in group.evidence)
        yield _context(f"evidence: {pages}" + (f" and {group.more:,} more pages" if group.more else ""))


def _section(section: Section) -> Iterator[str]:
    for row in section.rows:
        yield _row(row)
    for item in section.items:
        yield "\n".join(_item(item))
    if section.more:
        yield f"… and {section.more:,} more"
    if section.hint:
        yield section.hint


def _row(row: Row) -> str:
    also = f"\n        also {escaped(names_in_short(row.also))}" if row.also else ""
    percent = f"*{row.percent}*  " if row.percent else ""
    name, moves = _linked(row.name, row.link), escaped(",  ".join(moves_of(row)))
    return f"{_ARROWS.get(row.direction, '')}{percent}{name}  {moves}{also}"


def _item(item: Item) -> Iterator[str]:
    yield _linked(item.name, item.link)
    yield from (f"    {_move(move)}" for move in item.moves)
    if item.more:
        yield f"    … and {fields_text(item.more)}"
    if item.request:
        yield f"    _{escaped(item.request)}_"
    if item.note:
        yield f"    {escaped(item.note)}"


def _move(move: Move) -> str:
    percent = f"  *{move.percent}*" if move.percent else ""
    return f"{_ARROWS.get(move.direction, '')}{_code(move.field)}  {escaped(moved_text(move))}{percent}"


def _linked(name: str, link: str) -> str:
    return f"<{escaped(link)}|{escaped(name)}>" if link else _code(name)


def _code(text: str) -> str:
    return f"`{escaped(text.replace('`', chr(39)))}`"


def _texts(head: str, parts: Iterator[str]) -> Iterator[Block]:
    """Put parts under a head into as few blocks as they fit into."""
    text = head
    for part in parts:
        piece = part if len(part) < MOST_TEXT // 2 else f"{part[: MOST_TEXT // 2]}…"
        if len(text) + len(piece) + 1 > MOST_TEXT:
            yield _section_block(text)
            text = piece
        else:
            text = f"{text}\n{piece}"
    yield _section_block(text)


def _section_block(text: str) -> Block:
    shown = text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"
    return {"type": "section", "text": {"type": "mrkdwn", "text": shown}}


def _context(text: str) -> Block:
    shown = text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": shown}]}


def _end(digest: Digest) -> Iterator[Block]:
    link = f"<{escaped(digest.rest_link)}|All of it>" if digest.rest_link else ""
    if told := "   ".join(part for part in (escaped(digest.rest), link) if part):
        yield _context(told)
