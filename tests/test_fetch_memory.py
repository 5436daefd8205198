"""What is remembered: pages that have not changed are not sent again, and no mark is believed for long."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from scraper.extract.source import Source
from scraper.fetch.archive import Archive
from scraper.fetch.memory import Memory, ShortMemory
from scraper.outcomes import Outcome
from scraper.refresh import Refresh
from scraper.remembered import News, RememberedPage, RememberedRobots
from scraper.store import StoreMemory, begin_run, list_offers, open_store
from tests.fetching import NOW, client, failed, ok, one_offer
from tests.hostile import Answerer, Asked, head, hostile, in_turn, page

OLD, NEW = b"<p>$2.50</p>", b"<p>$3.00</p>"
NOT_MODIFIED: Answerer = lambda _: (head(304),)  # noqa: E731


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def marked(asked: Asked) -> tuple[bytes, ...]:
    """A page with marks, sent again only to whoever does not have it."""
    if asked.headers.get("if-none-match") == '"1"':
        return (head(304, ETag='"1"'),)
    return tuple(page(OLD, ETag='"1"', Last_Modified="Mon, 02 Nov 2026 04:00:00 GMT")(asked))


def run(url: str, memory: Memory, archive: Archive, week: int) -> tuple[bytes, int]:
    """Fetch and archive as a run of a week does; return the body and the status."""
    at = NOW + timedelta(weeks=week)
    answer = ok(client(memory, at, archive).fetch([url]))
    assert answer.capture.sha256 == hashlib.sha256(answer.body).hexdigest() == archive.put(answer.body)
    assert (answer.capture.captured_at, answer.capture.url, answer.capture.size) == (at, url, len(answer.body))
    assert answer.capture.content_type == "text/html; charset=utf-8"
    return answer.body, answer.capture.status


def test_a_page_that_has_not_changed_is_its_archived_body_seen_now(archive: Archive) -> None:
    memory = ShortMemory()
    with hostile({"/": marked}) as server:
        assert [run(server.url("/"), memory, archive, week) for week in range(2)] == [(OLD, 200), (OLD, 304)]
        second = [asked for asked in server.asked if asked.path == "/"][1]
        assert second.headers["if-none-match"] == '"1"'
        assert second.headers["if-modified-since"] == "Mon, 02 Nov 2026 04:00:00 GMT"


def test_f13_every_fourth_run_asks_for_the_whole_page(archive: Archive) -> None:
    memory = ShortMemory()
    with hostile({"/": marked}) as server:
        statuses = [run(server.url("/"), memory, archive, week)[1] for week in range(9)]
        assert statuses == [200, 304, 304, 304, 200, 304, 304, 304, 200]


def test_f13_not_modified_on_a_page_that_did_change_is_found_out_by_the_fourth_run(archive: Archive) -> None:
    memory = ShortMemory()
    lie = lambda asked: (head(304),) if "if-none-match" in asked.headers else page(NEW, ETag='"2"')(asked)  # noqa: E731
    with hostile({"/": in_turn(page(OLD, ETag='"1"'), lie)}) as server:
        bodies = [run(server.url("/"), memory, archive, week)[0] for week in range(6)]
        assert bodies == [OLD, OLD, OLD, OLD, NEW, NEW]


def test_f13_a_new_body_under_the_same_mark_is_a_new_body(archive: Archive) -> None:
    memory = ShortMemory()
    with hostile({"/": in_turn(page(OLD, ETag='"1"'), page(NEW, ETag='"1"'))}) as server:
        assert [run(server.url("/"), memory, archive, week) for week in range(2)] == [(OLD, 200), (NEW, 200)]


def test_not_modified_without_the_body_in_the_archive_is_asked_for_in_full(archive: Archive) -> None:
    memory = ShortMemory()
    with hostile({"/": marked}) as server:
        run(server.url("/"), memory, archive, 0)
        sha = hashlib.sha256(OLD).hexdigest()
        (Path(archive.shown) / sha[:2] / sha[2:4] / f"{sha}.zst").write_bytes(b"")
        assert run(server.url("/"), memory, archive, 1) == (OLD, 200)
        assert "if-none-match" not in server.asked[-1].headers


def test_not_modified_to_whom_has_nothing_is_a_failure(archive: Archive) -> None:
    with hostile({"/": NOT_MODIFIED}) as server:
        answer = failed(client(ShortMemory(), archive=archive).fetch([server.url("/")]))
        assert (answer.kind, answer.status) == ("status", 304)


def test_without_an_archive_every_page_is_asked_for_in_full() -> None:
    memory = ShortMemory()
    with hostile({"/": marked}) as server:
        assert [ok(client(memory).fetch([server.url("/")])).capture.status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("mark", ["", "x" * 1001, "caf\xe9"])
def test_a_mark_that_would_not_do_as_a_header_is_not_sent_back(mark: str, archive: Archive) -> None:
    memory = ShortMemory()
    with hostile({"/": page(OLD, ETag=mark)}) as server:
        for week in range(2):
            run(server.url("/"), memory, archive, week)
        assert all("if-none-match" not in asked.headers for asked in server.asked)


def test_a_page_seen_again_confirms_what_it_said(database_url: str, archive: Archive) -> None:
    with open_store(database_url) as store, hostile({"/": marked}) as server:
        source = Source(
            name="pricing", addresses=(server.url("/"),), read=one_offer, publishes=frozenset({"input"}), fresh_days=14
        )
        for week, status in ((0, Outcome.OK), (3, Outcome.OK)):
            at = NOW + timedelta(weeks=week)
            flow = Refresh(store, archive, client(StoreMemory(store), at, archive), at)
            started = begin_run(store, started_at=at, at=at, replay=False)
            report = flow.source("openai", source, started)
            assert (report.status, report.changes if week else ()) == (status, ())
        assert server.asked[-1].headers["if-none-match"] == '"1"'
        (offer,) = list_offers(store, NOW + timedelta(weeks=4))
        (view,) = [view for view in offer.fields if view.field == "input"]
        assert (view.value, view.marks) == ("2.50", ())
        assert view.last_seen == NOW + timedelta(weeks=3)


def test_the_store_remembers_and_a_dry_run_writes_nothing_down(database_url: str) -> None:
    first = RememberedPage('"1"', "yesterday", "a" * 64, "text/html", 2)
    other = RememberedPage("", "", "b" * 64, "")
    rules = RememberedRobots("rules", "answered 200", "User-agent: *\n", NOW)
    none = RememberedRobots("disallow", "answered 500", "", NOW - timedelta(days=1))
    with open_store(database_url) as store:
        memory = StoreMemory(store)
        assert (memory.page("x"), memory.not_before("x"), memory.robots("x")) == (None, None, None)
        memory.keep(News({"x": other, "y": other}, {"x": none, "y": none}, {"x": NOW + timedelta(days=1)}))
        memory.keep(News({"x": first}, {"x": rules}, {"x": NOW + timedelta(days=2)}))
        assert memory.page("x") == first
        StoreMemory(store, writes=False).keep(News({"x": other}, {"x": none}, {"y": NOW}))
    with open_store(database_url) as store:
        memory = StoreMemory(store, writes=False)
        assert (memory.page("x"), memory.robots("x")) == (first, rules)
        assert (memory.page("y"), memory.robots("y")) == (other, none)
        assert (memory.not_before("x"), memory.not_before("y")) == (NOW + timedelta(days=2), None)
