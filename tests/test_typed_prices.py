"""Prices that say their type and their unit, and pages that say only how many rows there are in all."""

from __future__ import annotations

import json

import pytest

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.offers import Offers
from scraper.extract.paging import next_counted
from scraper.extract.typed_prices import Typed, typed_facts

TYPED = Typed("type", "price", "unit", {"in": "input", "image": "images"}, frozenset({"old"}))


def facts(*entries: dict[str, object]) -> tuple[list[tuple[str, str | None]], list[str]]:
    offers = Offers()
    found = list(typed_facts(list(entries), "/prices", TYPED, offers, {"prompt_gt": ""}))
    return [(fact.field, fact.value) for fact in found], [note.kind for note in offers.reading().notes]


def test_each_price_is_read_in_the_unit_that_it_names() -> None:
    stated, notes = facts(
        {"type": "in", "price": "0.4", "unit": "Per 1M tokens"},
        {"type": "image", "price": "0.035", "unit": "Per image"},
    )
    assert stated == [("input", "0.4"), ("images", "0.035")]
    assert notes == []


def test_a_type_that_is_left_out_says_nothing_and_a_new_one_is_noted() -> None:
    assert facts({"type": "old", "price": "1", "unit": "Per 1M tokens"}) == ([], [])
    assert facts({"type": "new", "price": "1", "unit": "Per 1M tokens"}) == ([], ["off_contract"])


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "in", "price": "0.4", "unit": "Per image"},
        {"type": "in", "price": "0.4", "unit": "tokens"},
        {"type": "in", "price": "0.4"},
        {"type": "in", "price": "0.0000004", "unit": "Per 1M tokens"},
        {"type": "in", "price": "about 1", "unit": "Per 1M tokens"},
    ],
)
def test_a_price_in_a_unit_that_cannot_be_is_noted_and_not_read(entry: dict[str, object]) -> None:
    assert facts(entry) == ([], ["unreadable"])


def test_a_placeholder_is_no_price() -> None:
    assert facts({"type": "in", "price": "0", "unit": "Per 1M tokens"}) == ([], [])


NEXT = next_counted("page_no", size="page_size", total="output/total")


def page(address: str, total: object) -> Document:
    return Document(json.dumps({"output": {"total": total}}), "json", address)


def test_pages_are_counted_by_their_addresses() -> None:
    first = page("https://h/m?page_no=1&page_size=100", 150)
    assert NEXT(first) == "https://h/m?page_no=2&page_size=100"
    assert NEXT(page("https://h/m?page_no=2&page_size=100", 150)) is None
    assert NEXT(page("https://h/m?page_no=1&page_size=100", 100)) is None


@pytest.mark.parametrize(
    ("address", "total"),
    [
        ("https://h/m", 150),
        ("https://h/m?page_no=x&page_size=100", 150),
        ("https://h/m?page_no=1&page_size=100", "150"),
    ],
)
def test_a_page_that_does_not_say_whether_another_one_follows_is_refused(address: str, total: object) -> None:
    with pytest.raises(Unreadable):
        NEXT(page(address, total))
