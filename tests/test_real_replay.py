"""The flow over real captures of three dates: real changes, everything verified, nothing lost to a wall."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from scraper import providers
from scraper.diff import Kind
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.records import REFERENCE_FIELDS, Mark
from scraper.refresh import Refresh
from scraper.store import Store, approve_holds, find_offers, list_holds, open_store
from scraper.times import parse_at
from scraper.verify import verify_store
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


@pytest.mark.long
@pytest.mark.timeout(300)
def test_three_dates_show_what_came_went_and_moved(ratecard: Command) -> None:
    told: dict[str, int] = {}
    for day in ("2026-04-30", "2026-08-08", "2026-08-22"):
        ran = ratecard("refresh", "--replay", CAPTURES, "--at", day, "--json")
        failed = [source["error"] for source in ran.json["sources"] if source["status"] == "failed"]
        # Of one feed of several pages, the first one alone was captured on some days.
        assert [error for error in failed if not error.startswith("page 2: no replay folder has a capture")] == []
        assert ran.code == (1 if ran.json["held"] or failed else 0)
        if ran.json["held"]:
            assert ratecard("review", "approve", "1-999999", "--by", "a reader").code == 0
        told[day] = len(ratecard("diff", "--json").json)
        verified = ratecard("verify", "--json").json
        assert verified["values"] > 1000
        assert verified["problems"] == []
    assert 0 == told["2026-04-30"] < told["2026-08-08"] < told["2026-08-22"]
    kinds = {change["kind"] for change in ratecard("diff", "--json").json}
    assert {"offer_added", "changed", "offer_withdrawn"} <= kinds
    again = ratecard("refresh", "--replay", CAPTURES, "--at", "2026-08-22", "--json").json
    assert again["changes"] == []
    assert {source["status"] for source in again["sources"]} <= {"unchanged", "not_captured", "failed"}
    failed = [source["error"] for source in again["sources"] if source["status"] == "failed"]
    assert [error for error in failed if not error.startswith("page 2: no replay folder has a capture")] == []
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


LUNA = "openai/gpt-5.6-luna"
CUT = datetime(2026, 8, 8, tzinfo=UTC)


def days() -> dict[str, list[str]]:
    """The days of the captures in their order, with the providers that have some of that day."""
    found: dict[str, set[str]] = {}
    with (CAPTURES / "MANIFEST.csv").open(newline="", encoding="utf-8") as manifest:
        for row in csv.DictReader(manifest):
            if row["provider"] in providers.every():
                found.setdefault(row["captured_on"][:10], set()).add(row["provider"])
    return {day: sorted(found[day]) for day in sorted(found)}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_over_all_dates_every_accepted_change_has_both_evidences_and_the_tenfold_cut_waits(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    accepted = 0
    met = []
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        for day, wanted in days().items():
            at = parse_at(day)
            report = Refresh(store, archive, Replay([CAPTURES], at), at).run(wanted, started_at=at, replay=True)
            cut = [hold for hold in report.held if (hold.provider, hold.model_id) == ("openrouter", LUNA)]
            if at.date() == CUT.date():
                met = [hold for hold in cut if hold.field == "input"]
                luna(store, at, "1", Mark.HELD)
            # Somebody looks at what is held on every day, and lets all of it through.
            decided = approve_holds(store, [hold.id for hold in report.held], by="a reader", at=at)
            if at.date() == CUT.date():
                luna(store, at, "0.1")
            for change in (*report.changes, *decided.changes):
                accepted += 1
                for side, proof in ((change.before, "last"), (change.after, "first")):
                    if side is not None:
                        found = getattr(side, proof)
                        assert found.quote
                        assert archive.get(found.capture.sha256)
                both = (change.before is not None, change.after is not None)
                assert both == (True, True) or change.kind not in (Kind.CHANGED, Kind.TERMS)
        assert list_holds(store) == []
        assert verify_store(store, archive, CUT).problems == ()
    assert accepted > 1000
    [hold] = met
    assert hold.old is not None
    assert hold.new is not None
    assert (hold.old.value, hold.new.value, hold.check) == ("1", "0.1", "scale_jump")
    assert hold.old_capture is not None
    assert (hold.old_capture.captured_at.date().isoformat(), hold.last.captured_at) == ("2026-07-17", CUT)


def luna(store: Store, at: datetime, value: str, *marks: Mark) -> None:
    """Check what is published of the price of a million tokens of input."""
    [offer] = find_offers(store, "openrouter", LUNA, at)
    view = next(view for view in offer.fields if view.field == "input")
    assert view.value is not None
    assert (Decimal(view.value), {*view.marks} - {Mark.STALE}) == (Decimal(value), {*marks})
