"""Pages altered on purpose, to prove what readings do with pages that change.

`MUTATIONS` has every mutation by its name. A *harmless* one leaves what a page states as it is, so that its reading
must stay the same; a *harmful* one makes it state something else, which must never be published without a word. All
are pure: the same page, kind and seed always give the same mutated page.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scraper.mutating import feeds, harmful, harmless

Change = Callable[[str, str, random.Random], str]
"""Takes a page, its kind and a random source; gives the page back as it was where there is nothing to alter."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to alter a page; `summary` says in a few words what it does."""

    name: str
    harmless: bool
    kinds: tuple[str, ...]
    change: Change

    @property
    def summary(self) -> str:
        """The first line of what its function says of itself."""
        return (self.change.__doc__ or "").strip().splitlines()[0].rstrip(".")

    def apply(self, page: str, kind: str, seed: int) -> str | None:
        """Return the mutated page; None where the page has nothing that this mutation alters.

        `kind` is `html`, `markdown` or `json`.
        """
        if kind not in self.kinds:
            return None
        # A name of its own in the seed: mutations of one seed do not draw the same numbers.
        mutated = self.change(page, kind, random.Random(f"{self.name}:{seed}"))  # noqa: S311 - must be repeatable
        return None if mutated == page else mutated


_PAGES: Final = ("html", "markdown")
_FEEDS: Final = ("json",)

MUTATIONS: Final[dict[str, Mutation]] = {
    (name := change.__name__.replace("_", "-")): Mutation(name, is_harmless, kinds, change)
    for is_harmless, kinds, changes in (
        (True, _PAGES, harmless.CHANGES),
        (True, _FEEDS, feeds.HARMLESS),
        (False, _PAGES, harmful.CHANGES),
        (False, _FEEDS, feeds.HARMFUL),
    )
    for change in changes
}
"""Every mutation by its name, the harmless ones first."""
