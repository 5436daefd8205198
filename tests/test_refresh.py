"""The flow through the command: what changes, what fails, what is never touched."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scraper import providers
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.outcomes import Outcome, Report
from scraper.records import Reading
from scraper.refresh import Refresh
from scraper.store import Status, list_changes, list_offers, list_sources, open_store
from tests.captures import PRICING, Command, Folder, price_page
from tests.fetching import client, one_offer
from tests.hostile import hostile, page
from tests.readings import FIXTURES

OPUS = ("Claude Opus 4.7", "5", "25")
HAIKU = ("Claude Haiku 4.5", "1", "5")
SONNET = ("Claude Sonnet 4.6", "3", "15")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "captures")


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


def test_two_dates_show_what_changed_and_the_same_date_again_shows_nothing(ratecard: Command, folder: Folder) -> None:
    folder.add(price_page([OPUS, HAIKU]), "2026-05-01")
    folder.add(price_page([("Claude Opus 4.7", "4.50", "25"), HAIKU, SONNET]), "2026-05-08")
    first = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-01", "--json")
    assert (first.code, first.json["changes"]) == (0, [])
    second = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-08", "--json")
    said = [(change["kind"], change["name"], change["field"]) for change in second.json["changes"]]
    assert said == [
        ("offer_added", "Claude Sonnet 4.6", None),
        ("changed", "Claude Opus 4.7", "input"),
    ]
    moved = second.json["changes"][1]
    assert (moved["before"]["value"], moved["after"]["value"]) == ("5", "4.50")
    assert moved["after"]["evidence"]["quote"] == "$4.50 / MTok"
    again = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-08", "--json")
    assert again.json["changes"] == []
    assert [s["status"] for s in again.json["sources"]] == ["unchanged", "not_captured", "not_captured"]
    assert ratecard("verify").out.startswith("6 of 6 ")


@pytest.mark.parametrize("provider", ["anthropic", "openai", "openrouter", "together"])
def test_two_captures_of_one_day_with_other_bytes_and_the_same_prices_change_nothing(
    ratecard: Command, folder: Folder, provider: str
) -> None:
    for row in csv.DictReader((FIXTURES / provider / "MANIFEST.csv").read_text(encoding="utf-8").splitlines()):
        body = (FIXTURES / provider / row["file"]).read_bytes()
        for hour, text in ((8, body), (20, body + b"\n\n")):
            when = f"{row['captured_on']}T{hour:02}:00:00Z"
            folder.add(text, when, url=row["url"], kind=row["content_type"])
    first = ratecard("refresh", provider, "--replay", folder.path, "--at", "2026-09-01T12:00:00Z", "--json").json
    second = ratecard("refresh", provider, "--replay", folder.path, "--at", "2026-09-01T22:00:00Z", "--json").json
    assert first["observations"] > 10
    assert {source["status"] for source in second["sources"]} >= {"ok"}
    assert (second["changes"], second["held"], second["observations"]) == ([], [], first["observations"])


def test_an_offer_is_withdrawn_when_a_second_capture_does_not_show_it(ratecard: Command, folder: Folder) -> None:
    folder.add(price_page([OPUS, HAIKU]), "2026-05-01")
    folder.add(price_page([OPUS]), "2026-05-08")
    folder.add(price_page([OPUS]) + "\nSeen again.\n", "2026-05-15")
    for day in ("2026-05-01", "2026-05-08"):
        ratecard("refresh", "anthropic", "--replay", folder.path, "--at", day)
    shown = ratecard("show", "anthropic/Claude Haiku 4.5", "--as-of", "2026-05-08", "--json").json
    assert shown["fields"]["input"]["value"] == "1"
    assert shown["fields"]["input"]["marks"] == ["unconfirmed"]
    third = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-15", "--json").json
    assert [(change["kind"], change["name"]) for change in third["changes"]] == [
        ("offer_withdrawn", "Claude Haiku 4.5")
    ]
    rows = ratecard("export", "rates-csv", "--as-of", "2026-05-01").out
    assert "Claude Haiku 4.5" in rows
    assert "Claude Haiku 4.5" not in ratecard("export", "rates-csv").out


CHALLENGE = """<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>
<script>window._cf_chl_opt = {cType: 'managed'};</script><script src="/cdn-cgi/challenge-platform/x.js"></script>
<noscript>Enable JavaScript and cookies to continue</noscript></body></html>"""


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (CHALLENGE, "text/html", "Cloudflare challenge page"),
        ("", "text/html", "an empty answer"),
        ("%PDF-1.7 …", "application/pdf", "a PDF file"),
        ('{"data": [', "application/json", "JSON"),
        ("# Pricing\n\nMoved elsewhere.\n", "text/markdown", "no offers at all"),
        (b"\xff\xfe\x00\xd8", "text/html; charset=utf-16", "decoded"),
    ],
)
def test_f10_f11_f14_a_page_that_is_none_fails_its_source_and_touches_nothing(
    ratecard: Command, folder: Folder, body: str | bytes, kind: str, said: str
) -> None:
    folder.add(price_page([OPUS, HAIKU]), "2026-05-01")
    folder.add(body, "2026-05-08", kind=kind)
    ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-01")
    before = ratecard("export", "rates-csv").out
    for _ in range(3):
        failed = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-08")
        assert failed.code == 1
        assert "FAILED  anthropic docs-pricing" in failed.out
        assert said in failed.out
    assert ratecard("export", "rates-csv").out == before
    assert ratecard("diff").out == "No changes.\n"
    assert said in ratecard("doctor").out


def test_f15_offers_that_vanish_together_are_held_and_stay_published(ratecard: Command, folder: Folder) -> None:
    many = [(f"Claude Opus {version}", "5", "25") for version in range(1, 9)]
    folder.add(price_page(many), "2026-05-01").add(price_page(many[:3]), "2026-05-08")
    ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-01")
    ran = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-08")
    assert ran.code == 1
    assert "5 of the 8 offers" in ran.out
    assert "5 held." in ran.out
    assert len(ratecard("gaps", "anthropic", "--json").json["gaps"]) == 8 * 10
    shown = ratecard("show", "anthropic/Claude Opus 8", "--json").json
    assert shown["fields"]["input"]["marks"] == ["stale", "held"]


def test_a_refresh_before_the_last_one_is_refused_for_that_source(ratecard: Command, folder: Folder) -> None:
    folder.add(price_page([OPUS]), "2026-05-01").add(price_page([HAIKU]), "2026-05-08")
    ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-08")
    late = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-02")
    assert late.code == 1
    assert "later" in late.out
    assert "Claude Haiku 4.5" in ratecard("export", "rates-csv").out
    other = Folder(folder.path.parent / "older").add(price_page([OPUS]), "2026-05-01")
    older = ratecard("refresh", "anthropic", "--replay", other.path, "--at", "2026-05-09")
    assert older.code == 1
    assert "older than the one" in older.out
    assert "ok    source anthropic docs-pricing" in ratecard("doctor").out


def test_a_dry_run_says_what_would_change_and_writes_nothing(ratecard: Command, folder: Folder) -> None:
    folder.add(price_page([OPUS]), "2026-05-01").add(price_page([OPUS, HAIKU]), "2026-05-08")
    ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-01")
    before = ratecard("export", "offers-json").out
    dry = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-08", "--dry-run", "--json")
    assert [change["kind"] for change in dry.json["changes"]] == ["offer_added"]
    assert dry.json["run"] is None
    assert ratecard("export", "offers-json").out == before
    assert ratecard("verify").code == 0


def test_a_parser_that_breaks_fails_its_source_alone(tmp_path: Path, folder: Folder) -> None:
    def broken(_: Document) -> Reading:
        raise KeyError("rows")

    folder.add(price_page([OPUS]), "2026-05-01")
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    source = Source(name="broken", addresses=(PRICING,), read=broken, publishes=frozenset({"input"}))
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        flow = Refresh(store, Archive(tmp_path / "archive"), Replay([folder.path], at), at)
        report = flow.source("anthropic", source, 1)
        assert report.status is Outcome.FAILED
        assert "KeyError: 'rows'" in report.error
        assert list_offers(store, at) == []
        assert list_changes(store) == []


def test_a_manifest_that_names_a_missing_file_fails_that_source(ratecard: Command, folder: Folder) -> None:
    folder.add(price_page([OPUS]), "2026-05-01")
    next(file for file in folder.path.iterdir() if file.name.startswith("page")).unlink()
    failed = ratecard("refresh", "anthropic", "--replay", folder.path, "--at", "2026-05-01")
    assert failed.code == 1
    assert "put the file back" in failed.out


def test_a_source_that_lists_nothing_adds_to_known_offers_only(ratecard: Command, folder: Folder) -> None:
    pricing = (FIXTURES / "openai" / "pricing.2026-09-01.html").read_bytes()
    retired = "https://platform.openai.com/docs/deprecations"
    folder.add(pricing, "2026-09-01", url="https://developers.openai.com/api/docs/pricing", kind="text/html")
    known = ratecard("refresh", "openai", "--replay", folder.path, "--at", "2026-09-01", "--json").json["offers"]
    page = (
        "# Deprecations\n\n## 2026\n\n| Shutdown date | Model / system | Replacement |\n|---|---|---|\n"
        "| 2026-10-23 | `gpt-4.1-nano` | `gpt-5` |\n| 2024-01-04 | `text-ada-001` | `gpt-4` |\n"
    )
    folder.add(page, "2026-09-02", url=retired)
    ran = ratecard("refresh", "openai", "--replay", folder.path, "--at", "2026-09-02", "--json")
    assert ran.code == 0, ran.json["sources"]
    shown = ratecard("show", "openai/gpt-4.1-nano", "--json").json
    assert shown["fields"]["retires"]["value"] == "2026-10-23"
    assert ratecard("show", "openai/text-ada-001").code == 2
    assert len(ratecard("gaps", "openai", "--json").json["gaps"]) > 0
    assert known == ratecard("gaps", "openai", "--json").json["offers"]


def test_a_truncated_feed_fails_in_one_sentence_on_stderr_too(ratecard: Command, folder: Folder) -> None:
    whole = (FIXTURES / "openrouter" / "models.2026-09-01.json").read_text()
    feed = "https://openrouter.ai/api/v1/models"
    folder.add(whole, "2026-09-01", url=feed, kind="application/json")
    folder.add(whole[: len(whole) // 2], "2026-09-08", url=feed, kind="application/json")
    ratecard("refresh", "openrouter", "--replay", folder.path, "--at", "2026-09-01")
    before = ratecard("export", "offers-json").out
    failed = ratecard("refresh", "openrouter", "--replay", folder.path, "--at", "2026-09-08", "--json")
    assert failed.code == 1
    assert failed.err.startswith("openrouter models: failed: cannot be read: it is not whole JSON")
    assert failed.err.count("\n") == 1
    assert ratecard("export", "offers-json").out == before


def test_a_source_whose_key_is_not_there_is_left_out_and_said_so(tmp_path: Path) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with hostile({"/v1/models": page(b"{}", Content_Type="application/json")}) as server:
        url = server.url("/v1/models")
        source = Source(
            name="models",
            addresses=(url,),
            read=one_offer,
            publishes=frozenset({"input"}),
            key={"Authorization": "Bearer SOME_KEY"},
        )
        with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
            fetcher = client(keys={urlsplit(url).netloc: source.key}, environ={})
            report = Refresh(store, Archive(tmp_path / "archive"), fetcher, at).source("anthropic", source, 1)
            assert report.status is Outcome.NEEDS_KEY
            assert report.summary.endswith("needs a key in the environment variable SOME_KEY, which is not set")
            assert Report(run=1, sources=(report,)).exit_code == 0
            (view,) = list_sources(store, "anthropic")
            assert (view.status, "SOME_KEY" in view.error) == (Status.NOT_CAPTURED, True)


def test_no_source_without_a_key_is_on_a_host_that_wants_one() -> None:
    keyed = set(providers.keys())
    for name in providers.every():
        for source in providers.sources(name):
            hosts = {urlsplit(address).netloc for address in source.addresses}
            assert bool(source.key) or not hosts & keyed, f"{name} {source.name}"
