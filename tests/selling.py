"""A store with offers made for tests: readings of sources of real providers, day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scraper.meters import is_rate_key
from scraper.records import Evidence, Fact, Offer, Reading, State
from scraper.store import CaptureInfo, SourceInfo, Store, begin_run, record_reading

START = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def fact(name: str, value: str | None, **more: Any) -> Fact:
    """A fact; a price in US dollars unless it says otherwise, `None` for what is not offered."""
    state = State.SOURCED if value is not None else State.NOT_OFFERED
    currency = "USD" if value is not None and is_rate_key(name) else None
    evidence = Evidence(locator=f"row {name}", quote=more.pop("quote", f"{name} {value or '-'}"))
    return Fact(field=name, value=value, evidence=evidence, **{"state": state, "currency": currency, **more})


def offer(model_id: str, *further: Fact, name: str = "", shared_id: bool = False, **values: str) -> Offer:
    """An offer with facts by name (`cache_read="0.1"`), and those whose names have labels."""
    facts = tuple(fact(name, value) for name, value in values.items()) + further
    return Offer(model_id=model_id, name=name, shared_id=shared_id, facts=facts)


def source(provider: str, name: str = "prices", rank: int = 0) -> SourceInfo:
    fields = frozenset({"input", "output", "cache_read"})
    url = f"https://{provider}.example/{name}"
    return SourceInfo(provider=provider, name=name, url=url, fields=fields, rank=rank, fresh_days=3650)


def capture(of: SourceInfo, day: float) -> CaptureInfo:
    at = START + day * DAY
    digits = f"{of.provider} {of.name} {at:%Y%m%d%H}".encode().hex()[-64:]
    return CaptureInfo(sha256=digits.rjust(64, "0"), url=of.url, captured_at=at, content_type="text/html", size=1000)


def read(
    store: Store, day: float, provider: str, *offers: Offer, name: str = "prices", rank: int = 0, sells: bool = True
) -> None:
    """Record what a source of a provider states on a day."""
    of = replace(source(provider, name, rank), sells=sells)
    taken = capture(of, day)
    run = begin_run(store, started_at=taken.captured_at, at=taken.captured_at, replay=True)
    record_reading(store, run, of, taken, Reading(offers=offers))
