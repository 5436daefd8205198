"""Cerebras: the public list of models (texts in dollars for one token), and the pricing page, which prints names only.

The page's table is data of a content system; asterisks after a name lead to notes below it: previews, and days on which
models go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from scraper.extract.cms_tables import cms_tables
from scraper.extract.document import Document
from scraper.extract.feed import Spec, read_feed, whole_tokens
from scraper.extract.listing import listing, unread
from scraper.extract.markup import Table
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import Scale
from scraper.extract.rowfacts import capability, flags, said_if
from scraper.extract.source import Source
from scraper.extract.specs import DATE_PATTERN, read_date
from scraper.extract.tables import LineFacts, price_tables, read_table
from scraper.records import Fact, Reading, State

_FLAGS: Final = (
    *("function_calling", "tools", "parallel_tool_calls", "structured_outputs", "json_mode"),
    *("reasoning", "vision"),
)
_FEED: Final = listing(
    name="name",
    specs=(
        Spec("limits/max_context_length", "context_window", whole_tokens),
        Spec("limits/max_completion_tokens", "max_output_tokens", whole_tokens),
        Spec("capabilities", "capabilities", flags({key: capability(key) for key in _FLAGS})),
        Spec("deprecated", "status", said_if("deprecated")),
        Spec("preview", "status", said_if("preview")),
    ),
    known=unread("no spec of ours", "architecture supported_parameters limits/requests_per_minute"),
)


def read_models(document: Document) -> Reading:
    """Read the public list of models."""
    return read_feed(document, _FEED).reading()


_NAME: Final = re.compile(r"(?:\[\w+\])?\s*(?P<name>.*?)\s*(?P<mark>\**)")
_NOTE: Final = re.compile(r"(?P<mark>\*+)\s*(?P<text>[^*].*)")
_GOES: Final = re.compile(rf"\bdeprecated on (?P<day>{DATE_PATTERN})", re.IGNORECASE)


def _notes(table: Table) -> dict[str, tuple[Fact, ...]]:
    """What the notes below a table state, by their marks."""
    found: dict[str, tuple[Fact, ...]] = {}
    for passage in table.context.texts:
        for line in passage.lines:
            note = _NOTE.fullmatch(line)
            if note is not None:
                said = list(_said(note["text"]))
                evidence = passage.evidence(note["text"])
                found[note["mark"]] = tuple(
                    Fact(field=field, state=State.SOURCED, value=value, evidence=evidence) for field, value in said
                )
    return found


def _said(note: str) -> Iterator[tuple[str, str]]:
    if note.casefold().startswith("preview"):
        yield "status", "preview"
    if day := _GOES.search(note):
        yield "retires", read_date(day["day"])


def _named(line: LineFacts, notes: dict[str, tuple[Fact, ...]]) -> list[Named]:
    found = _NAME.fullmatch(line.name.line) if line.name else None
    return [Named("", found["name"], notes.get(found["mark"], ()))] if found and found["name"] else []


def read_pricing(document: Document) -> Reading:
    """Read the tables of the pricing page, in its data or shown."""
    offers = Offers()
    for table in price_tables((*document.tables, *cms_tables(document)), offers, ignored={}):
        read_table(table, offers, scale=Scale(), naming=partial(_named, notes=_notes(table)))
    return offers.reading()


SOURCES = (
    Source(
        name="models",
        addresses=("https://api.cerebras.ai/public/v1/models",),
        read=read_models,
        publishes=frozenset({"input", "output", "context_window", "max_output_tokens", "capabilities", "status"}),
    ),
    Source(
        name="pricing",
        addresses=("https://www.cerebras.ai/pricing", "https://cerebras.ai/pricing"),
        read=read_pricing,
        publishes=frozenset({"input", "output", "status", "retires"}),
        rank=1,
    ),
)
