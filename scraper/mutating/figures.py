"""The figures of many trials, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scraper.mutating import MUTATIONS
from scraper.mutating.trials import Outcome, Trial

_HARMLESS = (Outcome.SAME, Outcome.LESS, Outcome.REFUSED, Outcome.KEPT, Outcome.WRONG)
_HARMFUL = (Outcome.REFUSED, Outcome.LESS, Outcome.KEPT, Outcome.SAME, Outcome.WRONG)
_WORDS = {
    Outcome.SAME: "read as before",
    Outcome.LESS: "values not read",
    Outcome.REFUSED: "source failed",
    Outcome.KEPT: "read otherwise, held",
    Outcome.WRONG: "silently wrong",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of trials. `unchanged` is the share of harmless ones that read as before, from 0 to 1."""

    trials: tuple[Trial, ...]

    def of(self, *, harmless: bool) -> tuple[Trial, ...]:
        """Return the trials of harmless or of harmful mutations."""
        return tuple(trial for trial in self.trials if trial.mutation.harmless is harmless)

    @property
    def unchanged(self) -> float:
        """The share of harmless mutations after which a page reads as before."""
        harmless = self.of(harmless=True)
        return sum(trial.outcome is Outcome.SAME for trial in harmless) / len(harmless) if harmless else 1.0

    @property
    def wrong(self) -> tuple[Trial, ...]:
        """The trials after which something wrong was published."""
        return tuple(trial for trial in self.trials if trial.outcome is Outcome.WRONG)

    @property
    def unsaid(self) -> tuple[Trial, ...]:
        """The trials of harmless mutations that lost values without a note."""
        harmless = self.of(harmless=True)
        return tuple(trial for trial in harmless if trial.outcome is Outcome.LESS and not trial.noted)

    def lines(self) -> list[str]:
        """Return the figures as Markdown."""
        pages, seeds = len({trial.page for trial in self.trials}), sorted({trial.seed for trial in self.trials})
        harmless, harmful = self.of(harmless=True), self.of(harmless=False)
        unsaid = f"{len(self.unsaid)} lost values without a note"
        return [
            f"{len(self.trials):,} mutated pages, made of {pages} pages; seeds {_listed(seeds)}.",
            "",
            f"- harmless: {len(harmless):,} pages, {self.unchanged:.2%} of them read as before, {unsaid}",
            f"- harmful: {len(harmful):,} pages",
            f"- silently wrong: {len(self.wrong):,} pages",
            "",
            "## Harmless",
            "",
            *_table(harmless, _HARMLESS),
            "",
            "## Harmful",
            "",
            *_table(harmful, _HARMFUL),
            *self._lines_of_wrong(),
        ]

    def _lines_of_wrong(self) -> list[str]:
        if not self.wrong:
            return []
        found: dict[tuple[str, str], list[Trial]] = {}
        for trial in self.wrong:
            provider = trial.page.partition("/")[0]
            found.setdefault((trial.mutation.name, provider), []).append(trial)
        rows = (
            f"| {name} | {provider} | {len(trials)} | {trials[0].page}, seed {trials[0].seed} | {trials[0].wrong[0]} |"
            for (name, provider), trials in sorted(found.items())
        )
        return [
            "",
            "## Silently wrong",
            "",
            "| mutation | provider | pages | first | its first value |",
            _rule(5),
            *rows,
        ]


def _listed(seeds: Sequence[int]) -> str:
    whole = seeds == list(range(seeds[0], seeds[-1] + 1)) if seeds else False
    return f"{seeds[0]} to {seeds[-1]}" if whole and len(seeds) > 2 else ", ".join(map(str, seeds))


def _rule(columns: int) -> str:
    return f"|{' --- |' * columns}"


def _table(trials: Iterable[Trial], outcomes: Sequence[Outcome]) -> list[str]:
    counts: dict[str, Counter[Outcome]] = {}
    for trial in trials:
        counts.setdefault(trial.mutation.name, Counter())[trial.outcome] += 1
    rows = [
        f"| {name} | {MUTATIONS[name].summary} | {sum(counts[name].values())} "
        f"| {' | '.join(str(counts[name][outcome] or '') for outcome in outcomes)} |"
        for name in MUTATIONS
        if name in counts
    ]
    return [f"| mutation | what it does | pages | {' | '.join(map(_WORDS.__getitem__, outcomes))} |",
            _rule(3 + len(outcomes)), *rows]  # fmt: skip
