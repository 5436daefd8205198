"""Vertex AI (Gemini Enterprise Agent Platform): the page of prices of generative AI, which prints names, never ids.

Gemini's tables have a column of types, one of prices for each length of prompt, and stand under the name of their tier;
the tables of partners list prices after labels, in one cell, and those of Claude stand under the name of a region.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.document import Document
from scraper.extract.media import media_facts
from scraper.extract.naming import read_title, status_fact
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.source import Source
from scraper.extract.specs import DATE_PATTERN, day_start
from scraper.extract.tables import price_tables
from scraper.extract.typed import heads_of, labelled_facts, model_lines, price_column, typed_facts
from scraper.meters import RateKey
from scraper.records import Fact, Reading

_IGNORED: Final = {
    "agent platform model optimizer": "ranges of prices, by what a customer prefers",
    "modality-based pricing": "averages for reference; what is billed are tokens",
    "provisioned throughput": "capacity by the week",
    "example cost": "a calculation",
    "other gemini models": "characters of what is sent and of what is made, which have no meters of their own",
    "pricing for agent platform's code completion": "characters, as above",
    "translation": "characters, as above",
    "pricing for tools": "tools of several models",
}
_FEATURE: Final = re.compile(r"(?:web )?grounding\b.*", re.IGNORECASE)
"""Rows of searches and maps, paid beyond an allowance of several models together."""

_LABELS: Final = {
    "input": "input",
    "output": "output",
    "batch input": "input{tier=batch}",
    "batch output": "output{tier=batch}",
    "(?:5m )?cache write": "cache_write",
    "1h cache write": "cache_write{ttl=1h}",
    "cache hit": "cache_read",
    "(?:5m )?batch cache write": "cache_write{tier=batch}",
    "1h batch cache write": "cache_write{tier=batch,ttl=1h}",
    "batch cache hit": "cache_read{tier=batch}",
}
_MODEL: Final = r"(?:(?:open source )?models?(?: name)?|name)"
_KNOWN: Final = rf"{_MODEL}|description|input|output|output resolution|region|feature|type|"
_REGION: Final = re.compile(r"(?P<name>[a-z]+(?:-[a-z]+)*-[a-z]+\d+)|.*multi-?region \((?P<multi>[a-z]+)\)")
_LATER: Final = re.compile(
    rf"for non-global endpoints, pricing will go into effect\b[^.]*? on (?P<date>{DATE_PATTERN})", re.IGNORECASE
)


def read_pricing(document: Document) -> Reading:
    """Read the tables of prices that are of models."""
    offers = Offers()
    dates = {found["date"] for text in document.texts if (found := _LATER.search(text.passage.line))}
    later = day_start(dates.pop()) if len(dates) == 1 else None
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        heads = heads_of(table)
        of_models = any(re.fullmatch(_MODEL, head) for head in heads)
        if not of_models and "feature" in heads:
            continue  # searches and maps alone, as in the rows of `_FEATURE`
        unknown = [head for head in heads if not re.fullmatch(_KNOWN, head) and price_column(head) is None]
        if unknown or not of_models:
            unknown = unknown or ["none of a model"]
            offers.note("unknown_heading", f"headings that are not known: {', '.join(unknown)}", table.locator)
        lines = [(name, cells) for name, cells in model_lines(table, _MODEL) if not _FEATURE.fullmatch(name.line)]
        for name, cells in lines:
            features = [other["feature"].line for one, other in lines if one.line == name.line and "feature" in other]
            try:
                facts = [_dated(fact, later) for fact in _facts(table.context.heading, cells, features)]
                if facts and not name.line:
                    raise Unreadable("a line of prices names no model")
                for named in _named(name):
                    offers.add(named, facts)
            except REFUSALS as problem:
                offers.note("unreadable", f"{name.line}: {problem}", next(reversed(cells.values())).locator)
    return offers.reading()


def _facts(heading: str, cells: Mapping[str, Passage], features: Sequence[str]) -> Iterator[Fact]:
    if "feature" in cells and "type" not in cells:
        if not {"price", "output"} <= cells.keys():
            raise Unreadable(f"no column says what {cells['feature'].line!r} makes, or what it costs")
        size = cells["output resolution"].line if "output resolution" in cells else ""
        yield from media_facts(cells["price"], cells["feature"].line, cells["output"].line, size, features)
        return
    stored = any("storage" in feature.casefold() for feature in features)
    caches = stored or any(head.startswith("storage") for head in cells)
    for head, cell in cells.items():
        column = price_column(head)
        if column is None or not cell.line:
            continue
        if "type" in cells:
            yield from typed_facts(cells["type"], cell, column, heading, stored=stored, caches=caches)
        elif not re.fullmatch(r"n/?a|[-–—]", cell.line, re.IGNORECASE):
            yield from labelled_facts(cell, _LABELS, column, _region(heading))


def _region(heading: str) -> str:
    match = _REGION.fullmatch(heading.casefold())
    return (match["name"] or match["multi"]) if match else ""


def _named(cell: Passage) -> list[Named]:
    title = read_title(re.sub(r"[\s*]+$", "", cell.line))
    names = title.name.split(", ") if re.fullmatch(r"[\w .-]+(?:, [\w .-]+)+", title.name) else [title.name]
    return [Named("", name, status_fact(title, cell)) for name in names if name]


def _dated(fact: Fact, later: datetime | None) -> Fact:
    apart = ("region", "non-global") in RateKey.parse(fact.field).labels if "region" in fact.field else False
    return fact.model_copy(update={"valid_from": later}) if apart else fact


SOURCES = (
    Source(
        name="generative-ai-pricing",
        addresses=(
            "https://cloud.google.com/gemini-enterprise-agent-platform/generative-ai/pricing",
            "https://cloud.google.com/vertex-ai/generative-ai/pricing",
        ),
        read=read_pricing,
        publishes=frozenset(
            {"input", "output", "cache_read", "cache_write", "cache_write{ttl=1h}", "cache_storage", "training"}
            | {f"{rate}{{tier={tier}}}" for rate in ("input", "output") for tier in ("batch", "flex", "priority")}
            | {"input{prompt_gt=200000}", "output{prompt_gt=200000}", "input.audio", "output.image"}
            | {"images", "video_seconds{resolution=720p}", "status"}
        ),
    ),
)
