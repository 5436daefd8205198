"""The list of providers of `genai-prices`: US dollars per million tokens, each from the day it was first read.

A price is chosen by the id, whole and in any case. A list of several prices has the days on which they began; the
prices of a tier are variants that a request's context selects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from scraper import providers
from scraper.meters import RateKey
from scraper.opinions.genai_prices import PROVIDERS, RATES, VARIANTS
from scraper.publish.formats.material import Material, Report, Sold, in_dollars, json_text, no_place, sold, times
from scraper.store import Version

_IDS: Final = {ours: theirs for theirs, ours in PROVIDERS.items()}
_NAMES: Final = {key: name for name, key in RATES.items()}
_THOUSANDS: Final = {"searches": ("web_searches_kcount", 1), "requests": ("requests_kcount", 1000)}
"""Meters that the list prices by the thousand, with how many of ours that is."""

_WHEN: Final = {tier: when for when, tier in VARIANTS.items()}

_NEVER: Final = "(?!)"

Prices = dict[str, Any]


def genai_prices(material: Material) -> str:
    """Write the list of providers that its client loads."""
    versions = material.versions()
    models: dict[str, dict[str, dict[str, Any]]] = {}
    urls: dict[str, set[str]] = {}
    for one in sold(material):
        provider = one.offer.provider
        mine = models.setdefault(provider, {})
        if one.offer.model_id.casefold() in mine:
            material.report.leave("another offer has the same id in another case", one.shown)
            continue
        written = _model(one, _known(one, versions.get(one.offer.id, ())), material.report)
        if written is not None:
            mine[one.offer.model_id.casefold()] = written
            urls.setdefault(provider, set()).add(one.source_url)
    material.report.written = sum(len(mine) for mine in models.values())
    return json_text(
        [
            _provider(provider, sorted(urls[provider]), [mine[key] for key in sorted(mine)])
            for provider, mine in sorted(models.items())
            if mine
        ]
    )


def _provider(provider: str, urls: Sequence[str], models: Sequence[dict[str, Any]]) -> dict[str, Any]:
    facts = providers.facts(provider)
    base = urlsplit(str(facts.get("base_url") or ""))
    # An address with a part in capitals, which each customer fills in, names no one host.
    address = f"{base.scheme}://{base.netloc}" if base.netloc.islower() else ""
    return {
        "id": _IDS.get(provider, provider),
        "name": facts["name"],
        "api_pattern": re.escape(address) if address else _NEVER,
        "pricing_urls": urls,
        "provider_match": {"equals": provider},
        "models": models,
    }


def _known(one: Sold, versions: Sequence[Version]) -> list[tuple[Version | None, Mapping[str, Decimal]]]:
    """Return the prices of the versions that end with the current one, each with an input and an output price."""
    found: list[tuple[Version | None, Mapping[str, Decimal]]] = []
    for version in reversed(versions):
        rates = {name: price for name, view in version.fields.items() if (price := in_dollars(view)) is not None}
        if not {"input", "output"} <= rates.keys():
            break
        found.insert(0, (version, rates))
    # What is current may lack what is disputed, and is what the rest of this export goes by.
    return [*found[:-1], (found[-1][0] if found else None, one.rates)]


def _model(
    one: Sold, known: Sequence[tuple[Version | None, Mapping[str, Decimal]]], report: Report
) -> dict[str, Any] | None:
    dated = [(version, *_standard(rates)) for version, rates in known]
    taken: set[str] = set(dated[-1][2])
    for _, now, _ in dated:
        if missing := _not_covered(now):
            report.leave(f"the format asks for {missing}, too, which is not sourced", one.shown)
            return None
    prices: Any = dated[0][1]
    steps = [dated[0], *(one for before, one in pairwise(dated) if one[1] != before[1])]
    if len(steps) > 1:
        prices = [{"prices": steps[0][1]}]
        prices += [{"constraint": _from(version), "prices": now} for version, now, _ in steps[1:]]
    found: dict[str, Any] = {"id": one.offer.model_id, "match": {"equals": one.offer.model_id.casefold()}}
    if one.offer.name:
        found["name"] = one.offer.name
    if "context_window" in one.specs:
        found["context_window"] = int(one.specs["context_window"])
    found["prices"] = prices
    variants = []
    for tier, when in _WHEN.items():
        made, used = _variants(tier, when, known)
        variants += made
        taken |= used
    if variants:
        found["price_variants"] = variants
    no_place(report, one, taken)
    return found


def _variants(
    tier: str, when: tuple[str, str], known: Sequence[tuple[Version | None, Mapping[str, Decimal]]]
) -> tuple[list[dict[str, Any]], set[str]]:
    """Return the prices of a tier, the newest first: the first that holds is the one that counts."""
    found: list[dict[str, Any]] = []
    used: set[str] = set()
    for version, rates in reversed(known):
        prices, taken = _tiered(rates, tier)
        if not prices:
            break
        used = used or taken
        if found and found[-1]["prices"] == prices:
            found[-1]["constraint"] = _from(version)
        else:
            found.append({"when": dict([when]), "constraint": _from(version), "prices": prices})
    return [{key: value for key, value in one.items() if value is not None} for one in found], used


def _from(version: Version | None) -> dict[str, str] | None:
    return {"start_date": f"{version.since:%Y-%m-%d}"} if version is not None else None


def _standard(rates: Mapping[str, Decimal]) -> tuple[Prices, set[str]]:
    prices, taken = _tiered(rates, "")
    for meter, (name, factor) in _THOUSANDS.items():
        if meter in rates:
            prices[name] = times(rates[meter], Decimal(factor))
            taken.add(meter)
    return prices, taken


def _tiered(rates: Mapping[str, Decimal], tier: str) -> tuple[Prices, set[str]]:
    """Return the prices of one tier, with their steps for long prompts, and the rate keys that are in them."""
    prices: Prices = {}
    taken: set[str] = set()
    for base, name in _NAMES.items():
        key = str(RateKey.parse(base).with_labels(tier=tier))
        if key not in rates:
            continue
        steps = sorted(_steps(rates, key))
        taken |= {key, *(one for _, one in steps)}
        prices[name] = rates[key]
        if steps:
            tiers = [{"start": start, "price": rates[one]} for start, one in steps]
            prices[name] = {"base": rates[key], "tiers": tiers}
    return prices, taken


def _steps(rates: Mapping[str, Decimal], key: str) -> Iterator[tuple[int, str]]:
    wanted = RateKey.parse(key)
    for name in rates:
        one = RateKey.parse(name)
        above = dict(one.labels).get("prompt_gt")
        if above and one.with_labels(prompt_gt=None) == wanted:
            yield int(above), name


_DIMENSIONS: Final = {
    name: (
        "output" if key.startswith(("output", "reasoning")) else "input",
        RateKey.parse(key).modality,
        {"cache_read": "read", "cache_write": "write", "reasoning": "reasoning"}.get(RateKey.parse(key).meter, ""),
        dict(RateKey.parse(key).labels).get("ttl", ""),
    )
    for name, key in RATES.items()
}


def _not_covered(prices: Mapping[str, Any]) -> str:
    """Return the rate key of a price that the client wants beside these, or nothing.

    It refuses to calculate where two prices can be for the same tokens, and the price of those that are both is not
    there: cached tokens and tokens of audio, without cached tokens of audio.
    """
    there = {_DIMENSIONS[name] for name in prices if name in _DIMENSIONS}
    for one in there:
        direction, modality, kind, ttl = one
        wanted = {(direction, m, k, t) for m in ("", modality) for k in ("", kind) for t in ("", ttl) if k or not t}
        for other in there:
            joined = _joined(one, other)
            if joined is not None:
                wanted.add(joined)
        for missing in sorted(wanted - there):
            return next((RATES[name] for name, made in _DIMENSIONS.items() if made == missing), "a price of its own")
    return ""


_Dimensions = tuple[str, str, str, str]


def _joined(one: _Dimensions, other: _Dimensions) -> _Dimensions | None:
    """Return what is both; None where nothing can be."""
    if any(a and b and a != b for a, b in zip(one, other, strict=True)):
        return None
    direction, modality, kind, ttl = (a or b for a, b in zip(one, other, strict=True))
    return direction, modality, kind, ttl
