"""The formats of `ratecard export`: our own, which tell unknown, not offered and free apart, and those of price lists.

`write(store, form, at=…) -> Written`: the bytes and the report of what the format could not hold. A list that has no
word for "unknown" has no offer whose input or output price is not sourced; nothing unknown is ever written as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from scraper.errors import RatecardError
from scraper.publish.exports import FORMATS as TEXTS
from scraper.publish.formats.genai_prices import genai_prices
from scraper.publish.formats.litellm import litellm
from scraper.publish.formats.llm_prices import llm_prices
from scraper.publish.formats.material import Material, Report
from scraper.publish.formats.models_dev import models_dev
from scraper.publish.formats.money import Exchange, exchange
from scraper.publish.formats.openrouter import openrouter
from scraper.publish.formats.portkey import portkey
from scraper.publish.formats.sqlite import sqlite
from scraper.publish.formats.tables import offers_csv, offers_jsonl, parquet
from scraper.store import Store, Version, list_changes, list_offers, list_sources, list_told, list_versions

__all__ = ["BINARY", "DOLLARS", "FORMATS", "Exchange", "Report", "Written", "exchange", "write"]


@dataclass(frozen=True, slots=True)
class Written:
    """An export and its report."""

    body: bytes
    report: Report


def _whole(name: str) -> Callable[[Material], str]:
    def written(material: Material) -> str:
        material.report.written = len(material.offers)
        return TEXTS[name](material.offers)

    return written


FORMATS: Final[Mapping[str, Callable[[Material], str | bytes]]] = {
    **{name: _whole(name) for name in TEXTS},
    "genai-prices": genai_prices,
    "litellm": litellm,
    "llm-prices": llm_prices,
    "models-dev": models_dev,
    "offers-csv": offers_csv,
    "offers-jsonl": offers_jsonl,
    "openrouter": openrouter,
    "parquet": parquet,
    "portkey": portkey,
    "sqlite": sqlite,
}
"""Every format by the name that `ratecard export` knows it by."""

BINARY: Final = frozenset({"parquet", "sqlite"})
DOLLARS: Final = frozenset({"genai-prices", "litellm", "llm-prices", "models-dev", "openrouter", "portkey"})
"""The formats that hold prices in US dollars only."""


def write(
    store: Store,
    form: str,
    *,
    at: datetime,
    provider: str | None = None,
    as_of: datetime | None = None,
    money: Exchange | None = None,
) -> Written:
    """Write what is published now (`at`), or was at a time, in a format; raise `RatecardError` for an unknown one."""
    if form not in FORMATS:
        raise RatecardError(f"There is no export format {form!r}; the formats are {', '.join(sorted(FORMATS))}.")
    if money is not None and form in DOLLARS and money.currency != "USD":
        raise RatecardError(f"{form} holds US dollars and nothing else; export another format in {money.currency}.")
    offers = list_offers(store, at, provider, as_of=as_of)
    report = Report(form, len(offers))
    versions = partial(list_versions, store, as_of or at, provider)
    if money is not None:
        offers = [money.offer(offer) for offer in offers]
    material = Material(
        at=as_of or at,
        offers=sorted(offers, key=lambda offer: (offer.provider, offer.model_id, offer.name)),
        report=report,
        versions=partial(_converted, versions, money),
        changes=lambda: [one for one in list_changes(store, provider=provider) if one.at <= (as_of or at)],
        sources=lambda: [one for one in list_sources(store, provider) if one.sells],
        told=lambda: list_told(store, at, as_of=as_of),
    )
    if money is not None:
        _tell_unconverted(material, money)
    written = FORMATS[form](material)
    return Written(written.encode() if isinstance(written, str) else written, report)


def _converted(
    versions: Callable[[], Mapping[int, list[Version]]], money: Exchange | None
) -> Mapping[int, list[Version]]:
    found = versions()
    return found if money is None else {key: [money.version(one) for one in many] for key, many in found.items()}


def _tell_unconverted(material: Material, money: Exchange) -> None:
    for offer in material.offers:
        for view in offer.fields:
            if view.currency and view.currency != money.currency:
                shown = f"{offer.provider}/{offer.model_id or offer.name} {view.field}"
                material.report.leave(f"no rate from {view.currency}, so it stays in {view.currency}", shown)
