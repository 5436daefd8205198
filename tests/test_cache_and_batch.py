"""Prices of caches and batches: what a page states of them is published, or there is a reason why not."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import html

from scraper import providers
from scraper.diff import same_value
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.jsontext import Json, escape
from scraper.meters import RateKey, is_rate_key
from scraper.records import Fact, Reading
from tests.readings import CAPTURES, FIXTURES, pages

TRUTH = CAPTURES.parent / "truth"
needs_captures = pytest.mark.skipif(not TRUTH.is_dir(), reason="the real captures (../shared/captures) are not here")

# What the pages call it; meters of clouds cut their words short.
_SAID = re.compile(r"(?<!un)cach(?!e miss)|batch|缓存(?!未)|批量", re.IGNORECASE)
_METER = re.compile(r"cache|cch|\bcd\b|batch", re.IGNORECASE)
_MONEY = re.compile(r"[$€¥￥]\s?\d*\.?\d|\d\s?元|\A\d*\.?\d+\Z")

_TOOLS = "what a tool costs, not a model"
_AGAIN = "the same prices once more, of another region or another part of the page"

LEFT: dict[str, dict[str, str]] = {
    "anthropic docs-pricing": {"Worked example": "a calculation", "Managed Agents session": "prose about other prices"},
    "atlascloud models": {"/price/origin/": "the price before a discount; the one that is paid stands beside it"},
    "azure retail-prices/*": {
        "(?i)long ?co|Inp (?:DZ|Glbl) L ": "a price of long prompts whose meter does not say from which length on",
        "gpt-latest": "an alias of a day, which does not say of what",
    },
    "chutes models": {"/price/": _AGAIN},
    "deepinfra models": {"/3/pricing/": "prices by the length of the prompt stand in words beside it, and are read"},
    "doubleword models": {"/models/1/cachePricing/": "caching is switched off there"},
    "google pricing": {"Grounding with": _TOOLS},
    "mistral docs-pricing": {"/1000 Pages|/Min|/M Chars": "no key for a cached page, minute or character"},
    "novita models": {"price_per_m": _AGAIN},
    "openai docs-pricing": {"data sharing": "a price for those who share their data", "Cyber models": _AGAIN},
    "openrouter models": {"/overrides/": "hours of a day that cost the same as those of another window"},
    "requesty models": {"_price": "repeats the price of the input where nothing is cached"},
    "tencent model-prices": {"语言模型": _AGAIN},
    "venice models": {"/diem": "not dollars"},
    "vercel models": {"_tiers/0/": "the first tier repeats the plain price; `max` is where it ends"},
    "vertex-ai generative-ai-pricing": {
        "Grounding|enterprise": _TOOLS,
        "Modality-based": "the same models once more, by the character and the picture",
        "us-east5 .* Claude Sonnet 4.6": "the page contradicts itself there, which is noted",
        "Kimi-K2-Thinking": "a line of the cell is not understood, which is noted, so that none of it is read",
    },
    "volcengine model-prices": {"输出长度": "depends on the length of the answer, for which no key exists"},
}
"""By source: what of caches and batches is left out on purpose, as a pattern of where it stands, and why."""


class Mention(NamedTuple):
    """A price of a cache or a batch on a page: the places that evidence of it may name, and what stands there."""

    locators: frozenset[str]
    shown: str


class Page(NamedTuple):
    """What a page states and what its source reads of it."""

    provider: str
    source: str
    file: str
    mentions: tuple[Mention, ...]
    reading: Reading


def mentions_in_json(value: Json, place: str = "", above: str = "") -> Iterator[Mention]:
    """The positive numbers at keys with these words, and the prices of rows whose meter says them."""
    if isinstance(value, dict):
        meter = " ".join(str(value.get(key, "")) for key in ("meterName", "skuName", "productName"))
        for key, inner in value.items():
            about = meter if key == "retailPrice" and _METER.search(meter) else above
            yield from mentions_in_json(inner, f"{place}/{escape(key)}", about)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from mentions_in_json(inner, f"{place}/{number}")
    elif (_SAID.search(place) or above) and positive(value):
        parents = [place[: slash.start()] for slash in re.finditer("/", place)][1:]
        yield Mention(frozenset(f"#{one}" for one in (*parents, place)), f"{place} {above}")


def positive(value: Json) -> bool:
    try:
        return not isinstance(value, bool) and Decimal(str(value).strip().removeprefix("$")) > 0
    except InvalidOperation:
        return False


def mentions_in_tables(document: Document) -> Iterator[Mention]:
    """The cells with an amount where the cell, its row, its column or the heading above says these words."""
    for table in document.tables:
        headers = table.grid.headers
        for row in table.grid.rows:
            label = " ".join(cell.line for cell in row if not _MONEY.search(cell.line))
            for column, cell in enumerate(row):
                about = (table.context.heading, *(headers[column] if column < len(headers) else ()), label, cell.line)
                if _MONEY.search(cell.line) and any(_SAID.search(words) for words in about):
                    yield Mention(frozenset({cell.locator}), " | ".join(about))
    for text in document.texts:
        line = text.passage.line
        if _MONEY.search(line) and _SAID.search(line):
            yield Mention(frozenset({text.passage.locator}), line)


def mentions_in(document: Document) -> tuple[Mention, ...]:
    if document.kind == "json":
        return tuple(found for page in document.pages for found in mentions_in_json(page.json))
    return tuple(mentions_in_tables(document))


def read_all(folder: Path, *, files: Collection[str] | None = None) -> Iterator[Page]:
    sources = {
        address: (provider, source)
        for provider in providers.names()
        for source in providers.sources(provider)
        for address in source.addresses
    }
    for page in pages(folder):
        file = str(page.file.relative_to(folder))
        if page.url in sources and (files is None or file in files):
            provider, source = sources[page.url]
            try:
                reading = source.read(page.document)
            except Unreadable:
                continue
            yield Page(provider, source.name, file, mentions_in(page.document), reading)


@lru_cache(maxsize=1)
def bundled() -> tuple[Page, ...]:
    return tuple(page for provider in providers.names() for page in read_all(FIXTURES / provider))


@lru_cache(maxsize=1)
def captures() -> tuple[Page, ...]:
    """The newest capture of each address, and those that there is a truth for."""
    newest: dict[str, dict[str, str]] = {}
    for row in table(CAPTURES / "MANIFEST.csv"):
        if row["captured_on"] >= newest.get(row["url"], row)["captured_on"]:
            newest[row["url"]] = row
    files = {row["file"] for row in newest.values()} | {row["capture"] for row in table(TRUTH / "SCOPE.csv")}
    return tuple(read_all(CAPTURES, files=files))


def of_caches_and_batches(field: str) -> bool:
    return is_rate_key(field) and (field.startswith("cache_") or ("tier", "batch") in RateKey.parse(field).labels)


def read_of_them(reading: Reading) -> list[Fact]:
    facts = (fact for offer in reading.offers for fact in offer.facts)
    return [fact for fact in facts if of_caches_and_batches(fact.field) and positive(fact.value)]


def unread(page: Page) -> Iterator[str]:
    """What a page shows of caches and batches that no price of them has as its evidence."""
    found = {fact.evidence.locator for fact in read_of_them(page.reading)}
    return (mention.shown for mention in page.mentions if not mention.locators & found)


def reasons(page: Page) -> dict[str, str]:
    name = f"{page.provider} {page.source}"
    return next((patterns for pattern, patterns in LEFT.items() if fnmatchcase(name, pattern)), {})


def assert_all_read(found: Iterable[Page]) -> None:
    left = [
        f"{page.provider} {page.source} {page.file}: {shown}"
        for page in found
        for shown in unread(page)
        if not any(re.search(pattern, shown) for pattern in reasons(page))
    ]
    assert left == []


def test_no_price_of_a_cache_or_a_batch_on_the_bundled_pages_is_left_out_without_a_reason() -> None:
    assert sum(len(page.mentions) for page in bundled()) > 300
    assert_all_read(bundled())


@needs_captures
def test_no_price_of_a_cache_or_a_batch_on_real_pages_is_left_out_without_a_reason() -> None:
    assert sum(len(page.mentions) for page in captures()) > 2500
    assert_all_read(captures())


@needs_captures
def test_every_reason_is_of_something_that_is_left_out() -> None:
    found = [(f"{page.provider} {page.source}", shown) for page in (*bundled(), *captures()) for shown in unread(page)]
    for name, patterns in LEFT.items():
        shown = [what for one, what in found if fnmatchcase(one, name)]
        assert [pattern for pattern in patterns if not any(re.search(pattern, what) for what in shown)] == [], name


class Count(NamedTuple):
    """Prices of some keys on a page that says once, above many prices, what they are: counted in its plain text."""

    pattern: str
    meter: str
    fewer: int = 0
    """So many of the prices are left out."""
    reason: str = ""


COUNTS = {
    "anthropic/claude-com-pricing.2026-05-08.html": Count(r"(?:Write|Read)\n\$\n[\d.]+\n/ MTok", "cache_"),
    "fireworks/docs-serverless-pricing.excerpt.2026-08-27.html": Count(r"(?:\$[\d.]+ / ){2}\$[\d.]+", "cache_read"),
    "zhipu/bigmodel-pricing.2026-07-17.rendered.html": Count(
        r"限时免费\n[\d.]+元", "cache_read", 4, "of short prompts to two models they depend on the length of the answer"
    ),
}


@needs_captures
@pytest.mark.parametrize("file", COUNTS)
def test_as_many_prices_are_read_as_the_text_has(file: str) -> None:
    root = html.fromstring((CAPTURES / file).read_text(encoding="utf-8"))
    text = "\n".join(line.strip() for line in root.xpath("//text()[not(parent::script)]") if line.strip())
    counted = COUNTS[file]
    shown = len(re.findall(counted.pattern, text))
    [reading] = [page.reading for page in captures() if page.file == file]
    found = [fact for fact in read_of_them(reading) if fact.field.startswith(counted.meter)]
    assert (len(found), bool(counted.reason)) == (shown - counted.fewer, bool(counted.fewer))


@needs_captures
def test_what_the_truth_says_of_caches_and_batches_is_read() -> None:
    read = {page.file: page.reading for page in captures()}
    rows = 0
    for scope in table(TRUTH / "SCOPE.csv"):
        stated = by_offer(read[scope["capture"]])
        for row in table(TRUTH / scope["truth_file"]):
            if of_caches_and_batches(row["field"]):
                rows += 1
                fact = stated.get((row["model_id"], row["field"])) or stated.get((row["name"], row["field"]))
                assert fact is not None, row
                assert (fact.state, fact.currency or "") == (row["state"], row["currency"]), row
                assert same_value(row["field"], fact.value, row["value"] or None), row
    assert rows > 1000


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def by_offer(reading: Reading) -> dict[tuple[str, str], Fact]:
    """The facts by (id or name, field); an id that several offers share names none of them."""
    found: dict[tuple[str, str], Fact] = {}
    for offer in reading.offers:
        for who in {offer.name, "" if offer.shared_id else offer.model_id} - {""}:
            found.update({(who, fact.field): fact for fact in offer.facts})
    return found
