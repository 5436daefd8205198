"""Waiting: hosts that are busy, slow or failing, and the pace that each of them sets."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from scraper.extract.source import Source
from scraper.fetch.archive import Archive
from scraper.fetch.later import retry_after
from scraper.fetch.memory import ShortMemory
from scraper.outcomes import Outcome, Report
from scraper.refresh import Refresh
from scraper.store import StoreMemory, begin_run, open_store
from tests.fetching import HOSTS, NOW, client, failed, ok, one_offer
from tests.hostile import Answerer, Asked, busy, drip_body, drip_headers, hostile, in_turn, page, silence

# F01: too many requests.


def test_f01_a_short_wait_is_waited_and_asked_again() -> None:
    with hostile({"/": in_turn(busy("0"), busy("0"), page())}) as server:
        ok(client().fetch([server.url("/")]))
        assert server.paths() == ["/", "/", "/"]


def test_f01_a_wait_of_seconds_is_as_long_as_the_host_says() -> None:
    with hostile({"/": in_turn(busy("1"), page())}) as server:
        ok(client(retry_wait=2).fetch([server.url("/")]))
        first, second = (asked.when for asked in server.asked if asked.path == "/")
        assert 1.0 <= second - first < 1.9


def test_f01_an_attempt_more_than_the_setting_is_not_made() -> None:
    with hostile({"/": busy("0")}) as server:
        assert failed(client().fetch([server.url("/")])).status == 429
        assert len(server.paths()) == 3


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("3600", NOW + timedelta(hours=1)),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), NOW + timedelta(hours=2)),
        ("315360000", NOW + timedelta(days=7)),
        ("9" * 400, NOW + timedelta(days=7)),
    ],
    ids=["seconds", "date", "ten years", "absurd"],
)
def test_f01_a_long_wait_is_remembered_and_the_next_run_honours_it(said: str, until: datetime, status: int) -> None:
    memory = ShortMemory()
    with hostile({"/": in_turn(busy(said, status), page()), "/other": page()}) as server:
        started = time.monotonic()
        run = client(memory)
        assert failed(run.fetch([server.url("/")])).status == status
        assert time.monotonic() - started < 1
        assert memory.not_before(f"127.0.0.1:{server.port}") == until
        # The same run, and the next one, leave the whole host alone.
        assert failed(run.fetch([server.url("/other")])).kind == "later"
        refused = failed(client(memory, until - timedelta(minutes=1)).fetch([server.url("/other")]))
        assert refused.kind == "later"
        assert "wants to be left alone until 2026-11-0" in refused.message
        assert server.paths() == ["/"]
        ok(client(memory, until).fetch([server.url("/")]))


def test_f01_it_is_remembered_in_the_store(database_url: str) -> None:
    with open_store(database_url) as store, hostile({"/": busy("3600")}) as server:
        client(StoreMemory(store)).fetch([server.url("/")])
    with open_store(database_url) as store:
        memory = StoreMemory(store)
        assert failed(client(memory, NOW + timedelta(minutes=59)).fetch([server.url("/")])).kind == "later"
        assert failed(client(memory, NOW + timedelta(minutes=61)).fetch([server.url("/")])).kind == "network"


def test_f25_a_wait_that_was_remembered_while_the_clock_was_years_ahead_is_not_waited_for() -> None:
    memory = ShortMemory()
    with hostile({"/": in_turn(busy("3600"), page())}) as server:
        client(memory, NOW + timedelta(days=3650)).fetch([server.url("/")])
        assert memory.not_before(f"127.0.0.1:{server.port}") == NOW + timedelta(days=3650, hours=1)
        ok(client(memory).fetch([server.url("/")]))


@pytest.mark.parametrize("said", [None, "", "soon", "-5", "1.5", "Mon, 99 Foo 2026", "12 parsecs"])
def test_f01_a_wait_that_makes_no_sense_is_our_own(said: str | None) -> None:
    memory = ShortMemory()
    with hostile({"/": in_turn(busy(said), page())}) as server:
        ok(client(memory).fetch([server.url("/")]))
        assert memory.not_before(f"127.0.0.1:{server.port}") is None


def test_f01_a_wait_in_the_past_is_none() -> None:
    assert retry_after(format_datetime(NOW - timedelta(days=1)), NOW) == 0
    assert retry_after("Sun, 06 Nov 1994 08:49:37 GMT", NOW) == 0
    assert retry_after("120", NOW) == 120


# F02 and other failures that pass.


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
def test_what_asking_again_does_not_mend_is_asked_once(status: int) -> None:
    with hostile({"/": page(b"no", status)}) as server:
        assert failed(client().fetch([server.url("/")])).status == status
        assert server.paths() == ["/"]


@pytest.mark.parametrize(
    "broken", [page(b"", 500), page(b"", 502), page(b"", 504), lambda _: ()], ids=["500", "502", "504", "closed"]
)
def test_what_may_pass_is_asked_again(broken: Answerer) -> None:
    with hostile({"/": in_turn(broken, page())}) as server:
        ok(client().fetch([server.url("/")]))
        assert server.paths() == ["/", "/"]


def test_f02_a_storm_of_503_on_most_hosts_leaves_the_others_alone(tmp_path: Path) -> None:
    routes: dict[str, Answerer] = {"/bad": page(b"", 503), "/good": page()}
    with hostile(routes, everywhere=True) as server, open_store(f"sqlite:///{tmp_path}/x.db") as store:
        hosts = HOSTS[:50]
        urls = [server.url("/bad" if n % 5 < 3 else "/good", host) for n, host in enumerate(hosts)]
        fetcher = client(retry_wait=0.05)
        flow = Refresh(store, Archive(tmp_path / "archive"), fetcher, NOW)
        run = begin_run(store, started_at=NOW, at=NOW, replay=False)
        sources = [
            Source(name=f"s{n}", addresses=(url,), read=one_offer, publishes=frozenset({"input"}))
            for n, url in enumerate(urls)
        ]
        started = time.monotonic()
        with fetcher.ahead([source.addresses for source in sources]):
            report = Report(run=run, sources=tuple(flow.source("openai", source, run) for source in sources))
        assert [source.status for source in report.sources].count(Outcome.OK) == 20
        assert len(report.failed) == 30
        assert all("answered 503" in source.error for source in report.failed)
        assert report.exit_code == 1
        assert time.monotonic() - started < 10


# F03: slow ones.


def test_f03_fifty_slow_ones_end_at_their_deadline_and_leave_their_places_free() -> None:
    routes = {"/body": drip_body, "/headers": drip_headers, "/silence": silence, "/": page()}
    with hostile(routes, everywhere=True) as server:
        slow = [[server.url(("/body", "/headers", "/silence")[n % 3], host)] for n, host in enumerate(HOSTS[:50])]
        good = [[server.url("/", host)] for host in HOSTS[:50]]
        run = client(deadline=0.5, concurrency=10, retries=0)
        started = time.monotonic()
        with run.ahead(slow + good):
            assert {failed(run.fetch(addresses)).kind for addresses in slow} == {"timeout"}
            took = time.monotonic() - started
            assert [ok(run.fetch(addresses)).capture.url for addresses in good] == [address for (address,) in good]
        # Five rounds of ten places.
        assert 2.5 <= took < 3.5
        assert time.monotonic() - started < 4.5


@pytest.mark.parametrize("slow", [drip_body, drip_headers, silence], ids=["body", "headers", "silence"])
def test_f03_one_that_is_slow_ends_within_a_second_of_its_deadline(slow: Answerer) -> None:
    with hostile({"/": slow}) as server:
        started = time.monotonic()
        answer = failed(client(deadline=0.6).fetch([server.url("/")]))
        assert (answer.kind, 0.6 <= time.monotonic() - started < 1.6) == ("timeout", True)


def test_f03_waiting_for_the_turn_is_not_being_slow() -> None:
    with hostile({f"/{n}": page() for n in range(6)}) as server:
        run = client(deadline=0.4, pace=0.2)
        many = [[server.url(f"/{n}")] for n in range(6)]
        with run.ahead(many):
            assert [ok(run.fetch(addresses)).capture.url for addresses in many] == [address for (address,) in many]


# Pace.


def test_a_host_is_asked_one_thing_at_a_time_and_at_its_pace() -> None:
    overlaps: list[int] = []
    now: list[int] = []

    def slowly(asked: Asked) -> Sequence[bytes]:
        now.append(1)
        overlaps.append(len(now))
        time.sleep(0.05)
        now.pop()
        return tuple(page()(asked))

    with hostile({f"/{n}": slowly for n in range(5)}) as server:
        run = client(pace=0.1)
        many = [[server.url(f"/{n}")] for n in range(5)]
        with run.ahead(many):
            assert [ok(run.fetch(addresses)).capture.url for addresses in many] == [address for (address,) in many]
        assert set(overlaps) == {1}
        times = [asked.when for asked in server.asked]
        assert len(times) == 6
        assert all(later - earlier >= 0.1 for earlier, later in itertools.pairwise(times))


def test_the_pace_lasts_from_one_fetch_to_the_next() -> None:
    with hostile({"/": page()}) as server:
        run = client(pace=0.2)
        started = time.monotonic()
        for _ in range(3):
            ok(run.fetch([server.url("/")]))
        assert time.monotonic() - started >= 0.6
