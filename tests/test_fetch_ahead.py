"""Fetching many sources at once, ahead of whoever reads them."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import timedelta

import pytest

from scraper.store import StoreMemory, open_store
from tests.fetching import HOSTS, NOW, client, failed, ok
from tests.hostile import Asked, busy, drip, head, hostile, page


def slow_page(asked: Asked) -> tuple[bytes, ...]:
    time.sleep(0.2)
    return tuple(page()(asked))


def test_hosts_do_not_wait_for_each_other() -> None:
    with hostile({"/": slow_page}, everywhere=True) as server:
        many = [[server.url("/", host)] for host in HOSTS[:20]]
        run = client(concurrency=20)
        started = time.monotonic()
        with run.ahead(many):
            assert [ok(run.fetch(addresses)).capture.url for addresses in many] == [address for (address,) in many]
        assert time.monotonic() - started < 2


def test_answers_may_be_asked_for_in_any_order_and_others_in_between() -> None:
    with hostile({f"/{n}": page(str(n).encode()) for n in range(9)}) as server:
        many = [[server.url(f"/{n}")] for n in range(8)]
        run = client()
        with run.ahead(many):
            bodies = [ok(run.fetch([server.url(f"/{n}")])).body for n in (7, 8, 0, 3, 1, 2, 6, 5, 4, 4)]
        assert bodies == [b"7", b"8", b"0", b"3", b"1", b"2", b"6", b"5", b"4", b"4"]


def test_no_more_requests_at_once_than_the_setting() -> None:
    now: list[int] = []
    most: list[int] = []

    def counted(asked: Asked) -> tuple[bytes, ...]:
        now.append(1)
        most.append(len(now))
        time.sleep(0.02)
        now.pop()
        return tuple(page()(asked))

    with hostile({"/": counted}, everywhere=True) as server:
        many = [[server.url("/", host)] for host in HOSTS]
        run = client(concurrency=4)
        with run.ahead(many):
            for addresses in many:
                ok(run.fetch(addresses))
        assert 2 <= max(most) <= 4


def test_only_so_many_are_fetched_ahead_of_the_one_that_is_read() -> None:
    routes = {f"/{n}": page() for n in range(10)}
    with hostile(routes, everywhere=True) as server:
        many = [[server.url(f"/{n}", host)] for host in HOSTS[:20] for n in range(10)]
        run = client()
        with run.ahead(many):
            ok(run.fetch(many[0]))
            time.sleep(1)
            assert len(server.paths()) <= 65
            for addresses in many[1:]:
                ok(run.fetch(addresses))
        assert len(server.paths()) == 200


def test_one_that_is_asked_for_is_fetched_however_many_were_never_taken() -> None:
    routes = {f"/{n}": page(str(n).encode()) for n in range(10)}
    with hostile(routes, everywhere=True) as server:
        many = [[server.url(f"/{n}", host)] for host in HOSTS[:20] for n in range(10)]
        run = client()
        with run.ahead(many):
            assert ok(run.fetch(many[199])).body == b"9"
            assert ok(run.fetch(many[105])).body == b"5"


def test_what_is_dropped_makes_room_for_others() -> None:
    routes = {f"/{n}": page() for n in range(10)}
    with hostile(routes, everywhere=True) as server:
        many = [[server.url(f"/{n}", host)] for host in HOSTS[:20] for n in range(10)]
        run = client()
        with run.ahead(many) as drop:
            ok(run.fetch(many[0]))
            for addresses in many[1:199:2]:
                drop(addresses)
            for addresses in many[2:199:2]:
                ok(run.fetch(addresses))
            ok(run.fetch(many[199]))
        assert 101 <= len(server.paths()) <= 165, "what was under way, and no more"


def test_one_address_that_several_want_is_no_trap() -> None:
    with hostile({"/": page()}) as server:
        many = [[server.url("/")]] * 70
        run = client()
        with run.ahead(many):
            assert {ok(run.fetch(addresses)).body for addresses in many} == {b"<p>$2.50</p>"}


def test_f01_a_wait_is_remembered_at_once(database_url: str) -> None:
    with hostile({"/a": page(), "/b": busy("7200")}, everywhere=True) as server, open_store(database_url) as store:
        many = [[server.url("/a", HOSTS[0])], [server.url("/b", HOSTS[1])]]
        run = client(StoreMemory(store))
        with run.ahead(many):
            assert failed(run.fetch(many[1])).status == 429
            # As another process sees it, should this one be killed now.
            until = StoreMemory(store).not_before(f"{HOSTS[1]}:{server.port}")
            assert until == NOW + timedelta(hours=2)


@pytest.mark.parametrize("how", ["leaves", "fails"])
def test_what_is_not_asked_for_is_given_up_at_once(how: str) -> None:
    with hostile({"/": drip(head(Content_Length=1000), b"x"), "/good": page()}, everywhere=True) as server:
        run = client(deadline=30, concurrency=len(HOSTS) + 1)
        started = time.monotonic()
        many = [[server.url("/", host)] for host in HOSTS[1:]]
        with contextlib.suppress(ZeroDivisionError), run.ahead(many):
            ok(run.fetch([server.url("/good")]))
            assert how == "leaves" or 1 // 0
        assert time.monotonic() - started < 3
        assert not [thread for thread in threading.enumerate() if thread.name == "ratecard-fetch"]
        # The client goes on as before.
        ok(run.fetch([server.url("/good")]))
        assert failed(client(deadline=0.3).fetch([server.url("/")])).kind == "timeout"
