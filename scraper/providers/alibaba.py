"""Alibaba Cloud Model Studio (Qwen): the help centre's page of prices, in Chinese and in CNY, as HTML inside JSON.

Tables stand under the name of a region; where a column says in which area a model runs, its price is that area's.
Rows hold for a range of the prompt's length. A price may be marked down ("原价12元 限时5折": half of it is paid now).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from scraper.extract.chinese_tables import WORDS, cells_in_english, flat_heads, reduced
from scraper.extract.conditional_rows import Conditional, conditional_rows
from scraper.extract.derived import in_batch
from scraper.extract.document import Document
from scraper.extract.inner_pages import read_inner
from scraper.extract.markup import Heading, Table
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import Scale
from scraper.extract.prompt_lengths import length_of
from scraper.extract.regions import ByRegion
from scraper.extract.reshaped import reworded
from scraper.extract.source import Source
from scraper.extract.tables import price_tables
from scraper.records import Fact, Reading

_IGNORED: Final = {"3d": "prices by task and by texture, which no rate key can say"}
_REGIONS: Final = {"北京": "cn-beijing", "弗吉尼亚": "us", "新加坡": "international", "法兰克福": "eu", "东京": "jp"}
_AREAS: Final = {"全球": "global", "国际": "international", "美国": "us", "欧盟": "eu", "日本": "jp"}
_MODES: Final = {"有声": "with-audio", "无声": "without-audio"}
_NO_CONDITION: Final = re.compile(r"(?:仅)?(?:非思考|思考|非思考和思考)(?:模式)?|无|\d(?:\.\d)?折")
_RESPELLED: Final = {
    "不计费": "",  # what is sent, or what comes back, has no price of its own
    "输入图像：(.*)": r"input image: \1",
    r"输出视频：\s*(\d+P：\S+) (\d+P：\S+)": r"output video:\n\1\n\2",
    "输出视频：(.*)": r"output video: \1",
    "已下线.*|目前仅供免费体验.*": "-",
    "文本输入：(.*?) 图片输入：(.*)": r"text: \1\nimage: \2",
    "文本输入：(.*)": r"\1",
}
_TENTHS: Final = re.compile(r"限时([\d.]+)折")
_HALF: Final = "Batch调用半价"


def _condition(text: str) -> Mapping[str, str | int]:
    compact = "".join(text.split())
    if compact in _AREAS or _NO_CONDITION.fullmatch(compact):
        return {}
    mode = re.fullmatch(r"(有声|无声)视频(?:audio=(?:true|false))?|(?:标准|专业)模式(wan-\w+)", compact)
    if mode:
        return {"mode": mode[2] or _MODES[mode[1]]}
    return {"prompt_gt": length_of(text) or ""}


def _regions(page: Document) -> dict[str, str]:
    """The region of each table: headings name it, beside those of models, until a heading of an upper level."""
    found, region, level = {}, "", 0
    for block in page.blocks:
        if isinstance(block, Heading):
            named = next((area for city, area in _REGIONS.items() if city in block.passage.line), "")
            if named or block.level < level:
                region, level = named, block.level
        elif isinstance(block, Table):
            found[block.locator] = region
    return found


def _clock(table: Table) -> str:
    path = " ".join(table.context.path)
    sounds = re.search("语音|音乐|ASR|Paraformer|TTS", path)
    return "audio" if sounds else "video"


def _facts(row: Conditional, name: Passage) -> Iterator[Fact]:
    for fact in row.stated.facts:
        off = _TENTHS.search(fact.evidence.quote)
        yield fact.model_copy(update={"derived": f"{off[1]}/10 of the original price"}) if off else fact
    if _HALF in name.line:
        yield from in_batch((fact for fact in row.stated.facts if not fact.promotional), name, _HALF)


def _translated(table: Table) -> Table:
    table = flat_heads(table)
    rows = [tuple(cell.with_text(reduced(cell.text)) for cell in row) for row in table.grid.rows]
    table = reworded(Table(type(table.grid)(tuple(rows), 1), table.locator, table.context), _RESPELLED)
    return cells_in_english(table)


def _read(page: Document) -> Reading:
    areas: dict[str, Offers] = {}
    offers, everywhere, regions = Offers(), ByRegion(), _regions(page)
    for found in price_tables(page.tables, offers, ignored=_IGNORED):
        table = _translated(found)
        scale = Scale(currency="CNY", clock=_clock(table))
        for row in conditional_rows(table, offers, scale=scale, vocabulary=WORDS, condition=_condition):
            name = row.stated.model_id or row.stated.name
            if name is not None and name.lines:
                model_id = name.lines[0].split(" ")[0]
                if not model_id.isascii():
                    offers.note("unreadable", f"{name.line!r} names no model", name.locator)
                    continue
                area = next(
                    (_AREAS[cell.line] for cell in row.line.cells if cell.line in _AREAS), regions[table.locator]
                )
                areas.setdefault(area, Offers()).add(Named(model_id, model_id), _facts(row, name))
    for area, stated in areas.items():
        reading = stated.reading()
        for note in reading.notes:
            offers.note(note.kind, f"{area}: {note.text}", note.locator)
        for offer in reading.offers:
            everywhere.add(area, Named(offer.model_id, offer.name), offer.facts)
    everywhere.add_to(offers)
    return offers.reading(needed="tables of prices")


read_help: Final = partial(read_inner, pointer="/data/content", read=_read)
"""Read the article of prices that the help centre's API wraps."""

_HELP: Final = "https://help.aliyun.com/help/json/document_detail.json"
_TOKENS: Final = ("input", "output")
_LABELS: Final = (
    "",
    "{tier=batch}",
    "{prompt_gt=32000}",
    "{prompt_gt=128000}",
    "{region=international}",
    "{region=eu}",
)

SOURCES = (
    Source(
        name="model-pricing",
        addresses=(f"{_HELP}?alias=%2Fmodel-studio%2Fmodel-pricing&pageNum=1&pageSize=20&website=cn&language=zh",),
        read=read_help,
        publishes=frozenset(
            {
                *(f"{meter}{labels}" for meter in _TOKENS for labels in _LABELS),
                *("output{mode=thinking}", "output{variant=multimodal-input}", "output.audio", "input.audio"),
                *("input.image", "input.video", "images", "input_images", "images{resolution=2k}", "characters"),
                *("audio_seconds", "video_seconds{resolution=720P}", "video_seconds{mode=with-audio,resolution=720P}"),
            }
        ),
    ),
)
