"""Chinese price pages: their words for headings, units and marks, put into the English ones that tables are read by.

Only the text that is looked up changes; places and quotes stay as published.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.passage import Passage

# The first word that fits is taken at each place, so that longer ones stand before their parts.
_WORDS: Final = {
    "[(（]约[^()（）]*[)）]": "",  # an "about" beside a price
    r"输入(?:价格|单价)?\s*（(?:缓存命中)）": "cache hit",
    r"输入(?:价格|单价)?\s*（(?:缓存未命中)）": "cache miss",
    r"\(含多模态\)": "",
    "模型名称|可用模型|模型": "model",
    "计费单位": "unit",
    r"上下文(?:窗口|长度)?(?:\s*\(千\s?tokens\))?": "context",
    "输入模态": "input modalities",
    "输入长度": "prompt",
    "输出长度": "output length",
    "输入(?:价格|单价)?": "input ",
    "输出(?:价格|单价)?": "output ",
    "缓存存储": "cache storage ",
    "缓存命中|缓存读取": "cache read ",
    "缓存写入": "cache write ",
    r"batch\s*api\s*定价": "batch price",
    "单价|价格": "price",
    "简介|说明|多模态支持|分辨率|功能|场景": "description",
    "限时免费|限免": "limited-time free",
    "不计费|免费": "free",
    "不支持": "not supported",
    "永久五折": "permanent 50% off",
    r"百万\s?tokens?": " 1M tokens",
    r"千\s?tokens?": " 1K tokens",
    "万字符": " 10K characters",
    "元": " CNY",
    "小时": " hour",
    "分钟": " minute",
    "秒": " second",
    "次|首": " request",
    "(?<=/)张": " image",
    "视频": "video",
    "音频": "audio",
    "：": ": ",
    "；": "\n",
    "（": "(",
    "）": ")",
    "≤": "≤",
}
_IN_ENGLISH: Final = tuple(_WORDS.values())
_PATTERN: Final = re.compile("|".join(f"({word})" for word in _WORDS), re.IGNORECASE)
_UNITED: Final = re.compile(r"(?<=\S)\s*\(?\s*/?\s*(1M tokens|10K characters|request|video)\s*(/\s*hour)?\s*\)?$")


def in_english(text: str) -> str:
    """Return a text with the words that price pages use in English; names and all other words stay."""
    return text if text.isascii() else _in_english(text)


# The same units, marks and words stand in cell after cell.
@lru_cache(maxsize=4096)
def _in_english(text: str) -> str:
    found = _PATTERN.sub(lambda match: _IN_ENGLISH[(match.lastindex or 1) - 1], text)
    return "\n".join(re.sub(r"[ \t]+", " ", line).strip() for line in found.split("\n"))


def heading_in_english(text: str) -> str:
    """Return a heading in English with its unit in brackets: "输入单价 (百万tokens)" is "input (per 1M tokens)"."""
    line = " ".join(in_english(text).split())
    united = _UNITED.search(line)
    if united is None or not united.start():
        return line
    return f"{line[: united.start()].rstrip(' /')} (per {united[1]}{united[2] or ''})"


def table_in_english(table: Table) -> Table:
    """Return a table whose headings and cells are looked up in English."""

    def read(cell: Passage, *, heading: bool) -> Passage:
        return cell.with_text(heading_in_english(cell.text) if heading else in_english(cell.text))

    head = table.grid.header_rows
    rows = tuple(tuple(read(cell, heading=n < head) for cell in row) for n, row in enumerate(table.grid.rows))
    return Table(Grid(rows, head), table.locator, table.context)
