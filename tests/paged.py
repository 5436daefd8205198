"""A provider whose one source is a feed in three pages, each of which names the next one."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from scraper import providers
from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Price, read_feed
from scraper.extract.paging import next_link
from scraper.records import Reading

PROVIDER = "paged"
SITE = "https://prices.example"
KIND = "application/json; charset=utf-8"
FEED = Feed(
    rows="/Items",
    prices=(
        Price(path="in", key="input", unit=MILLION_TOKENS),
        Price(path="out", key="output", unit=MILLION_TOKENS),
    ),
)
NEXT_PAGE = next_link("NextPageLink")
PUBLISHES = frozenset({"input", "output"})

# The parser is of this module, and not of the one that is written, so that the process that reads can find it.
MODULE = """
from scraper.extract.source import Source
from tests.paged import NEXT_PAGE, PUBLISHES, read

SOURCES = (
    Source(name="prices", addresses=("{address}",), read=read, publishes=PUBLISHES, next_page=NEXT_PAGE),
)
"""


def read(document: Document) -> Reading:
    return read_feed(document, FEED).reading()


def address(page: int, site: str = SITE) -> str:
    """The address of a page; the first one is 0."""
    return f"{site}/api/prices" + (f"?skip={page}" if page else "")


def body(page: int, prices: Mapping[str, str], following: str | None = "", site: str = SITE) -> str:
    """A page with the prices of models; the last of three names no other one unless `following` says so."""
    link = (address(page + 1, site) if page < 2 else None) if following == "" else following
    items = ", ".join(f'{{"id": "{name}", "in": {price}, "out": 10.0}}' for name, price in prices.items())
    return f'{{"Items": [{items}], "NextPageLink": {json.dumps(link)}, "Count": {len(prices)}}}'


def three(**changed: str) -> dict[int, dict[str, str]]:
    """The prices of three pages, two models on each, with some of them changed."""
    return {page: {name: changed.get(name, "2.5") for name in (f"a{page}", f"b{page}")} for page in range(3)}


@contextlib.contextmanager
def provided(folder: Path, monkeypatch: pytest.MonkeyPatch, site: str = SITE, **replaced: Any) -> Iterator[Path]:
    """Have the provider for the time of a `with` block; gives the folder of its module."""
    folder.mkdir(exist_ok=True)
    (folder / f"{PROVIDER}.py").write_text(MODULE.format(address=address(0, site)))
    (folder / f"{PROVIDER}.toml").write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(providers, "__path__", [*providers.__path__, str(folder)])
        providers.names.cache_clear()
        try:
            yield folder
        finally:
            sys.modules.pop(f"scraper.providers.{PROVIDER}", None)
    providers.names.cache_clear()
