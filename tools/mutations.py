"""Try every mutation on every page of the fixtures and of the real captures beside the checkout.

    python tools/mutations.py [--seeds N] [--jobs N] [--captures DIR]... [--write FILE]

Prints the figures; `--write` keeps them. Ends with 1 where something was silently wrong, or where less than 97 % of the
harmless mutations read as before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scraper.mutating import MUTATIONS  # noqa: E402
from scraper.mutating.figures import Figures  # noqa: E402
from scraper.mutating.pages import pages_of  # noqa: E402
from scraper.mutating.trials import Bench, Judge, Trial  # noqa: E402

CAPTURES = ROOT.parent / "shared" / "captures"
GOAL = 0.97
HEAD = """# Reading that survives change

Pages change without notice. Here is what happens when they do: every page of the fixtures, and every real capture that
a source reads, is altered on purpose, once for each seed. A *harmless* mutation leaves what the page states as it
is, and has to read as before. A *harmful* one makes it state something else; that must end in a failed source, in
values that are held, or in values that are no longer read, and never in another published value.

Harmful pages are judged by refreshes: the original page, then the mutated one a week and two weeks later; what is
published then is compared with what would be published if the page had stayed as it was. A mutation that finds nothing
to alter in a page does not count. `make mutations` makes this page; `ratecard dev mutate PROVIDER --kind NAME --show`
shows one mutation.
"""


def tried(folder_and_file: tuple[Path, str], seeds: int) -> list[Trial]:
    """Return the trials of one page of a folder."""
    folder, name = folder_and_file
    page = next(page for page in pages_of([folder]) if page.name == name)
    with Bench() as bench:
        judge = Judge(page, bench)
        found = (judge.trial(mutation, seed) for mutation in MUTATIONS.values() for seed in range(1, seeds + 1))
        return [trial for trial in found if trial is not None]


def work(folders: Sequence[Path], seeds: int, jobs: int) -> Iterator[list[Trial]]:
    """Yield the trials page by page."""
    todo = [(folder, page.name) for folder in folders for page in pages_of([folder])]
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(tried, seeds=seeds), todo)


def main() -> int:
    """Run all trials; print and perhaps write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4, help="how many seeds for each mutation and page")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--captures", type=Path, action="append", help=f"more captures; {CAPTURES} where it is there")
    parser.add_argument("--write", type=Path, metavar="FILE")
    args = parser.parse_args()
    folders = [ROOT / "fixtures", *(args.captures or [CAPTURES] * CAPTURES.is_dir())]
    trials: list[Trial] = []
    for some in work(folders, args.seeds, args.jobs):
        trials += some
        print(f"{len(trials):6,} mutated pages, {some[0].page if some else ''}", file=sys.stderr)
    figures = Figures(tuple(trials))
    told = "\n".join(figures.lines())
    print(told)
    if args.write:
        args.write.write_text(f"{HEAD}\n{told}\n", encoding="utf-8")
    return 0 if not figures.wrong and figures.unchanged >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
