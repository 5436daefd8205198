"""Tables of Chinese price pages whose headings stand in several rows and whose rows hold for a length of the prompt.

`flat_heads` makes one heading in English of each column: what is priced, in which direction, per what. Only the text
that is looked up changes; places and quotes stay as published.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from scraper.extract.chinese import in_english
from scraper.extract.conditional_rows import CONDITION
from scraper.extract.grid import Grid
from scraper.extract.markup import Table
from scraper.extract.passage import Passage
from scraper.extract.vocabulary import KNOWN, VOCABULARY, Vocabulary, key
from scraper.records import plain

_UNITS: Final = {
    r"百万tokens?": "1M tokens",
    r"百万tokens?/小时": "1M tokens/hour",
    "千tokens?": "1K tokens",
    "万字符": "10K characters",
    "秒": "second",
    "张": "image",
    "次": "request",
}
_UNIT: Final = re.compile(
    r"[（(]?(?:每|(?P<money>美?元)/)(?P<unit>(?:百万|千)tokens?(?:/小时)?|万字符|秒|张|次)[)）]?", re.IGNORECASE
)
_MONEY: Final = {"元": "CNY", "美元": "USD"}
_BARE: Final = re.compile(r"\d+(?:\.\d+)?")
_ASIDES: Final = re.compile(r"[（(]注[)）]|[（(]?思维链[+和]回答[)）]?|[（(](?:千)?tokens?[)）]|千token", re.IGNORECASE)

_IN: Final = r"(?:推理)?输入(?:单价)?"
_OUT: Final = r"(?:推理)?输出(?:单价)?"
_HEADS: Final = {
    r"模型(?:名称)?|精调模型对应的基础模型|基础模型ID": "model",
    r"模型ID(?:[（(]ModelID[)）])?": "model id",
    r"单次请求的输入Token(?:数|范围)|输入Token数量|条件": CONDITION,
    r"服务部署范围|模式|折扣|阶梯层级|输出视频(?:类型|模式)": CONDITION,
    r"免费额度": "free tier",
    r"输出(?:视频|图像)分辨率": "resolution",
    rf"{_IN}(?:[（(]非音频[)）])?(?:文本(?:/图片)?(?:/视频)?|输入：文本)?|文本输入": "input",
    rf"{_IN}(?:[（(]音频[)）]|音频|输入：音频)": "audio input",
    rf"{_IN}(?:图片|输入：图片)|图片输入": "image input",
    rf"{_IN}图片/视频": "image and video input",
    r"输入图单价": "input",
    rf"{_OUT}(?:非思考模式|文本|输出：文本|文本仅纯文本输入)?|输出图单价|输入和输出单价": "output",
    rf"{_OUT}思考模式": "thinking output",
    rf"{_OUT}文本多模态输入": "multimodal output",
    rf"{_OUT}(?:音频|输出：音频|文本\+音频仅音频计费)": "audio output",
    r"缓存命中(?:[（(]非音频[)）])?": "cached input",
    r"缓存命中[（(]音频[)）]": "cached audio input",
    r"缓存存储": "cache storage",
    r"(?:语音合成)?单价": "price",
    r"复刻一个音色|单价[（(]每个音色[)）]": "fee of a voice",
}
WORDS: Final[Vocabulary] = VOCABULARY.extended(
    {
        "thinking output": key("output{mode=thinking}"),
        "multimodal output": key("output{variant=multimodal-input}"),
        "image and video input": key("input"),
        "cached audio input": key("cache_read.audio"),
        "price": key("output"),
        r"input \(per (?:10k characters|second|image|request)\)": key("input"),
        r"(?:output|price) \(per (?:10k characters|second|image|request)\)": key("output"),
        r"cache storage \(per 1m tokens/hour\)": key("cache_storage"),
        r"fee of a voice": KNOWN,
        "condition|free tier": KNOWN,
    }
)
"""The vocabulary of the headings that `flat_heads` writes."""


def flat_heads(table: Table, more: Mapping[str, str] | None = None) -> Table:
    """Return the table with one row of headings in English; a heading that is not known stays as it is. Bare numbers
    get the money that their heading names.

    `more` are further headings (patterns over the text without blanks, units and remarks, all rows together).
    """
    head = _depth(table.grid)
    heads = (*{**_HEADS, **(more or {})}.items(),)
    paths = Grid(table.grid.rows, head).headers
    top = [_heading(cell, path, heads) for cell, path in zip(table.grid.rows[0], paths, strict=True)]
    money = [_MONEY.get(unit["money"]) if (unit := _UNIT.search(_whole(path))) else None for path in paths]
    rows = [_both_kinds(top, _in_money(money, row)) for row in table.grid.rows[head:]]
    return replace(table, grid=Grid((tuple(top), *rows), 1))


def _depth(grid: Grid) -> int:
    """The number of rows of headings: a row that shares a cell with the one above it is one of them."""
    depth = grid.header_rows
    while depth < len(grid.rows) and any(
        cell.locator and cell.locator == above.locator
        for cell, above in zip(grid.rows[depth], grid.rows[depth - 1], strict=True)
    ):
        depth += 1
    return depth


# The tables of a page have the same few headings.
@lru_cache(maxsize=4096)
def _spelled(heads: tuple[tuple[str, str], ...], text: str) -> str:
    return next((words for pattern, words in heads if re.fullmatch(pattern, text, re.IGNORECASE)), "")


def _heading(cell: Passage, path: tuple[str, ...], heads: tuple[tuple[str, str], ...]) -> Passage:
    whole = _whole(path)
    unit = _UNIT.search(whole)
    named = _ASIDES.sub("", whole.replace(unit[0], "", 1) if unit else whole)
    for text in (whole, named):
        spelled = _spelled(heads, text)
        if spelled:
            return cell.with_text(f"{spelled} (per {_unit(unit['unit'])})" if unit else spelled)
    return cell.with_text(" / ".join(path))


def _whole(path: tuple[str, ...]) -> str:
    return "".join("".join(path).split())


def _in_money(money: Sequence[str | None], row: tuple[Passage, ...]) -> tuple[Passage, ...]:
    return tuple(
        cell.with_text(f"{cell.text} {named}") if named and _BARE.fullmatch(cell.line) else cell
        for named, cell in zip(money, row, strict=True)
    )


def _unit(text: str) -> str:
    return next(unit for pattern, unit in _UNITS.items() if re.fullmatch(pattern, text, re.IGNORECASE))


def _both_kinds(top: list[Passage], row: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """A column of images and videos: each of its prices is of both."""
    if not any(head.line.startswith("image and video") for head in top):
        return row
    return tuple(
        cell.with_text(f"{cell.text} (image, video)") if head.line.startswith("image and video") and cell else cell
        for head, cell in zip(top, row, strict=True)
    )


def cells_in_english(table: Table) -> Table:
    """Return a table with such headings and its cells in English; those of its conditions stay as they are."""
    head = table.grid.rows[0]
    conditions = [above.line == CONDITION for above in head]
    rows = (
        tuple(
            cell if is_condition else cell.with_text(in_english(cell.text))
            for is_condition, cell in zip(conditions, row, strict=True)
        )
        for row in table.grid.rows[1:]
    )
    return replace(table, grid=Grid((head, *rows), 1))


_OFF: Final = re.compile(r"原价(?P<amount>\d+(?:\.\d+)?)元(?P<per>/\S)?\s*限时(?P<tenths>\d(?:\.\d+)?)折")


def reduced(text: str) -> str:
    """Return "原价12元 限时5折" (an original price, and how many tenths of it are paid for now) as what is paid."""
    match = _OFF.fullmatch(" ".join(text.split())) if "原价" in text else None
    if match is None:
        return text
    paid = Decimal(match["amount"]) * Decimal(match["tenths"]) / 10
    return f"{plain(paid)}元{match['per'] or ''} limited-time discount"


_SENTENCE: Final = re.compile(r"^(?:说明|注意|注)$|[。；;，,：:！？!?]|\.\s")
_LONGEST: Final = 40


def title_of(table: Table) -> str:
    """Return the last text above a table that is a title: short, and no sentence; "" where there is none."""
    texts = (text.line for text in reversed(table.context.texts))
    return next((text for text in texts if 0 < len(text) <= _LONGEST and not _SENTENCE.search(text)), "")
