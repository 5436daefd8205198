"""Digit for digit: from a page and from JSON, through both databases, to the exports."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Price, read_feed
from scraper.extract.offers import Offers
from scraper.extract.prices import Scale
from scraper.extract.source import Source
from scraper.extract.tables import read_table
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.outcomes import Outcome
from scraper.publish.exports import offers_json, rates_csv
from scraper.records import Reading
from scraper.refresh import Refresh
from scraper.store import approve_holds, list_offers, open_store
from scraper.verify import verify_store
from tests.captures import Folder

# As sent, and as a plain decimal: the same digits, written without an exponent.
CORPUS = {
    "0.1234567890123456789": "0.1234567890123456789",
    "2.50": "2.50",
    "1e-7": "0.0000001",
    "0.000000025": "0.000000025",
    "29.999999999999996999999": "29.999999999999996999999",
    "12345678.123456789012": "12345678.123456789012",
    "3": "3",
}
PAGE = "https://acme.example/pricing"
FEED = "https://acme.example/v1/models"
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def read_page(document: Document) -> Reading:
    offers = Offers()
    for table in document.tables:
        read_table(table, offers, scale=Scale())
    return offers.reading()


def read_json(document: Document) -> Reading:
    prices = (Price("pricing/text", "input", MILLION_TOKENS), Price("pricing/number", "output", MILLION_TOKENS))
    return read_feed(document, Feed(rows="/data", prices=prices)).reading()


def source(name: str, address: str) -> Source:
    read = read_page if name == "page" else read_json
    return Source(name=name, addresses=(address,), read=read, publishes=frozenset({"input", "output"}))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    rows = "\n".join(f"| model-{number} | ${sent} / MTok |" for number, sent in enumerate(CORPUS))
    # Numbers are written by hand: no encoder may touch their digits.
    objects = ",".join(
        f'{{"id":"model-{number}","pricing":{{"text":{json.dumps(sent)},"number":{sent}}}}}'
        for number, sent in enumerate(CORPUS)
    )
    folder = Folder(tmp_path / "captures")
    folder.add(f"| Model | Input |\n|---|---|\n{rows}\n", "2026-05-01", url=PAGE)
    return folder.add(f'{{"data":[{objects}]}}', "2026-05-01", url=FEED, kind="application/json")


@pytest.mark.parametrize(
    ("name", "address", "fields"), [("page", PAGE, ["input"]), ("feed", FEED, ["input", "output"])]
)
def test_decimals_survive_digit_for_digit(
    database_url: str, tmp_path: Path, folder: Folder, name: str, address: str, fields: list[str]
) -> None:
    archive = Archive(tmp_path / "archive")
    with open_store(database_url) as store:
        flow = Refresh(store, archive, Replay([folder.path], AT), AT)
        run = flow.run([], started_at=AT, replay=True).run
        report = flow.source("acme", source(name, address), run)
        assert report.status is Outcome.OK, report.error
        assert report.notes == ()
        # Some are no prices that anybody has seen: a person lets them through, digit for digit.
        approve_holds(store, [hold.id for hold in report.held], by="a reader", at=AT)
        views = list_offers(store, AT)
        rows = list(csv.DictReader(rates_csv(views).splitlines()))
        objects = {offer["model_id"] or offer["name"]: offer["fields"] for offer in json.loads(offers_json(views))}
        assert verify_store(store, archive, AT).problems == ()
    for field in fields:
        for number, (sent, plain) in enumerate(CORPUS.items()):
            row = next(row for row in rows if row["field"] == field and row["name"] == f"model-{number}")
            assert row["value"] == plain
            assert sent in row["quote"]
            assert objects[f"model-{number}"][field]["value"] == plain
