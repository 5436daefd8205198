"""Tencent Cloud TokenHub (international): the page of prices, in Chinese and in dollars; it prints names.

Tabs are regions: their names stand together above their tables. Rows hold for a range of the prompt's length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scraper.extract.chinese_tables import WORDS, cells_in_english, flat_heads
from scraper.extract.conditional_rows import conditional_rows
from scraper.extract.document import Document
from scraper.extract.markup import Table
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import Scale
from scraper.extract.prompt_lengths import length_of
from scraper.extract.regions import ByRegion
from scraper.extract.reshaped import reworded
from scraper.extract.source import Source
from scraper.extract.vocabulary import MODALITY, key
from scraper.records import Reading

_REGIONS: Final = {"新加坡": "ap-singapore", "广州": "ap-guangzhou"}
_MODALITIES: Final = {"文本输入": "text", "图片输入": "image", "视频输入": "video"}
_HEADS: Final = {"计费项": "kind of input", "价格": "price of input"}
_WORDS: Final = WORDS.extended({"kind of input": MODALITY, "price of input": key("input")})


def _condition(text: str) -> Mapping[str, str | int]:
    return {"prompt_gt": length_of(text) or ""}


def _in_regions(tables: Sequence[Table], offers: Offers) -> Iterator[tuple[str, Table]]:
    """Yield each table with its region: of as many tabs as tables, one after the other, or of none and a lone table."""
    sections: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Table]] = {}
    for table in tables:
        tabs = tuple(text.line for text in table.context.texts if text.line in _REGIONS)
        sections.setdefault((table.context.path, tabs), []).append(table)
    for (_, tabs), found in sections.items():
        if len(found) != (len(tabs) or 1):
            offers.note("unreadable", f"{len(tabs)} known regions have {len(found)} tables", found[0].locator)
            continue
        yield from ((_REGIONS[tab], table) for tab, table in zip(tabs or [*_REGIONS][:1], found, strict=True))


def read_prices(document: Document) -> Reading:
    """Read the tables of models; the first region's price is that which holds where another one says nothing."""
    offers, regions = Offers(), ByRegion()
    for region, table in _in_regions(document.tables, offers):
        worded = cells_in_english(reworded(flat_heads(table, _HEADS), _MODALITIES))
        stated = Offers()
        for row in conditional_rows(worded, stated, scale=Scale(), vocabulary=_WORDS, condition=_condition):
            if row.stated.name is not None and row.stated.facts:
                stated.add(Named("", row.stated.name.line), row.stated.facts)
        reading = stated.reading()
        for note in reading.notes:
            offers.note(note.kind, note.text, note.locator)
        for offer in reading.offers:
            regions.add(region, Named("", offer.name), offer.facts)
    regions.add_to(offers)
    return offers.reading(needed="tables of prices of models")


_TOKENS: Final = ("input", "output", "cache_read")

SOURCES = (
    Source(
        name="model-prices",
        addresses=("https://www.tencentcloud.com/zh/document/product/1300/78937",),
        read=read_prices,
        publishes=frozenset(
            {
                *(f"{meter}{labels}" for meter in _TOKENS for labels in ("", "{prompt_gt=512000}")),
                *(f"{meter}{{region=ap-guangzhou}}" for meter in _TOKENS),
                *("input.image", "input.video"),
            }
        ),
    ),
)
