"""Sites that tests publish: of the bundled pages, of many offers made up, and of offers that mean harm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import update

from scraper import providers
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.identity import resolve
from scraper.publish.site import publish_site
from scraper.records import REFERENCE_FIELDS, Evidence, Fact, Offer, Reading, State
from scraper.refresh import Refresh
from scraper.store import CaptureInfo, SourceInfo, Store, begin_run, list_offers, open_store, record_reading
from scraper.store.tables import offers as offers_table
from tests.readings import FIXTURES

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
SHOWN = ("anthropic", "deepseek", "github-models", "google", "openai", "openrouter", "replicate", "together")
WEEKS = (NOW - timedelta(days=7), NOW)


def demo_store(folder: Path, slugs: Iterable[str] | None = None) -> Store:
    """Return a store of the bundled pages of two weeks, every offer resolved to its model."""
    store = open_store(f"sqlite:///{folder}/demo.db")
    archive = Archive(folder / "archive")
    for week in WEEKS:
        flow = Refresh(store, archive, Replay([FIXTURES], week), week)
        flow.run(list(slugs or providers.names()), started_at=week, replay=True)
    resolve_all(store)
    return store


def resolve_all(store: Store) -> None:
    """Let each offer say which model it sells, as far as a rule says so."""
    with store.writing() as connection:
        for offer in list_offers(store, NOW):
            found = resolve(offer.provider, offer.model_id, offer.name)
            if found is not None:
                connection.execute(
                    update(offers_table).where(offers_table.c.id == offer.id).values(model=found.model)
                )  # fmt: skip


def fact(field: str, value: str, *, number: int = 1, quote: str = "") -> Fact:
    """Return a sourced fact; a price is in dollars."""
    priced = "_" not in field.partition("{")[0] or field.startswith("cache")
    evidence = Evidence(locator=f"table[1]/row[{number}]/cell[1]", quote=quote or f"${value} / MTok")
    return Fact(
        field=field, state=State.SOURCED, value=value, currency="USD" if priced else None, evidence=evidence
    )  # fmt: skip


def record(store: Store, provider: str, offers: Iterable[Offer], at: datetime, url: str = "") -> None:
    """Store a reading of one source that publishes all reference fields but those about abilities."""
    address = url or f"https://example.com/{provider}"
    mark = sha256(f"{provider} {at}".encode()).hexdigest()
    capture = CaptureInfo(sha256=mark, url=address, captured_at=at, content_type="text/html", size=1)
    source = SourceInfo(provider=provider, name="api", url=address, fields=frozenset(REFERENCE_FIELDS[:10]))
    run = begin_run(store, started_at=at, at=at, replay=False)
    record_reading(store, run, source, capture, Reading(offers=tuple(offers)))


def made_up(provider: str, first: int, count: int, *, raised: frozenset[int] = frozenset()) -> Iterator[Offer]:
    """Return offers with prices that follow from their numbers; those of `raised` cost five cents more."""
    for number in range(first, first + count):
        price = 10 + number % 97 + (5 if number in raised else 0)
        facts = (
            fact("input", f"{price / 100:.2f}", number=number),
            fact("output", f"{0.4 + number % 89 / 10:.2f}", number=number),
            fact("cache_read", f"{0.01 + number % 50 / 1000:.3f}", number=number),
            fact("input{tier=batch}", f"{price / 200:.3f}", number=number),
            fact("output{tier=batch}", f"{0.2 + number % 89 / 20:.2f}", number=number),
            fact("context_window", str(128_000 + number), number=number),
        )
        yield Offer(model_id=f"openai/model-{number % 1000}-{provider}", name=f"Model {number}", facts=facts)


def many_store(url: str, offers: int, sellers: int = 25) -> Store:
    """Return a store of made-up offers, evenly by several providers; five offers sell the same model."""
    store = open_store(url)
    each = offers // sellers
    for place, provider in enumerate(providers.names()[:sellers]):
        record(store, provider, made_up(provider, place * each, each), NOW - timedelta(days=7))
    sell_alike(store, offers)
    return store


def sell_alike(store: Store, offers: int) -> None:
    """Let five offers each sell the same model, which no rule says of made-up ids; to be done after each recording."""
    with store.writing() as connection:
        for offer in list_offers(store, NOW):
            number = int(offer.name.removeprefix("Model "))
            model = f"openai/model-{number % max(1, offers // 5)}"
            connection.execute(update(offers_table).where(offers_table.c.id == offer.id).values(model=model))


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the bundled pages of some providers, once; return the folder of the site."""
    folder = tmp_path_factory.mktemp("site")
    with demo_store(folder, SHOWN) as store:
        publish_site(store, folder / "site", NOW, site_url="https://example.org/llm")
    return folder / "site"
