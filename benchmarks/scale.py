"""10,000 sources an hour over 20 workers: a simulation by events, with the costs of a job as they are measured here.

Measured on the real queue in a real PostgreSQL: what a job costs beside its page, and what taking one costs the
database, by how many wait. The network, the hosts and the hour are made up (see `World`); one worker dies on the way.
"""

from __future__ import annotations

import heapq
import random
import statistics
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.measuring import Row, alone
from benchmarks.workers import measured
from scraper.store import open_store
from scraper.worker import open_queue
from tests.postgres import empty_database, running_postgres

SOURCES = 10_000
WORKERS = 20
HOUR = 3600.0
HOURS = 3


def bench() -> list[Row]:
    """Measure what a job and what taking one costs, then let the hours pass in the simulation."""
    with running_postgres() as server:
        with empty_database(server) as url, tempfile.TemporaryDirectory() as folder:
            job = 1 / measured(url, Path(folder), 1, sources=60, latency=0).sources
        with empty_database(server) as url:
            taking = {waiting: time_of_taking(url, waiting) for waiting in (100, 1000, 10_000)}
    rows = [alone("measured: a job, beside the network", [1000 * job], "ms")]
    rows += [alone(f"measured: taking one of {n:,} that wait", [1000 * s], "ms") for n, s in taking.items()]
    for workers in (5, 10, WORKERS, 2 * WORKERS):
        world = World(workers, job, kill=workers == WORKERS)
        world.run()
        result = world.result()
        goal = workers == WORKERS
        if goal and not result.once:
            raise AssertionError("each source once in each hour, one worker's death notwithstanding")
        rows += [
            alone(f"simulated: {workers} workers, done an hour", [result.done], ""),
            alone(f"simulated: {workers} workers, busy", [100 * result.busy], "%"),
            alone(f"simulated: {workers} workers, waited (median)", [result.median], "s"),
            alone(
                f"simulated: {workers} workers, waited (95 %)", [result.most_wait], "s", at_most=120 if goal else None
            ),
            alone(f"simulated: {workers} workers, waited at most", [result.longest], "s"),
            alone(f"simulated: {workers} workers, the longest queue", [result.queue], ""),
        ]
    return rows


def time_of_taking(url: str, waiting: int) -> float:
    """Return how long the database takes to give one of so many waiting jobs of 500 hosts to a worker."""
    with open_store(url) as store:
        open_queue(store, 300)
        address = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("TRUNCATE procrastinate_jobs CASCADE")
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock) "
            "SELECT 'ratecard', 'refresh', 'host' || mod(n, 500), 'source' || n FROM generate_series(1, %s) n",
            [waiting],
        )
        connection.execute("ANALYZE procrastinate_jobs")
        (worker,) = connection.execute("SELECT * FROM procrastinate_register_worker_v1()").fetchone() or (None,)
        times = []
        for _ in range(WORKERS):
            began = time.perf_counter()
            connection.execute("SELECT * FROM procrastinate_fetch_job_v2(ARRAY['ratecard'], %s)", [worker])
            times.append(time.perf_counter() - began)
    return statistics.median(times)


@dataclass(frozen=True)
class Result:
    """What came of the hours after the first one; waits are seconds from due to begun."""

    done: float
    busy: float
    median: float
    most_wait: float
    longest: float
    queue: int
    once: bool


@dataclass
class World:
    """An hour again and again: 10,000 sources on 500 hosts (the largest has some 530, by a power law), each due once.

    A page takes 0.6 s in the median (lognormal, sigma 0.8); one of 100 hangs for its whole deadline of 60 s. A host
    rests for 1 s after it. A daemon looks every 30 s; an idle worker looks again within 1 s. With `kill`, one worker
    dies in the middle of the second hour, and its job is put back after 310 s.
    """

    workers: int
    job: float
    kill: bool
    chance: random.Random = field(default_factory=lambda: random.Random(20261124))  # noqa: S311
    events: list[tuple[float, int, str, int]] = field(default_factory=list)
    queue: deque[int] = field(default_factory=deque)
    locked: set[int] = field(default_factory=set)
    idle: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    times: dict[int, list[float]] = field(default_factory=dict)
    spent: float = 0.0
    longest: int = 0
    dead: int | None = None

    def __post_init__(self) -> None:
        hosts = range(500)
        weights = [(host + 1) ** -0.7 for host in hosts]
        self.host = self.chance.choices(hosts, weights, k=SOURCES)
        self.offset = [self.chance.uniform(0, HOUR) for _ in range(SOURCES)]
        self.due_at = dict(enumerate(self.offset))
        self.queued: set[int] = set()
        self.began = [0.0] * SOURCES
        self.at: dict[int, int] = {}

    def run(self) -> None:
        """Let the hours pass."""
        self.add(0, "tick", 0)
        for worker in range(self.workers):
            self.add(self.chance.random(), "look", worker)
        if self.kill:
            self.add(1.5 * HOUR, "die", 0)
        while self.events and self.events[0][0] < HOURS * HOUR:
            at, _, what, number = heapq.heappop(self.events)
            getattr(self, what)(at, number)

    def add(self, at: float, what: str, number: int) -> None:
        """Let something happen at a time."""
        heapq.heappush(self.events, (at, len(self.events) + int(1e6 * self.chance.random()), what, number))

    def tick(self, at: float, _: int) -> None:
        """Be the daemon: enqueue what is due and in no queue."""
        due = sorted((when, source) for source, when in self.due_at.items() if when <= at and source not in self.queued)
        for _when, source in due:
            self.queued.add(source)
            self.queue.append(source)
        self.longest = max(self.longest, len(self.queue))
        self.add(at + 30, "tick", 0)

    def look(self, at: float, worker: int) -> None:
        """Take the first job whose host is free."""
        if worker == self.dead:
            return
        source = next((one for one in self.queue if self.host[one] not in self.locked), None)
        if source is None:
            self.add(at + 1, "look", worker)
            return
        self.queue.remove(source)
        self.locked.add(self.host[source])
        self.at[worker] = source
        self.began[source] = at
        network = 60.0 if self.chance.random() < 0.01 else min(60.0, self.chance.lognormvariate(-0.51, 0.8))
        self.add(at + self.job + network + 1, "end", worker)

    def end(self, at: float, worker: int) -> None:
        """Be done with a source and take the next one."""
        if worker == self.dead:
            return
        source = self.at.pop(worker)
        due = self.due_at[source]
        if at > HOUR:
            self.waits.append(self.began[source] - due)
            self.spent += at - max(self.began[source], HOUR)
        self.times.setdefault(source, []).append(due)
        # Due again in its next hour; whatever was missed meanwhile is caught up once.
        self.due_at[source] = due + HOUR * max(1, int((self.began[source] - due) // HOUR) + 1)
        self.queued.discard(source)
        self.locked.discard(self.host[source])
        self.look(at, worker)

    def die(self, at: float, _: int) -> None:
        """Lose a worker in the middle of a source."""
        if not self.at:
            self.add(at + 0.1, "die", 0)
            return
        self.dead = next(iter(self.at))
        self.add(at + 310, "back", self.at.pop(self.dead))

    def back(self, _: float, source: int) -> None:
        """Put the job of the dead worker back."""
        self.locked.discard(self.host[source])
        self.queue.appendleft(source)

    def result(self) -> Result:
        """Sum up."""
        waits = sorted(self.waits)
        # An hour of each source that was over long before the end.
        over = [[due // HOUR for due in self.times.get(source, []) if due < 2 * HOUR] for source in range(SOURCES)]
        return Result(
            done=len(waits) / (HOURS - 1),
            busy=self.spent / (self.workers * (HOURS - 1) * HOUR),
            median=statistics.median(waits),
            most_wait=waits[int(0.95 * len(waits))],
            longest=waits[-1],
            queue=self.longest,
            once=all(hours == [0, 1] for hours in over),
        )
