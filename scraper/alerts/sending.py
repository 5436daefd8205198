"""Routing events to subscribers and sending them: in order, at least once, each message with the id it always has.

Any number of processes may do this at once. Routing is one transaction; a subscriber's channel is sent through by
whoever has its lease. A process that dies between sending and writing that down leaves a message that is sent again.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from scraper.alerts.channels import module_of
from scraper.alerts.composing import compose, next_batch
from scraper.alerts.message import Channel, ChannelSetup, Failed, Message, Sent, message_id
from scraper.alerts.rules import Alerts, Subscriber, models_of
from scraper.alerts.timing import is_quiet
from scraper.alerts.watching import watched
from scraper.errors import RatecardError
from scraper.events import Event
from scraper.failpoints import failpoint
from scraper.logs import log
from scraper.records import iso
from scraper.settings import Settings
from scraper.store import Store
from scraper.store.outbox import StoredEvent, keep_events
from scraper.store.telling import (
    LOCK,
    Delivery,
    Line,
    QueuedEvent,
    Silence,
    begin_attempt,
    disable_line,
    enrol_lines,
    events_in,
    forget_told,
    give_line,
    is_any_to_forget,
    keep_line,
    last_ended,
    lines_with_work,
    make_delivery,
    mark_dead,
    mark_failed,
    mark_sent,
    queue_events,
    queued_of,
    silences_on,
    take_line,
    take_unrouted,
    under_way,
)

FIRST_RETRY: Final = timedelta(minutes=1)
LONGEST_RETRY: Final = timedelta(hours=12)
LONGEST_ASKED: Final = timedelta(days=1)
NEW_SUBSCRIBER: Final = timedelta(days=1)
"""A subscriber's new channel is told of what was recorded this long before it was first seen, of nothing older."""

_BATCH: Final = 1000
_SIDE_BY_SIDE: Final = 8
_LEASE_SECONDS: Final = 60.0


def retry_after(attempts: int, first: timedelta = FIRST_RETRY) -> timedelta:
    """Return how long a channel is left alone after so many attempts that failed, `first` after one."""
    return min(first * (1 << min(max(attempts, 1) - 1, 12)), LONGEST_RETRY)


@dataclass(slots=True)
class Tally:
    """What one look at the outbox did. `events` counts those routed; messages are counted by how they ended."""

    events: int = 0
    sent: int = 0
    failed: int = 0
    dead: int = 0
    disabled: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, what: str) -> None:
        """Count one."""
        with self._lock:
            setattr(self, what, getattr(self, what) + 1)

    @property
    def summary(self) -> str:
        """One line of all counts that are not nothing."""
        parts = [f"{self.events:,} new events", f"{self.sent:,} messages sent"]
        parts += [f"{count:,} {word}" for count, word in self._bad() if count]
        return ", ".join(parts)

    @property
    def exit_code(self) -> int:
        """0 where all arrived that was to be sent, 1 where something did not."""
        return 1 if self.failed or self.dead or self.disabled else 0

    def _bad(self) -> tuple[tuple[int, str], ...]:
        return (self.failed, "failed, tried again later"), (self.dead, "given up"), (self.disabled, "channels disabled")


@dataclass(slots=True, kw_only=True)
class Sender:
    """Routes and sends what `alerts` says. `clock` gives the time, `environ` has the secrets of the channels."""

    store: Store
    alerts: Alerts
    settings: Settings
    clock: Callable[[], datetime]
    environ: Mapping[str, str]
    lease_seconds: float = _LEASE_SECONDS
    first_retry: timedelta = FIRST_RETRY
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    _channels: dict[Line, Channel] = field(default_factory=dict)

    def deliver(self, stopped: Callable[[], bool] = lambda: False, *, watch: bool = True) -> Tally:
        """Tell whom it concerns of what happened, as far as it is time.

        With `watch`, also of how sources stand; and what was told long ago is forgotten.

        Raises `RatecardError` where the database cannot be used.
        """
        tally = Tally()
        self._tell(stopped, tally)
        # After what has just happened, which is more urgent.
        if watch and self._watch():
            self._tell(stopped, tally)
        if watch:
            self._forget()
        return tally

    def _tell(self, stopped: Callable[[], bool], tally: Tally) -> None:
        tally.events += self.route()
        self._send_all(stopped, tally)

    def route(self) -> int:
        """Let all events that are new wait for whom they concern; return how many there were."""
        count = 0
        while True:
            with self.store.writing(LOCK) as connection:
                at = self.clock()
                known = enrol_lines(connection, self.lines(), at)
                silenced = silences_on(connection, at)
                some = take_unrouted(connection, _BATCH)
                queue_events(connection, list(self._wanted(some, known, silenced)), at)
            count += len(some)
            if len(some) < _BATCH:
                return count

    def lines(self) -> list[Line]:
        """Return every way to every subscriber."""
        return [Line(one.name, name) for one in self.alerts.subscribers.values() for name in one.all_channels]

    def send_test(self, line: Line, events: Sequence[Event], title: str) -> Sent | Failed:
        """Send a message that is kept nowhere."""
        subscriber = self.alerts.subscriber(line.subscriber)
        ids = [event.id for event in events]
        message = compose(message_id(line.subscriber, ids), subscriber, events, digest=False, site_url=self._site)
        return self._try(line, replace(message, title=title))

    @property
    def _site(self) -> str | None:
        return self.settings.site_url

    def _watch(self) -> int:
        """Write down how things stand, and return how much of it is new."""
        at = self.clock()
        found = watched(self.store, self.alerts.watch, at)
        if not found:
            return 0
        with self.store.writing(LOCK) as connection:
            return keep_events(connection, found, at)

    def _forget(self) -> None:
        """Forget what was told longer ago than it is kept."""
        before = self.clock() - self.alerts.outbox.keep
        if is_any_to_forget(self.store, before):
            log().info("alerts forgotten", messages=forget_told(self.store, before), before=iso(before))

    def _wanted(
        self, some: Sequence[StoredEvent], known: Mapping[Line, datetime], silenced: Sequence[Silence]
    ) -> Iterator[tuple[Line, int]]:
        for one in some:
            if is_silenced(one.event, silenced):
                continue
            for subscriber in self.alerts.subscribers.values():
                for name in subscriber.channels_for(one.event):
                    line = Line(subscriber.name, name)
                    if one.recorded_at >= known[line] - NEW_SUBSCRIBER:
                        yield line, one.number

    def _send_all(self, stopped: Callable[[], bool], tally: Tally) -> None:
        mine = set(self.lines())
        lines = sorted(line for line in lines_with_work(self.store, self.clock()) if line in mine)
        if len(lines) < 2:
            for line in lines:
                self._send_line(line, stopped, tally)
            return
        # A channel that hangs must not keep the others waiting.
        with ThreadPoolExecutor(min(len(lines), _SIDE_BY_SIDE), thread_name_prefix="alerts") as pool:
            for done in [pool.submit(self._send_line, line, stopped, tally) for line in lines]:
                done.result()

    def _send_line(self, line: Line, stopped: Callable[[], bool], tally: Tally) -> None:
        """Send through a line what may be sent now, unless another process does."""
        # Looked at again once it is given back: whoever found it taken meanwhile counts on that.
        while not stopped() and self._has_work(line):
            holder = f"{self.holder}#{secrets.token_hex(4)}"
            if not take_line(self.store, line, holder=holder, at=self.clock(), seconds=self.lease_seconds):
                return
            with self._holding(line, holder):
                while not stopped() and self._send_next(line, holder, tally):
                    pass

    def _has_work(self, line: Line) -> bool:
        now = self.clock()
        first = under_way(self.store, line)
        if first is not None:
            return first.next_at <= now and not self._is_quiet(line, now)
        return bool(self._batch(line, now)[0])

    def _send_next(self, line: Line, holder: str, tally: Tally) -> bool:
        """Send the next message of a line; False where there is none now, or it failed."""
        now = self.clock()
        subscriber = self.alerts.subscriber(line.subscriber)
        delivery = self._next(line, holder, subscriber, now)
        if delivery is None:
            return False
        events = events_in(self.store, delivery)
        message = compose(delivery.message, subscriber, events, digest=delivery.digest, site_url=self._site)
        failpoint("before_send")
        answer = self._try(line, message)
        failpoint("after_send")
        return self._ended(line, delivery, subscriber, answer, tally)

    def _next(self, line: Line, holder: str, subscriber: Subscriber, now: datetime) -> Delivery | None:
        """Return the message that is to be sent now, made where none is under way; None where it is not yet time."""
        delivery = under_way(self.store, line)
        if delivery is None:
            return self._make(line, holder, subscriber, now)
        if delivery.next_at > now or self._is_quiet(line, now):
            return None
        mine = keep_line(self.store, line, holder=holder, at=now, seconds=self.lease_seconds)
        return delivery if mine and begin_attempt(self.store, delivery) else None

    def _ended(
        self, line: Line, delivery: Delivery, subscriber: Subscriber, answer: Sent | Failed, tally: Tally
    ) -> bool:
        at = self.clock()
        told = {"subscriber": line.subscriber, "channel": line.channel, "message": delivery.message}
        if isinstance(answer, Sent):
            mark_sent(self.store, delivery, at)
            tally.count("sent")
            log().info("alert sent", **told)
            return True
        maybe_arrived = delivery.maybe_arrived or not answer.refused
        if answer.permanent:
            mark_dead(self.store, delivery, error=answer.error, maybe_arrived=maybe_arrived, at=at)
            disable_line(self.store, line, why=answer.error, at=at)
            tally.count("disabled")
            log().error("alert channel disabled", **told, error=answer.error, hint="`ratecard alerts retry` enables it")
            return False
        give_up_at = min(delivery.give_up_at, at + subscriber.give_up_after)
        if at >= give_up_at:
            mark_dead(self.store, delivery, error=answer.error, maybe_arrived=maybe_arrived, at=at)
            tally.count("dead")
            log().error("alert given up", **told, error=answer.error, hint="`ratecard alerts retry` sends it again")
            return True
        asked = min(timedelta(seconds=answer.retry_after or 0), LONGEST_ASKED)
        next_at = min(at + max(retry_after(delivery.attempts + 1, self.first_retry), asked), give_up_at)
        mark_failed(self.store, delivery, error=answer.error, maybe_arrived=maybe_arrived, next_at=next_at)
        tally.count("failed")
        log().warning("alert not sent", **told, error=answer.error, attempts=delivery.attempts + 1)
        return False

    def _make(self, line: Line, holder: str, subscriber: Subscriber, now: datetime) -> Delivery | None:
        batch, digest = self._batch(line, now)
        if not batch:
            return None
        return make_delivery(
            self.store,
            line,
            batch,
            holder=holder,
            message=message_id(line.subscriber, [one.event.id for one in batch]),
            digest=digest,
            at=now,
            give_up_at=now + subscriber.give_up_after,
        )

    def _batch(self, line: Line, now: datetime) -> tuple[Sequence[QueuedEvent], bool]:
        queued = queued_of(self.store, line)
        if not queued:
            return (), False
        return next_batch(self.alerts.subscriber(line.subscriber), queued, last_ended(self.store, line), now)

    def _is_quiet(self, line: Line, now: datetime) -> bool:
        subscriber = self.alerts.subscriber(line.subscriber)
        return is_quiet(subscriber.quiet, subscriber.time_zone, now)

    def _try(self, line: Line, message: Message) -> Sent | Failed:
        table = self.alerts.channels[line.channel]
        secrets_of: tuple[str, ...] = ()
        try:
            options, secrets_of = table.filled(self.environ)
            if line not in self._channels:
                setup = ChannelSetup(name=line.channel, options=options, secrets=secrets_of, settings=self.settings)
                self._channels[line] = module_of(table.kind).make(setup)
            answer = self._channels[line].send(message)
        except RatecardError as error:
            answer = Failed(error=str(error), refused=True)
        except Exception as error:  # noqa: BLE001  it is told
            # Without the traceback: an address with a secret in it can stand there.
            answer = Failed(error=f"unexpected {type(error).__name__}: {error}")
        if isinstance(answer, Failed):
            setup = ChannelSetup(name=line.channel, options={}, secrets=secrets_of, settings=self.settings)
            said = " ".join(setup.mask(answer.error).split())[:500]
            return replace(answer, error=said)
        return answer

    @contextmanager
    def _holding(self, line: Line, holder: str) -> Iterator[None]:
        """Hold a line for longer as long as something is sent through it."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self.lease_seconds / 3):
                try:
                    keep_line(self.store, line, holder=holder, at=self.clock(), seconds=self.lease_seconds)
                except RatecardError as error:
                    log().warning("lease not renewed", error=str(error))

        thread = threading.Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            give_line(self.store, line, holder=holder)


def is_silenced(event: Event, silenced: Sequence[Silence]) -> bool:
    """Say whether nobody is to be told of an event.

    A pattern means a provider, an offer, a source (`provider/source`), a model (`creator/name`), or any of these with a
    field after a blank.
    """
    names = [event.provider, event.subject, *models_of(event)]
    names += [f"{name} {event.field}" for name in names if event.field]
    return any(fnmatchcase(name, one.pattern) for one in silenced for name in names)
