"""A model across its offers: which they are, whose word counts, and how many offers sell a known model."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scraper import providers
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.models import by_model
from scraper.records import Offer
from scraper.refresh import Refresh
from scraper.store import SourceInfo, list_offers, open_store, record_not_captured
from scraper.times import parse_at
from tests.captures import Command
from tests.published import NOW, fact, record
from tests.readings import CAPTURES, FIXTURES

WEEK = "2026-09-08"

pytestmark = pytest.mark.xdist_group("models")  # for one database


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that nobody changes any more."""
    folder = tmp_path_factory.mktemp("models")
    wanted = ("openai", "openrouter", "vercel", "replicate", "anthropic")
    with open_store(f"sqlite:///{folder}/ratecard.db") as store:
        at = parse_at(WEEK)
        flow = Refresh(store, Archive(folder / "ratecard.archive"), Replay([FIXTURES], at), at)
        assert flow.run(wanted, started_at=at, replay=True).failed == ()
    return folder


@pytest.fixture
def ratecard(refreshed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{refreshed}/ratecard.db", monkeypatch, capsys)


def test_a_model_shows_all_that_sell_it_and_whose_word_a_fact_is(ratecard: Command) -> None:
    shown = ratecard("model", "openai/gpt-4.1-nano")
    assert shown.code == 0
    assert "openai/gpt-4.1-nano   OpenAI, family gpt" in shown.out
    told = ratecard("model", "OpenAI/GPT-4.1-nano", "--json").json
    sellers = {(offer["provider"], offer["model_id"]) for offer in told["offers"]}
    assert ("replicate", "openai/gpt-4.1-nano") in sellers
    assert all(
        (fact["by_creator"] or {"provider": "openai"})["provider"] == "openai"
        and all(one["provider"] != "openai" for one in fact["by_sellers"])
        for fact in told["facts"]
    )
    assert all(one["capture"] for fact in told["facts"] for one in fact["by_sellers"])


def test_a_model_that_nobody_sells_is_one_sentence(ratecard: Command) -> None:
    asked = ratecard("model", "openai/gpt-99")
    assert (asked.code, "No offer sells a model 'openai/gpt-99'" in asked.err) == (2, True)


def test_an_offer_says_what_it_sells_and_how_it_differs(ratecard: Command) -> None:
    offers = ratecard("export", "offers-json").json
    told = {(offer["provider"], offer["model_id"]): (offer["model"], offer["variant"]) for offer in offers}
    assert told["replicate", "openai/gpt-4.1-nano"] == ("openai/gpt-4.1-nano", None)
    free = {model_id: found for (name, model_id), found in told.items() if name == "openrouter" and ":free" in model_id}
    assert free
    assert all(variant == "variant=free" for _, variant in free.values())


def test_doctor_lists_the_offers_that_no_rule_resolves(ratecard: Command) -> None:
    found = {one["what"]: one["text"] for one in ratecard("doctor", "--json").json}
    assert "sell a known model" in found["models"]


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures (../shared/captures) are not here")
def test_nine_of_ten_real_offers_sell_a_known_model(tmp_path: Path) -> None:
    at = datetime(2026, 8, 22, 23, tzinfo=UTC)
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        flow = Refresh(store, Archive(tmp_path / "archive"), Replay([CAPTURES], at), at)
        flow.run(providers.names(), started_at=at, replay=True)
        offers = list_offers(store, at)
    assert len(offers) >= 1600
    assert sum(offer.model is not None for offer in offers) >= 0.9 * len(offers)
    assert sum(map(len, by_model(offers).values())) == sum(offer.model is not None for offer in offers)


def test_doctor_looks_at_one_provider_and_finds_names_that_lead_to_another_offer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    listed = (("acme-2", "Acme Two"), ("", "acme-2"), ("", "Acme Three"))
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        offers = [Offer(model_id=model_id, name=name, facts=(fact("input", "1.00"),)) for model_id, name in listed]
        record(store, "groq", offers, NOW)
    looked = command("doctor", "groq", "--json")
    found = {one["what"]: one for one in looked.json}
    assert looked.code == 1
    assert not found["alike groq"]["ok"]
    assert "called like the id of another, acme-2" in found["alike groq"]["text"]
    assert {what.split()[1] for what in found if what.startswith("source ")} == {"groq"}
    assert command("doctor", "acme").code == 2


def test_doctor_names_the_key_that_a_source_which_was_never_read_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = "it needs a key in the environment variable GROQ_API_KEY, which is not set"
    source = SourceInfo(provider="groq", name="v1-models", url="https://api.groq.com/", fields=frozenset())
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        record_not_captured(store, source, lacking)
    looked = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)("doctor", "groq", "--json").json
    said = {one["what"]: one["text"] for one in looked}
    assert said["source groq v1-models"] == f"never read: {lacking}; run `ratecard refresh groq`"
    assert said["source groq docs-models"] == "never read; run `ratecard refresh groq`"
