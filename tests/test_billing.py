"""Billing configurations in a page's data, and prices that stand as words on cards."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from scraper.extract import Unreadable
from scraper.extract.billing import Tariff, billings, read_billing
from scraper.extract.cards import Shown, lines_of, read_per, shown_prices
from scraper.extract.document import Document
from scraper.extract.offers import Named, Offers
from scraper.records import Reading

TARIFF = Tariff(
    things={
        "input token": ("token_input_count", "input"),
        "output image": ("image_output_count", "images"),
        "second of output video": ("video_output_duration_seconds", "video_seconds"),
        "run": ("run_count", "requests"),
    },
    criteria={"target resolution": "resolution", "model variant": "variant"},
)


def price(amount: str = "$3", title: str = "per million input tokens", **more: Any) -> dict[str, Any]:
    return {"price": amount, "title": title, "metric": "token_input_count", "type": "per-unit"} | more


def equals(title: str, value: object) -> dict[str, Any]:
    return {"title": title, "type": "equals", "value": value}


def prompt(low: int | None, high: int | None) -> dict[str, Any]:
    return {"title": "input token", "type": "range", "value": [low, high]}


def tier(*prices: dict[str, Any], criteria: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"criteria": list(criteria), "prices": list(prices)}


def document(**props: Any) -> Document:
    script = f'<script type="application/json">{json.dumps(props).replace("<", chr(92) + "u003c")}</script>'
    return Document(f"<html><body>{script}</body></html>", "html")


def read(*tiers: dict[str, Any]) -> Reading:
    page = document(billingConfig={"current_tiers": list(tiers)})
    offers = Offers()
    for billing in billings(page):
        read_billing(billing, Named("o/m", "o/m"), TARIFF, offers)
    reading = offers.reading()
    for offer in reading.offers:
        assert all(page.at(fact.evidence.locator).quote == fact.evidence.quote for fact in offer.facts)
    return reading


def rates(reading: Reading) -> dict[str, str | None]:
    return {fact.field: fact.value for offer in reading.offers for fact in offer.facts}


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        (price(), "input", "3"),
        (price("$0.015", "per thousand input tokens"), "input", "15"),
        (price(title="per 1M input tokens"), "input", "3"),
        (price("$1,000.50"), "input", "1000.50"),
        (price("$2.50", "per thousand output images", metric="image_output_count"), "images", "0.00250"),
        (price("$0.04", "per output image", metric="image_output_count"), "images", "0.04"),
        (
            price("$2", "per thousand seconds of output video", metric="video_output_duration_seconds"),
            "video_seconds",
            "0.002",
        ),
        (price("$0.015", "per run", metric="run_count", type="fixed"), "requests", "0.015"),
        (price("Free"), "input", "0"),
        ({"price": "$3", "title": "per million input tokens"}, "input", "3"),
    ],
)
def test_prices_are_for_what_their_titles_say(said: dict[str, Any], field: str, value: str) -> None:
    reading = read(tier(said))
    assert rates(reading) == {field: value}
    assert not reading.notes


@pytest.mark.parametrize(
    "said",
    [
        price("$0"),
        price("$0.00"),
        price(price=None),
        price("-$1"),
        price("$1-2"),
        price("from $1"),
        price("n"),
        price(title=""),
        price(title="per unit", metric="unspecified_billing_metric"),
        price(title="per million tokens"),
        price(title="per dozen input tokens"),
        price(title="per million input tokens or so"),
        price(metric="token_output_count"),
        price(metric=None),
        price(type="fixed"),
        price(type="per-hour"),
        {"title": "per million input tokens"},
        {"price": {"a": "$1", "b": "$2"}, "title": "per million input tokens"},
    ],
)
def test_a_price_that_is_not_understood_is_noted(said: dict[str, Any]) -> None:
    reading = read(tier(said))
    assert not reading.offers
    assert [note.kind for note in reading.notes] == ["unreadable"]
    assert reading.notes[0].locator == "payload[1]#/billingConfig/current_tiers/0/prices/0/price"


def test_criteria_become_labels() -> None:
    image = partial(price, title="per output image", metric="image_output_count")
    reading = read(
        tier(image("$0.01"), criteria=(equals("target resolution", "1K"),)),
        tier(image("$0.02"), criteria=(equals("target resolution", "2K"), equals("model variant", "pro"))),
    )
    assert rates(reading) == {"images{resolution=1K}": "0.01", "images{resolution=2K,variant=pro}": "0.02"}


def test_ranges_of_prompt_lengths_become_thresholds() -> None:
    reading = read(
        tier(price("$2"), criteria=(prompt(None, 200_000),)), tier(price("$4"), criteria=(prompt(200_000, None),))
    )
    assert rates(reading) == {"input": "2", "input{prompt_gt=200000}": "4"}


@pytest.mark.parametrize(
    "criteria",
    [
        (prompt(None, 200_000),),
        (prompt(200_000, None),),
        ({"title": "output second", "type": "range", "value": [None, None]},),
        ({"title": "input token", "type": "range", "value": 5},),
        (equals("second of output video", 6),),
        (equals("target resolution", "two words"),),
        (equals("target resolution", True),),
        (equals("colour", "red"),),
        ({"type": "equals"},),
    ],
)
def test_a_tier_whose_criteria_have_no_label_is_noted(criteria: tuple[dict[str, Any], ...]) -> None:
    reading = read(tier(price("$3"), criteria=criteria))
    assert not reading.offers
    assert [note.kind for note in reading.notes] == ["unreadable"]


def test_two_prices_for_one_thing_are_a_conflict() -> None:
    reading = read(tier(price("$3")), tier(price("$4")))
    assert not reading.offers
    assert [note.kind for note in reading.notes] == ["conflict"]


def test_tiers_for_another_day_are_noted() -> None:
    offers = Offers()
    (billing,) = billings(document(billingConfig={"current_tiers": [], "future_tiers": [tier(price())]}))
    read_billing(billing, Named("o/m", "o/m"), TARIFF, offers)
    assert "future_tiers" in offers.reading().notes[0].text


def test_the_model_beside_a_billing_is_known() -> None:
    config: dict[str, Any] = {"current_tiers": []}
    page = document(
        cards=[
            {"owner": "openai", "name": "gpt", "billingConfig": config},
            {"model": {"username": "meta", "name": "llama"}, "billingConfig": config},
            {"name": "alone", "billingConfig": config},
            {"owner": "x", "name": "y", "billingConfig": None},
        ]
    )
    assert [billing.model_id for billing in billings(page)] == ["openai/gpt", "meta/llama", ""]


@pytest.mark.parametrize("config", [{}, {"current_tiers": None}, {"current_tiers": [1, []]}, {"current_tiers": [{}]}])
def test_a_billing_without_prices_says_nothing(config: dict[str, Any]) -> None:
    offers = Offers()
    for billing in billings(document(billingConfig=config)):
        read_billing(billing, Named("o/m", "o/m"), TARIFF, offers)
    assert offers.reading() == Reading(offers=())


def test_what_a_price_is_for_is_read_or_refused() -> None:
    assert read_per("per million input tokens") == (Decimal(1_000_000), "input token")
    assert read_per("/ thousand seconds of output audio") == (Decimal(1_000), "second of output audio")
    assert read_per("Per Run") == (Decimal(1), "run")
    for text in ("", "million input tokens", "per 5M tokens", "per"):
        with pytest.raises(Unreadable):
            read_per(text)


def shown(html: str, ids: str | None = "[a-z]+/[a-z]+") -> list[tuple[str, str, str] | str]:
    lines = (line for line, _ in lines_of(Document(html, "html")))
    found = shown_prices(lines, re.compile(ids) if ids else None)
    return [(one.amount.text, one.title, one.card) if isinstance(one, Shown) else one.text for one in found]


def test_cards_have_an_id_a_sentence_and_prices() -> None:
    first = "<h5>a/b</h5><p>Words</p><p>$1 / run</p><p>$2</p><p>per output image</p><p>or 3 for $1</p>"
    html = f"{first}<p>c/d</p><p>$4/ run</p>"
    assert shown(html) == [
        ("$1", "/ run", "a/b"),
        ("$2", "per output image", "a/b"),
        "or 3 for $1",
        ("$4", "/ run", "c/d"),
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<p>$1 / run</p>",
        "<p>a/b</p><p>Words</p><p>Other model</p><p>$1 / run</p>",
        "<p>a/b</p><p>$2 / run</p><p>Other model</p><p>$1 / run</p>",
        "<p>a/b</p><p>$2 / run</p><p>Other model</p><p>Words</p><p>$1 / run</p>",
    ],
)
def test_a_price_is_never_given_to_another_card(html: str) -> None:
    assert shown(html)[-1] == ("$1", "/ run", "")


def test_amounts_that_do_not_say_what_they_are_for_are_handed_back() -> None:
    assert shown("<p>$1</p><p>$2</p><p>per run</p><p>$3</p>", None) == ["$1", ("$2", "per run", ""), "$3"]
    assert shown("<p>costs $5 at most</p>", None) == ["costs $5 at most"]
