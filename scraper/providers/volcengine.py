"""Volcengine Ark (Doubao, ByteDance): the page of prices in Chinese and in CNY, which scripts render; it prints names.

Sections have titles in plain text; rows hold for a range of the prompt's length, in thousand tokens. A row with a
range of the output's length as well is noted and left out: no rate key can say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.chinese_tables import WORDS, cells_in_english, flat_heads, title_of
from scraper.extract.conditional_rows import conditional_rows
from scraper.extract.document import Document
from scraper.extract.markup import Table
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.extract.prompt_lengths import length_of
from scraper.extract.source import Source
from scraper.extract.vocabulary import KNOWN, key
from scraper.meters import RateKey
from scraper.records import Fact, Reading

_SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    r"在线推理（常规）|图片生成模型|向量模型|精调-按 ?token ?后付费": {},
    "在线推理（低延迟）": {"tier": "low-latency"},
    "批量推理": {"tier": "batch"},
    "推理-在线推理": {"variant": "fine-tuned"},
    "推理-批量推理": {"tier": "batch", "variant": "fine-tuned"},
}
_VIDEO: Final = r"按 ?token ?单价"
_NAME: Final = "模型"
_IGNORED: Final = {
    "在线推理（TPM 保障包）|模型单元|精调-按算力付费": "throughput and units that are rented by the hour",
    r"输入(?:不含|包含)视频|doubao-seedance-\S+|价格示例": "examples of what a video costs",
    "版权视频生成价格|3D生成模型": "a factor for licensed material; files by kind, which no rate key can say",
    "Managed Agents|联网内容插件|豆包助手|知识库": "tools, which are no models",
    "(?:Coding|Agent) Plan 个人版": "plans by the month",
}
_HEADS: Final = {
    "输入图单价": "image sent",
    "输出图单价": "image made",
    "LoRA精调": "training with lora",
    "全量精调": "training in full",
}
_WORDS: Final = WORDS.extended(
    {
        r"image sent \(per image\)": key("input_images"),
        r"image made \(per image\)": key("images"),
        "training with lora": key("training{mode=lora}"),
        "training in full": key("training{mode=full}"),
        "service": KNOWN,
    }
)
_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "输入不含视频": {},
    "输入包含视频": {"variant": "video-input"},
    "有声视频": {"mode": "with-audio"},
    "无声视频": {"mode": "without-audio"},
}


def _condition(text: str) -> Mapping[str, str | int]:
    return {"prompt_gt": length_of(text, 1000) or ""}


def _video_facts(cell: Passage, rate: RateKey) -> Iterator[Fact]:
    """Lines of a cell are a number, "有声视频：16.00", or the resolutions of the lines below."""
    sizes: list[str] = []
    for line in cell.lines:
        resolution = re.fullmatch(r"输出视频分辨率为\s*(.*?)[:：]?", line)
        if resolution:
            sizes = re.findall(r"\d+[pk]", resolution[1])
            continue
        label, _, amount = line.rpartition("：")
        if label and label not in _LABELS:
            raise Unreadable(f"{label!r} beside a price of a video is not understood")
        labelled = rate.with_labels(**(_LABELS[label] if label else {}))
        for size in sizes or [""]:
            sized = labelled.with_labels(resolution=size)
            yield from facts_of(cell.with_text(amount), sized, Scale(PER_MILLION, "CNY"))


def _read_videos(table: Table, offers: Offers) -> None:
    heads = ["".join(path) for path in table.grid.headers]
    if _NAME not in heads:
        offers.note("unknown_heading", "a table of prices of videos has no column of models", table.locator)
        return
    column = heads.index(_NAME)
    tiers = {place: re.match("(在线|离线)推理", head) for place, head in enumerate(heads) if place != column}
    for line in table.grid.lines:
        name = line.cells[column]
        named = Named("", name.lines[0] if name else "")
        for place, tier in tiers.items():
            cell = line.cells[place]
            if tier is None:
                offers.note("unknown_heading", "a column of prices of videos is not known", table.locator)
            elif cell and "不支持" not in cell.line and named.name:
                rate = RateKey("output").with_labels(tier="offline" if tier[1] == "离线" else "")
                try:
                    offers.add(named, list(_video_facts(cell, rate)))
                except REFUSALS as problem:
                    offers.note("unreadable", f"{named.name}: {problem}", cell.locator)


def _read_models(table: Table, labels: Mapping[str, str], offers: Offers) -> None:
    table = cells_in_english(flat_heads(table, _HEADS))
    scale = Scale(currency="CNY").labelled(**labels)
    for row in conditional_rows(table, offers, scale=scale, vocabulary=_WORDS, condition=_condition):
        if row.stated.name is not None and row.stated.name.lines:
            offers.add(Named("", row.stated.name.lines[0]), row.stated.facts)


def read_prices(document: Document) -> Reading:
    """Read the tables of models by the titles of their sections; a section that is not known is noted."""
    offers = Offers()
    for table in document.tables:
        title = title_of(table)
        labels = next((labels for pattern, labels in _SECTIONS.items() if re.fullmatch(pattern, title)), None)
        if labels is not None:
            _read_models(table, labels, offers)
        elif re.fullmatch(_VIDEO, title):
            _read_videos(table, offers)
        elif not any(re.fullmatch(pattern, title) for pattern in _IGNORED):
            offers.note("unknown_heading", f"a table under {title!r} is not read", table.locator)
    return offers.reading(needed="tables of prices of models")


_TOKENS: Final = ("input", "input.audio", "cache_read", "cache_read.audio", "output")
_STATED: Final = ("", "{tier=batch}", "{tier=low-latency}", "{prompt_gt=32000}", "{variant=fine-tuned}")

SOURCES = (
    Source(
        name="model-prices",
        addresses=("https://www.volcengine.com/docs/82379/1544106",),
        read=read_prices,
        publishes=frozenset(
            {
                *(f"{meter}{labels}" for meter in _TOKENS for labels in _STATED),
                *("cache_storage", "output{tier=offline}", "output{mode=with-audio}"),
                *("input.image", "images", "input_images", "training{mode=lora}", "training{mode=full}"),
            }
        ),
        browser=True,
    ),
)
