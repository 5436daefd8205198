"""Every real capture is read by a source, or there is a reason why not."""

from __future__ import annotations

import csv
from fnmatch import fnmatchcase

import pytest

from scraper import providers
from scraper.extract import Unreadable
from tests.readings import CAPTURES, Page, pages

REASONS = {
    "openai/docs-pricing.cloudflare-challenge.*": "a check for robots, not the page; it is refused",
    "moonshot/kimi-ai-pricing-chat.2026-05-08.html": "it had no prices then, only links to the pages of the families",
    "openrouter/*endpoints*": "one address for each model: a dozen stand for all",
    "openrouter/all-providers.*": "a directory of hosts, which states nothing of models",
    "nvidia/v1-models.*": "ids and owners only, and no price anywhere",
    "nebius/v1-models.2025-07-25.json": "the short form of the list, ids only; the verbose one is read",
    "aws-bedrock/price-list-region-index.*": "addresses of the price lists, which are read",
}
"""Captures (patterns of their files) that no source reads, or that it must refuse."""

SOURCES = {
    address: source
    for provider in providers.every()
    for source in providers.sources(provider)
    for address in source.addresses
}

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures (../shared/captures) are not here")


def rows() -> list[dict[str, str]]:
    with (CAPTURES / "MANIFEST.csv").open(newline="", encoding="utf-8") as manifest:
        return list(csv.DictReader(manifest))


def has_reason(file: str) -> bool:
    return any(fnmatchcase(file, pattern) for pattern in REASONS)


def test_every_capture_has_a_source_or_a_reason() -> None:
    without = [row["file"] for row in rows() if row["url"] not in SOURCES and not has_reason(row["file"])]
    assert not without


def test_every_reason_is_of_a_capture_that_there_is() -> None:
    files = [row["file"] for row in rows()]
    assert [pattern for pattern in REASONS if not any(fnmatchcase(file, pattern) for file in files)] == []


def test_every_raw_capture_is_read_or_refused_for_a_reason() -> None:
    raw = {row["file"] for row in rows() if row["is_raw"] == "yes"}
    assert len(raw) > 30
    for page in pages(CAPTURES):
        file = str(page.file.relative_to(CAPTURES))
        if file in raw and page.url in SOURCES:
            assert states_something(page) != has_reason(file), file


def states_something(page: Page) -> bool:
    try:
        return bool(SOURCES[page.url].read(page.document).offers)
    except Unreadable:
        return False
