"""Refreshing what is due, once: each source under a lease, so that two processes never do the same.

Where many machines share the work, what is due is handed over instead of being refreshed here (see `scraper.worker`).
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from structlog.contextvars import bound_contextvars

from scraper import providers
from scraper.due import Key, Plan, Verdict, in_blackout, judge
from scraper.errors import RatecardError
from scraper.extract.source import Source
from scraper.logs import log
from scraper.outcomes import Outcome, Report, SourceReport
from scraper.refresh import Refresh
from scraper.schedules import cadence
from scraper.store import Status, Store, begin_run
from scraper.store.leases import (
    Lease,
    Result,
    enrol,
    note_run,
    read_due,
    read_moments,
    release_lease,
    renew_lease,
    settle_lease,
    take_lease,
)

_STATUS: Final = {
    Outcome.OK: Status.OK,
    Outcome.UNCHANGED: Status.OK,
    Outcome.NOT_CAPTURED: Status.NOT_CAPTURED,
    Outcome.NEEDS_KEY: Status.NOT_CAPTURED,
    Outcome.FAILED: Status.FAILED,
}


Drop = Callable[[Sequence[str]], None]
"""Gives up what was fetched ahead of a source, by its addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one look at the schedule did. `left` counts what was due and was not begun, because of a stop."""

    report: Report
    left: int
    following: Verdict | None


@dataclass(slots=True, kw_only=True)
class Runner:
    """Refreshes what is due of a schedule. `flow` gives the flow for a time and a run; `timer` counts seconds.

    A source is leased for `lease_seconds`, and for longer as long as this process works on it. `ahead` gets a run and
    the addresses of sources that are refreshed soon, in their order, and may fetch them for the time of its block. With
    `hand_over`, a tick gives what is due to that and refreshes nothing: it gets the sources, in their order, and what
    begins a run. `recorded` is called after each source of which there may be something to tell.
    """

    store: Store
    plans: Mapping[Key, Plan]
    flow: Callable[[datetime, int], Refresh]
    clock: Callable[[], datetime]
    timer: Callable[[], float] = time.monotonic
    lease_seconds: float = 300.0
    replay: bool = False
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    ahead: Callable[[int, Sequence[Sequence[str]]], AbstractContextManager[Drop]] = lambda _run, _many: nullcontext(
        lambda _addresses: None
    )
    hand_over: Callable[[Sequence[Key], Callable[[], int]], None] | None = None
    recorded: Callable[[], None] = lambda: None
    current: Lease | None = None
    refreshed: int = 0

    def verdicts(self) -> list[Verdict]:
        """Judge every source of the schedule now."""
        rows = {key: view.row for key, view in read_due(self.store).items()}
        return judge(self.clock(), self.plans, rows, read_moments(self.store))

    def tick(self, stopped: Callable[[], bool] = lambda: False) -> Tick:
        """Refresh what is due now, one source after the other, until all is done or `stopped` says so.

        Raises `RatecardError` where the database cannot be used; what was taken then is given back by the next tick.
        """
        self.give_back()
        enrol(self.store, {key: cadence(plan) for key, plan in self.plans.items()}, self.clock())
        verdicts = self.verdicts()
        waiting = [verdict for verdict in verdicts if verdict.due]
        # What only tells more of offers is of use once they are listed.
        waiting.sort(key=lambda verdict: not _source(verdict.key).lists)
        if self.hand_over is not None:
            self.hand_over([verdict.key for verdict in waiting], self._begin)
            waiting = []
        report = self._refresh_all(waiting, stopped)
        if report.sources:
            verdicts = self.verdicts()
        following = next((verdict for verdict in verdicts if verdict.next_at is not None), None)
        return Tick(report=report, left=len(waiting), following=following)

    def one(self, key: Key, run: int) -> SourceReport | None:
        """Refresh one source that was found due before; None where it is not due any more, or another process has it.

        Raises `RatecardError` as a tick does.
        """
        self.give_back()
        view = read_due(self.store, key).get(key)
        plan = self.plans.get(key)
        if view is None or plan is None:
            return None
        (verdict,) = judge(self.clock(), {key: plan}, {key: view.row}, read_moments(self.store, key))
        lease = self._take(verdict) if verdict.due else None
        return None if lease is None else self._refresh(verdict, lease, run)

    def give_back(self) -> None:
        """Give back a source that was taken and not finished: it stays due."""
        if self.current is not None:
            release_lease(self.store, self.current)
            self.current = None

    def _refresh_all(self, waiting: list[Verdict], stopped: Callable[[], bool]) -> Report:
        """Refresh sources as long as nobody says stop, and take those that were looked at from the list."""
        run: int | None = None
        reports = []
        with ExitStack() as stack:
            while waiting and not stopped():
                verdict = waiting.pop(0)
                lease = self._take(verdict)
                if lease is not None:
                    if run is None:
                        run = self._begin()
                        drop = stack.enter_context(self.ahead(run, _fetched_ahead([verdict, *waiting])))
                    reports.append(self._refresh(verdict, lease, run))
                elif run is not None:
                    drop(_source(verdict.key).addresses)
        return Report(run=run, sources=tuple(reports))

    def _begin(self) -> int:
        at = self.clock()
        return begin_run(self.store, started_at=at, at=at, replay=self.replay)

    def _take(self, verdict: Verdict) -> Lease | None:
        at = self.clock()
        # A blackout may have begun while other sources were read.
        if in_blackout(at, verdict.plan):
            return None
        starts = verdict.row.starts
        self.current = take_lease(
            self.store, verdict.key, starts=starts, holder=self.holder, at=at, seconds=self.lease_seconds
        )
        return self.current

    def _refresh(self, verdict: Verdict, lease: Lease, run: int) -> SourceReport:
        """Run the flow for one source and write down how that ended."""
        key = verdict.key
        with bound_contextvars(run=run, provider=key.provider, source=key.source):
            log().info("source started")
            began = self.timer()
            with self._holding(lease):
                report = self._flow(key, lease.started_at, run)
            seconds = self.timer() - began
            if report.changes or report.held:
                self._tell_of_it()
            result = Result(status=_STATUS[report.status], seconds=seconds, error=report.error)
            if not settle_lease(self.store, lease, result):
                log().error("lease lost", hint="another process took the source; raise lease_seconds if this recurs")
            self.current = None
            self.refreshed += 1
            _tell(report, verdict, seconds)
        return report

    def _flow(self, key: Key, at: datetime, run: int) -> SourceReport:
        source = _source(key)
        try:
            return self.flow(at, run).source(key.provider, source, run)
        except RatecardError as error:
            said = str(error)
        except Exception as error:  # noqa: BLE001  it is told
            # A defect that one source meets must not keep the others from being refreshed.
            log().exception("unexpected error")
            said = f"unexpected {type(error).__name__}: {error}"
        return SourceReport(
            provider=key.provider, source=key.source, url=source.addresses[0], status=Outcome.FAILED, error=said
        )

    def _tell_of_it(self) -> None:
        try:
            self.recorded()
        except RatecardError as error:
            # What is recorded is told at the next tick.
            log().warning("alerts not delivered at once", error=str(error))

    @contextmanager
    def _holding(self, lease: Lease) -> Iterator[None]:
        """Renew a lease as long as the work on it goes on."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self.lease_seconds / 3):
                try:
                    renew_lease(self.store, lease, at=self.clock(), seconds=self.lease_seconds)
                except RatecardError as error:
                    # A database that is away for a moment is asked again; if it stays away, the lease runs out.
                    log().warning("lease not renewed", error=str(error))

        thread = threading.Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _fetched_ahead(verdicts: Iterable[Verdict]) -> list[tuple[str, ...]]:
    """Return the addresses of what may be fetched before its turn: not with a blackout, which may begin meanwhile."""
    sources = [_source(verdict.key) for verdict in verdicts if not verdict.plan.blackout]
    return [source.addresses for source in sources if not source.browser]


def _source(key: Key) -> Source:
    return next(source for source in providers.sources(key.provider) if source.name == key.source)


def noting(
    store: Store, clock: Callable[[], datetime], progress: Callable[[SourceReport], None]
) -> Callable[[SourceReport], None]:
    """Return what is to be called after each source of a refresh by hand, so that the schedule knows of it."""
    began = (clock(), time.monotonic())

    def note(report: SourceReport) -> None:
        nonlocal began
        (at, timer), began = began, (clock(), time.monotonic())
        result = Result(status=_STATUS[report.status], seconds=began[1] - timer, error=report.error)
        note_run(store, Key(report.provider, report.source), at=at, result=result)
        progress(report)

    return note


def _tell(report: SourceReport, verdict: Verdict, seconds: float) -> None:
    done: dict[str, Any] = {"outcome": report.status.value, "seconds": round(seconds, 3)}
    if not report.failed:
        counts = {"changes": len(report.changes), "held": len(report.held), "notes": len(report.notes)}
        log().info("source done", **done, offers=report.offers, **counts)
        return
    days = None if verdict.age is None else round(verdict.age.total_seconds() / 86400, 1)
    failing = {**done, "error": report.error, "failures": verdict.row.failures + 1, "last_success_days": days}
    if verdict.escalated:
        log().error("source overdue", **failing)
    else:
        log().warning("source failed", **failing)
