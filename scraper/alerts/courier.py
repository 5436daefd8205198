"""Alerts inside a daemon: a thread of its own that delivers at every tick, and at once when something was recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from scraper.alerts.sending import Sender
from scraper.errors import RatecardError
from scraper.logs import log

_LAST_SECONDS: Final = 5.0
_WATCH_EVERY: Final = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class Courier:
    """Delivers every `tick_seconds`, and as soon as it is woken."""

    sender: Sender
    tick_seconds: float
    _woken: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _watched_at: datetime | None = None

    def wake(self) -> None:
        """Deliver now; returns at once."""
        self._woken.set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Deliver in the background for the time of a block; what is being sent at its end has a moment to arrive."""
        thread = threading.Thread(target=self._loop, name="courier", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._woken.set()
            thread.join(_LAST_SECONDS)

    def _loop(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                self.sender.deliver(self._stopped.is_set, watch=self._is_time_to_watch())
            except RatecardError as error:
                log().error("alerts not delivered", error=str(error), retry_in=self.tick_seconds)
            except Exception:  # noqa: BLE001  it is told
                # Whatever happens to one look at the outbox, the next one comes.
                log().exception("alerts not delivered", retry_in=self.tick_seconds)
            self._woken.wait(self.tick_seconds)

    def _is_time_to_watch(self) -> bool:
        """Say whether to look how sources stand: that reads more than the outbox, and changes slowly."""
        now = self.sender.clock()
        if self._watched_at is not None and timedelta() <= now - self._watched_at < _WATCH_EVERY:
            return False
        self._watched_at = now
        return True
