"""Prices in words: an amount and what it is for ("$0.015 / thousand output tokens"), alone or on cards that begin or
end with an id.

The two parts may stand on one line or on two. On a page of cards a price belongs to the id above it: between them
stands one sentence, and a line after the prices ends the card, so that no price is ever given to another card.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.markup import Heading, Text
from scraper.extract.passage import Passage
from scraper.extract.prices import Scale, facts_of
from scraper.extract.tables import MONEY
from scraper.extract.vocabulary import Vocabulary
from scraper.meters import RateKey, Unit
from scraper.records import Fact, clean

_SCALES: Final = {"": 1, "hundred": 100, "thousand": 1_000, "1k": 1_000, "million": 1_000_000, "1m": 1_000_000}
_PER = re.compile(r"(?:per|/) ?(?:(?P<scale>hundred|thousand|million|1[km]) )?(?P<thing>[a-z ]+)", re.IGNORECASE)
_SHOWN = re.compile(r"(?P<amount>\$\s?[\d.,]+) ?(?P<title>(?:per\b|/).*)?", re.IGNORECASE)
_MAX_GAP: Final = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A price as a page shows it: the amount with its line as quote, what it is for, the id of its card (or "")."""

    amount: Passage
    title: str
    card: str


def lines_of(document: Document) -> Iterator[tuple[Passage, tuple[str, ...]]]:
    """Yield each line of the headings and texts of a page, with the headings above it."""
    for block in document.blocks:
        if isinstance(block, Heading | Text):
            for line in block.passage.lines:
                yield block.passage._replace(text=line, quote=line), block.context.path


def shown_prices(lines: Iterable[Passage], ids: re.Pattern[str] | None = None) -> Iterator[Shown | Passage]:
    """Yield the prices that stand as text, and as it is each other line that has a dollar sign.

    `ids` matches the whole line that begins a card.
    """
    card, gap, priced = "", 0, False
    waiting: Passage | None = None
    for line in lines:
        found = _SHOWN.fullmatch(line.text)
        if found and found["title"]:
            yield Shown(line.with_text(found["amount"]), found["title"], card)
            waiting, priced = None, True
        elif waiting is not None and _PER.fullmatch(line.text):
            yield Shown(waiting, line.text, card)
            waiting, priced = None, True
        else:
            if waiting is not None:
                yield waiting
            waiting = line if found else None
            if found:
                continue
            if "$" in line.text:
                yield line
            if ids is not None and ids.fullmatch(line.text):
                card, gap, priced = line.text, 0, False
            else:
                gap += 1
                card = "" if priced or gap > _MAX_GAP else card
    if waiting is not None:
        yield waiting


def read_per(title: str) -> tuple[Decimal, str]:
    """Read "per thousand output tokens" as (1000, "output token"); raise `Unreadable` for other words."""
    said = _PER.fullmatch(clean(title))
    if said is None:
        raise Unreadable(f"{title!r} does not say what a price is for")
    things = said["thing"].casefold()
    return Decimal(_SCALES[(said["scale"] or "").casefold()]), re.sub(r"s(?= of |$)", "", things)


def facts_per(amount: Passage, quantity: Decimal, key: RateKey) -> tuple[Fact, ...]:
    """Return the facts of an amount for so many of a key's thing.

    Raises `Unreadable` where there is no amount, and for a zero that is not called free.
    """
    facts = facts_of(amount, key, Scale(Unit(quantity, key.unit.thing, key.unit.over)))
    if not facts:
        raise Unreadable("there is no amount")
    if re.search(r"\d", amount.line) and any(fact.value is not None and not Decimal(fact.value) for fact in facts):
        raise Unreadable(f"{amount.line!r} is a zero, not a price")
    return facts


_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:[-.][a-z0-9.]+)+")
_SUFFIX: Final = re.compile(r"(?:/|per) ?[\w ,]+")


@dataclass(frozen=True, slots=True)
class Card:
    """A card: its id, the name above its prices (the id where none stands there), labels with their prices."""

    model_id: str
    name: str
    rows: tuple[tuple[Passage, Passage], ...]
    unread: tuple[Passage, ...] = ()
    """Prices of the card that no known label stands in front of."""


def cards_with_id(document: Document, vocabulary: Vocabulary) -> Iterator[Card]:
    """Yield the cards whose id stands alone in a text right after their prices, with at most one text between.

    The name is the heading above the prices, else the id. What follows a price as "/ 1K pages" is a part of it. Prices
    that no id follows (of tools, of plans) are left out.
    """
    rows: list[tuple[Passage, Passage]] = []
    unread: list[Passage] = []
    name, gap = "", 0
    label: Passage | None = None
    for block in document.blocks:
        if not isinstance(block, Heading | Text):
            continue
        passage, line = block.passage, block.passage.line
        meaning = vocabulary.meaning(line)
        if isinstance(block, Heading):
            rows, unread, name, label = [], [], line, None
        elif label is not None and (MONEY.search(line) or line.casefold() == "free"):
            rows, label, gap = [*rows, (label, passage)], None, 0
        elif rows and not gap and _SUFFIX.fullmatch(line):
            rows[-1] = (rows[-1][0], rows[-1][1].with_text(f"{rows[-1][1].text} {line}"))
        elif meaning is not None and meaning.key is not None:
            rows, label = ([] if gap else rows), passage
        elif _ID.fullmatch(line):
            if (rows or unread) and gap <= 1:
                yield Card(line, name or line, tuple(rows), tuple(unread))
            rows, unread, name = [], [], ""
        elif MONEY.search(line):
            unread, gap = [*unread, passage], 0
        else:
            gap += 1
