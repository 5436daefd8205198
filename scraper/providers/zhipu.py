"""Zhipu BigModel (China): the page of prices, in Chinese and in CNY, with names only.

Rows of one model stand for ranges of the prompt's length ("输入长度 [32, 200)", in thousand tokens). Where a row also
has a range of the output's length, no rate key can say it: such rows are noted and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from scraper.extract.chinese import table_in_english
from scraper.extract.document import Document
from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import Scale
from scraper.extract.reshaped import rejoined
from scraper.extract.source import Source
from scraper.extract.tables import LineFacts, price_tables, read_table
from scraper.extract.vocabulary import KNOWN, VOCABULARY, key, labelled
from scraper.records import Reading

_IGNORED: Final = {
    "搜索工具": "fees of tools, which are no models",
    "知识库": "storage for documents",
    "模型微调": "training and instances by version and method, which are no prices of a model's tokens",
    "模型私有实例": "rented units by the day",
    "云端私有化": "plans by the year",
    "本地私有化": "licences",
}
_WORDS: Final = VOCABULARY.extended(
    {
        r"cache storage \(per 1m tokens ?/ ?hour\)": key("cache_storage"),
        "cache read": key("cache_read"),
        "price": labelled(),
        "batch price": labelled(tier="batch"),
        "description|input modalities": KNOWN,
    }
)
_BY_CALL: Final = _WORDS.extended({"price": key("requests"), "batch price": key("requests{tier=batch}")})
_RANGE: Final = re.compile(r"prompt \[(?P<from>\d+)(?:\+|, ?\d+)\)")
_NONE: Final = Passage("", "", "")


def _by_prompt(table: Table, offers: Offers) -> Iterator[tuple[Table, int]]:
    """Yield the table once for each length of prompt from which its rows hold (0 for the base), without the ranges."""
    head = table.grid.header_rows
    lengths: dict[int, list[tuple[Passage, ...]]] = {}
    for row in table.grid.rows[head:]:
        ranged = [cell for cell in row if cell.line.startswith(("prompt [", "output length ["))]
        found = [_RANGE.fullmatch(cell.line) for cell in ranged]
        if not all(found):
            offers.note("unreadable", f"{row[0].line}: {ranged[0].quote!r} is no range of prompts", ranged[0].locator)
            continue
        start = next((int(match["from"]) * 1000 for match in found if match), 0)
        lengths.setdefault(start, []).append(
            tuple(_NONE if cell in ranged or cell.line == "/" else cell for cell in row)
        )
    for start, rows in lengths.items():
        yield replace(table, grid=Grid((*table.grid.rows[:head], *rows), head)), start


def _named(line: LineFacts) -> list[Named]:
    """A name may have a badge below it ("新品", new)."""
    return [Named("", line.name.lines[0])] if line.name else []


def read_pricing(document: Document) -> Reading:
    """Read the tables of models: prices of tokens by the length of the prompt, of calls, of characters."""
    offers = Offers()
    tables = [table_in_english(table) for table in rejoined(document.tables)]
    for whole in price_tables(tables, offers, ignored=_IGNORED):
        shown = " ".join(cell.line for row in whole.grid.rows for cell in row)
        by_call = "CNY / request" in shown and "tokens" not in shown
        for table, prompt_gt in _by_prompt(whole, offers):
            scale = Scale(currency="CNY").labelled(prompt_gt=prompt_gt or None)
            read_table(table, offers, scale=scale, vocabulary=_BY_CALL if by_call else _WORDS, naming=_named)
    return offers.reading(needed="table of prices")


_TOKENS: Final = ("input", "output", "cache_read", "cache_storage")

SOURCES = (
    Source(
        name="pricing",
        addresses=("https://open.bigmodel.cn/pricing", "https://bigmodel.cn/pricing"),
        read=read_pricing,
        publishes=frozenset(
            {
                *_TOKENS,
                *(f"{meter}{{prompt_gt=32000}}" for meter in _TOKENS),
                *("tokens", "tokens{tier=batch}", "requests", "requests{tier=batch}", "characters", "context_window"),
            }
        ),
        browser=True,
    ),
)
