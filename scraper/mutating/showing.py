"""What `ratecard dev mutate` prints: what each mutation did to a page, and what came of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from scraper import providers
from scraper.errors import RatecardError
from scraper.mutating import MUTATIONS, Mutation
from scraper.mutating.pages import Page, page_of, pages_of
from scraper.mutating.trials import Bench, Judge, Outcome, Trial
from scraper.resources import folder

_SHOWN = 6


def mutate(wanted: str, *, seed: int, kinds: Sequence[str], shown: bool) -> Iterator[tuple[str, bool]]:
    """Yield lines about the mutations of a provider's bundled pages or of one captured file.

    Beside each line, False where something wrong would be published, or a harmless mutation is misread. `kinds` are
    names of mutations, none for all. Raises `RatecardError` for a name that is not known.
    """
    for kind in kinds:
        if kind not in MUTATIONS:
            raise RatecardError(f"There is no mutation {kind!r}; there are {', '.join(MUTATIONS)}.")
    mutations = [MUTATIONS[kind] for kind in kinds] or list(MUTATIONS.values())
    with Bench() as bench:
        for page in _pages(wanted):
            yield f"{page.name}, seed {seed}", True
            judge = Judge(page, bench)
            for mutation in mutations:
                trial = judge.trial(mutation, seed)
                if trial is not None:
                    yield from _told(page, mutation, trial, shown=shown)


def _pages(wanted: str) -> list[Page]:
    if Path(wanted).is_file():
        return [page_of(Path(wanted).resolve())]
    providers.sources(wanted)
    return list(pages_of([folder("fixtures")], [wanted]))


def _told(page: Page, mutation: Mutation, trial: Trial, *, shown: bool) -> Iterator[tuple[str, bool]]:
    said = {
        Outcome.SAME: "reads as before",
        Outcome.LESS: "values are not read" + ("" if trial.noted else ", and nothing says so"),
        Outcome.REFUSED: f"the source fails: {trial.error or 'no offers'}",
        Outcome.KEPT: "reads otherwise; what is published stays",
        Outcome.WRONG: "SILENTLY WRONG",
    }[trial.outcome]
    ok = trial.outcome is Outcome.SAME if mutation.harmless else trial.outcome is not Outcome.WRONG
    kind = "harmless" if mutation.harmless else "harmful"
    yield f"  {mutation.name} ({kind}): {said}", ok
    for line in (trial.wrong or trial.changes)[:_SHOWN]:
        yield f"      {line}", ok
    for note in trial.notes[:_SHOWN] if shown else ():
        yield f"      noted: {note.text}", ok
    if shown:
        mutated = mutation.apply(page.document.text, page.document.kind, trial.seed) or ""
        for line in _difference(page.document.text, mutated):
            yield f"      {line}", ok


def _difference(before: str, after: str) -> Iterator[str]:
    """Yield the first lines that differ, cut to what fits on a screen."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    changed = (line for line in lines if not line.startswith(("---", "+++", "@@")))
    for _, line in zip(range(2 * _SHOWN), changed, strict=False):
        yield line[:160] + ("…" if len(line) > 160 else "")
