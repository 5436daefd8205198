"""DigitalOcean Gradient: the page of inference prices of the docs, which prints names.

A cell has all prices of a model, under labels ("Prompts >272K tokens", "Prompt caching"). Models that DigitalOcean
hosts say "per 1M tokens" for all of them: under "Input/output tokens" input comes first.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Price, amount_fact, at_path, rows_at
from scraper.extract.naming import read_title, status_fact
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.per_lines import PricedLine, key_by_thing, read_lines_table
from scraper.extract.source import Source
from scraper.extract.tables import price_tables
from scraper.extract.vocabulary import threshold_of
from scraper.meters import RateKey
from scraper.records import Reading

_IGNORED: Final = {
    "dedicated inference": "hours of machines, not of a model",
    "tools usage": "fees of tools, which are no models",
    "agent": "guardrails and evaluations, which are no models",
}
_THINGS: Final = {
    "input tokens": "input",
    "output tokens": "output",
    "cache (?:creation 5m|write) input tokens": "cache_write",
    "cache creation 1h input tokens": "cache_write{ttl=1h}",
    "cache read input tokens": "cache_read",
    "reranking tokens": "input",
    "characters": "characters",
    "megapixel": "megapixels",
    "image": "images",
    "video": "videos",
}
_BY_LABEL: Final = {
    "input/output tokens": ("input", "output"),
    "prompt caching": ("cache_read",),
    **{
        f"{modality} {words}": (f"{meter}{suffix}",)
        for modality, suffix in (("text", ""), ("image", ".image"), ("audio", ".audio"))
        for words, meter in (("input", "input"), ("output", "output"), ("cache read", "cache_read"))
    },
}
_PROMPTS: Final = re.compile(r"(?P<label>.*?) ?\(?prompts (?P<length>[<>≤≥]=? ?\S+ tokens)\)?")


def _key_of(line: PricedLine) -> RateKey | None:
    said = _PROMPTS.fullmatch(line.label)
    label, limit = (said["label"], threshold_of(said["length"])) if said else (line.label, 0)
    if limit is None:
        raise Unreadable(f"{line.label!r} is not a length of prompts")
    if line.thing != "tokens":
        key = key_by_thing(_THINGS, replace(line, label=label), ("", *_BY_LABEL))
    elif line.place < len(meters := ("tokens",) if line.alone and not label else _BY_LABEL.get(label, ())):
        key = RateKey.parse(meters[line.place])
    else:
        raise Unreadable(f"a price per 1M tokens under {label!r} does not say of which")
    return key.with_labels(prompt_gt=limit or None) if key is not None else None


def _named(cell: Passage) -> tuple[Named, dict[str, str]]:
    title = read_title(cell.line)
    return Named("", title.name, status_fact(title, cell)), {}


def read_pricing(document: Document) -> Reading:
    """Read the tables of models, and of embedding and reranking models of knowledge bases."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        read_lines_table(table, offers, _key_of, _named)
    return offers.reading(needed="table of models with prices")


_PRODUCT: Final = re.compile(r"(?P<name>.+?) (?P<meter>Input|Output) Tokens", re.IGNORECASE)


def read_products(document: Document) -> Reading:
    """Read the list of products: a row for each direction and length of prompt, priced per 1M tokens."""
    offers = Offers()
    for pointer, row in rows_at(document, "/gradient/models"):
        said = _PRODUCT.fullmatch(str(row.get("name")))
        limit = threshold_of(f"{row.get('prompt_tokens') or '<=1'} tokens")
        if said is None or limit is None:
            offers.note("off_contract", f"the product {row.get('name')!r} is no price of tokens", f"#{pointer}")
            continue
        key = RateKey(said["meter"].casefold()).with_labels(prompt_gt=limit or None)
        price = Price(path="price/rate", key=str(key), unit=MILLION_TOKENS, between=(Decimal("0.001"), Decimal(1000)))
        fact = amount_fact(at_path(row, price.path) or 0, f"{pointer}/{price.path}", price)
        offers.add(Named("", said["name"]), [fact] if fact is not None else [])
    return offers.reading()


_LONG: Final = frozenset(f"{meter}{{prompt_gt=272000}}" for meter in ("input", "output", "cache_read", "cache_write"))
_ADDRESS: Final = "https://docs.digitalocean.com/products/inference/details/pricing/"

SOURCES = (
    Source(
        name="docs-pricing",
        addresses=(_ADDRESS,),
        read=read_pricing,
        publishes=_LONG
        | {"input", "output", "cache_read", "cache_write", "cache_write{ttl=1h}", "tokens", "status"}
        | {"input.image", "output.image", "cache_read.image", "images", "videos", "megapixels", "characters"},
    ),
    Source(
        name="products",
        addresses=("https://www.digitalocean.com/api/static-content/v1/products",),
        read=read_products,
        publishes=frozenset({"input", "output", "input{prompt_gt=200000}", "output{prompt_gt=200000}"}),
        rank=1,
    ),
)
