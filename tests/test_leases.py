"""Leases: of two processes one gets a source, whoever dies gives it back in time, and nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scraper.due import WEEK, Key, Plan, State, judge
from scraper.records import Evidence, Fact, Offer, Reading
from scraper.records import State as FieldState
from scraper.store import CaptureInfo, SourceInfo, Status, Store, begin_run, open_store, record_reading
from scraper.store.leases import (
    Result,
    enrol,
    note_run,
    read_due,
    read_moments,
    release_lease,
    renew_lease,
    settle_lease,
    take_lease,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
KEY = Key("openai", "docs-pricing")
MINUTE = timedelta(minutes=1)
OK = Result(status=Status.OK, seconds=1.5)
BAD = Result(status=Status.FAILED, seconds=0.25, error="got a login page")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        enrol(opened, {KEY: "7d"}, NOW)
        yield opened


def test_a_source_is_enrolled_once(store: Store) -> None:
    enrol(store, {KEY: "1d", Key("groq", "x"): "7d"}, NOW + MINUTE)
    known = read_due(store)
    assert {key: view.row.known_at for key, view in known.items()} == {KEY: NOW, Key("groq", "x"): NOW + MINUTE}
    assert known[KEY].outcome is None


def test_one_of_two_gets_a_source_and_what_was_done_is_not_done_again(store: Store) -> None:
    seen = read_due(store)[KEY].row
    mine = take_lease(store, KEY, starts=seen.starts, holder="a", at=NOW, seconds=60)
    assert mine is not None
    assert take_lease(store, KEY, starts=seen.starts, holder="b", at=NOW, seconds=60) is None
    assert take_lease(store, KEY, starts=seen.starts + 1, holder="b", at=NOW, seconds=60) is None, "it is held"
    assert settle_lease(store, mine, OK)
    assert take_lease(store, KEY, starts=seen.starts, holder="b", at=NOW, seconds=60) is None, "it was done meanwhile"
    view = read_due(store)[KEY]
    assert (view.outcome, view.successes, view.failed, view.seconds) == (Status.OK, 1, 0, 1.5)
    assert (view.row.last_success_at, view.row.last_start_at) == (NOW, NOW)
    assert (view.row.lease_holder, view.row.lease_until) == (None, None)
    assert not settle_lease(store, mine, BAD), "once"


def test_failures_are_counted_in_a_row(store: Store) -> None:
    for number in range(3):
        lease = take_lease(store, KEY, starts=number, holder="a", at=NOW + number * MINUTE, seconds=60)
        assert lease is not None
        assert settle_lease(store, lease, BAD)
    view = read_due(store)[KEY]
    assert (view.row.failures, view.failed, view.error, view.row.last_success_at) == (3, 3, "got a login page", None)
    lease = take_lease(store, KEY, starts=3, holder="a", at=NOW + 9 * MINUTE, seconds=60)
    assert lease is not None
    settle_lease(store, lease, OK)
    view = read_due(store)[KEY]
    assert (view.row.failures, view.failed, view.successes, view.error) == (0, 3, 1, "")


def test_a_lease_that_ran_out_is_taken_over_and_counts_as_a_failure(store: Store) -> None:
    gone = take_lease(store, KEY, starts=0, holder="a", at=NOW, seconds=60)
    assert gone is not None
    assert take_lease(store, KEY, starts=1, holder="b", at=NOW + MINUTE - MINUTE / 60, seconds=60) is None
    other = take_lease(store, KEY, starts=1, holder="b", at=NOW + MINUTE, seconds=60)
    assert other is not None
    assert read_due(store)[KEY].row.failures == 1
    # Whoever was thought dead cannot settle, renew or give back what is another's.
    assert not renew_lease(store, gone, at=NOW + MINUTE, seconds=60)
    assert not release_lease(store, gone)
    assert not settle_lease(store, gone, OK)
    assert settle_lease(store, other, OK)


def test_a_lease_is_renewed_and_given_back(store: Store) -> None:
    lease = take_lease(store, KEY, starts=0, holder="a", at=NOW, seconds=60)
    assert lease is not None
    assert renew_lease(store, lease, at=NOW + MINUTE / 2, seconds=60)
    assert take_lease(store, KEY, starts=1, holder="b", at=NOW + MINUTE, seconds=60) is None
    assert release_lease(store, lease)
    row = read_due(store)[KEY].row
    assert (row.failures, row.lease_holder) == (0, None)
    (verdict,) = judge(NOW + MINUTE, {KEY: Plan(every=WEEK)}, {KEY: row})
    assert verdict.due, "as if it had not been taken"


def test_a_lease_of_a_clock_that_was_wrong_does_not_hold_for_years(store: Store) -> None:
    assert take_lease(store, KEY, starts=0, holder="a", at=NOW + 3650 * 24 * 60 * MINUTE, seconds=60)
    assert take_lease(store, KEY, starts=1, holder="b", at=NOW, seconds=60)


def test_a_run_counts_for_the_period_in_which_it_began(store: Store) -> None:
    lease = take_lease(store, KEY, starts=0, holder="a", at=NOW, seconds=60)
    assert lease is not None
    settle_lease(store, lease, replace(OK, seconds=7200))
    assert read_due(store)[KEY].row.last_success_at == NOW


def test_a_refresh_by_hand_serves_the_schedule(store: Store) -> None:
    note_run(store, KEY, at=NOW, result=OK)
    note_run(store, Key("groq", "x"), at=NOW, result=BAD)
    rows = {key: view.row for key, view in read_due(store).items()}
    plan = Plan(every=WEEK)
    states = {v.key.provider: v.state for v in judge(NOW + MINUTE, dict.fromkeys(rows, plan), rows)}
    assert states == {"openai": State.WAITING, "groq": State.RETRYING}


def test_prices_that_end_or_begin_ask_for_a_look(store: Store) -> None:
    info = SourceInfo(provider="openai", name="docs-pricing", url="https://a.example/p", fields=frozenset({"input"}))
    proof = Evidence(locator="table[1]", quote="$1")
    ends = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    begins = datetime(2026, 12, 10, tzinfo=UTC)
    fact = Fact(field="input", state=FieldState.SOURCED, value="1", currency="USD", evidence=proof, valid_until=ends)
    later = fact.model_copy(update={"valid_from": begins, "valid_until": None, "value": "2"})
    plain = fact.model_copy(update={"field": "output", "valid_until": None})
    reading = Reading(offers=(Offer(model_id="m", name="M", facts=(fact, later, plain)),))
    capture = CaptureInfo(sha256="a" * 64, url=info.url, captured_at=NOW, content_type="text/html", size=1)
    assert read_moments(store) == {}
    run = begin_run(store, started_at=NOW, at=NOW, replay=False)
    record_reading(store, run, info, capture, reading)
    assert read_moments(store) == {KEY: (datetime(2026, 12, 1, 12, tzinfo=UTC), datetime(2026, 12, 10, 12, tzinfo=UTC))}


# Two real processes on one database.

CONTENDER = """
    import os, sys, time
    from datetime import UTC, datetime, timedelta
    from scraper.due import Key, Plan, judge
    from scraper.store import Status, open_store
    from scraper.store.leases import Result, enrol, read_due, settle_lease, take_lease

    url, ticks, seconds, hang = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "hang"
    second = timedelta(seconds=1)
    plans = {Key("p", str(n)): Plan(every=second, offset=second * n / 20) for n in range(20)}
    with open_store(url) as store:
        enrol(store, dict.fromkeys(plans, "1s"), datetime.now(UTC))
        for tick in range(ticks):
            now = datetime.now(UTC)
            rows = {key: view.row for key, view in read_due(store).items()}
            for verdict in judge(now, plans, rows):
                if not verdict.due:
                    continue
                at = datetime.now(UTC)
                key, starts = verdict.key, verdict.row.starts
                lease = take_lease(store, key, starts=starts, holder=str(os.getpid()), at=at, seconds=seconds)
                if lease is None:
                    continue
                print("ran", verdict.key.source, verdict.since.isoformat(), at.isoformat(), flush=True)
                if hang:
                    time.sleep(60)
                settle_lease(store, lease, Result(status=Status.OK, seconds=0))
            time.sleep(0.015)
"""


def contend(url: str, ticks: int, lease_seconds: float, how: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CONTENDER), url, str(ticks), str(lease_seconds), how],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_f26_two_processes_lease_each_due_item_once(database_url: str) -> None:
    open_store(database_url).close()
    both = [contend(database_url, 200, 60) for _ in range(2)]
    lines = [line.split() for process in both for line in process.communicate(timeout=90)[0].splitlines()]
    assert [process.returncode for process in both] == [0, 0]
    items = Counter((source, since) for _, source, since, _ in lines)
    assert len(items) >= 50, "200 ticks last some seconds, and each of 20 sources is due once in each"
    assert set(items.values()) == {1}
    with open_store(database_url) as store:
        known = read_due(store)
    assert sum(view.successes for view in known.values()) == len(lines)
    assert sum(view.failed for view in known.values()) == 0


def test_f26_when_the_holder_is_killed_its_lease_runs_out_and_the_other_takes_over(database_url: str) -> None:
    open_store(database_url).close()
    holder = contend(database_url, 200, 2, "hang")
    assert holder.stdout is not None
    _, source, _, taken = holder.stdout.readline().split()
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=30)
    other = contend(database_url, 250, 2)
    lines = [line.split() for line in other.communicate(timeout=90)[0].splitlines()]
    assert other.returncode == 0
    first = next(datetime.fromisoformat(at) for _, name, _, at in lines if name == source)
    assert first - datetime.fromisoformat(taken) >= timedelta(seconds=2), "not before the lease ran out"
    assert len({name for _, name, _, _ in lines}) == 20, "nothing else waited for it"
