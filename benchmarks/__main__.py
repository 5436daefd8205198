"""Run benchmarks, print a table of their results, and (where it was all of them) write docs/benchmarks.md."""

from __future__ import annotations

import importlib
import os
import pkgutil
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from types import ModuleType
from typing import Final

import benchmarks
from benchmarks.measuring import ROOT, Row

PAGE: Final = ROOT / "docs" / "benchmarks.md"
_HEAD: Final = ("what", "ours", "beside it", "ours to it", "spread", "goal", "")
_PREFACE: Final = """# Benchmarks

Written by `make bench`, which measures all of this anew in one run. Two things that are compared take turns, so that
whatever else the machine does meets both; their ratio is the median of the rounds' ratios, and the spread is that of
the rounds. A goal that is missed has a profile below it.

"""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one benchmark; `problem` says why there are no rows, `lacking` what is not installed for it."""

    name: str
    title: str
    rows: list[Row]
    profile: list[str]
    next_step: str
    seconds: float
    problem: str = ""
    lacking: str = ""

    @property
    def missed(self) -> bool:
        """Whether a goal was missed."""
        return any(row.met is False for row in self.rows)


def found() -> Iterator[tuple[str, ModuleType | Result]]:
    """Yield all benchmarks by name, in alphabetical order; in place of one that lacks something, its result."""
    for info in pkgutil.iter_modules(benchmarks.__path__):
        if info.name.startswith("_"):
            continue
        try:
            module = importlib.import_module(f"benchmarks.{info.name}")
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing in ("", "benchmarks", "scraper", "tests"):
                raise
            yield info.name, _left_out(info.name, missing)
            continue
        if hasattr(module, "bench"):
            lacking = [name for name in getattr(module, "NEEDS", ()) if find_spec(name) is None]
            yield info.name, _left_out(info.name, ", ".join(lacking)) if lacking else module


def _left_out(name: str, lacking: str) -> Result:
    return Result(name, "left out", [], [], "", 0.0, lacking=lacking)


def run(name: str, module: ModuleType) -> Result:
    """Run one benchmark; one that fails leaves the others alone."""
    began = time.monotonic()
    title = (module.__doc__ or name).partition("\n")[0]
    rows: list[Row] = []
    profile: list[str] = []
    problem = ""
    try:
        rows = module.bench()
        if any(row.met is False for row in rows) and hasattr(module, "profile"):
            profile = module.profile()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        problem = f"{type(error).__name__}: {error}"
    return Result(name, title, rows, profile, getattr(module, "NEXT", ""), time.monotonic() - began, problem)


def table(rows: list[Row]) -> list[str]:
    """Return rows as the lines of a Markdown table."""
    said = {True: "met", False: "**missed**", None: ""}
    cells = [_HEAD, *((r.what, r.ours, r.other, r.ratio, r.spread, r.goal, said[r.met]) for r in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def section(result: Result) -> str:
    """Return a benchmark's part of the page."""
    parts = [f"## {result.name}: {result.title}", ""]
    if result.lacking:
        return "\n".join([*parts, f"Not measured: {result.lacking} is not installed; `make bench` installs it.", ""])
    parts += [f"It could not be measured: {result.problem}", ""] if result.problem else [*table(result.rows), ""]
    if result.profile:
        parts += ["Where the time goes:", "", "```text", *result.profile, "```", ""]
    if result.missed and result.next_step:
        parts += [f"Next step: {result.next_step}", ""]
    return "\n".join(parts)


def machine() -> str:
    """Say what it was measured on, and when."""
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({platform.machine()}), "
        f"{platform.system()}, Python {platform.python_version()}.\n"
    )


def main(wanted: list[str]) -> int:
    """Run the benchmarks of these names, or all; return the exit code."""
    known = dict(found())
    if unknown := [name for name in wanted if name not in known]:
        print(f"There is no benchmark {unknown[0]!r}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    results = []
    for name in wanted or known:
        one = known[name]
        results.append(one if isinstance(one, Result) else run(name, one))
        print(f"\n{section(results[-1])}({results[-1].seconds:.0f} s)", flush=True)
    if not wanted:
        PAGE.write_text(_PREFACE + machine() + "\n" + "\n".join(map(section, results)), encoding="utf-8")
        print(f"\nwritten to {PAGE.relative_to(ROOT)}")
    return 1 if any(result.problem for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
