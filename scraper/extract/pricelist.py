"""Price lists of AWS (`offers/v1.0/aws/CODE/current/REGION/index.json`): products by SKU, and their terms beside them.

{"products": {"SKU": {"attributes": {"usagetype": "USE1-NovaLite-input-tokens", "regionCode": "us-east-1", …}}},
 "terms": {"OnDemand": {"SKU": {"SKU.TERM": {"priceDimensions": {"SKU.TERM.RATE":
    {"unit": "1K tokens", "pricePerUnit": {"USD": "0.0000600000"}, "description": …}}}}}}}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from scraper.extract import REFUSALS, Unreadable, jsontext
from scraper.extract.document import Document
from scraper.extract.feed import Price, Row, amount_fact
from scraper.extract.jsontext import escape
from scraper.extract.meterwords import Grammar, Said, rate_key, says
from scraper.extract.money import find_unit
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import PER_MILLION
from scraper.extract.tiers import members
from scraper.meters import TOKEN_METERS, Unit
from scraper.records import Fact, clean

_REGION: Final = re.compile(r"[A-Z0-9]+-(?:MP:[A-Z0-9]+_|[a-z0-9-]+\.\S+?-(?=mantle-))?")
"""What stands before the words of a usage type: the region, and a model by its id, whose words say nothing else."""
_LIKELY: Final = (Decimal("0.0001"), Decimal(2000))
"""The smallest and the largest price of a million tokens that a list can mean."""


USAGE: Final = (
    ("tokens?|token|count|units|mantle|standard|inference|on demand", says()),
    ("input", says(direction="input")),
    ("output", says(direction="output")),
    ("(?:prompt )?cache read", says(cache="read")),
    ("(?:prompt )?cache write", says(cache="write")),
    ("cache write1h", says(cache="write", ttl="1h")),
    ("1h|30m", says(ttl=r"\g<0>")),
    ("5m", says()),  # the lifetime that a write has by default
    ("text", says(modality="text")),
    ("audio|speech", says(modality="audio")),
    ("image|video", says(modality=r"\g<0>")),
    ("batch|flex|priority", says(tier=r"\g<0>")),
    ("latency optimized", says(tier="latency-optimized")),
    ("(?:cross region )?global", says(region="global")),
    ("(?:cross region )?geo", says(region="geo")),
    ("regional", says()),
    ("custom model", says(variant="fine-tuned")),
    (r"(t2i|i2i) (\d+) (standard|premium)", says(mode=r"\g<1>", resolution=r"\g<2>", quality=r"\g<3>")),
    ("created image", says(direction="output")),
    ("search", says(reranks="yes")),
    ("long (?:ctx|context)", says(refuse="the list does not say from how many tokens on a context is long")),
    ("provisioned ?throughput|provisioned|reserved|model ?units|tpm", says(skip="capacity by the hour")),
    ("customization", says(skip="training and storage of models of one's own")),
)
"""What the words of usage types of models mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """The contract of a list: how a product names its model ("" is no model), what the words of its usage type mean.

    `token_units` are the units in which the list counts tokens; a price of tokens in another one is noted.
    A 0 is a placeholder: the lists have no word for "free".
    """

    model: Callable[[Row], str]
    grammar: Grammar
    token_units: Collection[str]


def read_price_list(document: Document, contract: PriceList) -> Offers:
    """Read a list; raises `Unreadable` where the document has no products and no terms."""
    products = jsontext.at(document.json, "/products")
    terms = jsontext.at(document.json, "/terms/OnDemand")
    if not isinstance(products, dict) or not isinstance(terms, dict):
        raise Unreadable("it has no products by SKU with their terms")
    offers = Offers()
    for sku, product in products.items():
        attributes = product.get("attributes") if isinstance(product, dict) else None
        model = clean(contract.model(attributes)) if isinstance(attributes, dict) else ""
        if not model or attributes is None:
            continue
        usage = str(attributes.get("usagetype") or "")[:200]
        try:
            said = contract.grammar.read(_REGION.sub("", usage, count=1))
            if "refuse" in said.aspects:
                offers.note("unreadable", f"{model}: {said.aspects['refuse']}")  # once for all of a model's
            elif "skip" not in said.aspects:
                offers.add(Named("", model), _facts(said, attributes, sku, terms, contract))
        except REFUSALS as problem:
            offers.note("unreadable", f"{model}: {usage}: {problem}", f"#/products/{escape(sku)}")
    return offers


def _facts(said: Said, attributes: Row, sku: str, terms: Mapping[str, Any], contract: PriceList) -> list[Fact]:
    if said.after:
        raise Unreadable(f"the words {said.after!r} are not understood")
    facts: list[Fact] = []
    for pointer, dimension in _dimensions(sku, terms):
        unit = _unit(dimension, contract)
        key = rate_key(said, unit)
        region, scope = str(attributes.get("regionCode") or ""), said.aspects.get("region")
        if not region:
            raise Unreadable("it names no region")
        key = key.with_labels(region=None if scope == "global" else f"{region}-{scope}" if scope else region)
        facts.extend(_priced(dimension, pointer, Price(path="", key=str(key), unit=unit)))
    return facts


def _priced(dimension: Row, pointer: str, price: Price) -> Iterator[Fact]:
    meter = re.split(r"[.{]", price.key)[0]
    quote = clean(jsontext.written(dimension))[:1000].rstrip()
    amounts = dimension.get("pricePerUnit")
    if not isinstance(amounts, dict):
        raise Unreadable("it has no price by currency")
    for currency, amount in amounts.items():
        fact = amount_fact(amount, pointer, price, currency=currency, quote=quote)
        if fact is not None:
            value = Decimal(fact.value or 0)
            if meter in TOKEN_METERS and not _LIKELY[0] <= value <= _LIKELY[1]:
                raise Unreadable(f"{value} cannot be a price of 1M tokens")
            yield fact


def _dimensions(sku: str, terms: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    for _, term, place in members(terms.get(sku), f"/terms/OnDemand/{escape(sku)}"):
        for _, dimension, where in members(term.get("priceDimensions"), f"{place}/priceDimensions"):
            if (dimension.get("beginRange", "0"), dimension.get("endRange", "Inf")) != ("0", "Inf"):
                raise Unreadable("its price depends on how much is used")
            yield where, dimension


def _unit(dimension: Row, contract: PriceList) -> Unit:
    written = clean(str(dimension.get("unit")))
    description = str(dimension.get("description"))
    # Lists of the marketplace say "Units" where the description says of what.
    if written.casefold() == "units" and re.search(r"\bmillion\b[^|]*\btokens?\b", description, re.IGNORECASE):
        return PER_MILLION
    unit = find_unit(f"per {written}")
    if unit is None or (unit.thing == "token" and written.casefold() not in contract.token_units):
        raise Unreadable(f"{written!r} is not a unit of this list")
    return unit
