"""Cells and texts with several prices, each with what it is for: "$0.35 per M input tokens", "$1 / 1M output tokens".

Words in front of an amount label it and the ones after it, up to the next words: "Prompts >272K tokens $10.00 per 1M
input tokens". What a price is for is decided by the provider, from the thing, the label and the place under its label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.cards import facts_per
from scraper.extract.markup import Table
from scraper.extract.money import read_number
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.tables import MONEY, columns_of
from scraper.extract.vocabulary import VOCABULARY, Role
from scraper.meters import RateKey
from scraper.records import Fact, clean

_AMOUNT: Final = re.compile(r"\$\s?\d[\d.,]*")
_PER: Final = re.compile(
    r"\s*(?:/|per\b)\s*(?P<quantity>\d[\d,]*(?:\.\d+)?(?![\dx]))?\s?(?P<scale>k|m|thousand|million)?(?P<thing>\s.*|$)",
    re.IGNORECASE | re.DOTALL,
)
_EITHER_WAY: Final = re.compile(r"\d{1,3}\.\d{3}")
_SCALES: Final = {"": 1, "k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000}


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One price: its amount, of how many of which thing (casefolded), under which label, and the how-manieth there.

    `alone` says that its passage has no other price.
    """

    amount: Passage
    quantity: Decimal
    thing: str
    label: str
    place: int
    alone: bool


KeyOf = Callable[[PricedLine], RateKey | None]
"""Says what a price is for; None for one that is left out on purpose. Raises `Unreadable` for one that is not known."""


def priced_lines(passage: Passage) -> Iterator[PricedLine]:
    """Yield the prices of a passage; raise `Unreadable` for an amount without what it is for."""
    amounts = list(_AMOUNT.finditer(passage.text))
    edges = [*(match.start() for match in amounts[1:]), len(passage.text)]
    label = clean(passage.text[: amounts[0].start()]) if amounts else ""
    place = 0
    for match, end in zip(amounts, edges, strict=True):
        said, _, words = passage.text[match.end() : end].partition("\n")
        per = _PER.fullmatch(said)
        if per is None:
            raise Unreadable(f"{clean(match[0] + said)!r} does not say what the price is for")
        if per["quantity"] and _EITHER_WAY.fullmatch(per["quantity"]):
            raise Unreadable(f"{per['quantity']!r} may mean thousands or decimals")
        quantity = read_number(per["quantity"]) if per["quantity"] else Decimal(1)
        quantity *= _SCALES[(per["scale"] or "").casefold()]
        amount = passage.with_text(match[0].rstrip(".,"))
        thing = clean(per["thing"]).casefold()
        yield PricedLine(amount, quantity, thing, label.casefold(), place, len(amounts) == 1)
        place += 1
        if clean(words):
            label, place = clean(words), 0


def line_facts(passage: Passage, key_of: KeyOf, who: str, offers: Offers) -> list[Fact]:
    """Return the facts of the prices of a passage; each that is not understood is noted."""
    facts: list[Fact] = []
    try:
        for line in priced_lines(passage):
            try:
                key = key_of(line)
                facts.extend(facts_per(line.amount, line.quantity, key) if key is not None else ())
            except REFUSALS as problem:
                offers.note("unreadable", f"{who}: {problem}", passage.locator)
    except REFUSALS as problem:
        offers.note("unreadable", f"{who}: {problem}", passage.locator)
    return facts


def read_lines_table(
    table: Table, offers: Offers, key_of: KeyOf, naming: Callable[[Passage], tuple[Named, dict[str, str]]]
) -> None:
    """Read a table with such cells; the offer is named by its name column, which may also give labels to its prices."""
    name = columns_of(table.grid, VOCABULARY).of_role(Role.NAME)
    if name is None:
        offers.note("unknown_heading", "a table with prices has no column of models", table.locator)
        return
    for row in table.grid.rows[table.grid.header_rows :]:
        named, labels = naming(row[name])

        def labelled(line: PricedLine, labels: dict[str, str] = labels) -> RateKey | None:
            key = key_of(line)
            return key.with_labels(**labels) if key is not None else None

        for cell in row:
            if MONEY.search(cell.line):
                offers.add(named, line_facts(cell, labelled, named.name, offers))


def key_by_thing(things: Mapping[str, str], line: PricedLine, labels: Collection[str] = ("",)) -> RateKey | None:
    """Return the key of the first pattern that is all of the thing; "" is a thing left out on purpose.

    Raises `Unreadable` for another thing, and for words in front of the price that are not one of the labels.
    """
    if line.label not in labels:
        raise Unreadable(f"the words {line.label!r} in front of a price are not understood")
    for pattern, key in things.items():
        if re.fullmatch(pattern, line.thing):
            return RateKey.parse(key) if key else None
    raise Unreadable(f"a price per {line.thing!r} has no meter")
