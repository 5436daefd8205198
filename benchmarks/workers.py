"""How far one machine goes: real workers on one PostgreSQL, with pages of 200 KB that take half a second to come.

The site, the database, the daemon and the workers all run on the machine that is measured.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Row, alone
from tests.fleet import Fleet, check_fleet, run_fleet
from tests.postgres import empty_database, running_postgres

PAGE = b"<p>$2.50</p>" + b"<p>what a page says beside its prices</p>" * 4900
LATENCY = 0.5
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Rate:
    """What a number of workers did: sources a second, CPU seconds a source, and memory of a worker in MB."""

    workers: int
    sources: float
    cpu: float
    memory: float


def bench() -> list[Row]:
    """Let ever more workers work."""
    rows = []
    with running_postgres() as server:
        for workers in (1, 4, 12):
            with empty_database(server) as url, tempfile.TemporaryDirectory() as folder:
                rate = measured(url, Path(folder), workers, sources=20 * workers, latency=LATENCY)
            rows += [
                alone(f"{workers} workers: sources a second", [rate.sources], ""),
                alone(f"{workers} workers: CPU a source", [1000 * rate.cpu], "ms"),
                alone(f"{workers} workers: memory of each", [rate.memory], "MB"),
            ]
    return rows


def measured(url: str, folder: Path, workers: int, *, sources: int, latency: float) -> Rate:
    """Let workers refresh sources, each for the first time."""
    hosts = min(sources, max(40, 2 * workers))
    fleet = Fleet(url, folder, hosts=hosts, sources=sources, lease_seconds=300, afresh=True)
    spent: list[float] = []
    held: list[float] = []

    def look() -> None:
        # What it takes to start is spent once, and is left out.
        families = [family_of(process.pid) for process in fleet.started[:workers]]
        spent.append(sum(map(cpu, families)))
        held.append(sum(map(memory, families)) / workers)

    seen, took = run_fleet(fleet, 1, workers, seconds=500, begun=look, done=look, latency=latency, body=PAGE)
    check_fleet(fleet, seen)
    return Rate(workers, sources / took, (spent[1] - spent[0]) / sources, held[1])


def family_of(pid: int) -> list[int]:
    """Return a process and those that it started."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def cpu(family: list[int]) -> float:
    """Return the CPU seconds of processes so far."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in family]
    return sum(int(one[11]) + int(one[12]) for one in fields) / TICKS


def memory(family: list[int]) -> float:
    """Return what processes have in memory for themselves alone, in MB."""
    found = 0
    for pid in family:
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            found += sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
    return found / 1024
