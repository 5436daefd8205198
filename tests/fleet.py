"""A fleet: daemons and workers as real processes on one PostgreSQL, with sources and a site of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scraper.store import Store, list_sources, open_store
from scraper.store.leases import read_due
from scraper.worker import open_queue
from tests.hostile import Asked, hostile, page
from tests.processes import ROOT, Forked, environment, fork

MODULE = """
from scraper.extract.source import Source
from tests.fetching import one_offer

SOURCES = tuple(
    Source(name=f"s{{n}}", addresses=(f"http://127.0.0.{{1 + n % {hosts}}}:{port}/{provider}/{{n}}",), read=one_offer,
           publishes=frozenset({{"input"}}))
    for n in range({first}, {last})
)
"""
AFRESH = "import json, sys; from tests.processes import run_command; run_command(*json.loads(sys.argv[1]))"

Process = Forked | subprocess.Popen[bytes]


@dataclass
class Site:
    """What a server of many hosts saw: requests at this moment and the most at once, by host; and those of a path.

    `together` is the most at once at all hosts.
    """

    port: int = 0
    latency: float = 0.01
    body: bytes = b"<p>$2.50</p>"
    now: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    together: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Iterable[bytes]:
        with self.lock:
            self.now[asked.at] += 1
            self.most[asked.at] = max(self.most[asked.at], self.now[asked.at])
            self.together = max(self.together, self.now.total())
            self.asked[asked.path] += 1
        time.sleep(0 if asked.path == "/robots.txt" else self.latency)
        with self.lock:
            # Before the answer: whoever has that may ask again.
            self.now[asked.at] -= 1
        return page(b"", 404)(asked) if asked.path == "/robots.txt" else page(self.body)(asked)

    def pages(self) -> int:
        """How many requests for pages came."""
        with self.lock:
            return sum(count for path, count in self.asked.items() if path != "/robots.txt")


@contextmanager
def site(paths: Iterable[str], **told: Any) -> Iterator[Site]:
    """Run a site for the time of a `with` block; `told` are fields of it."""
    made = Site(**told)
    with hostile(dict.fromkeys([*paths, "/robots.txt"], made), everywhere=True) as server:
        made.port = server.port
        yield made


@dataclass
class Fleet:
    """Daemons and workers on one database, for sources of their own.

    Those that start `afresh` share no memory with others.
    """

    url: str
    folder: Path
    hosts: int
    sources: int
    lease_seconds: float = 6.0
    groups: int = 10
    afresh: bool = False
    started: list[Process] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [f"/made{n * self.groups // self.sources}/{n}" for n in range(self.sources)]

    def make(self, port: int) -> None:
        """Write the modules of the sources and their schedule."""
        modules, schedules = self.folder / "providers", self.folder / "schedules"
        modules.mkdir()
        schedules.mkdir()
        each = self.sources // self.groups
        made = [f"made{n}" for n in range(self.groups)]
        for n, name in enumerate(made):
            text = MODULE.format(hosts=self.hosts, port=port, provider=name, first=n * each, last=(n + 1) * each)
            (modules / f"{name}.py").write_text(text)
            (modules / f"{name}.toml").write_text("")
        # Periods so long that none ends while this runs.
        due = "".join(f'[provider.{name}]\nmanual = false\nevery = "400d"\n' for name in made)
        (schedules / "all.toml").write_text(f"manual = true\n{due}")

    def start(self, *command: str) -> None:
        variables = environment(
            {
                "RATECARD_DB": self.url,
                "RATECARD_ARCHIVE": str(self.folder / "archive"),
                "RATECARD_SCHEDULES": str(self.folder / "schedules"),
                "RATECARD_ALLOW_PRIVATE_HOSTS": json.dumps([f"127.0.0.{n + 1}" for n in range(self.hosts)]),
                "RATECARD_PACE": "0",
                "RATECARD_LEASE_SECONDS": str(self.lease_seconds),
                "RATECARD_TICK_SECONDS": "0.5",
                "RATECARD_LOG_FORMAT": "json",
            }
        )
        out, log = (self.folder / f"{name}{len(self.started)}" for name in ("out", "log"))
        more = self.folder / "providers"
        if self.afresh:
            told = json.dumps([command, variables, str(out), str(log), None, str(more)])
            self.started.append(subprocess.Popen([sys.executable, "-c", AFRESH, told], cwd=ROOT))
        else:
            self.started.append(fork(*command, variables=variables, out=out, err=log, more_providers=more))

    def events(self, number: int) -> list[dict[str, Any]]:
        """What a process logged."""
        return [json.loads(line) for line in (self.folder / f"log{number}").read_text().splitlines()]

    def stop(self) -> list[int]:
        """Tell all to stop and return how they ended."""
        for process in self.started:
            process.send_signal(signal.SIGTERM)
        return [process.wait(60) for process in self.started]


def run_fleet(
    fleet: Fleet,
    daemons: int,
    workers: int,
    *,
    seconds: float,
    jobs: int = 1,
    kill: bool = False,
    begun: Callable[[], None] = lambda: None,
    done: Callable[[], None] = lambda: None,
    **told: Any,
) -> tuple[Site, float]:
    """Let a fleet refresh everything, each worker with `jobs` at a time; `kill` one of them in the middle of a source.

    Return what its site saw (`told` are fields of that) and how long it took from the first page on; `begun` and
    `done` are called then and at the end of that.
    """
    with site(fleet.paths, **told) as seen, open_store(fleet.url) as store:
        fleet.make(seen.port)
        open_queue(store, fleet.lease_seconds)
        try:
            for _ in range(workers):
                fleet.start("worker", "--jobs", str(jobs), "--listen", "127.0.0.1:0")
            wait_for(lambda: registered(store) == workers * jobs, seconds)
            for _ in range(daemons):
                fleet.start("daemon", "--queue", "--listen", "127.0.0.1:0")
            wait_for(lambda: seen.pages() >= 1, seconds)
            began = time.monotonic()
            begun()
            if kill:
                wait_for(lambda: seen.pages() >= fleet.sources // 5, seconds)
                wait_for(lambda: killed_at_work(store, fleet.started[0]), seconds)
            wait_for(lambda: sum(view.successes for view in read_due(store).values()) >= fleet.sources, seconds, 0.5)
            took = time.monotonic() - began
            done()
            # Whatever would be done twice is done now.
            time.sleep(2)
        finally:
            codes = fleet.stop()
        assert codes == [-signal.SIGKILL if kill and number == 0 else 0 for number in range(daemons + workers)]
    return seen, took


def registered(store: Store) -> int:
    """Count the workers that take jobs."""
    with store.reading() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM procrastinate_workers").scalar() or 0


def killed_at_work(store: Store, process: Process) -> bool:
    """Kill a worker if it is in the middle of a source."""
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.01)
    holders = [view.row.lease_holder or "" for view in read_due(store).values()]
    at_work = any(f":{process.pid}:" in holder for holder in holders)
    process.send_signal(signal.SIGKILL if at_work else signal.SIGCONT)
    return at_work


def check_fleet(fleet: Fleet, seen: Site) -> None:
    """Each source once, and never two requests at once to one host."""
    with open_store(fleet.url) as store:
        views = {key: view for key, view in read_due(store).items() if key.provider.startswith("made")}
        assert len(views) == fleet.sources
        assert {view.successes for view in views.values()} == {1}
        assert Counter(view.row.lease_holder for view in views.values()) == {None: fleet.sources}
        assert Counter(source.status for source in list_sources(store)) == {"ok": fleet.sources}
    assert set(seen.asked) - {"/robots.txt"} == set(fleet.paths)
    assert len(seen.most) == fleet.hosts
    assert set(seen.most.values()) == {1}


def wait_for(done: Callable[[], bool], seconds: float = 30, pause: float = 0.05) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it does not come"
        time.sleep(pause)
