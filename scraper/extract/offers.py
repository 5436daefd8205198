"""Collecting what a document says about its offers, and settling what it says twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from scraper.extract import Unreadable
from scraper.meters import is_rate_key
from scraper.records import MAX_QUOTE, Evidence, Fact, Note, Offer, Reading, State, clean

_BLANK = re.compile(r"\s")
_PRICE = re.compile(r"[$＄€£¥￥₹]\s?\.?\d")
_ROW = re.compile(r"(?P<row>table\[\d+\]/row\[\d+\]|payload\[\d+\]#.*/rows/\d+)/[^/]+")


@dataclass(frozen=True, slots=True)
class Named:
    """An offer as a line names it: its id, its name, and what the name's cell itself states (a status, dates)."""

    model_id: str
    name: str
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        if self.model_id and _BLANK.search(self.model_id):
            raise Unreadable(f"{self.model_id!r} cannot be a model id: it has blanks")
        if _PRICE.search(self.name):
            raise Unreadable(f"{self.name[:80]!r} cannot be the name of a model: it is a price")


class Offers:
    """The offers of one document in the order met. `reading()` settles them.

    One field of one offer stated twice with one value keeps its first evidence; with two values neither is published
    and the conflict is noted. One id under several names whose prices differ is not unique: each product is then an
    offer of its own, told apart by its name and marked `shared_id`.
    `page` is the page that is being read: what is added and noted belongs to it.
    """

    def __init__(self) -> None:
        self.page = 0
        self._facts: dict[tuple[str, str], list[Fact]] = {}
        self._notes: dict[tuple[str, str, str, int], Note] = {}

    def add(self, named: Named, facts: Iterable[Fact]) -> None:
        """Add facts to an offer, which is made where it is new."""
        held = self._facts.setdefault((named.model_id, named.name), [])
        stated = (*named.facts, *facts)
        held.extend(map(self._on_page, stated) if self.page else stated)

    def note(self, kind: str, text: str, locator: str = "", page: int | None = None) -> None:
        """Note what was met and not turned into a value; `page` where that is not the one being read."""
        here = self.page if page is None else page
        key = (kind, clean(text)[:MAX_QUOTE], locator, here)
        if key not in self._notes:
            self._notes[key] = Note(kind=kind, text=key[1], locator=locator, page=here)

    def _on_page(self, fact: Fact) -> Fact:
        evidence = fact.evidence.model_copy(update={"page": self.page})
        return fact.model_copy(update={"evidence": evidence})

    def __len__(self) -> int:
        return len(self._facts)

    def reading(self, *, needed: str = "") -> Reading:
        """Return the offers with each field once; offers that state nothing are left out.

        Raises `Unreadable`, saying what the document has not, where there are none and something is `needed` ("table of
        prices").
        """
        if needed and not self._facts:
            met = next((note.text for note in self._notes.values()), "")
            raise Unreadable(f"it has no {needed}" + (f" that is understood: {met}" if met else ""))
        offers = []
        for model_id, name, shared, facts in self._products():
            settled = tuple(self._settled(model_id or name, facts))
            if not settled:
                continue
            try:
                offers.append(Offer(model_id=model_id, name=name, shared_id=shared, facts=settled))
            except ValueError as error:
                self.note("unreadable", f"the offer {(model_id or name)[:100]!r} is refused: {error}")
        return Reading(offers=tuple(offers), notes=tuple(self._notes.values()))

    def _products(self) -> Iterable[tuple[str, str, bool, list[Fact]]]:
        by_id: dict[str, list[tuple[str, list[Fact]]]] = {}
        for (model_id, name), facts in self._facts.items():
            by_id.setdefault(model_id or f"\0{name}", []).append((name, facts))
        for key, products in by_id.items():
            model_id = "" if key.startswith("\0") else key
            if len(products) > 1 and _differ([facts for _, facts in products]):
                self.note("conflict", f"the id {model_id} is printed for {', '.join(name for name, _ in products)}")
                for name, facts in products:
                    yield model_id, name, True, facts
            else:
                yield model_id, products[0][0], False, [fact for _, facts in products for fact in facts]

    def _settled(self, who: str, facts: list[Fact]) -> list[Fact]:
        found: dict[tuple[str, object], Fact] = {}
        refused: set[tuple[str, object]] = set()
        contradicted: set[str] = set()
        for fact in facts:
            key = (fact.field, fact.valid_from)
            first = found.setdefault(key, fact)
            if first is not fact and key not in refused and not same_statement(first, fact):
                refused.add(key)
                contradicted |= {_row(first), _row(fact)} - {""}
                self.note(
                    "conflict",
                    f"{who} {fact.field}: {first.evidence.quote!r} at {_place(first.evidence)}, "
                    f"but {fact.evidence.quote!r} at {_place(fact.evidence)}; neither is published",
                    fact.evidence.locator,
                    fact.evidence.page,
                )
        if not refused:
            return list(found.values())
        settled = [fact for key, fact in found.items() if key not in refused]
        trusted = [fact for fact in settled if _row(fact) not in contradicted]
        if len(trusted) < len(settled):
            left = ", ".join(dict.fromkeys(fact.field for fact in settled if fact not in trusted))
            self.note("conflict", f"{who}: rows that contradict each other also state {left}; none of it is published")
        return trusted


def one_way(reading: Reading, *fields: str) -> Reading:
    """Leave out, and note, what an offer states of fields that exclude each other, where it has more than one."""
    offers, notes = list[Offer](), list(reading.notes)
    for offer in reading.offers:
        stated = [fact for fact in offer.facts if fact.field in fields]
        if len({fact.field for fact in stated}) > 1:
            said = " and ".join(f"{fact.field} {fact.evidence.quote!r}" for fact in stated)
            text = f"{offer.model_id or offer.name} has {said}, of which only one can be; neither is published"
            notes.append(Note(kind="conflict", text=text, locator=stated[0].evidence.locator))
            offer = offer.model_copy(update={"facts": tuple(fact for fact in offer.facts if fact not in stated)})
        offers.append(offer)
    return Reading(offers=tuple(offers), notes=tuple(notes))


def _row(fact: Fact) -> str:
    """The row of a table in which a fact stands; "" where it stands in none."""
    found = _ROW.fullmatch(fact.evidence.locator)
    return found["row"] if found else ""


def _place(evidence: Evidence) -> str:
    return evidence.locator + (f" of page {evidence.page + 1}" if evidence.page else "")


def _differ(products: list[list[Fact]]) -> bool:
    """Say whether products that share an id state one price differently."""
    seen: dict[str, Fact] = {}
    return any(
        not same_statement(seen.setdefault(fact.field, fact), fact)
        for facts in products
        for fact in facts
        if is_rate_key(fact.field)
    )


def same_statement(one: Fact, other: Fact) -> bool:
    """Say whether two facts of one field state the same: the state and, if sourced, the value and the currency."""
    if (one.state, one.currency) != (other.state, other.currency):
        return False
    if one.state is not State.SOURCED or not is_rate_key(one.field):
        return one.value == other.value
    return Decimal(one.value or 0) == Decimal(other.value or 0)
