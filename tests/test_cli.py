"""The command as people meet it: clear sentences, exit codes, no tracebacks, output that other programs can read."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import pytest

from scraper.publish.exports import COLUMNS
from scraper.records import REFERENCE_FIELDS
from tests.captures import Command, Folder, price_page
from tests.readings import FIXTURES


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


@pytest.fixture
def filled(ratecard: Command, tmp_path: Path) -> Command:
    folder = Folder(tmp_path / "captures")
    folder.add(price_page([("Claude Opus 4.7", "5", "25"), ("Claude Haiku 4.5", "1.00", "5")]), "2026-05-01")
    assert ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-01").code == 0
    return ratecard


def refused(ratecard: Command, *arguments: str | Path) -> str:
    ran = ratecard(*arguments)
    assert ran.code == 2, ran
    assert ran.out == ""
    assert ran.err.startswith("ratecard: ")
    assert ran.err.count("\n") == 1, "one sentence"
    assert "Traceback" not in ran.err
    return ran.err


def test_bad_input_is_one_clear_sentence_and_exit_code_2(filled: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    cases: dict[str, tuple[str | Path, ...]] = {
        "no provider 'nobody'": ("refresh", "nobody"),
        "no MANIFEST.csv": ("refresh", "anthropic", "--replay", tmp_path / "empty"),
        "no folder": ("refresh", "anthropic", "--replay", tmp_path / "nowhere"),
        "--at goes with --replay": ("refresh", "anthropic", "--at", "2026-05-01"),
        "2026-13-01": ("refresh", "anthropic", "--replay", tmp_path / "captures", "--at", "2026-13-01"),
        "names no offer": ("show", "anthropic"),
        "no offer 'claude-nothing'": ("show", "anthropic/claude-nothing"),
        "there are Claude Opus 4.7": ("show", "anthropic/opus"),
        "has no field 'inputs'": ("explain", "anthropic/Claude Opus 4.7", "inputs"),
        "no export format": ("export", "xml"),
        "neither SQLite nor PostgreSQL": ("gaps", "--db", "mysql://localhost/x"),
        "Nothing was ever stated": ("history", "anthropic/Claude Opus 4.7", "training"),
        "cannot be written": ("export", "rates-csv", "-o", tmp_path / "nowhere" / "rates.csv"),
    }
    for words, arguments in cases.items():
        assert words in refused(filled, *arguments)
    assert filled("verify").code == 0, "nothing is lost"


def test_a_database_newer_than_the_code_is_refused(filled: Command, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ratecard.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    assert "newer" in refused(filled, "show", "anthropic/Claude Opus 4.7")


def test_a_file_that_is_no_database_is_refused_and_left_alone(ratecard: Command, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, and long enough to be read as a header of one: " + "x" * 200)
    before = file.read_bytes()
    assert "not a SQLite database" in refused(ratecard, "gaps", "--db", f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_rates_csv_has_a_state_for_every_reference_field(filled: Command) -> None:
    rows = list(csv.DictReader(filled("export", "rates-csv").out.splitlines()))
    assert tuple(rows[0]) == COLUMNS
    for name in ("Claude Opus 4.7", "Claude Haiku 4.5"):
        states = {row["field"]: (row["state"], row["reason"]) for row in rows if row["name"] == name}
        assert states.keys() >= set(REFERENCE_FIELDS)
        assert states["input"] == ("sourced", "")
        assert states["cache_read"] == ("not_sourced", "not_on_page")
        assert states["context_window"] == ("not_sourced", "source_failing")
        assert states["capabilities"] == ("not_sourced", "no_source")
    values = {(row["name"], row["field"]): row["value"] for row in rows}
    assert values["Claude Haiku 4.5", "input"] == "1.00"
    assert all(row["quote"] and row["capture"] and row["locator"] for row in rows if row["state"] == "sourced")
    assert filled("export", "rates-csv").out == filled("export", "rates-csv").out


def test_explain_shows_where_a_number_comes_from(filled: Command) -> None:
    shown = filled("explain", "anthropic/Claude Haiku 4.5", "input").out
    for words in ("$1.00 / 1M tokens", "platform.claude.com", "2026-05-01", "table[1]/row[3]/cell[2]", "$1.00 / MTok"):
        assert words in shown
    as_json = filled("explain", "anthropic/Claude Haiku 4.5", "input", "--json").json
    assert (as_json["value"], as_json["currency"], as_json["quote"]) == ("1.00", "USD", "$1.00 / MTok")
    unknown = filled("explain", "anthropic/Claude Haiku 4.5", "cache_read").out
    assert "Not sourced" in unknown
    assert "not_on_page" in unknown


def test_gaps_lists_each_field_and_sums_up(filled: Command) -> None:
    shown = filled("gaps").out
    assert "Claude Opus 4.7" in shown
    assert "anthropic  2       2      0           0            0            0" in shown  # of caches and batches
    found = filled("gaps", "--json").json
    assert {"provider": "anthropic", "field": "cache_read", "reason": "not_on_page", "offers": 2} in found["sums"]
    assert len(found["gaps"]) == 2 * (len(REFERENCE_FIELDS) - 2)


def test_export_to_a_file_is_whole(filled: Command, tmp_path: Path) -> None:
    assert filled("export", "offers-json", "-o", tmp_path / "offers.json").code == 0
    assert (tmp_path / "offers.json").read_text() == filled("export", "offers-json").out
    assert not list(tmp_path.glob("*.tmp"))


def test_a_broken_archive_is_found_by_verify_and_doctor(filled: Command, tmp_path: Path) -> None:
    (blob,) = (tmp_path / "ratecard.archive").rglob("*.zst")
    blob.write_bytes(b"")
    verified = filled("verify")
    assert verified.code == 1
    assert "is empty" in verified.out
    assert "0 of 4" in verified.out
    assert filled("doctor").code == 1


def test_every_command_has_help_and_the_version_is_told(ratecard: Command) -> None:
    commands = ("refresh", "diff", "show", "explain", "gaps", "verify", "history", "export", "demo", "doctor", "db")
    listed = ratecard("--help").out
    assert all(command in listed for command in (*commands, "backfill", "reread"))
    assert ratecard("--version").out.startswith("ratecard ")
    assert ratecard("db", "upgrade").out.endswith("is up to date.\n")


def test_show_tells_how_to_call_an_offer_by_the_id_that_works(ratecard: Command) -> None:
    ratecard("refresh", "replicate", "--replay", FIXTURES, "--at", "2026-09-01")
    shown = ratecard("show", "replicate/openai/gpt-4.1-nano", "--setup").out
    assert "replicate.run(" in shown
    assert '"openai/gpt-4.1-nano"' in shown
    assert "REPLICATE_API_TOKEN" in shown
    fields = ratecard("show", "replicate/openai/gpt-4.1-nano", "--json").json["fields"]
    assert (fields["input"]["value"], fields["output"]["value"]) == ("0.10", "0.40")
    for name in ("cache_read", "cache_write", "input{tier=batch}", "output{tier=batch}"):
        assert fields[name]["state"] == "not_sourced"


@pytest.mark.long
def test_demo_shows_changes_gaps_and_evidence(ratecard: Command, tmp_path: Path) -> None:
    shown = ratecard("demo", "--site", tmp_path / "site")
    assert shown.code == 0
    assert (tmp_path / "site" / "offers" / "replicate" / "openai--gpt-4.1-nano.html").is_file()
    assert f"Open {tmp_path}/site/index.html" in shown.out
    for words in (
        "what changed",
        "Not sourced",
        "openai/gpt-4.1-nano",
        "$0.10 / 1M tokens",
        "(100.0 %)",
        "replicate.com",
    ):
        assert words in shown.out


# Small pages of which most went or took another's place: what is new on them waits for a person.
WAITING = {
    "2026-09-01": set(),
    "2026-09-08": {
        ("alibaba", "model-pricing"),
        ("cerebras", "pricing"),
        ("crof", "models"),
        ("deepseek", "pricing"),
        ("moonshot", "pricing"),
    },
}


def test_fixtures_replay_without_a_failure(ratecard: Command) -> None:
    for day in ("2026-09-01", "2026-09-08"):
        ran = ratecard("refresh", "--replay", FIXTURES, "--at", day, "--json")
        assert [source for source in ran.json["sources"] if source["error"]] == []
        held = {(one["provider"], one["source"]) for one in ran.json["held"]}
        assert held == WAITING[day]
        assert ran.code == (1 if held else 0)
    assert ran.json["changes"]
    assert ratecard("verify").out.endswith("(100.0 %)\n")
