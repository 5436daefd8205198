"""Cloudflare Workers AI: the page of prices of the docs, whose tables print ids; each price is also given in neurons.

A cell has one price a line with what it is for. Steps and tiles of images have no meter of ours.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scraper.extract.document import Document
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.per_lines import key_by_thing, read_lines_table
from scraper.extract.source import Source
from scraper.extract.tables import price_tables
from scraper.records import Reading

_IGNORED: Final = {"pay with": "credits, not prices", "what are neurons": "an explanation"}
_THINGS: Final = {
    "input tokens?": "input",
    "cached input tokens?": "cache_read",
    "output tokens?": "output",
    "audio minutes?(?: input)?": "audio_minutes",
    "characters?(?: input)?": "characters",
    "images?": "input_images",
    # Parts of an image, of which no count is a price of an image.
    r"(?:(?:input|output) )?\d+x\d+ tile(?:, per step)?|step": "",
    r"(?:first|subsequent|input image) mp(?: \(\d+x\d+\))?": "",
}


def _named(cell: Passage) -> tuple[Named, dict[str, str]]:
    """An id may be followed by the way of calling it, at its own price: "@cf/deepgram/nova-3 (WebSocket)"."""
    said = re.fullmatch(r"(?P<id>\S+)(?: \((?P<mode>\w+)\))?", cell.line)
    if said is None:
        return Named("", cell.line), {}
    return Named(said["id"], said["id"]), {"mode": said["mode"].casefold()} if said["mode"] else {}


def read_pricing(document: Document) -> Reading:
    """Read the tables of models; the rows of the table with a free allocation are plans."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        if not any("free allocation" in heading.casefold() for path in table.grid.headers for heading in path):
            read_lines_table(table, offers, partial(key_by_thing, _THINGS), _named)
    return offers.reading(needed="table of models with prices")


SOURCES = (
    Source(
        name="docs-pricing",
        addresses=(
            "https://developers.cloudflare.com/workers-ai/platform/pricing/",
            "https://developers.cloudflare.com/workers-ai/platform/pricing/index.md",
        ),
        read=read_pricing,
        publishes=frozenset({"input", "output", "cache_read", "audio_minutes", "characters", "input_images"}),
    ),
)
