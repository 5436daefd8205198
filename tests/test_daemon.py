"""The daemon: it runs what is due and nothing twice, stops without leaving halves, and outlives its database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from scraper import providers
from scraper.daemon import Daemon
from scraper.dispatch import Runner
from scraper.due import MONDAY, WEEK, Key, Plan, Window, offset_of
from scraper.errors import RatecardError
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.logs import set_up_logs
from scraper.records import iso
from scraper.refresh import Refresh
from scraper.status import serving
from scraper.store import Store, list_offers, list_sources, open_store
from scraper.store.leases import read_due, take_lease
from tests.captures import Command, Folder, price_page
from tests.processes import get
from tests.readings import FIXTURES

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEYS = [
    Key("anthropic", "models-overview"),
    Key("deepseek", "pricing"),
    Key("groq", "v1-models"),
    Key("openai", "deprecations"),
    Key("replicate", "openai/gpt-4.1-nano"),
    Key("vercel", "models"),
]
PLANS = {key: Plan(every=WEEK, offset=offset_of(key, WEEK)) for key in KEYS}


class Clock:
    """A clock that is set by hand, and can fail no one."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def _logs() -> None:
    set_up_logs("json")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as opened:
        yield opened


def runner(
    store: Store, folder: Path, clock: Clock, plans: Mapping[Key, Plan] = PLANS, captures: Path = FIXTURES
) -> Runner:
    def flow(at: datetime, _run: int) -> Refresh:
        return Refresh(store, Archive(folder / "archive"), Replay([captures], at), at)

    return Runner(store=store, plans=plans, flow=flow, clock=clock, timer=lambda: 0.0, replay=True)


def test_what_is_due_is_refreshed_once_and_written_down(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    work = runner(store, tmp_path, clock)
    first = work.tick()
    assert {(source.provider, source.source) for source in first.report.sources} == set(KEYS)
    assert first.report.exit_code == 0
    assert first.following is not None
    assert first.following.next_at is not None
    assert first.following.next_at > clock.now
    assert work.tick().report.sources == ()
    clock.now = first.following.next_at
    assert [source.source for source in work.tick().report.sources] == [first.following.key.source]


def test_f24_a_daemon_that_was_down_for_six_weeks_catches_up_once(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    runner(store, tmp_path, clock).tick()
    clock.now += 6 * WEEK
    again = runner(store, tmp_path, clock)
    ran = [source.source for _ in range(8) for source in again.tick().report.sources]
    assert sorted(ran) == sorted(key.source for key in KEYS)


@pytest.mark.long
def test_a_simulated_year(store: Store, tmp_path: Path) -> None:
    zones = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Sydney")]
    clock = Clock()
    plans = {key: PLANS[key] for key in KEYS[2:]}
    work = runner(store, tmp_path, clock, plans)
    assert len(work.tick().report.sources) == len(plans), "it is installed"
    ran: dict[Key, list[datetime]] = {key: [] for key in plans}
    downtimes = [(START + 70 * DAY, START + 75 * DAY), (START + 200 * DAY, START + 201 * DAY + 5 * HOUR)]
    now, ticks, put_back = START + HOUR, 0, False
    while now < START + 52 * WEEK:
        if now > START + 140 * DAY and not put_back:
            now, put_back = now - 3 * DAY, True
        if not any(begin <= now < end for begin, end in downtimes):
            clock.now = now.astimezone(zones[ticks % 3])
            for source in work.tick().report.sources:
                assert not source.failed, source.error
                ran[Key(source.provider, source.source)].append(now)
            ticks += 1
        now += 6 * HOUR
    for key, runs in ran.items():
        periods = [int((run - MONDAY - plans[key].offset) / WEEK) for run in runs]
        assert len(runs) == 52, key
        assert periods == list(range(periods[0], periods[0] + 52)), "none missed, none doubled, in order"
    views = read_due(store)
    assert {view.successes for view in views.values()} == {53}
    assert put_back
    print(f"{ticks} ticks, {len(plans)} sources: {sum(map(len, ran.values()))} runs, 52 for each source")


def test_a_blackout_that_begins_meanwhile_is_kept(store: Store, tmp_path: Path) -> None:
    clock = Clock(MONDAY + 3000 * WEEK - HOUR)
    plans = {key: replace(plan, blackout=(Window(timedelta(), DAY),)) for key, plan in PLANS.items()}
    work = runner(store, tmp_path, clock, plans)
    flow = work.flow

    def slow(at: datetime, run: int) -> Refresh:
        clock.now += HOUR / 2
        return flow(at, run)

    work.flow = slow
    assert len(work.tick().report.sources) == 2
    clock.now = MONDAY + 3000 * WEEK + DAY
    work.flow = flow
    assert len(work.tick().report.sources) == len(KEYS) - 2


def test_a_source_that_fails_backs_off_and_is_told_louder_with_age(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Key("anthropic", "docs-pricing")
    captures = Folder(tmp_path / "captures").add("# Pricing\n\nMoved.\n", "2026-05-01")
    clock = Clock()
    work = runner(store, tmp_path, clock, {key: Plan(every=WEEK, escalate_after=2 * DAY)}, captures.path)
    tried = []
    while clock.now < START + 5 * DAY:
        if work.tick().report.failed:
            tried.append((clock.now - START) / HOUR)
        clock.now += HOUR / 2
    assert tried == [0, 1, 3, 7, 15, 31, 55, 79, 103]
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    said = Counter((event["event"], event["level"]) for event in events if event["event"] != "source started")
    assert said == {("source failed", "warning"): 6, ("source overdue", "error"): 3}
    assert {event["run"] for event in events} == set(range(1, 10)), "every line of a run has its number"


def test_a_defect_of_one_source_does_not_keep_the_others(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    work = runner(store, tmp_path, clock)
    flow = work.flow
    turns = iter(range(100))

    def broken(at: datetime, run: int) -> Refresh:
        if next(turns) == 1:
            raise ZeroDivisionError("by accident")
        return flow(at, run)

    work.flow = broken
    report = work.tick().report
    assert len(report.sources) == len(KEYS)
    assert [source.error for source in report.failed] == ["unexpected ZeroDivisionError: by accident"]
    assert Counter(view.row.failures for view in read_due(store).values()) == {0: len(KEYS) - 1, 1: 1}


def test_a_source_that_another_process_has_is_left_alone(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    work = runner(store, tmp_path, clock)
    flow = work.flow
    other = runner(store, tmp_path, clock)

    def slow(at: datetime, run: int) -> Refresh:
        # While this one works, the other one looks too.
        work.flow = flow
        reports.append(other.tick().report)
        return flow(at, run)

    reports: list[Any] = []
    work.flow = slow
    mine = work.tick().report
    assert len(mine.sources) + len(reports[0].sources) == len(KEYS)
    assert {view.row.starts for view in read_due(store).values()} == {1}


def test_what_is_due_is_fetched_ahead_but_for_what_has_a_blackout_or_another_process(
    store: Store, tmp_path: Path
) -> None:
    clock = Clock()
    plans = {**PLANS, KEYS[1]: replace(PLANS[KEYS[1]], blackout=(Window(timedelta(), HOUR),))}
    work = runner(store, tmp_path, clock, plans)
    other = runner(store, tmp_path, clock, {KEYS[2]: PLANS[KEYS[2]]})
    flow = work.flow
    begun: list[Sequence[Sequence[str]]] = []
    dropped: list[Sequence[str]] = []

    @contextmanager
    def ahead(_run: int, many: Sequence[Sequence[str]]) -> Iterator[Callable[[Sequence[str]], None]]:
        begun.append(many)
        yield dropped.append

    def meanwhile(at: datetime, run: int) -> Refresh:
        work.flow = flow
        assert len(other.tick().report.sources) == 1
        return flow(at, run)

    work.ahead, work.flow = ahead, meanwhile
    ran = work.tick().report.sources
    addresses = {
        key: source.addresses for key in KEYS for source in providers.sources(key.provider) if source.name == key.source
    }
    assert len(ran) == len(KEYS) - 1
    (many,) = begun
    assert {*map(tuple, many)} == {addresses[key] for key in KEYS if key != KEYS[1]}
    assert dropped == [addresses[KEYS[2]]]
    assert work.tick().report.sources == ()
    assert len(begun) == 1, "where nothing is due, nothing is fetched"


def test_a_lease_is_renewed_while_the_work_goes_on(store: Store, tmp_path: Path) -> None:
    key = KEYS[4]
    work = runner(store, tmp_path, Clock(), {key: PLANS[key]})
    work.clock = lambda: datetime.now(UTC)
    work.lease_seconds = 2
    flow = work.flow
    taken: list[bool] = []

    def slow(at: datetime, run: int) -> Refresh:
        for _ in range(8):
            time.sleep(0.4)
            lease = take_lease(store, key, starts=1, holder="other", at=datetime.now(UTC), seconds=1)
            taken.append(lease is not None)
        return flow(at, run)

    work.flow = slow
    assert not work.tick().report.failed
    assert taken == [False] * 8
    assert read_due(store)[key].successes == 1


# How it answers.


def test_health_readiness_and_metrics(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    seconds = [0.0]
    work = runner(store, tmp_path, clock)
    work.timer = lambda: seconds[0]
    keeper = Daemon(runner=work)
    pages = {"/healthz": keeper.healthz, "/readyz": keeper.readyz, "/metrics": keeper.metrics}
    with serving("127.0.0.1:0", pages) as address:
        assert get(address, "/healthz") == (200, "ok\n")
        assert get(address, "/readyz") == (200, "ready\n")
        assert get(address, "/nothing")[0] == 404
        stop = threading.Event()
        loop = threading.Thread(target=keeper.loop, args=(stop,))
        loop.start()
        wait_for(lambda: len(read_due(store)) == len(KEYS) and all(v.successes for v in read_due(store).values()))
        stop.set()
        loop.join()
        clock.now += DAY
        code, said = get(address, "/metrics")
        assert code == 200
        assert 'ratecard_source_last_success_age_seconds{provider="vercel",source="models"} 86400.0\n' in said
        assert 'ratecard_source_runs_total{outcome="success",provider="vercel",source="models"} 1.0\n' in said
        assert "ratecard_database_up 1.0\n" in said
        seconds[0] += 3600
        code, said = get(address, "/healthz")
        assert (code, said) == (503, "the loop has not moved for 3600 seconds\n")
        with (
            pytest.raises(RatecardError, match=r"cannot listen at .* give another address by --listen"),
            serving(address, pages),
        ):
            pass
    for bad in ("9464", "127.0.0.1:many", ":9464", "127.0.0.1:99999"):
        with pytest.raises(RatecardError, match="write HOST:PORT"), serving(bad, pages):
            pass


def test_a_daemon_that_has_nothing_to_do_for_long_is_healthy(store: Store, tmp_path: Path) -> None:
    work = runner(store, tmp_path, Clock())
    seconds = [0.0]
    work.timer = lambda: seconds[0]
    work.tick()
    keeper = Daemon(runner=work, tick_seconds=0.02)
    stop = threading.Event()
    loop = threading.Thread(target=keeper.loop, args=(stop,))
    loop.start()
    try:
        for _ in range(3):
            seconds[0] += 3600
            wait_for(lambda: keeper.healthz().status == 200, 5)
    finally:
        stop.set()
        loop.join()


def test_a_clock_that_was_ahead_is_said_and_waited_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Key("anthropic", "docs-pricing")
    ahead = datetime.now(UTC).replace(microsecond=0) + 5 * WEEK
    clock = Clock(ahead)
    captures = Folder(tmp_path / "captures").add(price_page([("Claude Opus 4.7", "5", "25")]), iso(ahead))
    work = runner(store, tmp_path, clock, {key: Plan(every=WEEK)}, captures.path)
    assert not work.tick().report.failed
    clock.now = ahead - 4 * WEEK
    (refused,) = work.tick().report.failed
    assert f"at {iso(ahead)}, which is later than this refresh, of {iso(clock.now)}" in refused.error
    assert "if a clock was ahead then, nothing of the source is taken before that time" in refused.error
    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    assert (
        f"LOOK  source anthropic docs-pricing: last read or tried at {iso(ahead)}, which is" in ratecard("doctor").out
    )
    clock.now = ahead + 2 * WEEK
    (taken,) = work.tick().report.sources
    assert not taken.failed


def test_the_database_goes_away_and_comes_back(postgres_url: str, tmp_path: Path) -> None:
    name = postgres_url.split("/")[3].split("?")[0]
    admin = postgres_url.replace(f"/{name}?", "/postgres?")
    clock = Clock()
    with open_store(postgres_url) as store, psycopg.connect(admin, autocommit=True) as other:
        work = runner(store, tmp_path, clock)
        keeper = Daemon(runner=work, tick_seconds=0.05)
        stop = threading.Event()
        loop = threading.Thread(target=keeper.loop, args=(stop,))
        loop.start()
        try:
            wait_for(lambda: work.refreshed == len(KEYS))
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            wait_for(lambda: keeper.readyz().status == 503)
            assert keeper.healthz().status == 200
            assert b"ratecard_database_up 0.0\n" in keeper.metrics().body
            clock.now += WEEK
            time.sleep(0.2)
            assert loop.is_alive()
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
            wait_for(lambda: work.refreshed == 2 * len(KEYS))
            assert keeper.readyz().status == 200
        finally:
            stop.set()
            loop.join()
        assert {view.successes for view in read_due(store).values()} == {2}


def test_what_was_taken_when_the_database_went_away_is_given_back(postgres_url: str, tmp_path: Path) -> None:
    name = postgres_url.split("/")[3].split("?")[0]
    with (
        open_store(postgres_url) as store,
        psycopg.connect(postgres_url.replace(f"/{name}?", "/postgres?"), autocommit=True) as other,
    ):
        work = runner(store, tmp_path, Clock(), {KEYS[1]: PLANS[KEYS[1]]})
        flow = work.flow

        def cut(at: datetime, run: int) -> Refresh:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            return flow(at, run)

        work.flow = cut
        with pytest.raises(RatecardError):
            work.tick()
        work.flow = flow
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
        assert [source.failed for source in work.tick().report.sources] == [False]
        assert read_due(store)[KEYS[1]].row.failures == 0


def wait_for(done: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


# How it stops: real processes, told to stop in the middle of a step.

HALTED = """
    import json, os, shutil, signal, sys, time
    import scraper.cli.reading, scraper.cli.running, scraper.dispatch, scraper.refresh, scraper.store.writing
    from scraper.fetch.archive import Archive
    from scraper.store import open_store

    places = {
        "lease": (scraper.dispatch, "take_lease"),
        "run": (scraper.dispatch, "begin_run"),
        "last time": (scraper.refresh, "last_time"),
        "fetch": (scraper.refresh, "fetch"),
        "archive": (Archive, "put"),
        "decode": (scraper.refresh, "read_document"),
        "read": (scraper.refresh, "read"),
        "check": (scraper.refresh, "check"),
        "store": (scraper.refresh, "record_reading"),
        "transaction": (scraper.store.writing, "_replace_notes"),
        "settle": (scraper.dispatch, "settle_lease"),
    }

    def run(folder, case):
        os.dup2(os.open(f"{folder}/out", os.O_WRONLY | os.O_CREAT), 1)
        os.dup2(os.open(f"{folder}/err", os.O_WRONLY | os.O_CREAT), 2)
        os.environ |= case["env"]
        place, name = places[case["step"]]
        real = getattr(place, name)

        def halted(*arguments, **named):
            for number in case["signals"]:
                os.kill(os.getpid(), number)
                time.sleep(0.2)
            time.sleep(case["seconds"])
            return real(*arguments, **named)

        setattr(place, name, halted)
        sys.argv = ["ratecard", *case["command"], "--db", f"sqlite:///{folder}/ratecard.db"]
        scraper.cli.main()

    base, cases = sys.argv[1], json.loads(sys.argv[2])
    open_store(f"sqlite:///{base}/ratecard.db").close()
    children = {}
    for number, case in enumerate(cases):
        os.mkdir(f"{base}/{number}")
        shutil.copy(f"{base}/ratecard.db", f"{base}/{number}/ratecard.db")
        # No thread runs here yet, so that forking is safe; and it saves loading everything for each.
        children[os.fork()] = number
        if 0 in children:
            try:
                run(f"{base}/{number}", case)
            except SystemExit as end:
                os._exit(end.code or 0)
            finally:
                os._exit(99)
    began = time.monotonic()
    codes = {}
    while children:
        pid, status = os.wait()
        codes[children.pop(pid)] = (os.waitstatus_to_exitcode(status), time.monotonic() - began)
    print(json.dumps([codes[number] for number in sorted(codes)]))
"""
STEPS = ("lease", "run", "last time", "fetch", "archive", "decode", "read", "check", "store", "transaction", "settle")


@dataclass(frozen=True)
class Stopped:
    """How a process ended that was told to stop."""

    code: int
    seconds: float
    folder: Path

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in (self.folder / "err").read_text().splitlines()]

    @contextmanager
    def store(self) -> Iterator[Store]:
        with open_store(f"sqlite:///{self.folder}/ratecard.db") as opened:
            yield opened


Case = Mapping[str, Any]


def case(step: str, *signals: int, seconds: float = 0, grace: str = "60", command: Sequence[str] = ("daemon",)) -> Case:
    """Say what a process does, at which step it gets which signals, and how long that step takes after them."""
    env = {"RATECARD_LISTEN": "127.0.0.1:0", "RATECARD_LOG_FORMAT": "json", "RATECARD_GRACE_SECONDS": grace}
    command = [*command, "--replay", str(FIXTURES)]
    return {"step": step, "signals": signals, "seconds": seconds, "command": command, "env": env}


def stop(base: Path, cases: Sequence[Case]) -> list[Stopped]:
    """Run all cases side by side, each with a database of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HALTED), str(base), json.dumps(cases)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=100,
    )
    return [
        Stopped(code, seconds, base / str(number)) for number, (code, seconds) in enumerate(json.loads(done.stdout))
    ]


def test_f27_sigterm_at_any_step_lets_the_current_source_end(tmp_path: Path) -> None:
    for step, ended in zip(STEPS, stop(tmp_path, [case(step, signal.SIGTERM) for step in STEPS]), strict=True):
        assert (ended.code, ended.out) == (0, ""), step
        middle = ["stopping", "source started"] if step in ("lease", "run") else ["source started", "stopping"]
        assert ended.events == ["daemon started", *middle, "source done", "tick", "daemon stopped"], step
        with ended.store() as store:
            known = read_due(store)
            assert sum(view.successes for view in known.values()) == 1, step
            assert not any(view.row.lease_holder for view in known.values()), step
            assert [source.status for source in list_sources(store)] == ["ok"], "one source, whole; no other was begun"


def test_f27_what_does_not_end_within_the_grace_time_is_undone(tmp_path: Path) -> None:
    # Who is stuck in a transaction keeps everyone from writing; the lease runs out by itself then.
    given_back = {"lease": True, "fetch": True, "read": True, "transaction": False}
    cases = [case(step, signal.SIGTERM, seconds=60, grace="0.2") for step in given_back]
    for step, ended in zip(given_back, stop(tmp_path, cases), strict=True):
        assert ended.code == 3, step
        assert ended.seconds < 30, step
        assert ended.events[-1] == "cut short", step
        with ended.store() as store:
            known = read_due(store)
            assert sum(view.successes for view in known.values()) == 0, step
            assert any(view.row.lease_holder for view in known.values()) is not given_back[step], step
            assert (list_offers(store, START), list_sources(store)) == ([], []), "nothing is half written"


def test_f27_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    numbers = (signal.SIGTERM, signal.SIGINT)
    cases = [case("fetch", number, number, seconds=60) for number in numbers]
    for number, ended in zip(numbers, stop(tmp_path, cases), strict=True):
        assert ended.code == 128 + number
        assert ended.seconds < 30
        assert ended.events[-1] == "stopping"


def test_f27_refresh_due_ends_with_what_it_is_at_and_says_what_is_left(tmp_path: Path) -> None:
    (ended,) = stop(tmp_path, [case("check", signal.SIGTERM, command=("refresh", "--due", "replicate"))])
    assert ended.code == 3
    said = "Run 1: 13 sources were due: 1 read, 12 not begun, since it was stopped. 0 changes. Next: "
    assert ended.out.startswith(said)
    assert ended.out.count("\n") == 1


# For cron.


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)


def test_refresh_due_prints_one_line(ratecard: Command, tmp_path: Path) -> None:
    first = ratecard("refresh", "--due", "replicate", "deepseek", "--replay", FIXTURES)
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("Run 1: 14 sources were due: 14 read. 0 changes. Next: ")
    assert first.out.count("\n") == 1
    again = ratecard("refresh", "--due", "replicate", "deepseek", "--replay", FIXTURES)
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith("Nothing is due. Next: ")
    captures = Folder(tmp_path / "captures").add("# Pricing\n\nMoved.\n", "2026-05-01")
    failed = ratecard("refresh", "--due", "anthropic", "--replay", captures.path)
    assert failed.code == 1
    assert "2 not captured, 1 failed (anthropic docs-pricing)" in failed.out
    assert failed.out.count("\n") == 1
    assert '"event": "source failed"' in failed.err
    as_json = ratecard("refresh", "--due", "deepseek", "--json", "--replay", FIXTURES).json
    assert (as_json["sources"], as_json["left"]) == ([], 0)
    for refused in (["--at", "2026-05-01"], ["--dry-run"]):
        ran = ratecard("refresh", "--due", *refused)
        assert (ran.code, ran.out) == (2, "")
        assert "--due is of now" in ran.err


def test_the_schedule_shows_each_source(ratecard: Command, tmp_path: Path) -> None:
    before = ratecard("schedule", "--json").json
    assert {one["state"] for one in before} == {"due"}
    captures = Folder(tmp_path / "captures").add(price_page([("Claude Opus 4.7", "5", "25")]), "2026-05-01")
    ratecard("refresh", "--due", "anthropic", "--replay", captures.path)
    after = {(one["provider"], one["source"]): one for one in ratecard("schedule", "--json").json}
    read = after["anthropic", "docs-pricing"]
    assert (read["cadence"], read["state"], read["failures"]) == ("7d", "waiting", 0)
    assert read["last_run"] == read["last_success"] < read["next_run"]
    assert after["anthropic", "models-overview"]["state"] == "retrying"
    assert after["openai", "docs-pricing"]["last_run"] is None
    shown = ratecard("schedule").out.splitlines()
    assert shown[0].split() == ["source", "every", "last", "run", "last", "success", "next", "run", "state"]
    assert len(shown) == len(after) + 1
    (line,) = [line for line in shown if line.startswith("anthropic/models-overview")]
    assert "failed 1 times in a row: no replay folder has a capture of" in line
