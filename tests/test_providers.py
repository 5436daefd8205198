"""Every provider: fixtures of its own, the offers expected of them, evidence that is found again, facts for people."""

from __future__ import annotations

import contextlib
import json

import pytest

from scraper import providers
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.meters import is_rate_key
from scraper.records import REFERENCE_FIELDS, Reading
from tests.readings import CAPTURES, FIXTURES, Page, fixtures, pages, short

NAMES = providers.names()
EVERY = providers.every()
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures (../shared/captures) are not here")


def source_of(provider: str, page: Page) -> Source | None:
    return next((source for source in providers.sources(provider) if page.url in source.addresses), None)


def assert_evidence(page: Page, reading: Reading) -> None:
    for offer in reading.offers:
        for fact in offer.facts:
            document = page.document.pages[fact.evidence.page]
            assert fact.evidence.quote in document.at(fact.evidence.locator).quote


def test_there_are_providers() -> None:
    assert len(NAMES) >= 9


@pytest.mark.parametrize("provider", EVERY)
def test_fixtures_give_the_expected_offers(provider: str) -> None:
    folder = FIXTURES / provider
    assert (folder / "MANIFEST.csv").is_file(), f"provider {provider} has no fixtures/{provider}/MANIFEST.csv"
    found = fixtures(provider)
    assert found, f"fixtures/{provider}/MANIFEST.csv names no page"
    written = []
    for source, page in found:
        reading = source.read(page.document)
        assert reading == source.read(page.document)
        assert_evidence(page, reading)
        if not page.expected.exists():
            page.expected.write_text(json.dumps(short(reading), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            written.append(page.expected.name)
        assert short(reading) == json.loads(page.expected.read_text(encoding="utf-8")), page.file.name
    assert not written, f"wrote {', '.join(written)}: review each value against its page, then commit"


@pytest.mark.parametrize("provider", EVERY)
def test_each_source_has_a_fixture_and_publishes_what_it_says(provider: str) -> None:
    found = fixtures(provider)
    published = {field for source in providers.sources(provider) for field in source.publishes}
    for source in providers.sources(provider):
        readings = [source.read(page.document) for one, page in found if one is source]
        assert readings, f"{provider}/{source.name} has no fixture"
        stated = {fact.field for reading in readings for offer in reading.offers for fact in offer.facts}
        assert source.publishes <= stated, f"no fixture of {provider}/{source.name} states these"
        beyond = (stated & set(REFERENCE_FIELDS)) - published
        assert not beyond, (
            f"{provider} states these, and no source says that it publishes them: they would have no source"
        )


FACTS = {"name", "docs", "base_url", "openai_compatible", "key_variable", "install", "model_id_format", "call"}


@pytest.mark.parametrize("provider", NAMES)
def test_facts_for_people_are_whole(provider: str) -> None:
    facts = providers.facts(provider)
    assert set(facts) - {"curl"} == FACTS | {"gotchas"}
    assert all(facts[key].strip() for key in FACTS)
    waiting = [key for key, value in facts.items() if "https://…" in value or value in ("…", ["…"])]
    assert not waiting, f"these are still to be filled in: {waiting}"
    assert "{model_id}" in facts["call"], "the call does not take the model id"
    assert facts["key_variable"] in facts["call"], "the call does not say where its key comes from"
    domain = facts["base_url"].split("/")[2].split(".")[-2:]
    if "curl" in facts:
        assert "{model_id}" in facts["curl"]
        assert f"${facts['key_variable']}" in facts["curl"]
        assert facts["curl"].split("https://")[1].split("/")[0].split(".")[-2:] == domain
    assert facts["gotchas"]
    assert all(isinstance(line, str) for line in facts["gotchas"])


def test_who_tells_of_models_says_whose_word_it_is() -> None:
    assert providers.references() == ("huggingface-hub", "models-dev")
    assert not set(providers.references()) & set(NAMES)
    for slug in providers.references():
        facts = providers.facts(slug)
        assert facts.keys() == {"name", "docs", "voice"}
        assert facts["voice"] in ("repository", "reference")
        # None of them states a price, whatever its data has.
        assert not any(is_rate_key(field) for source in providers.sources(slug) for field in source.publishes)


@pytest.mark.parametrize("text", ["", "<html><body><h1>Just a moment...</h1></body></html>", "{}", "[]", "# Nothing\n"])
@pytest.mark.parametrize("provider", EVERY)
def test_a_page_that_is_something_else_is_refused_or_empty(provider: str, text: str) -> None:
    for source, page in fixtures(provider):
        with contextlib.suppress(Unreadable):
            assert source.read(Document(text, page.document.kind, page.url)).offers == ()


@needs_captures
@pytest.mark.parametrize("provider", EVERY)
def test_real_captures_are_read_and_their_evidence_found_again(provider: str) -> None:
    """Every real capture of a source's addresses gives offers; none of its prices contradict each other."""
    for page in pages(CAPTURES):
        source = source_of(provider, page)
        if source is None or "challenge" in page.file.name:
            continue
        reading = source.read(page.document)
        assert reading.offers, page.file.name
        assert_evidence(page, reading)
