"""Measuring side by side: processes with all that they start, rounds in turn, ratios with their spread, profiles."""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import re
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the results: what was measured, ours, the other, their ratio with its spread, and the goal.

    All but `met` is text for people; `met` is None where there is no goal.
    """

    what: str
    ours: str
    other: str = ""
    ratio: str = ""
    spread: str = ""
    goal: str = ""
    met: bool | None = None


def shown(number: float, unit: str = "") -> str:
    """Write a number with as many digits as are of interest."""
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    return f"{number:,.{digits}f} {unit}".strip()


def spread(numbers: Sequence[float], unit: str = "") -> str:
    """Write the least and the most of some numbers."""
    return f"{shown(min(numbers))} to {shown(max(numbers), unit)}"


def alone(what: str, numbers: Sequence[float], unit: str, *, at_most: float | None = None) -> Row:
    """Make the row of something that stands beside nothing else: the median of some rounds."""
    middle = statistics.median(numbers)
    return Row(
        what=what,
        ours=shown(middle, unit),
        spread=spread(numbers, unit) if len(numbers) > 1 else "",
        goal=f"≤ {shown(at_most, unit)}" if at_most is not None else "",
        met=middle <= at_most if at_most is not None else None,
    )


def beside(
    what: str,
    ours: Sequence[float],
    other: Sequence[float],
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Row:
    """Make the row of two things that took turns: the median of the ratios of each round, ours to the other."""
    ratios = [one / two for one, two in zip(ours, other, strict=True)]
    ratio = statistics.median(ratios)
    goal = f"≤ {at_most:g}×" if at_most is not None else f"≥ {at_least:g}×" if at_least is not None else ""
    met = (at_most is None or ratio <= at_most) and (at_least is None or ratio >= at_least)
    return Row(
        what=what,
        ours=shown(statistics.median(ours), unit),
        other=shown(statistics.median(other), unit),
        ratio=f"{ratio:.2f}×",
        spread=f"{min(ratios):.2f} to {max(ratios):.2f}",
        goal=goal,
        met=met if goal else None,
    )


def in_turn(rounds: int, *measures: Callable[[], Any]) -> list[list[Any]]:
    """Let measures take turns, so that whatever else the machine does meets all of them; return each one's results."""
    results = [[measure() for measure in measures] for _ in range(rounds)]
    return [list(one) for one in zip(*results, strict=True)]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took: what it printed (one JSON value), and the most memory in MB of it and all it started."""

    said: Any
    memory: float


def process(module: str, *arguments: str, profile: str | None = None) -> Spent:
    """Run a module of this package in a process of its own until it ends, and look at its memory meanwhile.

    With `profile`, a profile of it is written to a file of that name.
    """
    profiled = ("-m", "cProfile", "-o", profile) if profile else ()
    command = [sys.executable, *profiled, "-m", f"benchmarks.{module}", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    most = 0.0
    ended = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as started:  # noqa: S603

        def look() -> None:
            nonlocal most
            while not ended.wait(_LOOK_SECONDS):
                most = max(most, memory_of(started.pid))

        watch = threading.Thread(target=look)
        watch.start()
        try:
            out, _ = started.communicate()
        finally:
            ended.set()
            watch.join()
    if started.returncode:
        raise RuntimeError(f"benchmarks.{module} ended with {started.returncode}")
    return Spent(json.loads(out), most)


def memory_of(pid: int) -> float:
    """Return what a process and all that it started have in memory now, in MB.

    A page that several processes share is counted in parts, one for each of them: all together have it once.
    """
    total = 0.0
    try:
        mapped = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += sum(map(int, re.findall(r"^Pss: +(\d+) kB$", mapped, re.MULTILINE))) / 1024
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return total
    return total + sum(memory_of(int(child)) for child in children)


def top_of(profile: cProfile.Profile | str, count: int = 12) -> list[str]:
    """Return the functions of a profile that took most time themselves, a line each."""
    stats: Any = pstats.Stats(profile)
    whole = stats.total_tt or 1.0
    ordered = sorted(stats.stats.items(), key=lambda item: item[1][2], reverse=True)
    lines = []
    for (file, line, name), (_, calls, own, below, _) in ordered[:count]:
        place = Path(file)
        where = f"{place.parent.name}/{place.name}:{line}" if place.suffix == ".py" else ""
        shares = f"{100 * own / whole:5.1f} %  (with what it calls {100 * below / whole:5.1f} %)"
        lines.append(f"{shares}  {calls:>9,} calls  {name} {where}".rstrip())
    return lines
