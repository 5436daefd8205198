"""Rebuilding the history of a provider from its captures, in one transaction: as if each were read when it was made.

The caller reads the captures (this module knows no parsers) and hands them over in the order of `captures_of`; what it
gives is exactly what recording the same captures one after the other gives. Until the end nobody sees anything of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, select, update

from scraper.errors import RatecardError
from scraper.holds import Held, Stood
from scraper.records import Reading
from scraper.store.correcting import keep_corrections
from scraper.store.holding import forget_undecided
from scraper.store.keeping import keep_capture, source_row
from scraper.store.opening import Store
from scraper.store.outbox import Retelling, retract_settled
from scraper.store.past import changes_of
from scraper.store.sourcing import further_pages
from scraper.store.standing import offers_of_source_on, stood_of_source_on
from scraper.store.tables import (
    captures,
    changes,
    copies,
    notes,
    observations,
    offers,
    reading_pages,
    restated,
    source_captures,
    sources,
)
from scraper.store.views import CaptureInfo, CaptureOutcome, ChangeView, KeptCapture, Recorded, SourceInfo, Status
from scraper.store.writing import begin_run_on, record_failure_on, record_on


def captures_of(store: Store, provider: str) -> list[KeptCapture]:
    """Return the captures of a provider's sources, our own and copies from web archives, by time."""
    with store.reading() as connection:
        return _captures_of(connection, provider)


@contextmanager
def rebuilding(store: Store, provider: str, declared: Sequence[SourceInfo], *, keep: bool = True) -> Iterator[Rebuild]:
    """Give the rebuilding of a provider's history, all of it or none; with `keep=False` it is undone at the end.

    `declared` are all sources that the provider's module declares. Other writers of the provider wait.
    """
    with store.writing(provider, keep=keep) as connection:
        yield Rebuild(connection, provider, declared)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a source stood before its history was rebuilt."""

    status: Status
    error: str
    last_at: datetime | None


@dataclass(slots=True)
class Rebuild:
    """A history being rebuilt: see `captures`, `begin`, then `record`, `fail` or `pass_over` each, then `settle`."""

    _connection: Connection
    _provider: str
    _declared: Sequence[SourceInfo]
    _before: dict[str, _Standing] = field(default_factory=dict)
    _run: int = 0
    _started_at: datetime | None = None
    _retelling: Retelling | None = None

    def captures(self) -> list[KeptCapture]:
        """Return what `captures_of` gives; nobody else adds to it before the end."""
        return _captures_of(self._connection, self._provider)

    def changes(self) -> list[ChangeView]:
        """Return the changes of the provider as they are now, newest first."""
        return changes_of(self._connection, self._provider)

    def begin(self, *, started_at: datetime, at: datetime) -> int:
        """Take away all that the provider's sources stated; return the number of the run that writes it anew.

        Raises `RatecardError` where a source that is not declared any more stated something: nothing can read its
        captures, so that it would be lost.
        """
        connection = self._connection
        self._refuse_to_lose()
        self._retelling = Retelling(connection, self._provider)
        rows = connection.execute(select(sources).where(sources.c.provider == self._provider))
        self._before = {row.name: _Standing(Status(row.status), row.error, row.last_at) for row in rows}
        for info in self._declared:
            source_row(connection, info)
        mine = select(sources.c.id).where(sources.c.provider == self._provider)
        for table in (changes, notes, restated, observations):
            connection.execute(delete(table).where(table.c.source_id.in_(mine)))
        connection.execute(delete(offers).where(offers.c.provider == self._provider))
        forget_undecided(connection, self._provider)
        never_read = {"status": Status.NOT_CAPTURED, "error": ""} | dict.fromkeys(
            ("last_at", "last_success_at", "last_capture_id")
        )
        never_read["last_pages"] = ""
        connection.execute(update(sources).where(sources.c.provider == self._provider).values(never_read))
        self._started_at = started_at
        self._run = begin_run_on(connection, started_at, at, replay=True)
        return self._run

    def _refuse_to_lose(self) -> None:
        o = observations.c
        rows = self._connection.scalars(
            select(sources.c.name)
            .distinct()
            .join_from(observations, sources, o.source_id == sources.c.id)
            .where(sources.c.provider == self._provider)
        )
        if lost := sorted(set(rows) - {info.name for info in self._declared}):
            raise RatecardError(
                f"The history of {self._provider} cannot be read again: no module declares its "
                f"{'sources' if len(lost) > 1 else 'source'} {', '.join(lost)} any more, and what was stated there "
                "would be lost; declare it again with a parser for its captures."
            )

    def offers_of(self, source: str) -> frozenset[tuple[str, str]]:
        """Return (model_id, name) of the offers that a source lists at this point of the history."""
        return offers_of_source_on(self._connection, self._provider, source)

    def stood_of(self, source: str) -> list[Stood]:
        """Return what a source states at this point of the history, for the guards."""
        return stood_of_source_on(self._connection, self._provider, source)

    def record(
        self, source: SourceInfo, capture: CaptureInfo, reading: Reading, held: Sequence[Held] = (), *, release: bool
    ) -> Recorded:
        """Record what a source stated in its next capture; what people decided of what is `held` counts.

        Raises `Contradiction` where the reading contradicts itself; it has written nothing then.
        """
        return record_on(self._connection, self._run, source, capture, reading, held, release=release, tell=False)

    def fail(self, source: SourceInfo, capture: CaptureInfo, error: str) -> None:
        """Write down that the next capture of a source could not be read, and why."""
        self._keep(source, capture, CaptureOutcome.FAILED, error)
        record_failure_on(self._connection, source, capture.newest_at, error, capture)

    def pass_over(self, source: SourceInfo, capture: CaptureInfo) -> None:
        """Write down that a capture of a source does not count."""
        self._keep(source, capture, CaptureOutcome.PASSED_OVER, "")

    def _keep(self, source: SourceInfo, capture: CaptureInfo, outcome: CaptureOutcome, error: str) -> None:
        source_id = source_row(self._connection, source).id
        keep_capture(self._connection, source_id, capture, outcome, error)

    def settle(self, captures_before: Sequence[KeptCapture]) -> None:
        """Let a source stand as failed where its last fetch failed after its newest capture, as it did before.

        `captures_before` are those that were there at `begin`. What is news in the history is to be told now, and who
        was told what it does not say is to get a correction.
        """
        if self._retelling is not None and self._started_at is not None:
            own = [kept for kept in self.captures() if not kept.address]
            # In the order of their times, so that the first one is what is left.
            self._retelling.end({kept.source: kept.capture.newest_at for kept in reversed(own)})
            retract_settled(self._connection, self._provider)
            keep_corrections(self._connection, self._provider, self._started_at)
        newest = {kept.source: kept for kept in captures_before if kept.outcome is not CaptureOutcome.PASSED_OVER}
        for name, before in self._before.items():
            if before.last_at is None:
                continue
            last = newest.get(name)
            values: dict[str, object] = {}
            if last is None or before.last_at > last.capture.newest_at:
                values["last_at"] = before.last_at
                if before.status is Status.FAILED and (last is None or before.error != last.error):
                    values |= {"status": before.status, "error": before.error}
            if values:
                mine = (sources.c.provider == self._provider, sources.c.name == name)
                self._connection.execute(update(sources).where(*mine).values(values))


def _captures_of(connection: Connection, provider: str) -> list[KeptCapture]:
    s = source_captures.c
    copied = and_(copies.c.capture_id == s.capture_id, copies.c.source_id == s.source_id)
    query = (
        select(sources.c.name, captures, s.source_id, s.pages, s.outcome, s.error, copies.c.address)
        .join_from(source_captures, sources, s.source_id == sources.c.id)
        .join(captures, s.capture_id == captures.c.id)
        .join(copies, copied, isouter=True)
        .where(sources.c.provider == provider)
    )
    p = reading_pages.c
    newest = select(p.source_id, p.capture_id, p.pages, func.max(p.page_capture_id))
    rows = connection.execute(newest.group_by(p.source_id, p.capture_id, p.pages))
    # Of those of one time, the one with the capture that came last was read last.
    came = {(row.source_id, row.capture_id, row.pages): row[3] for row in rows}
    further = further_pages(connection, sources.c.provider == provider)
    kept = []
    for row in connection.execute(query):
        key = (row.source_id, row.id, row.pages)
        capture = CaptureInfo(
            sha256=row.sha256,
            url=row.url,
            captured_at=row.captured_at,
            content_type=row.content_type,
            size=row.size,
            further=further.get(key, ()),
        )
        one = KeptCapture(
            source=row.name,
            capture=capture,
            outcome=CaptureOutcome(row.outcome),
            error=row.error,
            address=row.address or "",
        )
        kept.append((max(row.id, came.get(key, 0)), one))
    return [one for _, one in sorted(kept, key=lambda pair: (pair[1].capture.newest_at, pair[0]))]
