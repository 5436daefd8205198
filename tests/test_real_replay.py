"""The flow over real captures of three dates: real changes, everything verified, nothing lost to a wall."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from scraper.records import REFERENCE_FIELDS
from tests.captures import Command, Folder
from tests.readings import CAPTURES

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures (../shared/captures) are not here")

CHALLENGE = CAPTURES / "openai" / "docs-pricing.cloudflare-challenge.2026-05-08.html"


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


def stated(ratecard: Command) -> list[tuple[str, ...]]:
    """What is published with evidence: everything but the reasons of what is not."""
    rows = csv.DictReader(ratecard("export", "rates-csv").out.splitlines())
    return [tuple(row.values()) for row in rows if row["state"] != "not_sourced"]


def test_three_dates_show_what_came_went_and_moved(ratecard: Command) -> None:
    kinds: dict[str, set[str]] = {}
    for day in ("2026-04-30", "2026-08-08", "2026-08-22"):
        ran = ratecard("refresh", "--replay", CAPTURES, "--at", day, "--json")
        assert ran.code == 0, [source for source in ran.json["sources"] if source["status"] == "failed"]
        kinds[day] = {change["kind"] for change in ran.json["changes"]}
        verified = ratecard("verify", "--json").json
        assert verified["values"] > 1000
        assert verified["problems"] == []
    assert kinds["2026-04-30"] == set()
    assert {"offer_added", "changed"} <= kinds["2026-08-08"]
    assert {"offer_added", "changed", "offer_withdrawn"} <= kinds["2026-08-22"]
    again = ratecard("refresh", "--replay", CAPTURES, "--at", "2026-08-22", "--json").json
    assert again["changes"] == []
    assert {source["status"] for source in again["sources"]} == {"unchanged", "not_captured"}
    offers = ratecard("export", "offers-json").json
    assert len(offers) > 500
    assert all(set(REFERENCE_FIELDS) <= offer["fields"].keys() for offer in offers)


def test_f11_the_challenge_page_is_a_failed_source_and_nothing_is_withdrawn(ratecard: Command, tmp_path: Path) -> None:
    ratecard("refresh", "openai", "--replay", CAPTURES, "--at", "2026-04-30")
    before = stated(ratecard)
    assert len(before) > 700
    address = "https://platform.openai.com/docs/pricing"
    wall = Folder(tmp_path / "wall").add(CHALLENGE.read_bytes(), "2026-05-08", url=address, kind="text/html")
    for _ in range(2):
        failed = ratecard("refresh", "openai", "--replay", wall.path, "--at", "2026-05-08")
        assert failed.code == 1
        assert "got a Cloudflare challenge page" in failed.out
    assert stated(ratecard) == before
    assert ratecard("diff").out == "No changes.\n"
