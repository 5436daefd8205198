"""Objects in a page's data that list prices as labels and texts.

{"name": "…", "price": [{"value": "Input (/M tokens)", "price_dollar": "<p>$0.5</p>"}]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scraper.extract import REFUSALS, jsontext
from scraper.extract.document import Document
from scraper.extract.jsontext import Json
from scraper.extract.offers import Offers
from scraper.extract.passage import Passage
from scraper.extract.payload import Payload


@dataclass(frozen=True, slots=True)
class PricedObject:
    """An object with its place."""

    payload: Payload
    pointer: str

    @property
    def value(self) -> dict[str, Json]:
        """The object itself."""
        found: dict[str, Json] = jsontext.at(self.payload.value, self.pointer)
        return found

    def text(self, *keys: str) -> str:
        """Return the text at the first of these keys that has one, or ""."""
        return next((said for key in keys if isinstance(said := self.value.get(key), str) and said), "")

    def labelled(self, key: str, label: str, amount: str, offers: Offers) -> Iterator[tuple[Passage, Passage, Json]]:
        """Yield the label, the amount and the whole of each row of a list; a row without them is noted."""
        found = self.value.get(key)
        rows = found if isinstance(found, list) else []
        for number, row in enumerate(rows):
            place = f"{self.pointer}/{key}/{number}"
            try:
                shown = self.payload.passage(f"{place}/{amount}")
                # A text that begins with "$" is sent with two of them in a flight stream.
                dollars = shown.with_text(re.sub(r"^\$\$", "$", shown.text))
                yield self.payload.passage(f"{place}/{label}"), dollars, row
            except REFUSALS as problem:
                offers.note("unreadable", str(problem), f"{self.payload.locator}#{place}")

    def texts(self, key: str) -> Iterator[Passage]:
        """Yield the texts in a list of blocks of rich text (`children` with a `text` each)."""
        start = f"{self.pointer}/{key}/"
        for pointer in self.payload.places.get("text", ()):
            if pointer.startswith(start) and isinstance(jsontext.at(self.payload.value, pointer)["text"], str):
                yield self.payload.passage(f"{pointer}/text")


def priced_objects(document: Document, key: str) -> Iterator[PricedObject]:
    """Yield the objects of a page's payloads that have a list at a key."""
    for payload in document.payloads:
        for pointer in payload.places.get(key, ()):
            if isinstance(jsontext.at(payload.value, pointer)[key], list):
                yield PricedObject(payload, pointer)
