"""MiniMax: the page of pay-as-you-go prices of the docs (Markdown), whose tables print ids.

List prices are struck through beside the prices, which are no promotion where the page calls the discount permanent.
The length of the prompt stands below the id; video is priced by the second or by the clip, songs by the piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract import REFUSALS
from scraper.extract.document import Document
from scraper.extract.markup import Table
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.extract.reshaped import clips_by_size, named_by_lines, reworded
from scraper.extract.source import Source
from scraper.extract.tables import columns_of, price_tables, read_table
from scraper.extract.vocabulary import KNOWN, NAME, VOCABULARY, Role, key, tier_of
from scraper.meters import RateKey
from scraper.records import Fact, Reading, State

_IGNORED: Final = {
    "mcp": "a tool's fee; it is no model",
    "server tools": "fees of tools, which are no models",
}
_PER_VOICE: Final = "per voice"  # a fee for making a voice, which is no use of a model
_WORDS: Final = VOCABULARY.extended(
    {
        r"prompt caching read": key("cache_read"),
        r"prompt caching write": key("cache_write"),
        "model / api": NAME,
        "(?:list )?price": key("output"),
        "api|endpoint|billing rules": KNOWN,
    }
)
_SONGS: Final = _WORDS.extended({"price": key("requests")})
_BY_API: Final = _WORDS.extended({"api": NAME})
_RESPELLED: Final = {r"(\$[\d.]+)\s?/(?:up-to-\d+ minutes music|per song)": r"\1 / song"}
_IMAGES_SENT: Final = re.compile(
    r"(?P<free>First \d+ images free); (?P<price>\$[\d.]+ per) additional image", re.IGNORECASE
)


def read_pricing(document: Document) -> Reading:
    """Read the tables of language models in their tabs, and those of speech, video, music and images."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        heading, label = table.context.heading.casefold(), table.context.label.rstrip("*")
        tier = tier_of(label) if label else ""
        if tier is None:
            offers.note("unknown_heading", f"the tab {label!r} is not known", table.locator)
        elif any("material type" in "".join(path).casefold() for path in table.grid.headers):
            _read_materials(table, offers)
        else:
            columns = columns_of(table.grid, _WORDS)
            words = _SONGS if heading == "music" else _WORDS if columns.of_role(Role.NAME) is not None else _BY_API
            scale = Scale(clock={"audio": "audio", "video": "video"}.get(heading, "")).labelled(tier=tier)
            table = clips_by_size(reworded(table, _RESPELLED, left_out=_PER_VOICE), _WORDS)
            read_table(table, offers, scale=scale, vocabulary=words, naming=named_by_lines)
    return offers.reading(needed="table of prices")


def _read_materials(table: Table, offers: Offers) -> None:
    """Read what images cost that are sent for a video; seconds of video sent have no meter, audio is free."""
    name = columns_of(table.grid, _WORDS).of_role(Role.NAME)
    for row in table.grid.rows[table.grid.header_rows :]:
        for cell in row:
            said = _IMAGES_SENT.fullmatch(cell.line)
            if said is None and "additional image" in cell.line:
                offers.note("unreadable", f"{cell.line!r} is no known way of saying what images cost", cell.locator)
            if said and name is not None:
                try:
                    offers.add(Named(row[name].line, row[name].line), _images_sent(cell, said))
                except REFUSALS as problem:
                    offers.note("unreadable", f"images sent to {row[name].line}: {problem}", cell.locator)


def _images_sent(cell: Passage, said: re.Match[str]) -> Iterator[Fact]:
    yield from facts_of(cell.with_text(f"{said['price']} image"), RateKey("input_images"), Scale(PER_MILLION))
    yield Fact(field="free_allowance", state=State.SOURCED, value=said["free"], evidence=cell.evidence(said["free"]))


_TOKENS: Final = ("input", "output", "cache_read")

SOURCES = (
    Source(
        name="docs-pricing",
        addresses=(
            "https://platform.minimax.io/docs/guides/pricing-paygo.md",
            "https://platform.minimax.io/docs/guides/pricing-paygo",
        ),
        read=read_pricing,
        publishes=frozenset(
            {
                *(f"{meter}{labels}" for meter in _TOKENS for labels in ("", "{prompt_gt=512000}", "{tier=priority}")),
                *("cache_write", "characters", "audio_hours", "images", "requests", "input_images", "free_allowance"),
                "videos{mode=6s,resolution=768P}",
                "video_seconds{resolution=768P}",
                "status",
            }
        ),
    ),
)
