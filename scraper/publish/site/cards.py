"""The short form of an offer that lists, tables and other offers' pages show: one line of JSON, kept from time to time.

A cell is text (what is shown: `$0.10`, `Free`, `Not offered`), `[text, marks]`, or the number of the reason why nothing
is sourced. Sums and comparisons use the amount as it is shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from scraper.meters import is_rate_key
from scraper.publish.site import words
from scraper.publish.site.addresses import offer_path
from scraper.publish.text import amount
from scraper.records import REFERENCE_FIELDS, SPECS, State
from scraper.states import FieldView
from scraper.store import OfferView

Cell = str | int | list[str]

_SHOWN: Final = re.compile(r"(?P<sign>\$|€|£|CN¥)?(?P<digits>[0-9,]+(?:\.[0-9]+)?)(?: (?P<code>[A-Z]{3}))?")
_PLACES: Final = {field: place for place, field in enumerate(REFERENCE_FIELDS)}
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
FREE: Final = "Free"
NOT_OFFERED: Final = "Not offered"
NOT_SOURCED: Final = "Not sourced"


@dataclass(frozen=True, slots=True)
class Card:
    """An offer in short. `cells` are the reference fields in their order, `others` all other fields by name.

    `withdrawn` is the day since which it is not listed any more, "" while it is.
    """

    path: str
    provider: str
    model_id: str
    name: str
    model: str
    variant: str
    withdrawn: str
    cells: list[Cell]
    others: dict[str, Cell]

    def cell(self, field: str) -> Cell:
        """Return the cell of a field; that of a field nobody states is the reason `no_source`."""
        place = _PLACES.get(field)
        return self.others.get(field, 0) if place is None else self.cells[place]

    @property
    def title(self) -> str:
        """What the source calls it, else its id."""
        return self.name or self.model_id

    def halves(self) -> tuple[str, str]:
        """Write the card as one line of JSON, which `card_of` reads, in two halves: what search needs, and the rest."""
        head = json_line((self.path, self.provider, self.model_id, self.name, self.model))
        tail = json_line((self.variant, self.withdrawn, self.cells, self.others))
        return head[:-1], f",{tail[1:]}"


def card_of(line: str) -> Card:
    """Read a card from its line."""
    return Card(*json.loads(line))


def make_card(offer: OfferView, variant: str = "") -> Card:
    """Return the short form of an offer."""
    cells = {view.field: _cell(view) for view in offer.fields}
    return Card(
        path=offer_path(offer.provider, offer.model_id, offer.name, shared_id=offer.shared_id),
        provider=offer.provider,
        model_id=offer.model_id,
        name=offer.name,
        model=offer.model or "",
        variant=variant,
        withdrawn=words.day(offer.withdrawn_at),
        cells=[cells[field] for field in REFERENCE_FIELDS],
        others={field: cell for field, cell in cells.items() if field not in words.REFERENCE},
    )


def shown(view: FieldView) -> str:
    """Return what a table shows of a field, the unit being in its heading."""
    if view.state is State.NOT_OFFERED:
        return NOT_OFFERED
    if view.state is State.NOT_SOURCED or view.value is None:
        return NOT_SOURCED
    if not is_rate_key(view.field):
        return f"{int(view.value):,}" if SPECS.get(view.field) in ("tokens", "count") else view.value
    return FREE if Decimal(view.value) == 0 else amount(view.value, view.currency)


def _cell(view: FieldView) -> Cell:
    if view.state is State.NOT_SOURCED:
        return words.CODES.index(view.reason) if view.reason else 0
    text = shown(view)
    return [text, " ".join(view.marks)] if view.marks else text


def cell_text(cell: Cell) -> str:
    """Return what a cell shows."""
    if isinstance(cell, int):
        return NOT_SOURCED
    return cell if isinstance(cell, str) else cell[0]


def cell_marks(cell: Cell) -> str:
    """Return the marks of a cell, separated by blanks."""
    return cell[1] if isinstance(cell, list) else ""


def cell_money(cell: Cell) -> tuple[str, Decimal] | None:
    """Return the currency and the amount of a price's cell, None where it shows none; free is 0 in any currency."""
    if isinstance(cell, int):
        return None
    return _money_of(cell_text(cell))


@lru_cache(maxsize=16384)
def _money_of(text: str) -> tuple[str, Decimal] | None:
    if text == FREE:
        return "", Decimal(0)
    found = _SHOWN.fullmatch(text)
    if found is None:
        return None
    return found["sign"] or found["code"] or "", Decimal(found["digits"].replace(",", ""))


def states(card: Card) -> str:
    """Return a letter for each reference field: `s` sourced, `n` not offered, else the number of the reason."""
    return "".join(
        str(cell) if isinstance(cell, int) else ("n" if cell_text(cell) == NOT_OFFERED else "s") for cell in card.cells
    )


def json_line(value: Any) -> str:
    """Write JSON without blanks."""
    return _JSON.encode(value)


def digest_of_texts(texts: Iterable[str]) -> str:
    """Return a hash of texts that have no line breaks."""
    return hashlib.blake2b("\n".join(texts).encode(), digest_size=12).hexdigest()


def digest(parts: Sequence[Any]) -> str:
    """Return a hash of whatever can be written as JSON."""
    return hashlib.blake2b(json_line(parts).encode(), digest_size=12).hexdigest()
