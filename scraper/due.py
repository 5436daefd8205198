"""What is due, and when next: one pure function of the time, the schedule and what was done. Everything is UTC.

A source has one period after the other, each as long as its cadence, all counted from one fixed Monday and shifted by
an offset of its own. A period asks for one success. So a week is never lost and never doubled: whoever comes back after
a downtime finds one period asking, however many have passed; and a clock that is put back finds it already served.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

WEEK: Final = timedelta(days=7)
MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)
"""From here periods and weeks are counted."""

FIRST_RETRY: Final = timedelta(hours=1)
LONGEST_RETRY: Final = timedelta(days=1)
LONGEST_LEASE: Final = timedelta(days=1)

# Noon UTC is the first moment at which a day has begun everywhere where people live.
_BEGUN_EVERYWHERE = time(12, tzinfo=UTC)


class Key(NamedTuple):
    """A source of a provider."""

    provider: str
    source: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.source}"


class Window(NamedTuple):
    """A part of every week, from Monday 00:00 UTC on; the end no longer belongs to it."""

    start: timedelta
    end: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often a source is refreshed: once every `every`, shifted by `offset`, never in a blackout.

    It is `escalated` when its last success is older than `escalate_after`. `after_promotion` asks for one more refresh
    on the day after a promotion ends, and on the day on which an announced price begins. What is `manual` is never due.
    """

    every: timedelta
    offset: timedelta = timedelta()
    blackout: tuple[Window, ...] = ()
    escalate_after: timedelta = 2 * WEEK
    after_promotion: bool = True
    manual: bool = False

    def __post_init__(self) -> None:
        if self.every <= timedelta():
            raise ValueError("a cadence is longer than nothing")
        if merged(self.blackout) == (Window(timedelta(), WEEK),):
            raise ValueError("a blackout of the whole week leaves no time for a refresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was done about a source. `starts` counts its runs; `failures` those in a row that did not succeed.

    `known_at` is when it was first scheduled. `lease_until` is set while a process has the source, and after its death.
    """

    known_at: datetime | None = None
    last_start_at: datetime | None = None
    last_success_at: datetime | None = None
    starts: int = 0
    failures: int = 0
    lease_holder: str | None = None
    lease_until: datetime | None = None


class State(StrEnum):
    """What a source does at a time: it is due, or why it is not."""

    DUE = "due"
    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    BLACKOUT = "blackout"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a source does now. It asks for a refresh since `since`, and gets the next one at `next_at` (manual: None).

    `age` is the time since its last success, None where there was none. `escalated` says that this is too long.
    """

    key: Key
    plan: Plan
    row: Row
    state: State
    next_at: datetime | None
    since: datetime | None
    age: timedelta | None
    escalated: bool

    @property
    def due(self) -> bool:
        """Whether it is to be refreshed now."""
        return self.state is State.DUE


def judge(
    now: datetime,
    schedule: Mapping[Key, Plan],
    rows: Mapping[Key, Row],
    moments: Mapping[Key, Sequence[datetime]] | None = None,
) -> list[Verdict]:
    """Judge every source of a schedule: those that are due first, the longest asking first, then by their next time.

    `rows` lacks what never ran. `moments` are further times at which a source asks for a refresh (see `moments_of`).
    """
    if now.tzinfo is None:
        raise ValueError(f"{now} has no time zone")
    now = now.astimezone(UTC)
    more = moments or {}
    verdicts = [
        _judge(now, key, plan, rows.get(key, Row()), more.get(key, ()) if plan.after_promotion else ())
        for key, plan in schedule.items()
    ]
    return sorted(verdicts, key=_order)


def offset_of(key: Key, every: timedelta) -> timedelta:
    """Return where in its period a source is refreshed: the same in every process, spread evenly, in whole seconds."""
    number = int.from_bytes(hashlib.sha256(str(key).encode()).digest()[:8], "big")
    return timedelta(seconds=number % max(1, int(every.total_seconds())))


def moments_of(ends: Iterable[datetime], begins: Iterable[datetime]) -> tuple[datetime, ...]:
    """Return when to look again at prices that end or begin: once it is the day after, or that day, everywhere."""
    after = (_noon(end) + timedelta(days=1) for end in ends if end.year < MAXYEAR)
    begun = ((_noon(begin), begin) for begin in begins if begin.year < MAXYEAR)
    on = (noon if noon >= begin else noon + timedelta(days=1) for noon, begin in begun)
    return tuple(sorted({*after, *on}))


def retry_after(failures: int) -> timedelta:
    """Return how long a source is left alone after its last start, having failed so often in a row."""
    return min(FIRST_RETRY * 2 ** min(failures - 1, 10), LONGEST_RETRY) if failures > 0 else timedelta()


def in_blackout(at: datetime, plan: Plan) -> bool:
    """Say whether a plan forbids a refresh at a time."""
    return _allowed(at.astimezone(UTC), plan) > at


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return the same parts of the week, in order, none touching another."""
    found: list[Window] = []
    for window in sorted(windows):
        if found and window.start <= found[-1].end:
            found[-1] = Window(found[-1].start, max(found[-1].end, window.end))
        else:
            found.append(window)
    return tuple(found)


def _judge(now: datetime, key: Key, plan: Plan, row: Row, moments: Sequence[datetime]) -> Verdict:
    success = _believed(row.last_success_at, now + plan.every)
    since = _asking_since(now, plan, success, moments)
    state, next_at = _state(now, plan, row, success, since, moments)
    trusted = success or _believed(row.known_at, now + plan.every)
    return Verdict(
        key=key,
        plan=plan,
        row=row,
        state=state,
        next_at=next_at,
        since=since,
        age=now - success if success else None,
        escalated=not plan.manual and trusted is not None and now - trusted > plan.escalate_after,
    )


def _state(
    now: datetime,
    plan: Plan,
    row: Row,
    success: datetime | None,
    since: datetime | None,
    moments: Sequence[datetime],
) -> tuple[State, datetime | None]:
    if plan.manual:
        return State.MANUAL, None
    following = _allowed(_following(max(now, success) if success else now, plan, moments), plan)
    if row.lease_until is not None and now < row.lease_until <= now + LONGEST_LEASE:
        return State.RUNNING, following
    if since is None:
        return State.WAITING, following
    retry_at = _retry_at(now, row)
    if retry_at > now:
        return State.RETRYING, _allowed(retry_at, plan)
    allowed = _allowed(now, plan)
    return (State.DUE if allowed == now else State.BLACKOUT), allowed


def _believed(time: datetime | None, limit: datetime) -> datetime | None:
    """Leave out what lies further ahead than it can: the clock was wrong when it was written down."""
    return time if time is None or time <= limit else None


def _asking_since(now: datetime, plan: Plan, success: datetime | None, moments: Sequence[datetime]) -> datetime | None:
    """Return the latest moment at which a refresh was asked for, where no success has answered it."""
    slot = _slot(now, plan)
    asked = max((moment for moment in moments if slot < moment <= now), default=slot)
    return None if success is not None and success >= asked else asked


def _following(after: datetime, plan: Plan, moments: Sequence[datetime]) -> datetime:
    """Return the first moment after a time at which a refresh is asked for."""
    slot = _slot(after, plan) + plan.every
    return min((moment for moment in moments if after < moment < slot), default=slot)


def _slot(now: datetime, plan: Plan) -> datetime:
    """Return the beginning of the period that a time lies in."""
    return now - (now - MONDAY - plan.offset) % plan.every


def _retry_at(now: datetime, row: Row) -> datetime:
    """Return until when a failing source is left alone, `now` where it is not."""
    if not row.failures or row.last_start_at is None:
        return now
    at = row.last_start_at + retry_after(row.failures)
    # Further ahead than it can be: the clock was put back since.
    return now if at - now > LONGEST_RETRY else max(at, now)


def _allowed(at: datetime, plan: Plan) -> datetime:
    """Return the first time, from a time on, that is in no blackout."""
    windows = merged(plan.blackout)
    # Twice, since a blackout may go on from the end of one week to the beginning of the next.
    for _ in range(2):
        into = (at - MONDAY) % WEEK
        place = bisect_right(windows, into, key=lambda window: window.start) - 1
        if place < 0 or into >= windows[place].end:
            return at
        at += windows[place].end - into
    return at


def _noon(day: datetime) -> datetime:
    return datetime.combine(day.astimezone(UTC).date(), _BEGUN_EVERYWHERE)


def _order(verdict: Verdict) -> tuple[bool, datetime, Key]:
    at = verdict.since if verdict.due else verdict.next_at
    return not verdict.due, at or datetime.max.replace(tzinfo=UTC), verdict.key
