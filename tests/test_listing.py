"""Feeds of hosts: units that are declared and guarded, multiples of prices, tiers in a sentence, hosts of one model."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from scraper import providers
from scraper.extract import Unreadable
from scraper.extract.cms_tables import cms_tables
from scraper.extract.derived import Multiple, multiple_facts
from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, TOKEN, Feed, Price, read_feed
from scraper.extract.hosts import host_facts
from scraper.extract.listing import listing, token_prices
from scraper.extract.offers import Named, Offers
from scraper.extract.prompt_lengths import tiers_above
from scraper.extract.rowfacts import capability, span
from scraper.meters import Unit
from scraper.records import Fact, Reading
from tests.readings import FIXTURES, pages


def document(value: Any) -> Document:
    return Document(json.dumps(value), "json", "https://example.com/models")


def values(reading: Reading) -> dict[str, dict[str, str | None]]:
    return {offer.model_id: {fact.field: fact.value for fact in offer.facts} for offer in reading.offers}


def shown(facts: list[Fact]) -> dict[str, str | None]:
    return {fact.field: fact.value for fact in facts}


@pytest.mark.parametrize(
    ("unit", "sent", "stored"),
    [
        (TOKEN, "0.0000006", "0.6"),
        (TOKEN, 6e-07, "0.6"),
        (TOKEN, 0.6, None),  # dollars for a million
        (MILLION_TOKENS, 0.6, "0.6"),
        (MILLION_TOKENS, "0.0000006", None),  # dollars for a token
        (MILLION_TOKENS, 6000, None),
        (Unit(Decimal(10**10), "token"), 6000, "0.6"),
        (Unit(Decimal(100), "token"), 6e-05, "0.6"),  # cents
        (TOKEN, "0", None),
        (TOKEN, "-1", None),
        (TOKEN, "free", None),
    ],
)
def test_an_amount_that_cannot_be_in_the_declared_unit_is_no_price(unit: Unit, sent: Any, stored: str | None) -> None:
    rows = {"data": [{"id": "a", "context_length": 8192, "pricing": {"prompt": sent}}]}
    offers = read_feed(document(rows), listing(unit))
    reading = offers.reading()
    found = values(reading)["a"]
    assert (None if found.get("input") is None else Decimal(str(found["input"]))) == (stored and Decimal(stored))
    assert found["context_window"] == "8192"
    silent = sent in ("0", "-1")  # a placeholder and "varies" are known to be no prices
    assert bool(reading.notes) is (stored is None and not silent)


def test_two_lists_of_modalities_are_quoted_together() -> None:
    row = {"id": "a", "input_modalities": ["image", "text"], "between": 1, "output_modalities": ["text"]}
    reading = read_feed(document({"data": [row]}), listing()).reading()
    (fact,) = reading.offers[0].facts
    assert fact.value == "text+image->text"
    assert fact.evidence.quote == '"input_modalities": ["image", "text"], "between": 1, "output_modalities": ["text"]'
    assert [note.text for note in reading.notes] == ["the key 'between' is new in this feed"]


def test_a_quote_of_keys_too_far_apart_holds_the_first() -> None:
    row = {"a": True, "text": "x" * 3000, "b": True}
    assert span(row, ("a", "b")) == '"a": true'


@pytest.mark.parametrize(
    ("said", "word"),
    [("function-calling", "tools"), ("tool_calling", "tools"), ("JSON mode", "json mode"), ("log_probs", "log probs")],
)
def test_features_are_named_in_our_words(said: str, word: str) -> None:
    assert capability(said) == word


BASE = Price("cents", "input", Unit(Decimal(100), "token"))


@pytest.mark.parametrize(
    ("prices", "value"),
    [
        ({"cents": 6e-05, "rate": 0.25}, "0.150"),
        ({"cents": "0.000029999999999999997", "rate": "0.20000000298023224"}, "0.06000000089406966"),
        ({"cents": 6e-05, "rate": 0}, None),
        ({"cents": 6e-05, "rate": -1}, None),
        ({"cents": 6e-05, "rate": None}, None),
        ({"cents": 0, "rate": 0.25}, None),
        ({"rate": 0.25}, None),
    ],
)
def test_a_multiple_of_a_price_is_derived(prices: dict[str, Any], value: str | None) -> None:
    row = document({"p": prices}).json["p"]
    facts = list(multiple_facts(row, "/p", [Multiple("rate", BASE, "cache_read")]))
    assert [fact.value[:19] for fact in facts if fact.value] == ([] if value is None else [value])
    for fact in facts:
        assert fact.derived == "cents × rate"
        assert fact.evidence.quote in document({"p": prices}).at("#/p").quote


@pytest.mark.parametrize("rate", [50, "half", [], True])
def test_a_factor_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises(Unreadable):
        list(multiple_facts({"cents": "0.00006", "rate": rate}, "", [Multiple("rate", BASE, "cache_read")]))


TIERS = "$1.2 in $6 out $0.24 cached <= 32K, $2.4 in $12 out $0.48 cached <= 128K, $3 in $15 out $0.6 cached > 128K"


def tiers(text: str, base: str = "1.2") -> dict[str, str | None]:
    return shown(tiers_above(text, "#/full", {"input": Decimal(base), "output": Decimal(base) * 5}))


def test_prices_of_long_prompts_in_a_sentence() -> None:
    assert tiers(TIERS) == {
        "cache_read": "0.24",
        **{
            f"{meter}{{prompt_gt=32000}}": v
            for meter, v in (("input", "2.4"), ("output", "12"), ("cache_read", "0.48"))
        },
        **{f"{meter}{{prompt_gt=128000}}": v for meter, v in (("input", "3"), ("output", "15"), ("cache_read", "0.6"))},
    }
    assert tiers("$1.2 in $6 out <= 1M, $2 in $9 out") == {
        "input{prompt_gt=1000000}": "2",
        "output{prompt_gt=1000000}": "9",
    }


@pytest.mark.parametrize(
    "text", ["$0.10/$0.32 in/out Mtoken", "$1.2 in $6 out", "", "$0.0005 x (width / 1024) x iters"]
)
def test_a_sentence_without_lengths_of_prompts_says_nothing_more(text: str) -> None:
    assert tiers(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        TIERS.replace("$1.2 in", "$1.3 in"),  # not the base price
        TIERS.replace("<= 128K", "<= 16K"),
        TIERS.replace("> 128K", "<= 16K"),
        TIERS.replace("> 128K", "> 256K"),
        TIERS.replace(" <= 128K", ""),
        TIERS.replace("$2.4 in", "about $2.4 in"),
        TIERS.replace(", ", "; "),
    ],
)
def test_a_sentence_whose_tiers_do_not_follow_one_another_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        tiers(text)


HOST = Feed(
    rows="",
    model_id="provider",
    prices=token_prices({"pricing/input": "input"}, MILLION_TOKENS),
    skip=lambda row: row.get("status") == "error",
    known={"status"},
)


def test_prices_of_hosts_are_labelled_by_the_host() -> None:
    rows = [
        {"provider": "a", "pricing": {"input": 1}},
        {"provider": "b", "status": "error", "pricing": {"input": 2}},
        {"provider": "two words", "pricing": {"input": 3}},
        {"pricing": {"input": 4}},
        {"provider": "a", "pricing": {"input": 5}},
    ]
    offers = Offers()
    facts = list(host_facts(rows, HOST, "/data/0/providers", offers))
    assert [(fact.field, fact.value) for fact in facts] == [("input{upstream=a}", "1"), ("input{upstream=a}", "5")]
    offers.add(Named("m", "m"), facts)
    reading = offers.reading()
    assert not reading.offers
    assert [note.kind for note in reading.notes] == ["off_contract", "off_contract", "conflict"]


def flight(*blocks: Any) -> Document:
    row = "1:" + json.dumps(["$", "div", None, {"blocks": list(blocks)}]) + "\n"
    return Document(f"<html><body><script>self.__next_f.push({json.dumps([1, row])})</script></body></html>", "html")


def text(style: str, said: str) -> dict[str, Any]:
    return {"style": style, "children": [{"text": said}]}


def test_a_table_of_a_content_system_stands_between_its_heading_and_its_notes() -> None:
    rows = [{"cells": ["Model", "Input"]}, {"cells": ["A*", "$$1.50/M tokens"]}]
    blocks = (
        text("h2", "Old"),
        text("h2", "Prices"),
        {"rows": rows},
        text("normal", "*A"),
        text("h3", "B"),
        text("p", "C"),
    )
    (table,) = cms_tables(flight(*blocks))
    assert [cell.line for cell in table.grid.rows[1]] == ["A*", "$1.50/M tokens"]
    assert table.grid.rows[1][1].quote == "$$1.50/M tokens"
    assert table.context.path == ("Prices",)
    assert [passage.line for passage in table.context.texts] == ["*A"]


@pytest.mark.parametrize(
    "rows", [[], [{"cells": ["a"]}, {"cells": ["a", "b"]}], [{"cells": "ab"}], ["a"], {"a": 1}, None]
)
def test_data_that_is_no_table_is_none(rows: Any) -> None:
    assert list(cms_tables(flight({"rows": rows}))) == []


def reading_of(provider: str, file: str, change: dict[str, str]) -> Reading:
    page = next(page for page in pages(FIXTURES / provider) if page.file.name == file)
    changed = page.document.text
    for old, new in change.items():
        assert old in changed
        changed = changed.replace(old, new)
    source = next(source for source in providers.sources(provider) if page.url in source.addresses)
    return source.read(Document(changed, page.document.kind, page.url))


def test_a_second_page_of_a_list_is_not_passed_over_in_silence() -> None:
    reading = reading_of(
        "together", "v2-supported-models.2026-09-01.json", {'"next_cursor": null': '"next_cursor": "x"'}
    )
    assert len(reading.offers) == 2
    assert [note.locator for note in reading.notes] == ["#/next_cursor"]


def test_a_discount_whose_base_is_not_said_leaves_the_prices_out() -> None:
    reading = reading_of("deepinfra", "models-list.2026-09-01.json", {})
    assert "example-lab/discounted" not in values(reading)
    assert "discount" in reading.notes[0].text
    assert len(reading.notes) == 1


def test_a_table_whose_columns_moved_gives_the_same_prices() -> None:
    moved = {'\\"Speed\\",\\"Input\\",\\"Output\\"': '\\"SPEED\\",\\"Output\\",\\"Input\\"'}
    reading = reading_of("cerebras", "pricing.2026-09-01.html", moved)
    prices = {offer.name: shown(list(offer.facts)) for offer in reading.offers}
    assert prices["ZAI GLM 4.7"] == {"status": "preview", "input": "2.75", "output": "2.25"}


def test_a_price_without_its_unit_is_noted() -> None:
    changed = {"$$0.35/M tokens": "$$0.35", "$$0.75/M tokens": "from $$0.75/M tokens"}
    reading = reading_of("cerebras", "pricing.2026-09-01.html", changed)
    assert {offer.name for offer in reading.offers} == {"ZAI GLM 4.7", "Llama 3.1 8B"}
    assert len(reading.notes) == 2
