"""Azure: the meters of the models of Microsoft Foundry in the Retail Prices API, a feed of several pages.

A meter names its model in short words and has no id: what a caller sends is the name of the caller's own deployment.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from scraper.extract import jsontext
from scraper.extract.document import Document
from scraper.extract.feed import Feed, read_feed
from scraper.extract.paging import next_link
from scraper.extract.retailprices import Meters, is_meter, meter_facts
from scraper.extract.source import Source
from scraper.records import Reading

_FEED: Final = Feed(
    rows="/Items",
    model_id="meterName",
    prices=(),
    skip=lambda row: not is_meter(row),
    known={
        **dict.fromkeys(("productName", "retailPrice", "unitOfMeasure", "armRegionName"), "read by meter_facts"),
        **dict.fromkeys(("currencyCode", "tierMinimumUnits", "type", "isPrimaryMeterRegion"), "decide what is read"),
        **dict.fromkeys(("skuName", "armSkuName"), "the name of the meter again, in other words"),
        **dict.fromkeys(("productId", "skuId", "meterId", "serviceId"), "numbers of a row"),
        **dict.fromkeys(("serviceName", "serviceFamily", "location"), "the same in all rows"),
        "unitPrice": "the price again",
        "effectiveStartDate": "since when the price holds",
    },
    more=meter_facts,
)
# The same model under several names; their prices are the same wherever both have one.
_SAME: Final = {
    r"^gpt[\s-]*(?=\d)": "",  # "GPT 5.1" and, for priority processing, "5.1"
    r"^41\b": "4.1",
    r"\bmn\b": "mini",
    r"^(k2\.\d) thinking$": r"\1",  # the meter of what is cached leaves it out
}


def _family(product: str) -> str:
    """The products of OpenAI's models are "Azure OpenAI", "Azure OpenAI GPT5", "Azure OpenAI Media" …"""
    return re.sub(r"^(Azure OpenAI)\b.*", r"\1", product)


def read_meters(document: Document) -> Reading:
    """Read all pages of meters."""
    pages = [jsontext.at(page.json, _FEED.rows) for page in document.pages]
    rows = [row for page in pages if isinstance(page, list) for row in page if isinstance(row, dict)]
    meters = Meters([row for row in rows if is_meter(row)], _family, _SAME)
    return read_feed(document, replace(_FEED, named=meters.named)).reading()


_API: Final = "https://prices.azure.com/api/retail/prices?api-version=2023-01-01-preview&$filter="
_WANTED: Final = "serviceName eq 'Foundry Models' and armRegionName eq 'eastus2' and priceType eq 'Consumption'"
_TOKENS: Final = ("input", "output", "cache_read", "cache_write")

SOURCES = (
    Source(
        name="retail-prices/eastus2",
        addresses=(_API + _WANTED,),
        read=read_meters,
        next_page=next_link("NextPageLink"),
        publishes=frozenset(
            {*_TOKENS, *(f"{rate}{{region=datazone}}" for rate in _TOKENS)}
            | {f"{rate}{{tier={tier}}}" for rate in ("input", "output") for tier in ("batch", "priority")}
            | {"input{region=eastus2}", "output{region=eastus2}", "training", "images", "pages", "search_units"}
        ),
    ),
)
