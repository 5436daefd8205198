"""A source in several pages: one capture a page, one reading; all of its pages or none."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from scraper import providers
from scraper.errors import Contradiction, RatecardError
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.paging import NextPage, next_link, next_number
from scraper.extract.source import Source
from scraper.fetch.archive import Archive
from scraper.fetch.capture import Fetcher
from scraper.fetch.replay import Replay
from scraper.holds import Held, Stood
from scraper.outcomes import Outcome, SourceReport
from scraper.paging import MAX_PAGES
from scraper.records import Evidence, Fact, Note, Offer, Reading, State
from scraper.refresh import Refresh
from scraper.reread import Reread, reread
from scraper.sandbox import Sandbox, next_page_here, read_here
from scraper.steps import check
from scraper.store import (
    CaptureInfo,
    CaptureOutcome,
    SourceInfo,
    Store,
    StoreMemory,
    begin_run,
    captures_of,
    evidence,
    list_captures,
    list_changes,
    list_notes,
    list_offers,
    list_sources,
    open_store,
    preview_reading,
    record_reading,
)
from scraper.store.migrating import downgrade, upgrade
from scraper.store.tables import reading_pages, source_captures
from scraper.verify import verify_store
from tests.captures import Command, Folder
from tests.fetching import NOW, client
from tests.hostile import Answerer, Asked, head, hostile
from tests.hostile import page as sent
from tests.paged import KIND, PROVIDER, address, body, provided, read, three
from tests.processes import environment, fork

START = datetime(2026, 5, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
Rows = dict[int, dict[str, str]]


@dataclass
class Place:
    """A store with its archive and a folder of captures, and what is done with them."""

    store: Store
    archive: Archive
    folder: Folder

    @property
    def source(self) -> Source:
        [source] = providers.sources(PROVIDER)
        return source

    def add(self, week: int, pages: Rows, **changed: Any) -> None:
        """Add captures of pages to the folder; each of a second of its own."""
        for number, rows in pages.items():
            text = body(number, rows, **changed)
            at = (START + week * WEEK + timedelta(seconds=number)).isoformat()
            self.folder.add(text, at, url=address(number), kind=KIND)

    def replay(self, week: int, **more: Any) -> SourceReport:
        at = START + week * WEEK + timedelta(hours=1)
        return self.refresh(Replay([self.folder.path], at), at, **more)

    def refresh(self, fetcher: Fetcher, at: datetime, **more: Any) -> SourceReport:
        flow = Refresh(self.store, self.archive, fetcher, at, **more)
        run = begin_run(self.store, started_at=at, at=at, replay=True)
        return flow.source(PROVIDER, self.source, None if flow.dry_run else run)

    def reread(self) -> Reread:
        return reread(self.store, self.archive, PROVIDER, read_here, at=START + 60 * WEEK)

    def prices(self) -> dict[str, str | None]:
        offers = list_offers(self.store, START)
        return {offer.model_id: view.value for offer in offers for view in offer.fields if view.field == "input"}

    def changes(self) -> list[tuple[str, str, str, str | None]]:
        return [
            (change.kind.value, change.model_id, change.field, change.after.value if change.after else None)
            for change in list_changes(self.store)
        ]

    def told(self) -> list[Any]:
        """All that the store says, without its numbers."""
        proofs = [
            (one.field, one.value, one.first_seen, one.last_seen, one.first, one.last)
            for offer in list_offers(self.store, START)
            for name in ("input", "output")
            for one in evidence(self.store, offer.id, name)
        ]
        return [self.prices(), self.changes(), proofs, list_sources(self.store), captures_of(self.store, PROVIDER)]


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with provided(tmp_path / "providers", monkeypatch) as folder:
        yield folder


@pytest.fixture
def place(database_url: str, tmp_path: Path, provider: Path) -> Iterator[Place]:
    with open_store(database_url) as store:
        yield Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "captures"))


# From a folder, on both databases.


def test_three_pages_are_three_captures_and_one_reading(place: Place) -> None:
    place.add(0, three(b2="3.25"))
    report = place.replay(0)
    assert (report.status, report.url, report.offers, report.observations) == (Outcome.OK, address(0), 6, 12)
    assert place.prices() == dict.fromkeys(("a0", "b0", "a1", "b1", "a2"), "2.5") | {"b2": "3.25"}
    assert [capture.url for capture in list_captures(place.store)] == [address(0), address(1), address(2)]
    [kept] = captures_of(place.store, PROVIDER)
    assert [capture.url for capture in kept.capture.pages] == [address(0), address(1), address(2)]
    [source] = list_sources(place.store)
    assert source.last_capture == kept.capture
    assert source.last_success_at == source.last_at == START + timedelta(seconds=2)
    offer = next(offer for offer in list_offers(place.store, START) if offer.model_id == "b2")
    [said] = evidence(place.store, offer.id, "input")
    assert (said.last.locator, said.last.quote) == ("#/Items/1/in", "3.25")
    assert said.last.capture == kept.capture.pages[2]
    assert verify_store(place.store, place.archive, START).summary.startswith("12 of 12 published values")


def test_the_same_pages_again_are_no_new_reading(place: Place) -> None:
    place.add(0, three())
    place.replay(0)
    before = place.told()
    assert place.replay(1).status is Outcome.UNCHANGED
    assert place.told() == before


def test_guards_and_store_go_by_the_time_of_the_newest_page(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[datetime] = []

    def noting(
        reading: Reading, provider: str, source: Source, stood: Sequence[Stood], at: datetime
    ) -> tuple[Held, ...]:
        met.append(at)
        return check(reading, provider, source, stood, at)

    monkeypatch.setattr("scraper.refresh.check", noting)
    monkeypatch.setattr("scraper.reread.check", noting)
    place.add(0, three())
    place.replay(0)
    place.reread()
    [source] = list_sources(place.store)
    assert met == [source.last_success_at] * 2


def test_a_change_on_one_page_is_one_change(place: Place) -> None:
    place.add(0, three())
    place.replay(0)
    # Only the second page has a newer capture: it is read together with the others as they were.
    place.add(1, {1: three(b1="4")[1]})
    report = place.replay(1)
    assert report.status is Outcome.OK
    assert place.changes() == [("changed", "b1", "input", "4")]
    [change] = report.changes
    assert change.at == START + WEEK + timedelta(seconds=1)
    assert change.after is not None
    assert (change.after.first.capture.url, change.after.first.quote) == (address(1), "4")
    assert len(list_captures(place.store)) == 4
    assert [kept.capture.newest_at for kept in captures_of(place.store, PROVIDER)] == [
        START + timedelta(seconds=2),
        START + WEEK + timedelta(seconds=1),
    ]
    assert place.replay(2).status is Outcome.UNCHANGED


def test_what_moves_to_another_page_has_not_changed(place: Place) -> None:
    place.add(0, three())
    place.replay(0)
    rows = three()
    place.add(1, {0: rows[0] | {"a1": "2.5"}, 1: {"b1": "2.5"}, 2: rows[2]})
    assert place.replay(1).changes == ()
    offer = next(offer for offer in list_offers(place.store, START) if offer.model_id == "a1")
    [said] = evidence(place.store, offer.id, "input")
    assert (said.first.capture.url, said.last.capture.url) == (address(1), address(0))
    assert verify_store(place.store, place.archive, START).problems == ()


@pytest.mark.parametrize("lost", [1, 2])
def test_a_page_that_is_lost_fails_the_source_and_nothing_changes(place: Place, lost: int) -> None:
    place.add(0, three())
    place.replay(0)
    before = place.told()[:3]
    other = Folder(place.folder.path.parent / "other")
    late = replace(place, folder=other)
    late.add(1, {number: rows for number, rows in three(a0="9").items() if number != lost})
    report = late.replay(1)
    assert report.status is Outcome.FAILED
    assert f"page {lost + 1}: no replay folder has a capture of {address(lost)}" in report.error
    assert place.told()[:3] == before
    # What there was of it is kept with the source, and is not read as a whole later on either.
    failed = captures_of(place.store, PROVIDER)[-1]
    assert (failed.outcome, len(failed.capture.pages)) == (CaptureOutcome.FAILED, lost)
    result = place.reread()
    assert (result.came, result.went) == ((), ())
    assert f"has more pages than the {lost} that were captured" in result.skipped[0].error
    late.add(1, {lost: three()[lost]})
    assert [change.model_id for change in late.replay(1).changes] == ["a0"]


@pytest.mark.parametrize(
    ("number", "following", "said"),
    [
        (0, "https://elsewhere.example/api/prices?skip=1", "is not on the site of https://prices.example/api/prices"),
        (1, "http://prices.example/api/prices?skip=2", "is not on the site of"),
        (1, "https://prices.example:8443/api/prices?skip=2", "is not on the site of"),
        (1, "//elsewhere.example/", "is not on the site of"),
        (1, "file:///etc/passwd", "is not on the site of"),
        (1, "https://prices.example@elsewhere.example/", "is not on the site of"),
        (1, "http://[", "which is no address"),
        (0, address(0), "the pages go in a circle"),
        (0, "?", "the pages go in a circle"),
        (1, "/api/prices", "the pages go in a circle"),
        (1, address(1), "the pages go in a circle"),
        (2, address(1), "the pages go in a circle"),
    ],
)
def test_a_page_that_leads_astray_fails_the_source(
    tmp_path: Path, provider: Path, number: int, following: str, said: str
) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        place = Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "captures"))
        place.add(0, three())
        place.replay(0)
        before = place.told()[:3]
        place.add(1, three(a0="9"))
        place.add(1, {number: three(a0="9")[number]}, following=following)
        report = place.replay(1)
        assert report.status is Outcome.FAILED
        assert report.error.startswith(f"page {number + 1}: ")
        assert said in report.error
        assert place.told()[:3] == before


@pytest.mark.parametrize("following", ["https://prices.example:443/api/prices?skip=1", "prices?skip=1", "?skip=1"])
def test_the_next_page_may_be_named_in_other_ways(tmp_path: Path, provider: Path, following: str) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        place = Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "captures"))
        place.add(0, three())
        place.add(0, {0: three()[0]}, following=following)
        assert place.replay(0).offers == 6


def test_the_same_page_twice_is_refused(tmp_path: Path, provider: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        place = Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "captures"))
        same = body(0, {"a": "1"}, following=address(7))
        place.folder.add(same, "2026-05-01", url=address(0), kind=KIND)
        place.folder.add(same, "2026-05-01", url=address(7), kind=KIND)
        assert place.replay(0).error == "page 2: has the very bytes of a page that was there before"


def test_pages_without_an_end_are_given_up(tmp_path: Path, provider: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        place = Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "captures"))
        for number in range(MAX_PAGES + 1):
            text = body(number, {f"a{number}": "1"}, following=address(number + 1))
            place.folder.add(text, "2026-05-01", url=address(number), kind=KIND)
        assert place.replay(0).error == f"page 100: names yet another page after {MAX_PAGES}, as many as are followed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"Items": [], "Count": 0}', "there is no NextPageLink"),
        ('{"Items": [], "NextPageLink": 2}', "NextPageLink is '2' where the address of the next page was expected"),
        ('{"Items": [', "not whole JSON"),
        ('{"items": [], "NextPageLink": null}', "page 2: there is nothing at /Items"),
    ],
)
def test_a_page_that_cannot_be_read_fails_the_source(tmp_path: Path, provider: Path, text: str, said: str) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        place = Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "captures"))
        place.add(0, three())
        place.folder.add(text, "2026-05-01T00:00:02", url=address(1), kind=KIND)
        report = place.replay(0)
        assert report.status is Outcome.FAILED
        assert said in report.error
        assert "page 2: " in report.error
        assert place.prices() == {}


def test_a_dry_run_reads_all_pages_and_writes_nothing(place: Place) -> None:
    place.add(0, three())
    place.replay(0)
    before = place.told()
    place.add(1, three(a2="7"))
    report = place.replay(1, dry_run=True)
    assert [(change.model_id, change.field) for change in report.changes] == [("a2", "input")]
    assert place.told() == before


def test_the_process_that_reads_finds_the_next_page_as_well(place: Place) -> None:
    place.add(0, three())
    with Sandbox(seconds=20, memory=1024**3) as sandbox:
        assert place.replay(0, reader=sandbox, pager=sandbox.next_page).offers == 6
        whole = Document(body(0, {}), "json", address(0))
        for pager in (sandbox.next_page, next_page_here):
            assert pager(place.source, whole) == address(1)
            assert pager(place.source, Document(body(2, {}), "json")) is None
            with pytest.raises(Unreadable, match="there is no NextPageLink"):
                pager(place.source, Document("{}", "json"))
        with pytest.raises(Unreadable, match="has more pages than the 1 that were captured"):
            sandbox(place.source, whole)


# Notes, and what two pages say of one offer.


def test_a_note_names_its_page(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = three(b1='"soon"')
    place.add(0, rows)
    assert [(note.page, note.locator) for note in place.replay(0).notes] == [(1, "#/Items/1/in")]
    [note] = list_notes(place.store)
    assert (note.capture.url, note.locator) == (address(1), "#/Items/1/in")


def documents(*texts: str) -> Document:
    first, *further = (Document(text, "json", address(number)) for number, text in enumerate(texts))
    return replace(first, further=tuple(further))


def test_one_offer_on_two_pages_is_one_offer_unless_they_disagree() -> None:
    agreed = read(documents(body(0, {"a": "1", "b": "2"}), body(1, {"a": "1.0", "c": "3"})))
    assert [offer.model_id for offer in agreed.offers] == ["a", "b", "c"]
    assert {fact.evidence.page for fact in agreed.offers[0].facts} == {0}
    assert {fact.evidence.page for fact in agreed.offers[2].facts} == {1}
    disagreed = read(documents(body(0, {"a": "1"}), body(1, {"a": "2"})))
    assert [fact.field for fact in disagreed.offers[0].facts] == ["output"]
    [note] = disagreed.notes
    assert (note.kind, note.page) == ("conflict", 1)
    assert "'1' at #/Items/0/in, but '2' at #/Items/0/in of page 2" in note.text


def test_a_new_key_is_noted_once_for_all_pages() -> None:
    texts = [body(number, {"a": "1"}).replace('"in"', '"new": 1, "in"') for number in range(3)]
    assert [(note.kind, note.page) for note in read(documents(*texts)).notes] == [("off_contract", 0)]


# Reading again.


def test_reading_again_gives_the_same_history(place: Place) -> None:
    place.add(0, three())
    place.add(1, {1: three(b1="4")[1]})
    place.add(2, three(a0="5", b1="4"))
    rows = three(b1="4")
    place.add(3, {1: rows[1]}, following=None)
    place.add(4, {0: three(a0="6")[0]})
    for week in range(5):
        place.replay(week)
    before = place.told()
    assert len(before[4]) == 5
    result = place.reread()
    assert (result.captures, result.skipped, result.came, result.went) == (5, (), (), ())
    assert place.told() == before
    assert place.reread().came == ()
    assert place.replay(4).status is Outcome.UNCHANGED


def test_readings_of_one_time_with_other_pages_are_kept_apart(place: Place) -> None:
    place.add(1, {0: three()[0]})
    place.add(0, three())
    # The first page is the newest in both of them.
    assert place.replay(1).status is Outcome.OK
    at = (START + timedelta(days=1)).isoformat()
    place.folder.add(body(2, three(b2="8")[2]), at, url=address(2), kind=KIND)
    assert [change.model_id for change in place.replay(1).changes] == ["b2"]
    before = place.told()
    assert len(before[4]) == 2
    assert (place.reread().went, place.told()) == ((), before)


def test_a_page_that_is_lost_in_the_archive_leaves_the_history_as_it_is(place: Place) -> None:
    place.add(0, three())
    place.replay(0)
    before = place.told()
    lost = captures_of(place.store, PROVIDER)[0].capture.further[1].sha256
    (Path(place.archive.shown) / lost[:2] / lost[2:4] / f"{lost}.zst").unlink()
    with pytest.raises(RatecardError, match=f"{lost} is not in the archive"):
        place.reread()
    assert place.told() == before


# The store by itself.

INFO = SourceInfo(provider="acme", name="feed", url=address(0), fields=frozenset({"input"}))


def captured(*digits: str) -> CaptureInfo:
    made = [
        CaptureInfo(sha256=digit * 64, url=address(page), captured_at=START, content_type=KIND, size=1)
        for page, digit in enumerate(digits)
    ]
    return replace(made[0], further=tuple(made[1:]))


def stated(page: int) -> Reading:
    fact = Fact(
        field="input",
        state=State.SOURCED,
        value="1",
        currency="USD",
        evidence=Evidence(locator="#/a", quote="1", page=page),
    )
    return Reading(offers=(Offer(model_id="a", name="", facts=(fact,)),))


@pytest.mark.parametrize(
    "reading", [stated(2), Reading(offers=(), notes=(Note(kind="unreadable", text="x", page=2),))], ids=["fact", "note"]
)
def test_something_from_a_page_that_was_not_captured_is_refused(database_url: str, reading: Reading) -> None:
    with open_store(database_url) as store:
        run = begin_run(store, started_at=START, at=START, replay=True)
        with pytest.raises(Contradiction, match="has something from page 3 of 2"):
            record_reading(store, run, INFO, captured("1", "2"), reading)
        with pytest.raises(Contradiction, match="has something from page 3 of 2"):
            preview_reading(store, INFO, captured("1", "2"), reading)
        assert list_captures(store) == []


def test_a_store_is_kept_when_it_learns_of_pages_and_when_it_forgets(place: Place) -> None:
    def counted() -> list[int]:
        with place.store.reading() as connection:
            tables = (source_captures, reading_pages)
            return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]

    run = begin_run(place.store, started_at=START, at=START, replay=True)
    record_reading(place.store, run, INFO, captured("7"), stated(0))
    single = captures_of(place.store, "acme")
    place.add(0, three())
    place.replay(0)
    assert counted() == [2, 2]
    told = place.prices()
    downgrade(place.store, "0004")
    upgrade(place.store)
    assert captures_of(place.store, "acme") == single
    assert (counted(), place.prices()) == ([1, 0], told)
    assert record_reading(place.store, run, INFO, captured("7"), stated(0)).repeated
    place.add(1, three(a1="3"))
    assert place.replay(1).status is Outcome.OK
    assert place.prices() == told | {"a1": "3"}


# Over HTTP.


def marked(text: Callable[[], str]) -> Answerer:
    """A page that is sent again only to whoever has another one."""

    def answer(asked: Asked) -> tuple[bytes, ...]:
        now = text().encode()
        tag = f'"{hash(now)}"'
        if asked.headers.get("if-none-match") == tag:
            return (head(304, ETag=tag),)
        return tuple(sent(now, ETag=tag, Content_Type=KIND)(asked))

    return answer


@dataclass
class Live:
    """A site of three pages that change."""

    rows: Rows
    following: dict[int, str | None]
    site: str = ""

    def text(self, number: int) -> str:
        return body(number, self.rows[number], self.following.get(number, ""), self.site)

    def routes(self) -> dict[str, Answerer]:
        return {address(number, ""): marked(partial(self.text, number)) for number in range(3)}


def weeks(place: Place, week: int) -> SourceReport:
    at = NOW + week * WEEK
    return place.refresh(client(StoreMemory(place.store), at, place.archive), at)


def test_each_page_is_fetched_by_the_same_rules_and_only_if_it_has_changed(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(three(), {})
    with hostile(live.routes()) as server, open_store(database_url) as store:
        live.site = server.url("")
        place = Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "none"))
        with provided(tmp_path / "providers", monkeypatch, live.site):
            assert weeks(place, 0).offers == 6
            live.rows = three(b1="4")
            report = weeks(place, 1)
            assert [(change.model_id, change.field) for change in report.changes] == [("b1", "input")]
            assert len(set(server.paths(robots=True))) == 4
            assert server.paths() == [address(number, "") for number in range(3)] * 2
            again = [asked for asked in server.asked if asked.path != "/robots.txt"][3:]
            assert all("if-none-match" in asked.headers for asked in again)
            # Only what had changed was sent; all of it was read.
            assert len(list(place.archive.hashes())) == 4
            [offer] = [offer for offer in list_offers(store, NOW) if offer.model_id == "b2"]
            [said] = evidence(store, offer.id, "input")
            assert (said.last_seen, said.last.capture.url) == (NOW + WEEK, server.url(address(2, "")))
            assert verify_store(store, place.archive, NOW).problems == ()
            before = place.told()
            assert place.reread().went == ()
            assert place.told() == before


def test_a_page_that_fails_or_leads_away_fails_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live(three(), {})
    routes = live.routes()
    with (
        hostile(routes) as server,
        hostile({"/": sent(b"{}", Content_Type=KIND)}) as elsewhere,
        open_store(f"sqlite:///{tmp_path}/store.db") as store,
    ):
        live.site = server.url("")
        place = Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "none"))
        with provided(tmp_path / "providers", monkeypatch, live.site):
            weeks(place, 0)
            before = place.told()[:3]
            live.rows = three(a0="9")
            last = address(2, "")
            whole = routes[last]
            for answer, said in (
                (sent(b"", 404), "page 3: "),
                (sent(b"", 302, Location=elsewhere.url("/")), f"page 3: leads to {elsewhere.url('/')}, which is not"),
                (sent(b"", 302, Location=server.url(address(0, ""))), "page 3: led to"),
                (sent(b"<html>Sign in</html>"), "page 3: "),
            ):
                # The mapping is the server's own.
                routes[last] = answer
                report = weeks(place, 1)
                assert report.status is Outcome.FAILED
                assert report.error.startswith(said)
                assert place.told()[:3] == before
            routes[last] = sent(b"User-agent: *\nDisallow: /api/prices?skip=2\n")
            asked = len(elsewhere.paths())
            live.following[1] = elsewhere.url("/")
            assert "is not on the site of" in weeks(place, 1).error
            assert len(elsewhere.paths()) == asked
            live.following.clear()
            routes[last] = whole
            assert [change.model_id for change in weeks(place, 1).changes] == ["a0"]


def test_a_further_page_that_robots_txt_keeps_from_us_fails_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(three(), {})
    rules = sent(b"User-agent: *\nDisallow: /api/prices?skip=2\n", Content_Type="text/plain")
    with hostile(live.routes() | {"/robots.txt": rules}) as server:
        live.site = server.url("")
        with (
            open_store(f"sqlite:///{tmp_path}/store.db") as store,
            provided(tmp_path / "providers", monkeypatch, live.site),
        ):
            report = weeks(Place(store, Archive(tmp_path / "archive"), Folder(tmp_path / "none")), 0)
        assert report.error.startswith("page 3: ")
        assert "is disallowed for" in report.error
        assert server.paths() == [address(0, ""), address(1, "")]


# Through the command.


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


def test_the_command_shows_the_page_of_a_value(ratecard: Command, tmp_path: Path, provider: Path) -> None:
    with open_store(ratecard.db) as store:
        place = Place(store, Archive(tmp_path / "ratecard.archive"), Folder(tmp_path / "captures"))
        place.add(0, three(b2="3.25", a1='"soon"'))
    replayed = ("refresh", PROVIDER, "--replay", place.folder.path, "--at", "2026-05-02")
    assert "(page 2, #/Items/0/in)" in ratecard(*replayed).out
    found = ratecard("explain", f"{PROVIDER}/b2", "input", "--json").json
    assert (found["source_url"], found["locator"], found["quote"]) == (address(2), "#/Items/1/in", "3.25")
    with open_store(ratecard.db) as store:
        third = captures_of(store, PROVIDER)[0].capture.pages[2]
    assert found["capture"] == third.sha256
    shown = ratecard("explain", f"{PROVIDER}/b2", "input").out
    assert address(2) in shown
    assert third.sha256[:12] in shown
    assert ratecard("verify", PROVIDER).out.startswith("11 of 11 published values found again in 3 captures")
    doctor = ratecard("doctor").out
    assert f"ok    source {PROVIDER} prices: 6 offers" in doctor
    assert "holds 3 captures, all whole" in doctor
    changed = ratecard("reread", PROVIDER)
    assert (changed.code, "read again from 1 captures. 0 changes" in changed.out) == (0, True)
    (Path(place.archive.shown) / third.sha256[:2] / third.sha256[2:4] / f"{third.sha256}.zst").unlink()
    assert f"capture {third.sha256} of {address(2)}" in ratecard("doctor").out


def test_backfill_leaves_a_source_of_several_pages_alone(ratecard: Command, provider: Path) -> None:
    ran = ratecard("backfill", PROVIDER, "--since", "2026-01-01", "--until", "2026-02-01")
    assert (ran.code, ran.err) == (0, "")
    assert f"{PROVIDER} prices: left alone, since it has several pages" in ran.out


@pytest.mark.parametrize("seam", ["after_archive_rename:2", "after_archive_write:3", "inside_commit:1"])
def test_killed_between_pages_nothing_is_half(place: Place, provider: Path, tmp_path: Path, seam: str) -> None:
    place.add(0, three())
    place.replay(0)
    place.add(1, three(a0="9", b2="9", a1="9"))
    before = place.told()
    at = (START + WEEK + timedelta(hours=1)).isoformat()
    url = place.store.engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg:", "postgresql:")
    killed = fork(
        *("refresh", PROVIDER, "--replay", place.folder.path, "--at", at),
        variables=environment(
            {"RATECARD_DB": url, "RATECARD_ARCHIVE": place.archive.shown, "RATECARD_FAILPOINT": seam}
        ),
        out=tmp_path / "out",
        err=tmp_path / "err",
        more_providers=provider,
    )
    assert killed.wait(60) == -signal.SIGKILL
    assert place.told() == before
    assert len(place.replay(1).changes) == 3
    after = place.told()
    assert place.reread().went == ()
    assert place.told() == after
    assert verify_store(place.store, place.archive, START).problems == ()


# Which page comes next.

LINK, NESTED, MAYBE = next_link("next"), next_link("links/next"), next_link("next", optional=True)
NUMBER = next_number("page_no", page="out/page_no", size="out/page_size", total="out/total")
HERE = "https://prices.example/models?kind=a%20b&page_no=1&sort=x"


@pytest.mark.parametrize(
    ("find", "told", "url", "expected"),
    [
        (LINK, {"next": "?b"}, HERE, "?b"),
        (LINK, {"next": None}, HERE, None),
        (LINK, {"next": ""}, HERE, None),
        (NESTED, {"links": {"next": "x"}}, HERE, "x"),
        (MAYBE, {}, HERE, None),
        (NUMBER, {"out": {"page_no": 1, "page_size": 20, "total": 20}}, HERE, None),
        (NUMBER, {"out": {"page_no": 1, "page_size": 20, "total": 0}}, HERE, None),
        (NUMBER, {"out": {"page_no": 1, "page_size": 20, "total": 21}}, HERE, HERE.replace("no=1", "no=2")),
        (NUMBER, {"out": {"page_no": 2, "page_size": 9, "total": 40}}, HERE, HERE.replace("no=1", "no=3")),
        (NUMBER, {"out": {"page_no": 1, "page_size": 9, "total": 40}}, "https://x/y", "https://x/y?page_no=2"),
    ],
)
def test_the_next_page(find: NextPage, told: object, url: str, expected: str | None) -> None:
    assert find(Document(json.dumps(told), "json", url)) == expected


@pytest.mark.parametrize(
    ("find", "told"),
    [
        (LINK, {}),
        (LINK, []),
        (LINK, {"next": {"href": "x"}}),
        (LINK, {"next": False}),
        (NESTED, {"links": None}),
        (NUMBER, {"out": {"page_no": 1, "page_size": 20}}),
        (NUMBER, {"out": {"page_no": 0, "page_size": 20, "total": 5}}),
        (NUMBER, {"out": {"page_no": 1, "page_size": 0, "total": 5}}),
        (NUMBER, {"out": {"page_no": 1, "page_size": 20, "total": "45"}}),
        (NUMBER, {"out": {"page_no": True, "page_size": 20, "total": 45}}),
    ],
)
def test_what_does_not_say_whether_another_page_follows_is_refused(find: NextPage, told: object) -> None:
    with pytest.raises(Unreadable):
        find(Document(json.dumps(told), "json", HERE))
