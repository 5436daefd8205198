"""The same crawl by Scrapy: `python -m benchmarks.spiders parsel|selectolax ADDRESS…`; prints what it took."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import scrapy
from scrapy import signals
from scrapy.crawler import CrawlerProcess
from scrapy.http import HtmlResponse
from selectolax.lexbor import LexborHTMLParser

from benchmarks.made_pages import HOSTS

_FIELDS = ("context_window", "input", "cache_read", "output")


class PriceSpider(scrapy.Spider):
    """Reads the rows of price tables to dicts with Scrapy's own selectors."""

    name = "prices"
    rows: ClassVar[int] = 0

    def parse(self, response: HtmlResponse) -> Iterator[dict[str, str]]:
        for row in response.css("table.pricing tbody tr"):
            model = row.css("td:nth-child(1) code::text").get("")
            texts = ("".join(cell.css("::text").getall()).strip() for cell in row.css("td")[1:])
            yield {"model": model, **dict(zip(_FIELDS, texts, strict=True))}


class LexborSpider(PriceSpider):
    """Reads the same with selectolax."""

    def parse(self, response: HtmlResponse) -> Iterator[dict[str, str]]:
        for row in LexborHTMLParser(response.body.decode()).css("table.pricing tbody tr"):
            cells = row.css("td")
            yield {"model": cells[0].text(strip=True), **dict(zip(_FIELDS, (c.text() for c in cells[1:]), strict=True))}


def crawl(spider: type[PriceSpider], addresses: list[str]) -> dict[str, float]:
    settings = {
        "CONCURRENT_REQUESTS": HOSTS,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "ROBOTSTXT_OBEY": True,
        "LOG_LEVEL": "WARNING",
        "TELNETCONSOLE_ENABLED": False,
        "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False,
    }
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(spider)
    rows = 0
    took: dict[str, float] = {}

    def count() -> None:
        nonlocal rows
        rows += 1

    def began() -> None:
        took.update(began=time.monotonic(), cpu_began=_cpu())

    def ended() -> None:
        took.update(seconds=time.monotonic() - took["began"], cpu=_cpu() - took["cpu_began"])

    for function, signal in (
        (count, signals.item_scraped),
        (began, signals.spider_opened),
        (ended, signals.spider_closed),
    ):
        crawler.signals.connect(function, signal=signal, weak=False)
    process.crawl(crawler, start_urls=addresses)
    process.start()
    return {**took, "rows": rows}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    kinds: dict[str, Any] = {"parsel": PriceSpider, "selectolax": LexborSpider}
    print(json.dumps(crawl(kinds[sys.argv[1]], json.load(sys.stdin) if sys.argv[2:] == ["-"] else sys.argv[2:])))
