"""The project's own pages, altered on purpose: what is harmless reads the same, what is harmful is never published."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

from scraper import providers
from scraper.mutating import MUTATIONS
from scraper.mutating.figures import Figures
from scraper.mutating.pages import Page, pages_of
from scraper.mutating.trials import Bench, Judge, Trial
from tests.readings import FIXTURES

SEED = 1
GOAL = 0.97
HARMLESS = tuple(mutation for mutation in MUTATIONS.values() if mutation.harmless)
HARMFUL = tuple(mutation for mutation in MUTATIONS.values() if not mutation.harmless)


@lru_cache(maxsize=1)
def fixtures() -> tuple[Page, ...]:
    return tuple(pages_of([FIXTURES]))


def trials(*, harmless: bool) -> Iterator[Trial]:
    with Bench() as bench:
        for number, page in enumerate(fixtures()):
            judge = Judge(page, bench)
            # Not all of them on every page: `make mutations` has the time for that.
            for mutation in HARMLESS[number % 2 :: 2] if harmless else HARMFUL[number % 3 :: 3]:
                trial = judge.trial(mutation, SEED)
                if trial is not None:
                    yield trial


def test_every_provider_has_pages_that_mutations_apply_to() -> None:
    kinds = {page.provider: page.document.kind for page in fixtures()}
    assert kinds.keys() == set(providers.names())
    assert {"html", "markdown", "json"} <= {page.document.kind for page in fixtures()}


@pytest.mark.long
def test_harmless_mutations_read_the_same() -> None:
    figures = Figures(tuple(trials(harmless=True)))
    print("\n".join(figures.lines()))
    assert {trial.mutation for trial in figures.trials} == set(HARMLESS)
    assert not figures.wrong
    assert not figures.unsaid
    assert figures.unchanged >= GOAL


@pytest.mark.long
def test_harmful_mutations_are_never_published() -> None:
    figures = Figures(tuple(trials(harmless=False)))
    print("\n".join(figures.lines()))
    assert {trial.mutation for trial in figures.trials} == set(HARMFUL)
    assert not figures.wrong
