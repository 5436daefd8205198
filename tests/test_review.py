"""Reviewing through the command: what is held is listed with both evidences, approved and rejected, and told of."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from scraper.errors import RatecardError
from scraper.publish.review import ids_meant, ids_text
from tests.captures import Command, Folder, Ran, price_page
from tests.processes import finished, start

OPUS = ("Claude Opus 4.7", "5", "25")
HAIKU = ("Claude Haiku 4.5", "1", "5")
CHEAP = ("Claude Opus 4.7", "0.50", "25")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    pages = Folder(tmp_path / "captures")
    pages.add(price_page([OPUS, HAIKU]), "2026-05-01").add(price_page([CHEAP, HAIKU]), "2026-05-08")
    return pages.add(price_page([CHEAP, HAIKU]) + "\nSeen again.\n", "2026-05-15")


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


def refresh(ratecard: Command, folder: Folder, day: str, *more: str) -> Ran:
    return ratecard("refresh", "anthropic", "--replay", folder.path, "--at", day, *more)


def value(ratecard: Command) -> tuple[str, list[str]]:
    found = ratecard("show", "anthropic/Claude Opus 4.7", "--json").json["fields"]["input"]
    # All of it is stale by now.
    return found["value"], [mark for mark in found["marks"] if mark != "stale"]


@pytest.fixture
def cut(ratecard: Command, folder: Folder) -> Command:
    """A tenfold cut that is held."""
    assert refresh(ratecard, folder, "2026-05-01").code == 0
    ran = refresh(ratecard, folder, "2026-05-08")
    assert ran.code == 1
    assert "held  anthropic docs-pricing: 1 by scale_jump" in ran.out
    assert ran.out.rstrip().endswith("0 changes, 1 held.")
    assert "1 held" in ran.err
    return ratecard


def test_f16_a_tenfold_cut_is_held_and_reviewed_with_both_evidences(cut: Command, folder: Folder) -> None:
    assert value(cut) == ("5", ["held"])
    listed = cut("review")
    assert listed.code == 0
    for part in ("1  anthropic/Claude Opus 4.7", "scale_jump: ", "“$5 / MTok”", "“$0.50 / MTok”", "2026-05-01T"):
        assert part in listed.out
    [hold] = cut("review", "--json").json
    assert (hold["old"]["value"], hold["new"]["value"], hold["check"]) == ("5", "0.50", "scale_jump")
    assert hold["old"]["evidence"]["captured_at"] < hold["new"]["evidence"]["captured_at"]
    assert cut("review", "--provider", "openai").out == "Nothing is held.\n"
    again = refresh(cut, folder, "2026-05-08", "--json")
    assert (again.code, again.json["held"]) == (1, [hold])


def test_explain_shows_what_is_held_and_why(cut: Command) -> None:
    said = cut("explain", "anthropic/Claude Opus 4.7", "input").out
    assert "waits for a review" in said
    assert "“$0.50 / MTok”" in said
    assert cut("explain", "anthropic/Claude Opus 4.7", "input", "--json").json["held"][0]["check"] == "scale_jump"
    assert cut("explain", "anthropic/Claude Opus 4.7", "output", "--json").json["held"] == []


def test_exports_mark_what_is_held(cut: Command) -> None:
    rows = [
        row
        for row in cut("export", "rates-csv").out.splitlines()
        if "Claude Opus 4.7,anthropic/claude-opus-4.7,input," in row
    ]
    assert [row.rsplit(",", 1)[1] for row in rows] == ["stale held"]


def test_approving_publishes_and_is_remembered(cut: Command, folder: Folder) -> None:
    approved = cut("review", "approve", "1", "--by", "kim", "--note", "announced")
    assert approved.code == 0
    assert "1 approved, 1 changes." in approved.out
    assert value(cut) == ("0.50", [])
    assert cut("verify").code == 0
    assert [change["after"]["value"] for change in cut("diff", "--json").json] == ["0.50"]
    [hold] = cut("review", "--all", "--json").json
    assert (hold["status"], hold["decided_by"], hold["note"]) == ("approved", "kim", "announced")
    assert "approved by kim" in cut("review", "--all").out
    ran = refresh(cut, folder, "2026-05-15", "--json")
    assert (ran.code, ran.json["held"], ran.json["changes"]) == (0, [], [])
    refused = cut("review", "approve", "1")
    assert refused.code == 2
    assert refused.err.startswith("ratecard: Hold 1 was approved by kim at ")


def test_rejecting_keeps_what_stands(cut: Command, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "kim")
    rejected = cut("review", "reject", "1", "--json").json
    assert [hold["decided_by"] for hold in rejected["holds"]] == ["kim"]
    ran = refresh(cut, folder, "2026-05-15")
    assert (ran.code, value(cut)) == (0, ("5", []))


def test_reading_again_keeps_what_people_decided(cut: Command, folder: Folder) -> None:
    cut("review", "approve", "1", "--by", "kim")
    assert cut("reread", "anthropic").code == 0
    assert value(cut) == ("0.50", [])
    assert [hold["status"] for hold in cut("review", "--all", "--json").json] == ["approved"]


def test_reading_again_keeps_a_rejection(cut: Command, folder: Folder) -> None:
    cut("review", "reject", "1", "--by", "kim")
    cut("reread", "anthropic")
    assert (value(cut), cut("review", "--json").json) == (("5", []), [])


def test_reading_again_holds_again_what_waits(cut: Command, folder: Folder) -> None:
    refresh(cut, folder, "2026-05-15")
    before = cut("review", "--json").json
    assert "0 changes: 0 are new, 0 that it had are gone." in cut("reread", "anthropic").out
    after = cut("review", "--json").json
    assert [{**hold, "id": 0} for hold in after] == [{**hold, "id": 0} for hold in before]
    assert value(cut) == ("5", ["held"])


def test_many_holds_of_one_kind_are_one_group(ratecard: Command, tmp_path: Path) -> None:
    many = [(f"Claude Opus {version}", "5", "25") for version in range(1, 11)]
    pages = Folder(tmp_path / "many").add(price_page(many), "2026-05-01").add(price_page(many[:3]), "2026-05-08")
    refresh(ratecard, pages, "2026-05-01")
    refresh(ratecard, pages, "2026-05-08")
    listed = ratecard("review").out
    assert "1-7  anthropic docs-pricing of 2026-05-08" in listed
    assert "7 holds of offers_lost" in listed
    assert listed.count("the whole offer") == 3
    assert "5 rejected" in ratecard("review", "reject", "1-5", "--by", "kim").out
    assert [hold["id"] for hold in ratecard("review", "--json").json] == [6, 7]
    assert "2 approved" in ratecard("review", "approve", "1-7", "--by", "kim").out


def test_a_dry_run_says_what_would_be_held(ratecard: Command, folder: Folder) -> None:
    refresh(ratecard, folder, "2026-05-01")
    dry = refresh(ratecard, folder, "2026-05-08", "--dry-run", "--json")
    assert (dry.code, len(dry.json["held"])) == (1, 1)
    assert ratecard("review").out == "Nothing is held.\n"


def test_an_old_hold_and_the_metrics(cut: Command) -> None:
    assert "1 new values wait since 2026-05-08; run `ratecard review --provider anthropic`" in cut("doctor").out
    assert "ratecard_held 1.0" in cut("metrics").out


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("x", "'x' is not the number of a hold"), ("7", "no hold 7"), ("7-9", "Of the holds 7-9 none waits")],
)
def test_what_cannot_be_decided_is_said(cut: Command, wanted: str, said: str) -> None:
    refused = cut("review", "approve", wanted)
    assert refused.code == 2
    assert said in refused.err


def test_numbers_are_written_as_they_are_read() -> None:
    assert ids_text([3, 12, 13, 14, 57, 13]) == "3,12-14,57"
    assert ids_meant(["3,12-14", "57"], {12, 14, 57}) == [3, 12, 14, 57]
    with pytest.raises(RatecardError, match="none waits"):
        ids_meant(["20-30"], {12})


@pytest.mark.parametrize(("seam", "done"), [("inside_commit", False), ("before_commit", False), ("after_commit", True)])
def test_f28_an_approval_that_is_killed_is_whole_or_not_there(cut: Command, seam: str, done: bool) -> None:
    killed = finished(start("review", "approve", "1", "--by", "kim", db=cut.db, failpoint=f"{seam}:1"))
    assert killed.returncode == -signal.SIGKILL, killed
    assert value(cut) == (("0.50", []) if done else ("5", ["held"]))
    again = cut("review", "approve", "1", "--by", "kim")
    assert again.code == (2 if done else 0)
    assert value(cut) == ("0.50", [])
    assert len(cut("diff", "--json").json) == 1
