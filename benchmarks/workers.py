"""How far one machine goes: real workers on one PostgreSQL, with pages of 200 KB that take half a second to come.

The site, the database, the daemon and the workers all run on the machine that is measured.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet import Fleet, check_fleet, run_fleet
from tests.postgres import postgres_server, postgres_url  # noqa: F401  they are fixtures

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


@pytest.mark.timeout(600)
@pytest.mark.parametrize("workers", [1, 2, 4, 8, 12])
def test_how_far_one_machine_goes(postgres_url: str, tmp_path: Path, workers: int) -> None:  # noqa: F811
    rate = measured(postgres_url, tmp_path, workers, sources=30 * workers, latency=LATENCY)
    print(
        f"\n{rate.workers:3} workers: {rate.sources:5.2f} sources a second ({3600 * rate.sources:,.0f} an hour), "
        f"{1000 * rate.cpu:.0f} ms CPU a source, {rate.memory:.0f} MB a worker"
    )
    assert rate.sources > 0.5


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
