"""Deepgram: the list of models of its API: those that hear and those that speak. It states no prices.

A model that hears is listed once for each of its versions and languages; what differs among them is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, read_feed, spec_fact
from scraper.extract.listing import unread
from scraper.extract.offers import Offers
from scraper.extract.source import Source
from scraper.records import Fact, Reading

_MODALITIES: Final = {"stt": "audio->text", "tts": "text->audio"}


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    kind = pointer.split("/")[1]
    yield spec_fact("modalities", _MODALITIES[kind], row["canonical_name"], f"{pointer}/canonical_name")


def _feed(kind: str) -> Feed:
    return Feed(
        rows=f"/{kind}",
        prices=(),
        model_id="canonical_name",
        known={
            "name": "the same of models of several families",
            **unread("of one version and language", "version uuid languages batch streaming formatted_output"),
            **unread("of one version and language", "multilingual architecture metadata"),
        },
        more=_more,
    )


def read_models(document: Document) -> Reading:
    """Read both lists."""
    readings = [read_feed(document, _feed(kind)).reading() for kind in _MODALITIES]
    offers = tuple(offer for reading in readings for offer in reading.offers)
    if not offers:
        raise Unreadable("it lists no models")
    return Reading(offers=offers, notes=tuple(note for reading in readings for note in reading.notes))


SOURCES = (
    Source(
        name="models",
        addresses=("https://api.deepgram.com/v1/models",),
        read=read_models,
        publishes=frozenset({"modalities"}),
    ),
)
