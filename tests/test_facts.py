"""What a model is: whose word counts, what is disputed, and that what is told of models is never an offer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from scraper import providers
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.identity import resolve
from scraper.models import ModelFact, Voice, by_model, model_fact, model_view
from scraper.publish.site import publish_site
from scraper.records import State
from scraper.refresh import Refresh
from scraper.states import FieldView
from scraper.store import (
    OfferView,
    Store,
    find_offers,
    list_changes,
    list_offers,
    list_sources,
    list_told,
    open_store,
    published_values,
)
from scraper.store.browsing import Wanted, count_offers, page_changes, page_models, page_offers
from scraper.store.outbox import list_events
from scraper.store.snapshot import snapshot
from scraper.verify import verify_store
from tests.captures import Command, Folder
from tests.readings import CAPTURES, FIXTURES

WEEK = datetime(2026, 9, 1, 12, tzinfo=UTC)
SELLERS = ("openai", "together", "openrouter", "ovhcloud")
API = "https://models.dev/api.json"


@dataclass(frozen=True)
class Kept:
    """A store of the bundled pages of some sellers and of those who tell of models."""

    store: Store
    archive: Archive
    db: str


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("facts")
    url = f"sqlite:///{folder}/ratecard.db"
    with open_store(url) as store:
        archive = Archive(folder / "archive")
        flow = Refresh(store, archive, Replay([FIXTURES], WEEK), WEEK)
        report = flow.run((*SELLERS, *providers.references()), started_at=WEEK, replay=True)
        assert not report.failed
        assert not report.held
        yield Kept(store, archive, url)


def models_dev(**sections: dict[str, Any]) -> Document:
    data = {name: {"id": name, "models": models} for name, models in sections.items()}
    return Document(json.dumps(data), "json", API)


def entry(model_id: str, **said: Any) -> dict[str, dict[str, Any]]:
    return {model_id: {"id": model_id, "name": model_id, "open_weights": False, **said}}


def read(provider: str, document: Document, source: str = "api") -> dict[str, dict[str, str | None]]:
    [one] = [one for one in providers.sources(provider) if one.name == source]
    return {
        offer.model_id: {fact.field: fact.value for fact in offer.facts} for offer in one.read(document).offers
    }  # fmt: skip


# What the sources are taken to say.


def test_facts_are_read_of_the_creators_own_section_alone() -> None:
    said = {"limit": {"context": 1000, "output": 100}, "knowledge": "2024-06", "cost": {"input": 1}}
    found = read("models-dev", models_dev(openai=entry("gpt-9", **said), reseller=entry("openai/gpt-9", **said)))
    assert found["openai/gpt-9"] == {"open_weights": "no", "context_window": "1000", "knowledge_cutoff": "2024-06"}
    assert found["reseller/openai/gpt-9"] == {"open_weights": "no"}


def test_what_an_embedding_gives_out_is_no_count_of_tokens() -> None:
    said = {"limit": {"context": 8191, "output": 3072}, "modalities": {"input": ["text"], "output": ["text"]}}
    found = read("models-dev", models_dev(openai=entry("text-embedding-3-large", **said) | entry("gpt-9", **said)))
    assert "max_output_tokens" not in found["openai/text-embedding-3-large"]
    assert found["openai/gpt-9"]["max_output_tokens"] == "3072"


def test_a_creators_section_also_hosts_what_is_not_its_own() -> None:
    found = read("models-dev", models_dev(llama=entry("groq-llama-4-scout", limit={"context": 10, "output": 1})))
    assert found == {"llama/groq-llama-4-scout": {"open_weights": "no"}}


@pytest.mark.parametrize("text", ["[]", '{"openai": []}', '{"openai": {"models": []}}', "{}"])
def test_another_layout_of_models_dev_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read("models-dev", Document(text, "json", API))


def repositories(*rows: dict[str, Any]) -> Document:
    return Document(json.dumps(rows), "json", "https://huggingface.co/api/models?author=openai")


def test_only_numbers_that_are_one_parameter_each_are_counted() -> None:
    weights = {"total": 20, "parameters": {"BF16": 15, "F32": 5}}
    packed = {"total": 20, "parameters": {"BF16": 15, "U8": 5}}
    scaled = {"total": 20, "parameters": {"F8_E4M3": 19, "F32": 1}}
    found = read(
        "huggingface-hub",
        repositories(
            {"id": "openai/plain", "safetensors": weights, "gated": False},
            {"id": "openai/packed", "safetensors": packed, "gated": "auto"},
            {"id": "openai/scaled", "safetensors": scaled, "gated": "manual"},
            {"id": "openai/closed", "gated": False},
            {"id": "openai/plain-GGUF", "safetensors": weights, "gated": False},
        ),
        "models/openai",
    )
    assert found == {
        "openai/plain": {"open_weights": "yes", "parameters": "20", "gated": "no"},
        "openai/packed": {"open_weights": "yes", "gated": "yes"},
        "openai/scaled": {"open_weights": "yes", "gated": "yes"},
        "openai/closed": {"gated": "no"},
    }


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ({"license": "mit"}, "mit"),
        ({"license": ["mit", "apache-2.0"]}, "apache-2.0, mit"),
        ({"license": "other", "license_name": "llama4", "license_link": "LICENSE"}, "llama4"),
        ({"license": "other", "license_link": "LICENSE"}, None),
        ({"license": "unknown"}, None),
        ({}, None),
    ],
)
def test_a_licence_is_what_the_card_names(card: dict[str, Any], licence: str | None) -> None:
    found = read(
        "huggingface-hub", repositories({"id": "openai/one", "gated": False, "cardData": card}), "models/openai"
    )
    assert found["openai/one"].get("licence") == licence


@pytest.mark.parametrize("rows", [[{"id": "else/one"}], [{"name": "openai/one"}], ["openai/one"]])
def test_a_list_with_other_repositories_is_refused(rows: list[Any]) -> None:
    with pytest.raises(Unreadable, match="no repository of openai"):
        read("huggingface-hub", Document(json.dumps(rows), "json"), "models/openai")


def test_a_list_as_long_as_can_be_says_that_more_may_follow() -> None:
    [source] = [one for one in providers.sources("huggingface-hub") if one.name == "models/openai"]
    rows = [{"id": f"openai/{number}", "gated": False} for number in range(1000)]
    assert any("more may follow" in note.text for note in source.read(repositories(*rows)).notes)
    assert not source.read(repositories(*rows[:999])).notes


def test_sections_are_the_providers_whose_ids_they_hold() -> None:
    told = {
        "mistral/mistral-large-2512": "mistral/mistral-large-3-675b-instruct-2512",
        "groq/llama-3.3-70b-versatile": "meta/llama-3.3-70b-instruct",
        "zhipuai/glm-4.6": "zai/glm-4.6",
        "amazon-bedrock/deepseek.r1-v1:0": "deepseek/deepseek-r1",
        "openrouter/qwen/qwen3-32b": "qwen/qwen3-32b",
    }
    for model_id, model in told.items():
        found = resolve("models-dev", model_id)
        assert found is not None
        assert found.model == model
    assert resolve("models-dev", "google/gemini-flash-latest") is None


# Whose word counts.


def stating(provider: str, model_id: str, variant: str = "", **fields: str) -> OfferView:
    views = tuple(
        FieldView(field=field, state=State.SOURCED, value=value, source="api", captured_at=WEEK, quote=value)
        for field, value in fields.items()
    )
    return OfferView(
        id=1,
        provider=provider,
        model_id=model_id,
        name=model_id,
        shared_id=False,
        model="openai/gpt-9",
        variant=variant,
        first_seen=WEEK,
        last_seen=WEEK,
        missed_at=None,
        withdrawn_at=None,
        fields=views,
        announced=(),
    )


OWN, SOLD = ("openai", "gpt-9"), ("together", "openai/gpt-9")
HUB, LISTED, RESOLD = ("huggingface-hub", "openai/gpt-9"), ("models-dev", "openai/gpt-9"), ("models-dev", "x/gpt-9")


def fact(field: str, *offers: OfferView) -> ModelFact:
    selling = [one for one in offers if one.provider not in providers.references()]
    return model_fact("openai/gpt-9", field, selling, [one for one in offers if one not in selling])


def said(one: ModelFact) -> tuple[str | None, Voice | None, bool]:
    return (one.published.value, one.published.voice, one.disputed) if one.published else (None, None, one.disputed)


def test_the_creator_counts_most_then_its_repository_then_who_collects_then_a_seller() -> None:
    words = [stating(*who, licence="mit") for who in (OWN, HUB, LISTED, SOLD)]
    for first, voice in enumerate(Voice):
        assert said(fact("licence", *reversed(words[first:]))) == ("mit", voice, False)
    assert said(fact("licence")) == (None, None, False)


def test_sources_about_the_model_that_disagree_are_all_shown() -> None:
    one = fact("licence", stating(*LISTED, licence="mit"), stating(*HUB, licence="apache-2.0"))
    assert said(one) == ("apache-2.0", Voice.REPOSITORY, True)
    assert [(other.value, other.voice) for other in one.beside] == [("mit", Voice.REFERENCE)]
    assert said(fact("licence", stating(*LISTED, licence="MIT"), stating(*HUB, licence="mit"))) == (
        "mit", Voice.REPOSITORY, False,
    )  # fmt: skip


def test_a_date_agrees_with_its_month() -> None:
    assert not fact("released", stating(*OWN, released="2025-04-14"), stating(*LISTED, released="2025-04")).disputed
    assert fact("released", stating(*OWN, released="2025-04-14"), stating(*LISTED, released="2025-05")).disputed


def test_what_a_seller_limits_is_never_the_models_own() -> None:
    one = fact("context_window", stating(*SOLD, context_window="4096"))
    assert said(one) == (None, None, False)
    assert [other.value for other in one.by(Voice.SELLER)] == ["4096"]
    more = fact("context_window", stating(*SOLD, context_window="4096"), stating(*LISTED, context_window="128000"))
    assert said(more) == ("128000", Voice.REFERENCE, False)


def test_sellers_that_disagree_on_a_licence_leave_it_unsaid_and_are_shown() -> None:
    one = fact("licence", stating(*SOLD, licence="mit"), stating("friendli", "gpt-9", licence="llama3"))
    assert said(one) == (None, None, True)
    assert sorted(other.value for other in one.beside) == ["llama3", "mit"]


def test_open_weights_are_taken_from_entries_that_all_agree() -> None:
    yes, no = stating(*RESOLD, open_weights="yes"), stating("models-dev", "y/gpt-9", open_weights="no")
    assert said(fact("open_weights", yes)) == ("yes", Voice.REFERENCE, False)
    assert said(fact("open_weights", yes, no)) == (None, None, True)
    # Others write "no" for what they do not know; the creator's section tells more of the model.
    assert said(fact("open_weights", no)) == (None, None, False)
    own = stating(*LISTED, open_weights="no", context_window="1000")
    assert said(fact("open_weights", no, own)) == ("no", Voice.REFERENCE, False)
    assert said(fact("open_weights", yes, no, stating(*HUB, open_weights="yes"))) == ("yes", Voice.REPOSITORY, True)


def test_a_snapshot_speaks_for_the_model_only_where_nothing_plainer_does() -> None:
    old = stating("models-dev", "openai/gpt-9-2025-01-01", "snapshot=2025-01-01", released="2025-01-01")
    new = stating("models-dev", "openai/gpt-9-2025-06-01", "snapshot=2025-06-01", released="2025-06-01")
    fast = stating("models-dev", "openai/gpt-9-fast", "serving=fast", released="2026-01-01")
    plain = stating(*LISTED, released="2025-01-02")
    assert said(fact("released", old, fast)) == ("2025-01-01", Voice.REFERENCE, False)
    assert said(fact("released", old, new, fast)) == (None, None, True)
    assert said(fact("released", old, new, fast, plain)) == ("2025-01-02", Voice.REFERENCE, False)


# Never an offer.


def test_what_is_told_of_models_is_no_offer(kept: Kept) -> None:
    store, telling = kept.store, set(providers.references())
    at = WEEK + timedelta(hours=1)
    assert {one.provider for one in list_told(store, at)} == telling
    assert {one.provider for one in list_offers(store, at)} == set(SELLERS)
    assert list_offers(store, at, "models-dev") == []
    assert {one.provider for one in list_offers(store, at, as_of=at)} == set(SELLERS)
    assert count_offers(store).keys() == set(SELLERS)
    assert {one.provider for one in page_offers(store, at, Wanted(), after=None, limit=10_000)[0]} == set(SELLERS)
    assert all(telling.isdisjoint(one.providers) for one in page_models(store, after=None, limit=10_000)[0])
    with snapshot(store, at) as moment:
        assert telling.isdisjoint([one.provider for one in moment.digests(None)])
        assert telling.isdisjoint([one.provider for one in moment.offers()])
        assert telling.isdisjoint([one.provider for one in moment.sources()])
    assert {one.provider for one in list_sources(store) if not one.sells} == telling


def test_no_format_exports_it(kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ratecard = Command(kept.db, monkeypatch, capsys)
    for form in ("rates-csv", "offers-json", "models-dev"):
        exported = ratecard("export", form)
        assert exported.code == 0
        assert "huggingface-hub" not in exported.out
        assert API not in exported.out
    assert "models-dev" not in ratecard("gaps").out


def test_every_value_of_it_is_verified_and_explained(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [one for one in published_values(kept.store, WEEK) if one.provider in providers.references()]
    assert len(told) > 100
    assert verify_store(kept.store, kept.archive, WEEK).problems == ()
    ratecard = Command(kept.db, monkeypatch, capsys)
    explained = ratecard("explain", "models-dev/openai/gpt-4.1-nano", "open_weights")
    assert explained.code == 0
    assert all(part in explained.out for part in (API, "#/openai/models/gpt-4.1-nano/open_weights", "“false”"))


def test_the_command_shows_whose_word_a_fact_is_and_where_it_stands(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(kept.db, monkeypatch, capsys)
    shown = ratecard("model", "qwen/qwen3-32b", "--evidence")
    assert shown.code == 0
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert "licence apache-2.0 Hugging Face hub, its creator's repository" in lines
    assert "parameters 32,762,123,264 Hugging Face hub, its creator's repository" in lines
    assert any(line.startswith("#/0/cardData/license") for line in lines)
    # models.dev has both, by who sells it: it has no word of its own, and that is said.
    assert "open_weights yes Hugging Face hub, its creator's repository disputed" in lines
    assert "open_weights no models.dev disputed" in lines
    closed = ratecard("model", "openai/gpt-4.1-nano", "--json").json
    facts = {one["field"]: one for one in closed["facts"]}
    assert facts["open_weights"]["published"]["value"] == "no"
    assert facts["open_weights"]["published"]["quote"] == "false"
    assert facts["licence"]["published"] is None
    assert facts["parameters"]["by_repository"] == []


def test_the_site_shows_it_on_models_pages_and_has_no_page_of_it(kept: Kept, tmp_path: Path) -> None:
    publish_site(kept.store, tmp_path / "site", WEEK)
    page = unescape((tmp_path / "site/models/qwen/qwen3-32b.html").read_text(encoding="utf-8"))
    facts = page[page.index('id="facts"') : page.index('id="offers"')]
    assert "Qwen3ForCausalLM" in facts
    assert "Hugging Face hub, its creator's repository" in facts
    assert 'class="mark disputed"' in facts
    assert "#/0/config/architectures" in page
    closed = (tmp_path / "site/models/openai/gpt-4.1-nano.md").read_text(encoding="utf-8")
    assert "| Licence | Not sourced |" in closed
    assert not list((tmp_path / "site").glob("*/models-dev*"))
    assert not list((tmp_path / "site").glob("*/huggingface-hub*"))
    offer = next(one for one in list_offers(kept.store, WEEK, "openai") if one.model_id == "gpt-4.1-nano")
    assert next(view for view in offer.fields if view.field == "capabilities").state is State.NOT_SOURCED
    about = (tmp_path / "site/offers/openai/gpt-4.1-nano.html").read_text(encoding="utf-8")
    assert "Of the model, models.dev states:" in about
    assert publish_site(kept.store, tmp_path / "site", WEEK).written == 0


def test_what_changes_of_a_model_is_a_change_that_nobody_is_alerted_of(tmp_path: Path) -> None:
    said = {"limit": {"context": 1000, "output": 100}, "modalities": {"input": ["text"], "output": ["text"]}}
    models = {f"gpt-{number}": {"open_weights": True, **said} for number in range(9)}
    others = {"claude-9": {"open_weights": False, **said}}

    def body(context: int) -> str:
        models["gpt-8"] |= {"limit": {"context": context, "output": 100}}
        sections = {"openai": models, "anthropic": others}
        return models_dev(
            **{name: {i: {"id": i, **row} for i, row in of.items()} for name, of in sections.items()}
        ).text

    captured = Folder(tmp_path / "captured")
    captured.add(body(1000), "2026-09-01", url=API, kind="application/json")
    captured.add(body(1200), "2026-09-08", url=API, kind="application/json")
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        for at in (WEEK, WEEK + timedelta(days=7)):
            flow = Refresh(store, Archive(tmp_path / "archive"), Replay([captured.path], at), at)
            report = flow.run(["models-dev"], started_at=at, replay=True)
            assert not report.failed
            assert report.offers == 0
        [change] = list_changes(store, told=True)
        assert (change.provider, change.field) == ("models-dev", "context_window")
        assert (change.before and change.before.value, change.after and change.after.value) == ("1000", "1200")
        assert list_changes(store) == []
        assert page_changes(store, provider=None, since=None, before=None, limit=9)[0] == []
        assert list_events(store) == []
        assert find_offers(store, "models-dev", "openai/gpt-8", WEEK)[0].model == "openai/gpt-8"


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures (../shared/captures) are not here")
def test_the_real_list_gives_facts_of_models_and_says_where_it_contradicts_itself(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        archive = Archive(tmp_path / "archive")
        report = Refresh(store, archive, Replay([CAPTURES], at), at).run(["models-dev"], started_at=at, replay=True)
        assert (report.failed, report.held) == ((), ())
        assert list_offers(store, at) == []
        told = list_told(store, at)
        assert verify_store(store, archive, at).problems == ()
    raw = json.loads(gzip.decompress((CAPTURES / "models-dev/api.2026-03-01.json.gz").read_bytes()))
    views = [
        model_view(model, [replace(one, provider="seller") for one in mine], mine)
        for model, mine in by_model(told).items()
    ]
    found = {view.model: {one.field: one for one in view.facts} for view in views}
    nano = found["openai/gpt-4.1-nano"]
    assert nano["context_window"].published is not None
    assert nano["context_window"].published.value == str(raw["openai"]["models"]["gpt-4.1-nano"]["limit"]["context"])
    assert (nano["open_weights"].published, nano["open_weights"].disputed) != (None, False)
    # Of models whose entries say both, neither is published.
    split = found["qwen/qwen3-32b"]["open_weights"]
    assert said(split) == (None, None, True)
    assert sum(one["open_weights"].published is not None for one in found.values()) > 300
    # No limit is a reseller's: what it has is only whether the weights are open.
    own = {one.offer.model_id.partition("/")[0] for view in views for f in view.facts for one in f.by(Voice.REFERENCE)
           if f.field == "context_window"}  # fmt: skip
    assert "openai" in own
    assert own.isdisjoint({"openrouter", "azure", "302ai", "groq", "deepinfra"})
    assert model_view("openai/none", []).facts
