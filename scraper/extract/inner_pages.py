"""Readings of a page that is a text of a JSON document: their evidence with the place of the text before its own."""

from __future__ import annotations

from collections.abc import Callable

from scraper.extract.document import Document
from scraper.records import Reading


def read_inner(document: Document, pointer: str, read: Callable[[Document], Reading]) -> Reading:
    """Return what a page at a JSON pointer of a document states, its evidence to be found in the document.

    Raises `Unreadable` where there is no page.
    """
    reading = read(document.inner(pointer))
    facts = [
        tuple(
            fact.model_copy(
                update={"evidence": fact.evidence.model_copy(update={"locator": f"#{pointer}>{fact.evidence.locator}"})}
            )
            for fact in offer.facts
        )
        for offer in reading.offers
    ]
    offers = tuple(offer.model_copy(update={"facts": own}) for offer, own in zip(reading.offers, facts, strict=True))
    notes = tuple(
        note.model_copy(update={"locator": f"#{pointer}>{note.locator}" if note.locator else ""})
        for note in reading.notes
    )
    return reading.model_copy(update={"offers": offers, "notes": notes})
