"""One field of an offer as its page shows it: the value or why there is none, and the evidence behind it."""

from __future__ import annotations

from typing import NamedTuple

from scraper.publish.site import words
from scraper.publish.site.addresses import web_address
from scraper.publish.site.cards import shown
from scraper.publish.text import said
from scraper.records import State
from scraper.states import FieldView
from scraper.store import Statement


class Line(NamedTuple):
    """A field with all that is shown of it; `number` names its evidence on the page, 0 where there is none.

    `full_label` has the conditions with it, `whole` is the value with its unit, as a sentence has it.
    """

    number: int
    field: str
    label: str
    conditions: str
    shown: str
    unit: str
    reason: str
    marks: list[tuple[str, str]]
    view: FieldView
    full_label: str
    sourced: bool
    whole: str


def line_of(view: FieldView, number: int) -> Line:
    """Return the line of a field; `number` counts the lines of a page from 1."""
    return Line(
        number=number if view.captured_at is not None else 0,
        field=view.field,
        label=words.label(view.field),
        conditions=words.conditions(view.field),
        shown=shown(view),
        unit=view.unit,
        reason=words.reason(view),
        marks=words.marks(view) if view.marks else [],
        view=view,
        full_label=words.full_label(view.field),
        sourced=view.state is State.SOURCED,
        whole=said(view),
    )


class Past(NamedTuple):
    """One row of an offer's history; `end` is the day on which it was replaced or gone, "" while it stands."""

    field: str
    label: str
    whole: str
    start: str
    last: str
    end: str
    source: str
    quote: str
    address: str


def past_of(one: Statement) -> Past:
    """Return the row of what was stated once."""
    return Past(
        field=one.field,
        label=words.full_label(one.field),
        whole=said(one),
        start=words.day(one.first_seen),
        last=words.day(one.last_seen),
        end=words.day(one.closed_at),
        source=one.source,
        quote=one.last.quote,
        address=web_address(one.last.capture.url),
    )


def present_of(line: Line) -> Past:
    """Return the row of what stands."""
    view = line.view
    return Past(
        field=line.field,
        label=line.full_label,
        whole=line.whole,
        start=words.day(view.first_seen),
        last=words.day(view.last_seen),
        end="",
        source=view.source,
        quote=view.quote,
        address=web_address(view.source_url),
    )
