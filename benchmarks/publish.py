"""What it costs to publish: 5,000 offers at once, 1 % of them anew, and Jinja2 alone rendering the same text."""

from __future__ import annotations

import cProfile
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from sqlalchemy import update

from benchmarks.measuring import Row, alone, beside, top_of
from scraper import providers
from scraper.publish.site import building, publish_site
from scraper.publish.site.rendering import Frame
from scraper.store import list_offers
from scraper.store.tables import observations
from tests.published import NOW, made_up, many_store, record, sell_alike

OFFERS = 5000
SELLERS = 25
ROUNDS = 3
NEXT = (
    "each page is rendered for the browser and again as Markdown, from the same lines: what both show of a field could "
    "be worked out once. Where little has changed, two thirds of the time go to reading what stands: offers that were "
    "not touched since the last time need not be read."
)


def bench() -> list[Row]:
    """Publish a site, then what changes of it."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        return _published(Path(folder), monkeypatch)


def _published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    full, offers, part, bare = [], [], [], []
    with many_store(f"sqlite:///{tmp_path}/many.db", OFFERS, SELLERS) as store:
        began = time.process_time()
        list_offers(store, NOW)
        reading = time.process_time() - began
        for number in range(ROUNDS):
            site = tmp_path / f"site{number}"
            spent = _spent_on_offers(monkeypatch)
            began = time.process_time()
            first = publish_site(store, site, NOW)
            full.append(time.process_time() - began)
            offers.append(spent())
            with store.writing() as connection:
                changed = update(observations).where(observations.c.offer_id <= OFFERS // 100)
                connection.execute(changed.values(last_quote=f"$1 / {number} MTok"))
            began = time.process_time()
            some = publish_site(store, site, NOW)
            part.append(time.process_time() - began)
            bare.append(_bare(store, tmp_path / f"again{number}", monkeypatch))
        each = OFFERS // SELLERS
        seller = providers.names()[0]
        raised = frozenset(range(OFFERS // 100))
        record(store, seller, made_up(seller, 0, each, raised=raised), NOW + timedelta(hours=1))
        sell_alike(store, OFFERS)
        began = time.process_time()
        seller_s = publish_site(store, site, NOW + timedelta(hours=1))
        week = time.process_time() - began
        began = time.process_time()
        same = publish_site(store, site, NOW + timedelta(hours=1))
        none = time.process_time() - began
    return [
        alone(f"{first.offers:,} offers, {first.files:,} files: CPU", full, "s"),
        alone("reading the store, of it", [reading], "s"),
        alone("the offers' pages and their Markdown, of it", offers, "s", at_most=4),
        beside("the same, beside Jinja2 alone", offers, bare, "s"),
        beside("1 % of the offers changed, beside all", part, full, "s", at_most=0.1),
        alone(f"the same: {some.rendered} pages rendered, files written", [some.written], ""),
        alone(f"one provider of {each} offers refreshed, {seller_s.rendered} pages rendered", [week], "s"),
        alone(f"nothing changed, {same.written} files written", [none], "s"),
    ]


def profile() -> list[str]:
    """Return the functions that take most time of publishing a fifth of the offers."""
    measured = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder, many_store(f"sqlite:///{folder}/some.db", OFFERS // 5) as store:
        measured.runcall(publish_site, store, Path(folder) / "site", NOW)
    return top_of(measured)


def _spent_on_offers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Count the processor time of making offers' pages from now on, until what this returns is called for it."""
    spent: list[float] = []
    own = building._Site._offer

    def offer(*arguments: Any) -> None:
        start = time.process_time()
        own(*arguments)
        spent.append(time.process_time() - start)

    def total() -> float:
        monkeypatch.setattr(building._Site, "_offer", own)
        return sum(spent)

    monkeypatch.setattr(building._Site, "_offer", offer)
    return total


def _bare(store: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    """Return what Jinja2 alone needs for the same text, a hole for each tag of it, when all of it is at hand."""
    texts: list[list[str]] = []
    own = Frame.page, Frame.twin

    def keep(which: Any) -> Any:
        def make(frame: Frame, name: str, path: str, **context: Any) -> bytes:
            made: bytes = which(frame, name, path, **context)
            if name.startswith("offer"):
                texts.append(made.decode().split(">"))
            return made

        return make

    with monkeypatch.context() as patched:
        patched.setattr(Frame, "page", keep(own[0]))
        patched.setattr(Frame, "twin", keep(own[1]))
        publish_site(store, folder, NOW)
    holes = Environment(autoescape=True).from_string("{% for part in parts %}{{ part }}>{% endfor %}")
    began = time.process_time()
    for parts in texts:
        holes.render(parts=parts)
    return time.process_time() - began
