"""A page that is a text of a JSON document: what it states is found again in the document."""

from __future__ import annotations

import json

import pytest

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.inner_pages import read_inner
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.meters import RateKey
from scraper.records import Reading

PAGE = "<h2>Prices</h2><table><tr><td>model</td><td>input</td></tr><tr><td>m</td><td>$2</td></tr></table>"
OUTER = Document(json.dumps({"data": {"content": PAGE, "number": 1}}), "json")


def read(page: Document) -> Reading:
    offers = Offers()
    for name, price in page.tables[0].grid.rows[1:]:
        offers.add(Named("", name.line), facts_of(price, RateKey("input"), Scale(PER_MILLION)))
    offers.note("unreadable", "something", "table[1]")
    return offers.reading()


def test_the_evidence_is_found_in_the_document() -> None:
    reading = read_inner(OUTER, "/data/content", read)
    fact = reading.offers[0].facts[0]
    assert fact.evidence.locator == "#/data/content>table[1]/row[2]/cell[2]"
    assert OUTER.at(fact.evidence.locator).quote == "$2"
    assert reading.notes[0].locator == "#/data/content>table[1]"
    assert OUTER.at("#/data/content").quote.startswith("<h2>")


@pytest.mark.parametrize("pointer", ["/data/number", "/data/missing", "/data"])
def test_what_is_no_text_is_no_page(pointer: str) -> None:
    with pytest.raises(Unreadable):
        read_inner(OUTER, pointer, read)


def test_a_place_that_the_page_does_not_have_is_refused() -> None:
    with pytest.raises(Unreadable):
        OUTER.at("#/data/content>table[2]/row[1]/cell[1]")
