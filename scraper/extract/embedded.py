"""Rows of a feed that stand in a page's data instead of a document of their own."""

from __future__ import annotations

from collections.abc import Iterator

from scraper.extract import REFUSALS, jsontext
from scraper.extract.feed import Feed, row_facts
from scraper.extract.offers import Named, Offers
from scraper.extract.payload import Payload
from scraper.records import Evidence, Fact, clean


def embedded_rows(payload: Payload, pointer: str, feed: Feed, offers: Offers) -> Iterator[tuple[Named, list[Fact]]]:
    """Yield the offer and the facts of each row of the list at a pointer, by the contract of a feed.

    Rows without the text of an id are noted.
    """
    rows = jsontext.at(payload.value, pointer)
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        place = f"{pointer}/{number}"
        if not isinstance(row, dict) or not isinstance(row.get(feed.model_id), str):
            offers.note("off_contract", f"a row without the text {feed.model_id!r}", f"{payload.locator}#{place}")
            continue
        try:
            named = Named(clean(row[feed.model_id]), clean(str(row.get(feed.name) or row[feed.model_id])))
        except REFUSALS as problem:
            offers.note("unreadable", str(problem), f"{payload.locator}#{place}")
            continue
        yield named, [_placed(fact, payload) for fact in row_facts(row, feed, place, offers)]


def _placed(fact: Fact, payload: Payload) -> Fact:
    evidence = Evidence(locator=f"{payload.locator}{fact.evidence.locator}", quote=fact.evidence.quote)
    return fact.model_copy(update={"evidence": evidence})
