"""Readings in the short form that expected files hold, and documents of the fixtures and of the real captures."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from scraper import providers
from scraper.extract.document import Document, kind_of
from scraper.extract.source import Source
from scraper.fetch.replay import address_key
from scraper.records import Evidence, Fact, Reading, State

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
CAPTURES = ROOT.parent / "shared" / "captures"


@dataclass(frozen=True)
class Page:
    """One row of a manifest with the document that it names."""

    url: str
    captured_on: str
    file: Path
    document: Document

    @property
    def expected(self) -> Path:
        return self.file.with_name(f"{self.file.name}.expected.json")


def pages(folder: Path) -> Iterator[Page]:
    """The pages that a folder's manifest names, in its order."""
    with (folder / "MANIFEST.csv").open(newline="", encoding="utf-8") as manifest:
        for row in csv.DictReader(manifest):
            file = folder / row["file"]
            body = file.read_bytes()
            text = (gzip.decompress(body) if file.suffix == ".gz" else body).decode("utf-8")
            document = Document(text, kind_of(row["content_type"], row["url"], text), row["url"])
            yield Page(row["url"], row["captured_on"], file, document)


def fixtures(provider: str) -> list[tuple[Source, Page]]:
    """The pages of a provider's fixtures, each with its source; of several pages one document with all of them."""
    found = list(pages(FIXTURES / provider))
    known = {address: source for source in providers.sources(provider) for address in source.addresses}
    made = []
    further: set[Path] = set()
    for page in found:
        if source := known.get(page.url):
            following = list(_following(source, page, found))
            further.update(one.file for one in following)
            whole = replace(page.document, further=tuple(one.document for one in following))
            made.append((source, replace(page, document=whole)))
    for page in found:
        assert page.url in known or page.file in further, f"no source of {provider} has or leads to {page.url}"
    return made


def _following(source: Source, first: Page, found: Sequence[Page]) -> Iterator[Page]:
    """The pages after a first one, each the newest that is not from a later day."""
    page = first
    while source.next_page is not None and (named := source.next_page(page.document)) is not None:
        key = address_key(urljoin(page.url, named))
        there = [one for one in found if address_key(one.url) == key and one.captured_on <= first.captured_on]
        assert there, f"{page.file.name} names {named}, which is not there by {first.captured_on}"
        page = max(there, key=lambda one: one.captured_on)
        yield page


def short(reading: Reading) -> dict[str, Any]:
    """A reading as an expected file holds it: offers with one line a field, and the notes."""
    offers = []
    for offer in reading.offers:
        facts = {_key(fact): f"{_said(fact)} | {_place(fact.evidence)} | {fact.evidence.quote}" for fact in offer.facts}
        shown: dict[str, Any] = {"model_id": offer.model_id, "name": offer.name}
        if offer.shared_id:
            shown["shared_id"] = True
        offers.append(shown | {"facts": facts})
    return {"offers": offers, "notes": [f"{note.kind}: {note.text}" for note in reading.notes]}


def _key(fact: Fact) -> str:
    return fact.field + (f" from {fact.valid_from:%Y-%m-%d}" if fact.valid_from else "")


def _place(evidence: Evidence) -> str:
    return (f"page {evidence.page + 1} " if evidence.page else "") + evidence.locator


def _said(fact: Fact) -> str:
    said = fact.reason.value if fact.reason else fact.state.value
    if fact.state is State.SOURCED:
        said = f"{fact.value} {fact.currency}" if fact.currency else str(fact.value)
    if fact.valid_until:
        said += f" until {fact.valid_until:%Y-%m-%d}"
    if fact.promotional:
        said += " (promotional)"
    return said + (f" (derived: {fact.derived})" if fact.derived else "")
