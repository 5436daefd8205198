"""Backfill and rereading: a history from older copies is the one that replaying them gives, however it came about."""

from __future__ import annotations

import contextlib
import csv
import json
import signal
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from scraper import providers
from scraper.backfill import Backfill, BackfillReport
from scraper.cdx import IndexFailed, find_copies
from scraper.errors import RatecardError
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.fetch.archive import Archive
from scraper.fetch.client import Client
from scraper.fetch.replay import Replay
from scraper.records import Evidence, Fact, Offer, Reading, State, iso
from scraper.refresh import Refresh
from scraper.reread import Reread, reread
from scraper.sandbox import Reader, read_here
from scraper.settings import Settings
from scraper.store import (
    CaptureInfo,
    CaptureOutcome,
    SourceInfo,
    Status,
    Store,
    begin_run,
    captures_of,
    list_changes,
    list_copies,
    list_offers,
    list_sources,
    open_store,
    record_reading,
)
from scraper.store.migrating import downgrade, upgrade
from scraper.store.tables import fetched_pages, observations
from tests.captures import Command, Folder, price_page
from tests.cdx_server import Copy, WebArchive, web_archive
from tests.processes import finished, start
from tests.readings import FIXTURES

START = datetime(2025, 1, 6, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = 7 * DAY
PRICING, OVERVIEW, CARDS = (source.addresses for source in providers.sources("anthropic"))
CHALLENGE = """<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>
<script>window._cf_chl_opt = {cType: 'managed'};</script><script src="/cdn-cgi/challenge-platform/x.js"></script>
<noscript>Enable JavaScript and cookies to continue</noscript></body></html>"""


def prices(week: int) -> str:
    """The pricing page of a week: prices move, offers come, go and come back, and one copy is no page."""
    if week == 8:
        return CHALLENGE
    rows = [("Claude Opus 5", "5" if week < 5 else "4.50", "25"), ("Claude Sonnet 5", "2", "10")]
    rows += [("Claude Haiku 4.5", "1", "5")] if not 6 <= week < 11 else []
    rows += [("Claude Sonnet 4.5", "3", "15")] if week < 9 else []
    rows += [("Claude Mythos 1", f"{20 + week // 4}", "99")] if 3 <= week < 11 else []
    return price_page(rows) + f"\nAs of week {week}.\n"


def overview(week: int) -> str:
    page = (FIXTURES / "anthropic" / "overview.2026-09-01.md").read_text()
    page = page.replace("| 1M tokens | 1M tokens |", f"| {1 + week // 6}M tokens | 1M tokens |")
    return f"{page}\nAs of week {week}.\n"


def cards(week: int) -> str:
    page = (FIXTURES / "anthropic" / "marketing.2026-09-01.html").read_text()
    page = page.replace("<div>$1 / MTok</div>", f"<div>${1 + week // 5} / MTok</div>")
    return page.replace("</body>", f"<p>As of week {week}.</p></body>")


def forty_copies() -> list[Copy]:
    """Copies of three sources over 14 weeks; the first ones of the pricing page are of a former address."""
    pricing = [
        Copy(PRICING[2 if week < 4 else 0], START + week * WEEK, prices(week).encode(), "text/markdown")
        for week in range(14)
    ]
    pricing[8] = Copy(PRICING[0], pricing[8].at, CHALLENGE.encode())
    models = [
        Copy(OVERVIEW[0], START + week * WEEK + 2 * DAY, overview(week).encode(), "text/markdown") for week in range(13)
    ]
    # Every third one is of the very time of a copy of the pricing page.
    marketing = [
        Copy(CARDS[1], START + week * WEEK + (0 if week % 3 == 0 else 4) * DAY, cards(week).encode())
        for week in range(13)
    ]
    return pricing + models + marketing


def replayed(store: Store, archive: Archive, folder: Path, copies: Iterable[Copy], reader: Reader = read_here) -> None:
    """Refresh at the time of each copy, from a folder of them."""
    kept = Folder(folder)
    times = set()
    for copy in copies:
        kept.add(copy.body, copy.at.isoformat(), url=copy.url, kind=copy.mimetype)
        times.add(copy.at)
    for at in sorted(times):
        flow = Refresh(store, archive, Replay([folder], at), at, reader=reader)
        flow.run(["anthropic"], started_at=at, replay=True)


@contextlib.contextmanager
def replayed_at(place: Path, copies: Sequence[Copy]) -> Iterator[str]:
    """Give the address of a store into which copies were replayed."""
    url = f"sqlite:///{place}/ratecard.db"
    with open_store(url) as store:
        replayed(store, Archive(place / "ratecard.archive"), place / "captures", copies)
    yield url


def without_addresses(value: Any) -> Any:
    """Take out where captures are from: the same copies are at one address in a folder, at another in an archive."""
    if isinstance(value, dict):
        return {key: without_addresses(part) for key, part in value.items() if key not in ("url", "source_url")}
    return [without_addresses(part) for part in value] if isinstance(value, list) else value


def all_of(ratecard: Command, db: str) -> dict[str, Any]:
    """All that the command tells of a store."""
    rows = list(csv.DictReader(ratecard("export", "rates-csv", "--db", db).out.splitlines()))
    changes = ratecard("diff", "--json", "--db", db).json
    names = {row["model_id"] or row["name"] for row in rows} | {c["model_id"] or c["name"] for c in changes}
    told = {
        "rates": [{key: value for key, value in row.items() if key != "source_url"} for row in rows],
        "offers": ratecard("export", "offers-json", "--db", db).json,
        "earlier": ratecard("export", "offers-json", "--as-of", iso(START + 7 * WEEK), "--db", db).json,
        "changes": changes,
        "history": {name: ratecard("history", f"anthropic/{name}", "--json", "--db", db).json for name in names},
        "shown": {name: ratecard("show", f"anthropic/{name}", "--json", "--db", db).json for name in names},
    }
    found: dict[str, Any] = without_addresses(told)
    return found


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the command use an archive."""

    def use_it(archive: WebArchive) -> None:
        for name, value in archive.settings.items():
            monkeypatch.setenv(name, value)

    return use_it


class Place:
    """A store with its archive, and what is done with them in this process."""

    def __init__(self, store: Store, archive: Archive) -> None:
        self.store = store
        self.archive = archive
        self.now = START + 60 * WEEK

    def backfill(
        self, web: WebArchive, since: datetime = START, sources: Sequence[str] = (), **more: Any
    ) -> BackfillReport:
        settings = Settings(
            cdx_url=f"{web.base}/cdx",
            copy_url=f"{web.base}/web/{{timestamp}}id_/{{url}}",
            allow_private_hosts=frozenset({"127.0.0.1"}),
            pace=0,
            retries=0,
        )
        run = Backfill(
            store=self.store,
            archive=self.archive,
            fetcher=Client(settings, lambda: self.now),
            reader=read_here,
            cdx_url=settings.cdx_url,
            copy_url=settings.copy_url,
            at=self.now,
            since=since,
            **more,
        )
        return run.run("anthropic", sources)

    def reread(self, **more: Any) -> Reread:
        return reread(self.store, self.archive, "anthropic", read_here, at=self.now, **more)

    def refresh(self, folder: Path, at: datetime) -> None:
        Refresh(self.store, self.archive, Replay([folder], at), at).run(["anthropic"], started_at=at, replay=True)

    def changes(self) -> list[tuple[str, str, str, str]]:
        return [(iso(c.at)[:10], c.kind.value, c.name, c.field) for c in list_changes(self.store)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        yield Place(store, Archive(tmp_path / "ratecard.archive"))


def weekly(pages: Sequence[str], url: str = PRICING[0], first: datetime = START) -> list[Copy]:
    return [Copy(url, first + n * WEEK, page.encode(), "text/markdown") for n, page in enumerate(pages)]


def priced(*rows: tuple[str, str], note: str = "") -> str:
    return price_page([(name, price, "25") for name, price in rows]) + note


# The whole of it.


@pytest.mark.long
def test_forty_copies_killed_half_way_and_resumed_give_the_history_of_a_replay(
    ratecard: Command, tmp_path: Path, use: Any
) -> None:
    copies = forty_copies()
    assert len(copies) == 40
    # One more that does not count: of a former address, when the present one has copies already.
    late = Copy(PRICING[2], START + 6 * WEEK + DAY, prices(2).encode(), "text/markdown")
    command = ("backfill", "anthropic", "--since", iso(START))
    with web_archive([*copies, late]) as web:
        use(web)
        web.hold_after = 17
        killed = start(*command, db=ratecard.db, settings=web.settings)
        assert web.held.wait(timeout=60)
        killed.send_signal(signal.SIGKILL)
        assert finished(killed).returncode == -signal.SIGKILL
        web.released.set()
        with open_store(ratecard.db) as store:
            assert sum(kept.outcome is CaptureOutcome.UNREAD for kept in captures_of(store, "anthropic")) == 17
            assert list_offers(store, START) == []

        resumed = finished(start(*command, db=ratecard.db, settings=web.settings))
        assert resumed.returncode == 0, resumed.stderr
        assert "from 40 captures, 1 of them could not be read" in resumed.stdout
        # All once, and once more the one that was under way.
        assert len(web.served) == 41
        assert len(set(web.served)) == 40
        assert not any(late.stamp in one for one in web.served)

        got = all_of(ratecard, ratecard.db)
        with replayed_at(tmp_path / "replayed", [*copies, late]) as db:
            expected = all_of(ratecard, db)
        for part, told in expected.items():
            assert got[part] == told, part
        kinds = {change["kind"] for change in got["changes"]}
        assert {"offer_added", "offer_withdrawn", "changed"} <= kinds
        assert len(got["changes"]) > 10

        verified = ratecard("verify")
        assert (verified.code, verified.out.endswith("(100.0 %)\n")) == (0, True)
        explained = ratecard("explain", "anthropic/claude-opus-5", "input", "--json").json
        assert explained["source_url"].startswith(f"{web.base}/web/2025")
        assert explained["captured_at"] == iso(START + 13 * WEEK)

        with open_store(ratecard.db) as store, store.reading() as connection:
            assert connection.execute(select(fetched_pages)).all() == [], "each is asked for once"

        again = ratecard(*command, "--json")
        assert again.code == 0
        assert again.json["history"] is None
        assert [source["fetched"] for source in again.json["sources"]] == [0, 0, 0]
        assert len(web.served) == 41
        assert all_of(ratecard, ratecard.db) == got


def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    copies = [copy for copy in forty_copies() if copy.at < START + 5 * WEEK]
    with open_store(postgres_url) as store, web_archive(copies) as web:
        place = Place(store, Archive(tmp_path / "archive"))
        place.backfill(web, until=START + 2 * WEEK)
        report = place.backfill(web)
        assert report.history is not None
        assert report.history.captures == len(copies)
        assert place.backfill(web).history is None
        with open_store(f"sqlite:///{tmp_path}/replayed.db") as other:
            replayed(other, Archive(tmp_path / "other"), tmp_path / "captures", copies)
            assert told_by(store) == told_by(other)


def told_by(store: Store) -> list[Any]:
    offers = [
        (
            (offer.provider, offer.model_id, offer.name, offer.first_seen, offer.last_seen, offer.missed_at),
            [(f.field, f.value, f.state, f.reason, f.first_seen, f.last_seen, f.quote) for f in offer.fields],
        )
        for offer in list_offers(store, START + 10 * WEEK)
    ]
    changes = [
        (c.at, c.source, c.model_id, c.name, c.field, c.kind, c.before and c.before.value, c.after and c.after.value)
        for c in list_changes(store)
    ]
    return [offers, changes]


# The history.


def test_copies_go_before_our_own_captures(place: Place, tmp_path: Path) -> None:
    own = Folder(tmp_path / "own")
    own.add(priced(("Claude Opus 5", "5")), iso(START + 10 * WEEK), url=PRICING[0])
    place.refresh(own.path, START + 10 * WEEK)
    older = weekly([priced(("Claude Opus 5", "9")), priced(("Claude Opus 5", "7"), ("Claude Haiku 4.5", "1"))])
    newer = Copy(PRICING[0], START + 11 * WEEK, priced(("Claude Opus 5", "1")).encode(), "text/markdown")
    with web_archive([*older, newer]) as web:
        report = place.backfill(web)
    assert report.sources[0].fetched == 2, "our own captures are better than the archive's of the same time"
    (source,) = [source for source in list_sources(place.store) if source.name == "docs-pricing"]
    assert (source.status, source.last_success_at) == (Status.OK, START + 10 * WEEK)
    assert place.changes() == [
        ("2025-03-17", "changed", "Claude Opus 5", "input"),
        ("2025-01-13", "offer_added", "Claude Haiku 4.5", ""),
        ("2025-01-13", "changed", "Claude Opus 5", "input"),
    ]
    # And on it goes from there: the second miss withdraws the offer.
    own.add(priced(("Claude Opus 5", "5"), note="\nAgain.\n"), iso(START + 12 * WEEK), url=PRICING[0])
    place.refresh(own.path, START + 12 * WEEK)
    assert place.changes()[0] == ("2025-03-31", "offer_withdrawn", "Claude Haiku 4.5", "")


def test_with_an_end_copies_may_come_between_our_own(place: Place, tmp_path: Path) -> None:
    own = Folder(tmp_path / "own")
    own.add(priced(("Claude Opus 5", "5")), iso(START), url=PRICING[0])
    own.add(priced(("Claude Opus 5", "4")), iso(START + 2 * WEEK), url=PRICING[0])
    place.refresh(own.path, START)
    place.refresh(own.path, START + 2 * WEEK)
    between = weekly([priced(("Claude Opus 5", "6"))], first=START + WEEK)
    with web_archive(between) as web:
        assert place.backfill(web).sources[0].known == 0
        assert place.backfill(web, until=START + 2 * WEEK).sources[0].fetched == 1
    moved = [(c.before and c.before.value, c.after and c.after.value) for c in list_changes(place.store)]
    assert moved == [("6", "4"), ("5", "6")]


def test_an_older_copy_of_a_better_address_puts_another_aside(place: Place) -> None:
    former = weekly(
        [priced(("Claude Opus 5", "5")), priced(("Claude Opus 5", "4"))], url=PRICING[2], first=START + WEEK
    )
    better = weekly([priced(("Claude Opus 5", "6"))], url=PRICING[0])
    with web_archive([*former, *better]) as web:
        place.backfill(web, since=START + DAY)
        assert len(list_changes(place.store)) == 1
        report = place.backfill(web)
    assert report.history is not None
    assert (report.history.captures, report.history.passed_over, len(report.history.went)) == (1, 2, 1)
    (offer,) = list_offers(place.store, START)
    assert offer.fields[0].value == "6"


def test_a_later_failure_of_a_source_still_stands(place: Place, tmp_path: Path) -> None:
    own = Folder(tmp_path / "own")
    own.add(priced(("Claude Opus 5", "5")), iso(START + WEEK), url=PRICING[0])
    place.refresh(own.path, START + WEEK)
    own.add(CHALLENGE, iso(START + 2 * WEEK), url=PRICING[0], kind="text/html")
    place.refresh(own.path, START + 2 * WEEK)
    with web_archive(weekly([priced(("Claude Opus 5", "9"))])) as web:
        report = place.backfill(web)
    assert report.history is not None
    (skipped,) = report.history.skipped
    assert skipped.capture.captured_at == START + 2 * WEEK
    source = list_sources(place.store, "anthropic")[0]
    assert (source.name, source.status, source.last_at) == ("docs-pricing", Status.FAILED, START + 2 * WEEK)
    outcomes = [kept.outcome.value for kept in captures_of(place.store, "anthropic")]
    assert outcomes == ["ok", "ok", "failed"]


# Removal has two dates.


def test_what_was_removed_was_last_seen_and_then_first_missed(ratecard: Command, use: Any) -> None:
    both = priced(("Claude Opus 5", "5"), ("Claude Haiku 4.5", "1"))
    alone = [priced(("Claude Opus 5", "5"), note=f"\nWeek {week}.\n") for week in range(2)]
    with web_archive(weekly([both, *alone])) as web:
        use(web)
        assert ratecard("backfill", "anthropic", "--since", "2025-01-01").code == 0
    shown = ratecard("show", "anthropic/Claude Haiku 4.5", "--json").json
    seen, missed, withdrawn = (iso(START + n * WEEK) for n in range(3))
    assert (shown["last_seen"], shown["missed_at"], shown["withdrawn_at"]) == (seen, missed, withdrawn)
    assert "last seen 2025-01-06, first missed 2025-01-13" in ratecard("show", "anthropic/Claude Haiku 4.5").out
    said = ratecard("history", "anthropic/Claude Haiku 4.5", "input", "--json").json
    assert [(one["last_seen"], one["missed_at"], one["closed_at"]) for one in said] == [(seen, missed, withdrawn)]
    assert "2025-01-06" in (text := ratecard("history", "anthropic/Claude Haiku 4.5", "input").out)
    assert "2025-01-13" in text
    earlier = ratecard("export", "offers-json", "--as-of", missed).json
    fields = {offer["name"]: offer["fields"]["input"] for offer in earlier}
    assert fields["Claude Haiku 4.5"]["missed_at"] == missed
    assert "missed_at" not in fields["Claude Opus 5"]


# Finding and fetching.


def found(web: WebArchive, **more: Any) -> list[str]:
    client = Client(Settings(allow_private_hosts=frozenset({"127.0.0.1"}), pace=0), lambda: START)
    window = {"since": START, "until": START + 52 * WEEK, **more}
    return [iso(copy.captured_at)[:10] for copy in find_copies(client, f"{web.base}/cdx", PRICING[0], **window)]


def test_an_index_is_read_page_by_page_and_equal_copies_in_a_row_count_once() -> None:
    copies = weekly(["a", "a", "a", "b", "b", "a"])
    other = Copy(PRICING[0], START + 9 * WEEK, b"moved", status=301)
    with web_archive([*copies, other]) as web:
        days = ["2025-01-06", "2025-01-27", "2025-02-10"]
        assert found(web) == days
        assert len(web.index) == 1
        assert found(web, page=2) == days
        assert len(web.index) == 4
        web.max_limit = 1
        assert found(web) == days
        assert found(web, since=START + DAY, until=START + 4 * WEEK) == ["2025-01-13", "2025-01-27"]
        assert found(web, since=START + 40 * WEEK) == []


@pytest.mark.parametrize(
    ("garbled", "problem"),
    [
        (b"<html>busy</html>", "is not JSON"),
        (b'{"error": "busy"}', "no list of lists"),
        (b'[["timestamp", "original"], ["20250101000000", "x"]]', "has no column mimetype, statuscode, digest"),
        (json.dumps([["timestamp", "original", "mimetype", "statuscode", "digest"], ["x"]]).encode(), "other lengths"),
        (
            json.dumps(
                [["timestamp", "original", "mimetype", "statuscode", "digest"], ["2025", "x", "t", "200", "d"]]
            ).encode(),
            "for a time",
        ),
        (
            json.dumps(
                [["timestamp", "original", "mimetype", "statuscode", "digest"], ["202501020304", "x", "t", "200", "d"]]
            ).encode(),
            "has '202501020304' for a time",
        ),
        (
            json.dumps([["timestamp", "original", "mimetype", "statuscode", "digest"], [], ["more"]]).encode(),
            "does not come to an end",
        ),
    ],
)
def test_what_is_no_index_is_refused(garbled: bytes, problem: str) -> None:
    with web_archive([]) as web:
        web.garbled = garbled
        with pytest.raises(IndexFailed, match=problem):
            found(web)


def test_copies_that_an_archive_does_not_give_out_are_not_asked_for_again(place: Place) -> None:
    copies = weekly([priced(("Claude Opus 5", str(price))) for price in range(1, 5)])
    with web_archive(copies) as web:
        web.answers[copies[1].stamp] = 404
        web.elsewhere[copies[2].stamp] = copies[3].stamp
        first = place.backfill(web)
        assert (first.sources[0].fetched, first.sources[0].gone, first.exit_code) == (2, 2, 0)
        asked = len(web.served)
        assert place.backfill(web).sources[0].fetched == 0
        assert len(web.served) == asked
    errors = [view.error for view in list_copies(place.store, "anthropic", "docs-pricing")]
    assert "404" in errors[1]
    assert "answered with another copy" in errors[2]
    assert [change[0] for change in place.changes()] == ["2025-01-27"]


def test_an_archive_that_fails_is_left_alone_and_asked_again_by_the_next_run(place: Place) -> None:
    copies = weekly([priced(("Claude Opus 5", str(price))) for price in range(1, 7)])
    with web_archive(copies) as web:
        web.answers = {copy.stamp: 500 for copy in copies[1:]}
        stopped = place.backfill(web)
        assert "500" in stopped.error
        assert (stopped.exit_code, stopped.sources[0].fetched, stopped.sources[0].left) == (1, 1, 5)
        assert len(web.served) == 4
        assert "Run the same command again later: it goes on where this one stopped." in stopped.lines()
        web.answers = {}
        assert place.backfill(web).sources[0].fetched == 5
    assert len(list_changes(place.store)) == 5


def test_an_index_that_fails_is_said_and_nothing_is_lost(ratecard: Command, use: Any) -> None:
    with web_archive(weekly([priced(("Claude Opus 5", "5"))])) as web:
        use(web)
        web.garbled = b"busy"
        ran = ratecard("backfill", "anthropic", "--since", "2025-01-01")
        assert ran.code == 1
        assert "STOPPED  the index of copies of" in ran.out
        web.garbled = None
        assert ratecard("backfill", "anthropic", "--since", "2025-01-01").code == 0


def test_a_dry_run_fetches_and_writes_nothing(place: Place) -> None:
    with web_archive(weekly([priced(("Claude Opus 5", "5")), priced(("Claude Opus 5", "4"))])) as web:
        report = place.backfill(web, dry_run=True)
        assert report.exit_code == 0
        assert [(source.known, source.left) for source in report.sources] == [(2, 2), (0, 0), (0, 0)]
        assert web.served == []
        assert list_copies(place.store, "anthropic", "docs-pricing") == []
        assert list_sources(place.store) == []


def test_one_source_alone(place: Place) -> None:
    with web_archive(forty_copies()) as web:
        report = place.backfill(web, sources=["models-overview"])
        assert [(source.source, source.fetched) for source in report.sources] == [("models-overview", 13)]
        assert len(web.served) == 13
        with pytest.raises(RatecardError, match="anthropic has no source 'prices'; its sources are docs-pricing"):
            place.backfill(web, sources=["prices"])


PAGES = """
from scraper.extract.source import Source
from tests.fetching import one_offer

def source(name, browser):
    address = f"https://example.com/{name}"
    return Source(name=name, addresses=(address,), read=one_offer, publishes=frozenset({"input"}), browser=browser)

SOURCES = (source("shown", True), source("sent", False))
"""


def test_what_only_a_browser_can_read_is_left_out_or_refused(
    ratecard: Command, use: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, text in (("mixed", PAGES), ("shown", PAGES.replace(', source("sent", False)', ","))):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    monkeypatch.setattr(providers, "names", providers.names.__wrapped__)
    with web_archive([Copy("https://example.com/sent", START, b"<p>$2.50</p>")]) as web:
        use(web)
        ran = ratecard("backfill", "mixed", "--since", iso(START)[:10], "--dry-run")
        assert (ran.code, ran.out.splitlines()[0]) == (0, "mixed sent: 1 copies, 0 fetched, 1 to be fetched")
        assert "left out  mixed shown: only a browser can read it" in ran.out
        for refused in (("mixed", "--source", "shown"), ("shown",)):
            ran = ratecard("backfill", *refused, "--since", iso(START)[:10])
            assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
            assert f"{refused[0]} shown cannot be backfilled: only a browser can read it" in ran.err
    assert web.served == []


def test_bad_input_is_one_sentence(ratecard: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, words in (
        (("backfill", "nobody", "--since", "2025-01-01"), "no provider 'nobody'"),
        (("backfill", "anthropic", "--since", "soon"), "'soon' is not a time"),
        (("backfill", "anthropic", "--since", "2025-02-01", "--until", "2025-01-01"), "lies before --since"),
        (("reread", "nobody"), "no provider 'nobody'"),
    ):
        ran = ratecard(*arguments)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert words in ran.err
    monkeypatch.setenv("RATECARD_COPY_URL", "https://archive.example/copies")
    assert "RATECARD_COPY_URL is not usable" in ratecard("backfill", "anthropic", "--since", "2025-01-01").err


# Reading again.


@pytest.fixture
def filled(place: Place, tmp_path: Path) -> Place:
    replayed(place.store, place.archive, tmp_path / "captures", forty_copies())
    return place


def test_reading_again_changes_nothing_that_was_right(filled: Place) -> None:
    before = told_by(filled.store)
    result = filled.reread()
    assert (result.captures, len(result.skipped), result.came, result.went) == (40, 1, (), ())
    assert told_by(filled.store) == before


def test_what_an_earlier_parser_got_wrong_is_right_when_read_again(filled: Place) -> None:
    before = told_by(filled.store)
    with filled.store.writing() as connection:
        wrong = observations.c.value == "4.50"
        connection.execute(update(observations).where(wrong).values(value="45"))
    assert told_by(filled.store) != before
    dry = filled.reread(dry_run=True)
    assert (dry.run, len(dry.came), len(dry.went)) == (None, 1, 1)
    assert told_by(filled.store) != before
    result = filled.reread()
    assert [change.after and change.after.value for change in result.came] == ["4.50"]
    assert [change.after and change.after.value for change in result.went] == ["45"]
    assert told_by(filled.store) == before


def test_what_an_earlier_parser_could_not_read_is_read(place: Place, tmp_path: Path) -> None:
    def earlier(source: Source, document: Document) -> Reading:
        if "4.50" in document.text:
            raise Unreadable("it has a price with cents")
        return read_here(source, document)

    copies = forty_copies()[:8]
    replayed(place.store, place.archive, tmp_path / "captures", copies, earlier)
    assert list_sources(place.store, "anthropic")[0].status is Status.FAILED
    result = place.reread()
    assert ("2025-02-10", "changed", "Claude Opus 5", "input") in place.changes()
    assert (result.skipped, [change.field for change in result.came][-1]) == ((), "input")
    with open_store(f"sqlite:///{tmp_path}/mended.db") as other:
        replayed(other, place.archive, tmp_path / "again", copies)
        assert told_by(place.store) == told_by(other)
        assert list_sources(place.store)[0].status is Status.OK


def test_the_command_reads_again(ratecard: Command, tmp_path: Path) -> None:
    with open_store(ratecard.db) as store:
        replayed(store, Archive(tmp_path / "ratecard.archive"), tmp_path / "captures", forty_copies()[:4])
    before = all_of(ratecard, ratecard.db)
    assert "read again from 4 captures. " in ratecard("reread", "anthropic").out
    assert ratecard("reread", "anthropic", "--dry-run", "--json").json["run"] is None
    assert all_of(ratecard, ratecard.db) == before


def test_a_capture_that_is_lost_leaves_the_history_as_it_is(filled: Place) -> None:
    before = told_by(filled.store)
    lost = captures_of(filled.store, "anthropic")[5].capture.sha256
    (Path(filled.archive.shown) / lost[:2] / lost[2:4] / f"{lost}.zst").unlink()
    with pytest.raises(RatecardError, match=f"{lost} is not in the archive"):
        filled.reread()
    assert told_by(filled.store) == before


def test_what_a_source_stated_that_is_gone_is_not_lost(filled: Place) -> None:
    gone = SourceInfo(provider="anthropic", name="old-page", url="https://x.example/", fields=frozenset({"input"}))
    fact = Fact(
        field="input",
        state=State.SOURCED,
        value="7",
        currency="USD",
        evidence=Evidence(locator="table[1]/row[1]/cell[1]", quote="$7"),
    )
    capture = CaptureInfo(sha256="a" * 64, url=gone.url, captured_at=START, content_type="text/html", size=1)
    run = begin_run(filled.store, started_at=START, at=START, replay=True)
    record_reading(filled.store, run, gone, capture, Reading(offers=(Offer(model_id="x", name="", facts=(fact,)),)))
    before = told_by(filled.store)
    with pytest.raises(RatecardError, match="no module declares its source old-page any more"):
        filled.reread()
    assert told_by(filled.store) == before


def test_a_migrated_store_knows_its_captures(database_url: str, tmp_path: Path) -> None:
    with open_store(database_url) as store:
        copies = forty_copies()
        replayed(store, Archive(tmp_path / "archive"), tmp_path / "captures", [*copies[4:8], *copies[14:18]])
        read = captures_of(store, "anthropic")
        assert len(read) == 8
        downgrade(store, "0001")
        upgrade(store)
        assert captures_of(store, "anthropic") == read
