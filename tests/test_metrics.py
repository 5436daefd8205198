"""Metrics: from the database alone, in the format that Prometheus reads, written whole or not at all."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scraper.due import WEEK, Key, Plan
from scraper.errors import RatecardError
from scraper.metrics import collect, exposition, write_textfile
from scraper.store import Status, open_store
from scraper.store.leases import Result, enrol, settle_lease, take_lease
from tests.captures import Command, Folder, price_page
from tests.readings import FIXTURES

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)
Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(text: str) -> Samples:
    """Read metrics as Prometheus does: (name, values of the labels in the order of their names)."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


def test_the_command_gives_what_cron_did(ratecard: Command, tmp_path: Path) -> None:
    captures = Folder(tmp_path / "captures").add(price_page([("Claude Opus 4.7", "5", "25")]), "2026-05-01")
    ratecard("refresh", "--due", "anthropic", "--replay", captures.path)
    said = samples(ratecard("metrics").out)
    source = ("anthropic", "docs-pricing")
    assert 0 <= said["ratecard_source_last_success_age_seconds", source] < 60
    assert said["ratecard_source_runs_total", ("success", *source)] == 1
    assert said["ratecard_source_runs_total", ("failure", *source)] == 0
    assert said["ratecard_source_runs_total", ("failure", "anthropic", "models-overview")] == 1
    assert said["ratecard_source_failures", ("anthropic", "models-overview")] == 1
    assert said["ratecard_source_offers", source] == 1
    size = len(price_page([("Claude Opus 4.7", "5", "25")]).encode())
    assert said["ratecard_source_capture_bytes", source] == size
    assert said["ratecard_source_last_duration_seconds", source] > 0
    assert said["ratecard_gaps", ("cache_read", "anthropic", "not_on_page")] == 1
    assert said["ratecard_sources", ("waiting",)] == 1
    assert said["ratecard_sources", ("retrying",)] == 2
    assert (said["ratecard_held", ()], said["ratecard_database_up", ()]) == (0, 1)
    assert not [key for key in said if key[1][-2:] == ("openai", "docs-pricing") and "age" in key[0]], "never read"


def test_age_and_escalation_come_from_the_database(database_url: str) -> None:
    key = Key("openai", "docs-pricing")
    plans = {key: Plan(every=WEEK, escalate_after=10 * DAY)}
    with open_store(database_url) as store:
        enrol(store, {key: "7d"}, NOW)
        lease = take_lease(store, key, starts=0, holder="a", at=NOW, seconds=60)
        assert lease is not None
        settle_lease(store, lease, Result(status=Status.OK, seconds=1.25))
        fresh, old = (samples(exposition(collect(store, plans, NOW + days * DAY)).decode()) for days in (9, 11))
    assert fresh["ratecard_source_last_success_age_seconds", key] == 9 * 86400
    assert fresh["ratecard_source_last_success_timestamp_seconds", key] == NOW.timestamp()
    assert (fresh["ratecard_source_escalated", key], old["ratecard_source_escalated", key]) == (0, 1)
    assert old["ratecard_source_last_duration_seconds", key] == 1.25
    assert old["ratecard_sources", ("due",)] == 1


def test_without_a_database_it_says_so() -> None:
    assert samples(exposition(None).decode())["ratecard_database_up", ()] == 0


def test_a_textfile_is_never_met_half_written(tmp_path: Path) -> None:
    file = tmp_path / "ratecard.prom"
    texts = [(f"# {letter}\n" * 20_000).encode() for letter in "ab"]
    write_textfile(file, texts[0])
    done = threading.Event()
    met: set[bytes] = set()

    def read() -> None:
        while not done.is_set():
            met.add(file.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        write_textfile(file, texts[number % 2])
    done.set()
    reader.join()
    assert met <= set(texts)
    assert [path.name for path in tmp_path.iterdir()] == ["ratecard.prom"]
    with pytest.raises(RatecardError, match="cannot be written"):
        write_textfile(tmp_path / "nowhere" / "ratecard.prom", b"")


def test_the_command_writes_a_textfile(ratecard: Command, tmp_path: Path) -> None:
    ratecard("refresh", "--due", "deepseek", "--replay", FIXTURES)
    file = tmp_path / "ratecard.prom"
    ran = ratecard("metrics", "--textfile", file)
    assert (ran.code, ran.out) == (0, "")
    assert samples(file.read_text())["ratecard_source_runs_total", ("success", "deepseek", "pricing")] == 1
    ran = ratecard("metrics", "--textfile", tmp_path / "nowhere" / "x")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
