"""Readings in the short form that expected files hold, and documents of the fixtures and of the real captures."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scraper.extract.document import Document, kind_of
from scraper.records import Fact, Reading, State

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


def short(reading: Reading) -> dict[str, Any]:
    """A reading as an expected file holds it: offers with one line a field, and the notes."""
    offers = []
    for offer in reading.offers:
        facts = {_key(fact): f"{_said(fact)} | {fact.evidence.locator} | {fact.evidence.quote}" for fact in offer.facts}
        shown: dict[str, Any] = {"model_id": offer.model_id, "name": offer.name}
        if offer.shared_id:
            shown["shared_id"] = True
        offers.append(shown | {"facts": facts})
    return {"offers": offers, "notes": [f"{note.kind}: {note.text}" for note in reading.notes]}


def _key(fact: Fact) -> str:
    return fact.field + (f" from {fact.valid_from:%Y-%m-%d}" if fact.valid_from else "")


def _said(fact: Fact) -> str:
    said = fact.reason.value if fact.reason else fact.state.value
    if fact.state is State.SOURCED:
        said = f"{fact.value} {fact.currency}" if fact.currency else str(fact.value)
    if fact.valid_until:
        said += f" until {fact.valid_until:%Y-%m-%d}"
    if fact.promotional:
        said += " (promotional)"
    return said + (f" (derived: {fact.derived})" if fact.derived else "")
