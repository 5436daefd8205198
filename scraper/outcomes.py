"""What a run did: how each source fared, what changed, what waits for a review, what failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scraper.records import Note
from scraper.store import ChangeView, HoldView


class Outcome(StrEnum):
    """How a source fared in a run."""

    OK = "ok"
    UNCHANGED = "unchanged"
    NOT_CAPTURED = "not_captured"
    NEEDS_KEY = "needs_key"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What a run did with one source; `url` is the address that answered, else the current one.

    `held` is all that waits for a review of what the source says, from this run or an earlier one. What one that sells
    nothing lists (`offers`) are entries about models.
    """

    provider: str
    source: str
    url: str
    status: Outcome
    offers: int = 0
    observations: int = 0
    error: str = ""
    changes: tuple[ChangeView, ...] = ()
    notes: tuple[Note, ...] = ()
    held: tuple[HoldView, ...] = ()
    sells: bool = True

    @property
    def name(self) -> str:
        """The provider and the source."""
        return f"{self.provider} {self.source}"

    @property
    def failed(self) -> bool:
        """Whether the source could not be read."""
        return self.status is Outcome.FAILED

    @property
    def summary(self) -> str:
        """What happened, in a few words."""
        if self.failed:
            return f"failed: {self.error}"
        if self.status is Outcome.NOT_CAPTURED:
            return "not captured"
        if self.status is Outcome.NEEDS_KEY:
            return f"left out: {self.error}"
        noted = f", {len(self.held):,} held" if self.held else ""
        noted += f", {len(self.notes)} noted" if self.notes else ""
        kinds = ("offer", "offers") if self.sells else ("entry about a model", "entries about models")
        listed = _count(self.offers, *kinds)
        if self.status is Outcome.UNCHANGED:
            return f"{listed}, the same capture as before{noted}"
        stated, changed = _count(self.observations, "value", "values"), _count(len(self.changes), "change", "changes")
        return f"{listed}, {stated}, {changed}{noted}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did. `run` is its number, None for a dry run."""

    run: int | None
    sources: tuple[SourceReport, ...] = ()

    @property
    def changes(self) -> tuple[ChangeView, ...]:
        """The changes of all sources, in the order in which they were read."""
        return tuple(change for source in self.sources for change in source.changes)

    @property
    def held(self) -> tuple[HoldView, ...]:
        """What waits for a review, of all sources that were read."""
        return tuple(hold for source in self.sources for hold in source.held)

    @property
    def offers(self) -> int:
        """How many offers the sources list; what others only tell of models is none."""
        return sum(source.offers for source in self.sources if source.sells)

    @property
    def exit_code(self) -> int:
        """0 where all went well, 1 where some source failed or something is held for review."""
        return 1 if self.failed or self.held else 0

    @property
    def failed(self) -> tuple[SourceReport, ...]:
        """The sources that could not be read."""
        return tuple(source for source in self.sources if source.failed)
