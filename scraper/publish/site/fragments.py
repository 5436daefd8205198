"""The pieces that stand on a page by the dozen, written without a template: every text in them is escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from scraper.publish.site import words
from scraper.publish.site.addresses import web_address
from scraper.publish.site.cards import Card, Cell
from scraper.publish.site.changes import Row
from scraper.publish.site.facts import FactRow
from scraper.publish.site.lines import Line, Past
from scraper.publish.text import said

_QUOTED: Final = 80

escape: Final = lru_cache(maxsize=32768)(html.escape)
"""The same labels, reasons, addresses and names stand on page after page."""


def value(line: Line, shown: str = "") -> str:
    """Return a value that opens its evidence, with its marks, or the words for none with the reason."""
    text = escape(shown or line.shown)
    if line.number:
        quiet = "" if line.sourced else " none"
        told = (
            f'<button type="button" class="v{quiet}" popovertarget="e{line.number}" title="Where this comes from">'
            f"{text}</button>"
        )
    else:
        told = f'<span class="none">{text}</span>'
    for mark, meaning in line.marks:
        told += f' <span class="mark {escape(mark)}" title="{escape(meaning)}">{escape(mark)}</span>'
    return f'{told} <small class="why">{escape(line.reason)}</small>' if line.reason else told


def cell(shown: Cell) -> str:
    """Return what a table shows of another offer's field."""
    if isinstance(shown, int):
        return '<span class="none">Not sourced</span>'
    if isinstance(shown, str):
        return escape(shown)
    marks = "".join(f' <span class="mark {escape(mark)}">{escape(mark)}</span>' for mark in shown[1].split())
    return f"{escape(shown[0])}{marks}"


def compared_row(card: Card, fields: Iterable[str], seller: str, root: str, *, own: bool = False) -> Markup:
    """Return the row of an offer in a table that compares those of one model; `own` is the one whose page it is on."""
    chip = f' <span class="chip">{escape(card.variant)}</span>' if card.variant else ""
    cells = "".join(f'<td class="n">{cell(card.cell(field))}</td>' for field in fields)
    return Markup(  # noqa: S704  every text in it is escaped
        f'<tr{" aria-current=true" if own else ""}><th scope="row"><a href="{root}{escape(card.path)}.html">'
        f'{escape(seller)}</a></th><td class="id">{escape(card.model_id or card.name)}{chip}</td>{cells}</tr>'
    )


def price_rows(lines: Iterable[Line]) -> Markup:
    """Return the rows of the price table."""
    return _whole(
        f'<tr><th scope="row">{escape(line.label)}</th><td>{escape(line.conditions)}</td>'
        f'<td class="n">{value(line)}</td><td>{escape(line.unit)}</td></tr>'
        for line in lines
    )


def boxes(boxes: Iterable[tuple[str, Sequence[Line]]]) -> Markup:
    """Return the boxes at the top of an offer's page."""
    parts = []
    for name, lines in boxes:
        several = len(lines) > 1
        shown = "".join(
            f"<dd>{f'<small>{escape(line.full_label.split()[-1])}</small> ' if several else ''}{value(line)}</dd>"
            for line in lines
        )
        parts.append(f"<div><dt>{escape(name)}</dt>{shown}</div>")
    return _whole(parts)


def spec_rows(lines: Iterable[Line], elsewhere: Mapping[str, Mapping[str, Any]], root: str) -> Markup:
    """Return the specs, each with what another provider states of it where this one does not."""
    parts = []
    for line in lines:
        other = elsewhere.get(line.field)
        said = (
            f"<br><small>{escape(other['provider'])} states {escape(other['shown'])} for "
            f'<a href="{root}{escape(other["path"])}.html">{escape(other["id"])}</a></small>'
            if other
            else ""
        )
        parts.append(f"<div><dt>{escape(line.label)}</dt><dd>{value(line)}{said}</dd></div>")
    return _whole(parts)


def fact_rows(rows: Iterable[FactRow]) -> Markup:
    """Return what is stated of a model, each value with whose word it is."""
    nobody = '<dd><span class="none">Not sourced</span></dd>'
    disputed = ' <span class="mark disputed" title="sources disagree; all are shown">disputed</span>'
    parts = []
    for row in rows:
        said = "".join(
            f"<dd>{value(word.line)}{disputed if row.disputed else ''}<br><small>{escape(word.whose)}</small></dd>"
            for word in row.words
        )
        parts.append(f"<div><dt>{escape(row.label)}</dt>{said or nobody}</div>")
    return _whole(parts)


def history_rows(history: Iterable[Past]) -> Markup:
    """Return what was stated, from when to when."""
    return _whole(
        f'<tr><th scope="row">{escape(one.label)}</th><td class="n w">{escape(one.whole)}</td>'
        f'<td class="d">{one.start}</td><td class="d">{one.last}</td><td class="d">{one.end or "now"}</td>'
        f'<td class="q">{_quote(one.quote, one.address)}</td></tr>'
        for one in history
    )


def change_rows(changes: Iterable[Row], root: str, *, named: bool) -> Markup:
    """Return changes, with the offers that they are of where `named`."""
    parts = []
    for row in changes:
        name = escape(f"{row.provider} · {row.model_id or row.name}")
        who = f'<a href="{root}{escape(row.path)}.html">{name}</a>' if row.path else name
        move = f' <span class="move {row.direction}">{escape(row.move)}</span>' if row.move else ""
        before = row.before or ("not stated" if row.kind == "newly stated" else "")
        after = row.after or ("no longer stated" if row.kind == "no longer stated" else "")
        whose = f'<td class="o">{who}</td>' if named else ""
        parts.append(
            f'<tr><td class="d">{row.day}</td>{whose}<td class="t">{escape(row.what or row.kind)}</td>'
            f'<td class="n w">{escape(before)}</td><td class="n w">{escape(after)}{move}</td>'
            f'<td class="q">{_quote(row.quote, row.address) if row.quote else ""}</td></tr>'
        )
    return _whole(parts)


def headings(names: Iterable[str]) -> Markup:
    """Return the headings of columns of numbers."""
    return Markup("".join(f'<th scope="col" class="n">{escape(name)}</th>' for name in names))  # noqa: S704  escaped


def tag_items(names: Iterable[str]) -> Markup:
    """Return the items of a list of short words."""
    return Markup("".join(f"<li>{escape(name)}</li>" for name in names))  # noqa: S704  escaped


def feed_links(links: Iterable[tuple[str, str, str]], root: str) -> Markup:
    """Return what tells programs of feeds, for the head of a page."""
    return _whole(
        f'<link rel="alternate" type="{kind}" href="{root}{escape(path)}" title="{escape(title)}">'
        for path, kind, title in links
    )


def links(cards: Iterable[Card], root: str) -> Markup:
    """Return links to other offers."""
    return Markup(  # noqa: S704  every text in it is escaped
        "".join(f'<li><a href="{root}{escape(card.path)}.html">{escape(card.title)}</a></li>' for card in cards)
    )


def answered(asked: Iterable[tuple[str, str]]) -> Markup:
    """Return questions that open their answers."""
    return _whole(
        f"<details><summary>{escape(question)}</summary><p>{escape(answer)}</p></details>" for question, answer in asked
    )


def listed_row(card: Card, fields: Iterable[str], root: str) -> Markup:
    """Return the row of an offer in the table of its provider."""
    named = escape(card.name if card.name != card.model_id else "")
    name = named if card.model_id else '<span class="none">no id printed</span>'
    cells = "".join(f'<td class="n">{cell(card.cell(field))}</td>' for field in fields)
    return Markup(  # noqa: S704  every text in it is escaped
        f'<tr><th scope="row" class="id"><a href="{root}{escape(card.path)}.html">'
        f"{escape(card.model_id or card.name)}</a></th><td>{name}</td>{cells}</tr>"
    )


def popups(lines: Iterable[Line]) -> Markup:
    """Return the pop-ups with the evidence of values."""
    return _whole(_popup(line) for line in lines)


def _popup(line: Line) -> str:
    number, label, view = line.number, escape(line.full_label), line.view
    origin = _origin(view.source_url, view.captured_at, view.first_seen, view.last_seen, view.source, view.agreeing)
    more = ""
    if view.derived:
        more += _fact("By rule", escape(view.derived))
    if view.valid_from or view.valid_until:
        start = f"from {words.day(view.valid_from)} " if view.valid_from else ""
        end = f"until {words.day(view.valid_until)}" if view.valid_until else ""
        more += _fact("Holds", f"{start}{end}")
    notes = "".join(
        f'<p><span class="mark {escape(mark)}">{escape(mark)}</span> {escape(meaning)}</p>'
        for mark, meaning in line.marks
    )
    for other in view.disputing:
        where, when = web_address(other.source_url), words.when(other.captured_at)
        notes += (
            f'<p class="notice">{escape(other.source)} says {escape(said(other))}: '
            f"“{escape(other.quote)}” ({_link(where, when) if where else when})</p>"
        )
    return (
        f'<div class="evidence" id="e{number}" popover role="dialog" aria-label="Evidence: {label}">'
        f'<p class="what"><strong>{label}</strong> {escape(line.whole)}</p>'
        f"<blockquote>“{escape(view.quote)}”</blockquote><dl>{origin}{more}"
        f"{_fact('Place', f'<code>{escape(view.locator)}</code>')}"
        f"{_fact('SHA-256', f'<code>{view.capture}</code>')}</dl>{notes}"
        f'<button type="button" popovertarget="e{number}" popovertargetaction="hide">Close</button></div>'
    )


@lru_cache(maxsize=4096)
def _origin(
    url: str,
    captured: datetime | None,
    first: datetime | None,
    last: datetime | None,
    source: str,
    agreeing: tuple[str, ...],
) -> str:
    """Return where and when a value was read, which most values of a page have in common."""
    address = web_address(url)
    page = _link(address, address) if address else "not on the web"
    also = f"; {escape(words.listed(agreeing))} agree" if agreeing else ""
    return (
        f"{_fact('Page', page)}{_fact('Captured', words.when(captured))}"
        f"{_fact('Seen', f'{words.day(first)} to {words.day(last)}')}{_fact('Source', f'{escape(source)}{also}')}"
    )


def _fact(name: str, told: str) -> str:
    return f"<div><dt>{name}</dt><dd>{told}</dd></div>"


def _link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}" rel="nofollow noopener">{escape(text)}</a>'


def _quote(quote: str, address: str) -> str:
    shown = f"“{quote[:_QUOTED]}{'…' if len(quote) > _QUOTED else ''}”"
    return _link(address, shown) if address else escape(shown)


def _whole(parts: Iterable[str]) -> Markup:
    return Markup("\n".join(parts))  # noqa: S704  every text in the parts is escaped
