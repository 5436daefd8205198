"""Alter the code that decides about money, changes, times and doubts, and see whether the tests notice: mutmut.

    python tools/mutants.py [FILE]... [--children N]

What is altered, and by which tests it has to be noticed, stands in pyproject.toml. Prints the survivors and the figures
of each module; ends with 1 where less than 90 % of the mutants of a module that were tried are noticed.
`python -m mutmut show NAME` shows one of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutmut.stats import status_by_exit_code

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "mutants"
GOAL = 0.9
NOTICED = frozenset({"killed", "timeout", "segfault"})
AT_IMPORT = frozenset({"scraper.meters.x__per", "scraper.checks.page.x__wall"})
"""Functions that run while their module is imported, before a mutant is chosen: no test can notice these."""


def results(files: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (file, mutant, status) of what was tried of some files (of all of them without any)."""
    for meta in sorted(MUTANTS.rglob("*.py.meta")):
        file = str(meta.relative_to(MUTANTS)).removesuffix(".meta")
        if files and file not in files:
            continue
        tried: dict[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        for mutant, code in tried.items():
            if code is not None and mutant.rpartition("__mutmut_")[0] not in AT_IMPORT:
                yield file, mutant, status_by_exit_code[code]


def main() -> int:
    """Run mutmut; print what survived and the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="such as scraper/diff.py; all of them without any")
    parser.add_argument("--children", type=int, default=1, help="how many mutants are tried at once")
    args = parser.parse_args()
    names = [file.removesuffix(".py").replace("/", ".") + ".*" for file in args.files]
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(args.children), *names]
    # Python keeps what it has compiled, whatever the environment says: each mutant starts sooner.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if ran.returncode:
        return ran.returncode
    tried, noticed = Counter[str](), Counter[str]()
    for file, mutant, status in results(args.files):
        tried[file] += 1
        noticed[file] += status in NOTICED
        if status not in NOTICED:
            print(f"{mutant}: {status}")
    for file, count in tried.items():
        print(f"{file}: {noticed[file]} of {count} mutants noticed, {noticed[file] / count:.1%}")
    return 0 if tried and all(noticed[file] >= GOAL * count for file, count in tried.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
