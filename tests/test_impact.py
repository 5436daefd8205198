"""What changes do to a bill: exact, each currency by itself, and never with a price that nobody states."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.captures import Command, Folder, Ran, price_page

OPUS = ("Claude Opus 4.7", "5", "25")
HAIKU = ("Claude Haiku 4.5", "1", "5")
CHEAPER = ("Claude Opus 4.7", "4.50", "20")
SONNET = ("Claude Sonnet 4.6", "3", "15")
LATER = ("Claude Sonnet 4.6", "3.30", "15")


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return refreshed(Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys), tmp_path)


def refreshed(command: Command, tmp_path: Path) -> Command:
    """Three weeks of a price page: a cut in the second, a rise in the third."""
    folder = Folder(tmp_path / "captures")
    folder.add(price_page([OPUS, HAIKU, SONNET]), "2026-05-01")
    folder.add(price_page([CHEAPER, HAIKU, SONNET]), "2026-05-08")
    folder.add(price_page([CHEAPER, HAIKU, LATER]), "2026-05-15")
    for day in ("2026-05-01", "2026-05-08", "2026-05-15"):
        assert command("refresh", "anthropic", "--replay", folder.path, "--at", day).code == 0
    return command


def impact(ratecard: Command, folder: Path, rows: str, *more: str) -> Ran:
    file = folder / "usage.csv"
    file.write_text(rows, encoding="utf-8")
    return ratecard("impact", "--usage", file, *more)


HEAD = "provider,model,input,cached,output,batch\n"
USAGE = (
    HEAD + "anthropic,Claude Opus 4.7,1234567,0,7654321,0\n"
    "anthropic,Claude Haiku 4.5,1000000,0,1000000,\nanthropic,Claude Sonnet 4.6,10000000,0,0,0\n"
)


def test_the_sums_of_a_month_are_exact(ratecard: Command, tmp_path: Path) -> None:
    ran = impact(ratecard, tmp_path, USAGE, "--since", "2026-05-02", "--json")
    assert ran.code == 0
    opus, haiku, sonnet = ran.json["rows"]
    assert Decimal(opus["old"]) == Decimal("1.234567") * 5 + Decimal("7.654321") * 25
    assert Decimal(opus["new"]) == Decimal("1.234567") * Decimal("4.50") + Decimal("7.654321") * 20
    assert [move["field"] for move in opus["moves"]] == ["input", "output"]
    assert opus["moves"][0]["quote"] == "$4.50 / MTok"
    assert Decimal(haiku["difference"]) == 0
    assert Decimal(sonnet["difference"]) == 3
    [total] = ran.json["totals"]
    assert total["currency"] == "USD"
    parts = (Decimal(row["difference"]) for row in ran.json["rows"])
    assert Decimal(total["difference"]) == sum(parts) == Decimal(total["new"]) - Decimal(total["old"])


def test_both_databases_give_the_same(
    database_url: str,
    ratecard: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = [impact(ratecard, tmp_path, USAGE, *which).out for which in (["--run", "2"], ["--since", "2026-05-02"])]
    monkeypatch.setenv("RATECARD_ARCHIVE", str(tmp_path / "archive"))
    other = refreshed(Command(database_url, monkeypatch, capsys), tmp_path / "other")
    found = [impact(other, tmp_path, USAGE, *which).out for which in (["--run", "2"], ["--since", "2026-05-02"])]
    assert "−$38.89" in wanted[0]
    assert found == wanted


def test_a_run_counts_only_its_own_changes(ratecard: Command, tmp_path: Path) -> None:
    moved = {}
    for run in ("2", "3"):
        rows = impact(ratecard, tmp_path, USAGE, "--run", run, "--json").json["rows"]
        moved[run] = [row["model"] for row in rows if row["moves"]]
    assert moved == {"2": ["Claude Opus 4.7"], "3": ["Claude Sonnet 4.6"]}
    last = impact(ratecard, tmp_path, USAGE)
    assert "What the changes of run 3 do to this bill" in last.out
    assert "input $3.00 → $3.30 / 1M tokens" in last.out
    assert "+$3.00" in last.out
    assert "+10.0 %" in last.out
    assert last.out.rstrip().endswith("3 rows billed; none left out.")


def test_a_row_that_needs_a_price_that_is_not_sourced_is_named_and_left_out(ratecard: Command, tmp_path: Path) -> None:
    rows = (
        USAGE
        + "anthropic,Claude Opus 4.7,100,50,100,\nanthropic,Claude Haiku 4.5,100,0,100,40%\nanthropic,gone-1,1,0,1,0\n"
    )
    ran = impact(ratecard, tmp_path, rows, "--since", "2026-05-02", "--json")
    assert ran.code == 1
    assert [(row["line"], row["fields"]) for row in ran.json["left_out"]] == [
        (5, ["cache_read"]),
        (6, ["input{tier=batch}", "output{tier=batch}"]),
        (7, []),
    ]
    assert ran.json["totals"] == impact(ratecard, tmp_path, USAGE, "--since", "2026-05-02", "--json").json["totals"]
    shown = impact(ratecard, tmp_path, rows, "--since", "2026-05-02").out
    assert "left out  line 5, anthropic/Claude Opus 4.7: cache_read is not sourced (published for other offers" in shown
    assert "line 7, anthropic/gone-1: anthropic has no offer 'gone-1' in this database" in shown
    assert "3 left out of the sums, as a price is lacking: nothing is estimated." in shown


def test_what_was_not_known_then_has_no_old_price(ratecard: Command, tmp_path: Path) -> None:
    ran = impact(ratecard, tmp_path, USAGE, "--since", "2026-04-01", "--json")
    assert ran.code == 1
    assert ran.json["rows"] == []
    assert {row["why"] for row in ran.json["left_out"]} == {"nothing was known of it before 2026-05-01T00:00:00Z"}


def test_shares_are_exact_and_free_tokens_cost_nothing(ratecard: Command, tmp_path: Path) -> None:
    ran = impact(ratecard, tmp_path, HEAD + "anthropic,Claude Haiku 4.5,3,0,0,0\n", "--json")
    assert ran.json["totals"] == [
        {"currency": "USD", "old": "0.000003", "new": "0.000003", "difference": "0.000000", "percent": "0.0000"}
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("provider,model,input\n", "line 1: lacks the column output"),
        ("provider,model,input,output,cashed\n", "line 1: has the column 'cashed', which means nothing here"),
        (HEAD + "a,b,1,1,1,0\na,b,1.5,0,1,0\n", "line 3: has '1.5' for input, which must be a whole number"),
        (HEAD + "a,b,1,,-1,0\n", "line 2: has '-1' for output"),
        (HEAD + "a,b,1,,1,1.2\n", "line 2: has '1.2' for batch, which must be a share from 0 to 1"),
        (HEAD + "a,b,1,,1,x\n", "line 2: has 'x' for batch"),
        (HEAD + "a,b,1\n", "line 2: has 3 cells, and the first line has 6"),
        (HEAD + ",b,1,0,1,0\n", "line 2: has no provider"),
        (HEAD + 'a,"b"c,1,0,1,0\n', "line 2: is not CSV"),
        ("", "is empty; its first line names the columns"),
    ],
)
def test_a_usage_file_that_is_wrong_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rows: str, said: str
) -> None:
    command = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    ran = impact(command, tmp_path, rows)
    assert ran.code == 2
    assert said in ran.err


def test_a_file_that_is_not_there_and_a_database_without_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    assert "cannot be read" in command("impact", "--usage", tmp_path / "none.csv").err
    assert "There are no changes yet" in impact(command, tmp_path, HEAD).err
    assert "give one of them" in impact(command, tmp_path, HEAD, "--since", "2026-05-01", "--run", "1").err
