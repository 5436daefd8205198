"""The daemon: it looks again and again for what is due, and answers how it is.

A loop with a clock that is passed in does the ticking. A scheduler's own timers would add nothing: what is due is
judged anew at every tick from the database (see `scraper.due`), and waiting is measured by a clock that nobody sets.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from scraper.dispatch import Runner, Tick
from scraper.errors import RatecardError
from scraper.logs import log
from scraper.metrics import Gaps, collect, count_gaps, exposition
from scraper.records import iso
from scraper.status import Page, alive, ready
from scraper.store.leases import read_due

_LONGEST_PAUSE: Final = 60.0
_HUNG: Final = 1800.0


@dataclass(slots=True, kw_only=True)
class Daemon:
    """Ticks until it is stopped, and answers how it is. `tick_seconds` lie between two ticks."""

    runner: Runner
    tick_seconds: float = 30.0
    _beat: float | None = None
    _gaps: tuple[int, Gaps] | None = None

    def loop(self, stop: threading.Event) -> int:
        """Tick until `stop` is set; a tick that fails (the database is away) is tried again, ever more slowly."""
        failed = 0
        pause = 0.0

        def stopped() -> bool:
            # Asked before each source: a sign of life.
            self._beat = self.runner.timer()
            return stop.is_set()

        while not stop.wait(pause):
            # Another one, since there may be nothing due for days.
            self._beat = self.runner.timer()
            try:
                tick = self.runner.tick(stopped)
            except Exception as error:  # noqa: BLE001  it is told
                # A daemon outlives whatever happens in one tick.
                pause = min(2.0**failed, _LONGEST_PAUSE)
                failed += 1
                if isinstance(error, RatecardError):
                    log().error("tick failed", error=str(error), retry_in=pause)
                else:
                    log().exception("tick failed", retry_in=pause)
                continue
            if failed:
                log().info("tick works again", failed=failed)
            failed = 0
            pause = self.tick_seconds
            if tick.report.sources:
                log().info("tick", run=tick.report.run, sources=len(tick.report.sources), next=_next_text(tick))
        return 0

    def healthz(self) -> Page:
        """Say whether the loop is alive."""
        silent = None if self._beat is None else self.runner.timer() - self._beat
        return alive(silent, max(_HUNG, 3 * self.tick_seconds))

    def readyz(self) -> Page:
        """Say whether the database can be used."""
        return ready(lambda: read_due(self.runner.store))

    def metrics(self) -> Page:
        """Return the metrics, also when the database is away."""
        try:
            facts = collect(self.runner.store, self.runner.plans, self.runner.clock(), self._counted())
        except RatecardError:
            facts = None
        return Page(200, exposition(facts), "text/plain; version=0.0.4; charset=utf-8")

    def _counted(self) -> Gaps:
        """Count gaps again only when something was refreshed, by whomever: it means to read every offer."""
        runs = sum(view.successes + view.failed for view in read_due(self.runner.store).values())
        if self._gaps is None or self._gaps[0] != runs:
            self._gaps = runs, count_gaps(self.runner.store, self.runner.clock())
        return self._gaps[1]


def _next_text(tick: Tick) -> str:
    following = tick.following
    return f"{following.key} at {iso(following.next_at)}" if following and following.next_at else "none"
