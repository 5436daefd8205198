"""What a laid-out message is made of, for every layout: sections of offers, in full, in rows or by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DOWN, UP, SAME = "down", "up", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What happened to one field: `before` and `after` in words, `unit` only where one unit holds for both.

    Where it moved several times, `via` is what it was between them. `percent` is text, `direction` is `DOWN`, `UP` or
    `SAME`. `link` is the address of the evidence, `quote` the text there; both are empty where there is none.
    """

    field: str
    before: str
    via: tuple[str, ...]
    after: str
    unit: str
    percent: str
    direction: str
    link: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An offer with what happened to it, or several to which the same happened; `more` fields are not shown."""

    name: str
    link: str
    offers: int = 1
    moves: tuple[Move, ...] = ()
    more: int = 0
    note: str = ""
    request: str = ""


COLUMNS: Final = ("input", "output")
"""The fields that rows show, in amounts for 1M tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An offer in one row: what its input and its output were and are, both empty where they did not move.

    `request` is what a typical request cost and costs, empty where that is not known, and `percent` how far it moved,
    else how far the price did. `rest` says what else moved. `also` are other offers to which just the same happened.
    """

    name: str
    link: str
    cells: tuple[tuple[str, str], ...]
    request: tuple[str, str]
    percent: str
    direction: str
    rest: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is of one kind: `count` offers or sources, `items` in full, `rows` in a line each, `names` by name only.

    `hint` says what to do about it, where there is something.
    """

    key: str
    title: str
    count: int
    items: tuple[Item, ...] = ()
    rows: tuple[Row, ...] = ()
    names: tuple[str, ...] = ()
    hint: str = ""

    @property
    def more(self) -> int:
        """How many are not shown."""
        in_rows = sum(1 + len(row.also) for row in self.rows)
        return self.count - sum(item.offers for item in self.items) - in_rows - len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A page that says so, and the days of its captures."""

    address: str
    days: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All that happened at one provider; `evidence` are its pages, of which `more` are not shown."""

    provider: str
    sections: tuple[Section, ...]
    evidence: tuple[Evidence, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A message as it is laid out. `lead` says what is in it in one line.

    `attention` is what was wrong and what fails, before all else; `waiting` what waits for a person, after it.

    `rest` says what was left out and where all of it is, empty where nothing was; `rest_link` is its address. Where it
    `quotes`, the text of the evidence is shown with each value: in what is no digest of many.
    """

    title: str
    lead: str
    attention: tuple[Section, ...]
    groups: tuple[Group, ...]
    waiting: tuple[Section, ...]
    rest: str
    rest_link: str
    quotes: bool
