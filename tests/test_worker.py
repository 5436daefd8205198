"""More than one machine: daemons that enqueue and workers that refresh, as real processes on one PostgreSQL."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate.schema import SchemaManager

from scraper import providers
from scraper.dispatch import Runner
from scraper.due import WEEK, Key, Plan
from scraper.errors import RatecardError
from scraper.fetch.archive import Archive
from scraper.fetch.capture import Fetcher
from scraper.fetch.client import Client
from scraper.fetch.replay import Replay
from scraper.logs import set_up_logs
from scraper.refresh import Refresh
from scraper.settings import Settings
from scraper.store import Store, StoreMemory, open_store
from scraper.store.leases import read_due, take_lease
from scraper.worker import Queue, Worker, health_of, host_locks, open_queue
from tests.captures import Command
from tests.fleet import Fleet, check_fleet, registered, run_fleet, wait_for
from tests.hostile import hostile, page
from tests.processes import get
from tests.readings import FIXTURES

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DEEPSEEK = Key("deepseek", "pricing")
KEYS = [Key(name, s.name) for name in ("deepseek", "groq", "replicate", "vercel") for s in providers.sources(name)]
PLANS = {key: Plan(every=WEEK) for key in KEYS}


@pytest.mark.long
def test_two_daemons_and_four_workers_one_of_which_is_killed(postgres_url: str, tmp_path: Path) -> None:
    fleet = Fleet(postgres_url, tmp_path, hosts=40, sources=500)
    seen, took = run_fleet(fleet, 2, 4, kill=True, seconds=90)
    check_fleet(fleet, seen)
    events = [event for number in range(6) for event in fleet.events(number)]
    # A job may come twice (one daemon judged what workers did before it could enqueue); the work does not.
    done = Counter((event["provider"], event["source"]) for event in events if event["event"] == "source done")
    assert len(done) == fleet.sources
    assert set(done.values()) == {1}
    assert sum(event["event"] == "job of a dead worker put back" for event in events) == 1
    print(f"{fleet.sources} sources in {took:.1f} s, {seen.pages()} requests for pages; at most one at once to a host")


def test_a_worker_may_do_several_sources_at_a_time(postgres_url: str, tmp_path: Path) -> None:
    fleet = Fleet(postgres_url, tmp_path, hosts=8, sources=40)
    told: list[tuple[int, str]] = []

    def ask() -> None:
        address = fleet.events(0)[0]["listen"]
        told.extend(get(address, path) for path in ("/healthz", "/readyz"))

    seen, _ = run_fleet(fleet, 1, 1, jobs=4, seconds=60, latency=0.2, begun=ask)
    check_fleet(fleet, seen)
    assert 2 <= seen.together <= 4
    assert told == [(200, "ok\n"), (200, "ready\n")]


# The parts, in this process.


@pytest.fixture(autouse=True)
def _logs() -> None:
    set_up_logs("json")


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    with open_store(postgres_url) as opened:
        yield opened


def runner(store: Store, folder: Path, fetcher: Fetcher | None = None, plans: Mapping[Key, Plan] = PLANS) -> Runner:
    def flow(at: datetime, _run: int) -> Refresh:
        return Refresh(store, Archive(folder / "archive"), fetcher or Replay([FIXTURES], at), at)

    return Runner(store=store, plans=plans, flow=flow, clock=lambda: NOW, lease_seconds=2)


def daemon(store: Store, folder: Path, queue: Queue, plans: Mapping[Key, Plan] = PLANS) -> Runner:
    made = runner(store, folder, plans=plans)
    made.hand_over = queue.put
    return made


@contextmanager
def working(*workers: Worker) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=worker.loop, args=(stop,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)


def jobs(store: Store, what: str = "count(*)") -> Any:
    with store.reading() as connection:
        return connection.exec_driver_sql(f"SELECT {what} FROM procrastinate_jobs").scalar()  # noqa: S608


def successes(store: Store) -> Counter[int]:
    return Counter(view.successes for view in read_due(store).values())


def test_what_is_due_is_enqueued_once_and_refreshed_by_a_worker(store: Store, tmp_path: Path) -> None:
    queue = open_queue(store, 2)
    first, second = (daemon(store, tmp_path, queue) for _ in range(2))
    for ticking in (first, second, first):
        assert ticking.tick().report.sources == ()
    assert jobs(store) == len(PLANS)
    assert jobs(store, "count(DISTINCT args->>'run')") == 1, "one run for what was found due together"
    with working(Worker(queue=queue, runner=runner(store, tmp_path))):
        wait_for(lambda: jobs(store) == 0)
    assert successes(store) == {1: len(PLANS)}
    assert first.tick().left == 0
    assert jobs(store) == 0, "nothing is due any more"


def test_a_job_whose_source_is_not_due_any_more_does_nothing(store: Store, tmp_path: Path) -> None:
    queue = open_queue(store, 2)
    plans = {DEEPSEEK: PLANS[DEEPSEEK]}
    daemon(store, tmp_path, queue, plans).tick()
    assert len(runner(store, tmp_path, plans=plans).tick().report.sources) == 1, "by a daemon that has no queue"
    with working(Worker(queue=queue, runner=runner(store, tmp_path))):
        wait_for(lambda: jobs(store) == 0)
    assert read_due(store)[DEEPSEEK].row.starts == 1


def test_a_job_whose_source_another_process_has_does_nothing(store: Store, tmp_path: Path) -> None:
    queue = open_queue(store, 2)
    plans = {DEEPSEEK: PLANS[DEEPSEEK]}
    daemon(store, tmp_path, queue, plans).tick()
    assert take_lease(store, DEEPSEEK, starts=0, holder="other", at=NOW, seconds=60)
    with working(Worker(queue=queue, runner=runner(store, tmp_path))):
        wait_for(lambda: jobs(store) == 0)
    assert successes(store) == {0: 1}


def test_a_source_that_fails_is_left_to_the_schedule(store: Store, tmp_path: Path) -> None:
    queue = open_queue(store, 2)
    plans = {DEEPSEEK: PLANS[DEEPSEEK]}
    ticking = daemon(store, tmp_path, queue, plans)
    ticking.tick()
    with working(Worker(queue=queue, runner=runner(store, tmp_path, _nothing(tmp_path)))):
        wait_for(lambda: jobs(store) == 0)
    ticking.tick()
    assert jobs(store) == 0
    ticking.clock = lambda: NOW + timedelta(hours=1)
    ticking.tick()
    assert jobs(store) == 1


def test_no_host_is_asked_sooner_than_its_pace_by_another_worker(store: Store, tmp_path: Path) -> None:
    pace = 0.4
    addresses = [f"/p{n}" for n in range(4)]
    with hostile({"/p": page()}) as server:
        settings = Settings.model_validate({"pace": pace, "allow_private_hosts": ["127.0.0.1"]})

        def worker(queue: Queue) -> Worker:
            client = Client(settings, lambda: NOW, StoreMemory(store, one_by_one=True))
            made = runner(store, tmp_path)

            def flow(at: datetime, run: int) -> Refresh:
                client.fetch([server.url("/p")])
                return Refresh(store, Archive(tmp_path / "archive"), Replay([FIXTURES], at), at)

            made.flow = flow
            return Worker(queue=queue, runner=made, let_go=client.let_go)

        queue = open_queue(store, 2)
        plans = {key: plan for key, plan in PLANS.items() if key.provider == "replicate"}
        daemon(store, tmp_path, queue, dict(list(plans.items())[: len(addresses)])).tick()
        with working(worker(queue), worker(queue)):
            wait_for(lambda: jobs(store) == 0)
    asked = [request.when for request in server.asked]
    assert server.paths() == ["/p"] * len(addresses)
    assert all(later - sooner >= pace for sooner, later in pairwise(asked))


def test_workers_outlive_their_database(postgres_url: str, tmp_path: Path) -> None:
    name = postgres_url.split("/")[3].split("?")[0]
    admin = postgres_url.replace(f"/{name}?", "/postgres?")
    with open_store(postgres_url) as store, psycopg.connect(admin, autocommit=True) as other:
        queue = open_queue(store, 2)
        with working(Worker(queue=queue, runner=runner(store, tmp_path))):
            wait_for(lambda: registered(store) == 1)
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            time.sleep(0.5)
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
            daemon(store, tmp_path, queue).tick()
            wait_for(lambda: jobs(store) == 0)
        assert successes(store) == {1: len(PLANS)}


def test_workers_outlive_a_queue_that_fails(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue = open_queue(store, 2)
    said = ""

    def told() -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return '"event": "worker failed"' in said

    with working(Worker(queue=queue, runner=runner(store, tmp_path))):
        wait_for(lambda: registered(store) == 1)
        rename_jobs(store, "procrastinate_jobs", "away")
        wait_for(told)
        with pytest.raises(RatecardError, match="cannot be used"):
            daemon(store, tmp_path, queue).tick()
        rename_jobs(store, "away", "procrastinate_jobs")
        daemon(store, tmp_path, queue).tick()
        wait_for(lambda: jobs(store) == 0)
    assert successes(store) == {1: len(PLANS)}
    assert '"retry_in": 1.0' in said
    assert "Traceback" not in said


def test_what_failed_long_ago_does_not_make_a_worker_wait_longer(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = open_queue(store, 2)
    work = runner(store, tmp_path)
    seconds = [0.0]
    work.timer = lambda: seconds[0]
    said = ""

    def failed(times: int) -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return said.count('"event": "worker failed"') >= times

    with working(Worker(queue=queue, runner=work)):
        for times in (1, 2):
            wait_for(lambda: registered(store) == 1)
            seconds[0] += 3600
            rename_jobs(store, "procrastinate_jobs", "away")
            wait_for(lambda times=times: failed(times))  # type: ignore[misc]
            rename_jobs(store, "away", "procrastinate_jobs")
    assert said.count('"retry_in": 1.0') == 2


def test_a_worker_is_healthy_while_it_waits_and_not_while_a_source_takes_all_too_long(
    store: Store, tmp_path: Path
) -> None:
    queue = open_queue(store, 2)
    plans = {DEEPSEEK: PLANS[DEEPSEEK]}
    work = runner(store, tmp_path, plans=plans)
    seconds, goes_on = [0.0], threading.Event()
    work.timer = lambda: seconds[0]
    flow = work.flow

    def slow(at: datetime, run: int) -> Refresh:
        goes_on.wait(30)
        return flow(at, run)

    work.flow = slow
    worker = Worker(queue=queue, runner=work)
    assert worker.healthz().status == 200, "it has not begun"
    with working(worker):
        wait_for(lambda: registered(store) == 1)
        seconds[0] += 3600
        wait_for(lambda: worker.healthz().status == 200)
        daemon(store, tmp_path, queue, plans).tick()
        wait_for(lambda: work.current is not None)
        seconds[0] += 3600
        assert (health_of([worker]).status, health_of([worker]).body) == (
            503,
            b"the loop has not moved for 3600 seconds\n",
        )
        goes_on.set()
        wait_for(lambda: jobs(store) == 0)
        wait_for(lambda: health_of([worker]).status == 200)


def test_sources_that_share_a_host_share_a_lock() -> None:
    locks = host_locks()
    assert locks[Key("openai", "docs-pricing")] == locks[Key("openai", "deprecations")]
    assert len({lock for key, lock in locks.items() if key.provider == "replicate"}) == 1
    assert len({lock for key, lock in locks.items() if key.provider == "google"}) == 1, "read in their order"
    assert locks[Key("anthropic", "docs-pricing")] != locks[Key("anthropic", "marketing-pricing")]
    assert len(set(locks.values())) >= len(providers.names())


def test_an_older_schema_of_the_engine_is_brought_up_to_date(store: Store, tmp_path: Path) -> None:
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    old = next(n for n, file in enumerate(files) if file.stem.startswith("03.01"))
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        for file in files[:old]:
            raw.execute(file.read_text().encode())
            raw.commit()
        raw.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{files[old - 1].stem}'".encode())
        raw.commit()
    queue = open_queue(store, 2)
    open_queue(store, 2)
    assert _comment(store) == files[-1].stem
    daemon(store, tmp_path, queue, {DEEPSEEK: PLANS[DEEPSEEK]}).tick()
    with working(Worker(queue=queue, runner=runner(store, tmp_path))):
        wait_for(lambda: jobs(store) == 0)
    assert successes(store) == {1: 1}
    with store.writing() as connection:
        connection.exec_driver_sql("COMMENT ON TABLE procrastinate_jobs IS '99.00.00_01'")
    with pytest.raises(RatecardError, match="made by a newer procrastinate"):
        open_queue(store, 2)
    with store.writing() as connection:
        connection.exec_driver_sql("COMMENT ON TABLE procrastinate_jobs IS NULL")
    open_queue(store, 2)
    assert _comment(store) is None, "somebody else's"


def test_many_open_a_queue_at_once(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len([future.result() for future in [pool.submit(open_queue, store, 2) for _ in range(4)]]) == 4
    assert jobs(store) == 0


def test_a_queue_needs_postgresql_and_no_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    for command in (["worker"], ["daemon", "--queue", "--listen", "127.0.0.1:0"]):
        ran = ratecard(*command)
        assert ran.code == 2
        assert "a queue needs PostgreSQL" in ran.err
    refused = ratecard("daemon", "--queue", "--replay", FIXTURES)
    assert (refused.code, "--replay goes with" in refused.err) == (2, True)
    monkeypatch.setitem(sys.modules, "scraper.worker", None)
    ran = ratecard("worker")
    assert (ran.code, "pip install 'ratecard[queue]'" in ran.err) == (2, True)


def test_the_upgrade_makes_the_queue_where_it_is_used(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(postgres_url, monkeypatch, capsys)
    for queue, there in (("false", False), ("true", True)):
        monkeypatch.setenv("RATECARD_QUEUE", queue)
        assert ratecard("db", "upgrade").code == 0
        with psycopg.connect(postgres_url) as connection:
            assert (connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone() != (None,)) is there


def rename_jobs(store: Store, name: str, to: str) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {to}")


def _nothing(folder: Path) -> Replay:
    (folder / "MANIFEST.csv").write_text("url,captured_on,content_type,file\n")
    return Replay([folder], NOW)


def _comment(store: Store) -> str | None:
    with store.reading() as connection:
        said = "SELECT obj_description('procrastinate_jobs'::regclass, 'pg_class')"
        comment: str | None = connection.exec_driver_sql(said).scalar()
    return comment
