"""What is due: one run a period, whatever the clock, the calendar and downtimes do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scraper.due import (
    MONDAY,
    WEEK,
    Key,
    Plan,
    Row,
    State,
    Verdict,
    Window,
    in_blackout,
    judge,
    merged,
    moments_of,
    offset_of,
    retry_after,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEY = Key("openai", "docs-pricing")
START = datetime(2026, 11, 24, 9, tzinfo=UTC)


def period(at: datetime, plan: Plan) -> int:
    """The number of the period that a time lies in, said in another way than the code says it."""
    return int((at - MONDAY - plan.offset) / plan.every // 1)


def only(now: datetime, plan: Plan, row: Row | None = None, moments: Sequence[datetime] = ()) -> Verdict:
    (verdict,) = judge(now, {KEY: plan}, {} if row is None else {KEY: row}, {KEY: moments})
    return verdict


@dataclass
class World:
    """A scheduler with nothing but a memory; it keeps when each source was run."""

    plans: dict[Key, Plan]
    rows: dict[Key, Row] = field(default_factory=dict)
    runs: dict[Key, list[datetime]] = field(default_factory=dict)
    failing: bool = False

    def tick(self, now: datetime) -> None:
        for verdict in judge(now, self.plans, self.rows):
            if verdict.due:
                assert not verdict.plan.manual
                row = replace(verdict.row, starts=verdict.row.starts + 1, last_start_at=now)
                done = {"failures": row.failures + 1} if self.failing else {"failures": 0, "last_success_at": now}
                self.rows[verdict.key] = replace(row, **done)
                self.runs.setdefault(verdict.key, []).append(now)

    def of(self, key: Key = KEY) -> list[datetime]:
        return self.runs.get(key, [])


def every(step: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += step


offsets = st.integers(0, 7 * 86400 - 1).map(lambda seconds: timedelta(seconds=seconds))
cadences = st.integers(1, 24 * 30).map(lambda hours: HOUR * hours)
times = st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None)
@given(cadences, offsets, times, st.lists(st.integers(1, 400), min_size=1, max_size=60))
def test_one_run_a_period_and_never_two(
    length: timedelta, offset: timedelta, start: datetime, steps: list[int]
) -> None:
    world = World({KEY: Plan(every=length, offset=offset)})
    now = start
    looked = set()
    for step in steps:
        world.tick(now)
        looked.add(period(now, world.plans[KEY]))
        now += timedelta(minutes=step * 7)
    served = Counter(period(run, world.plans[KEY]) for run in world.of())
    assert set(served) == looked
    assert set(served.values()) == {1}


@settings(deadline=None)
@given(cadences, offsets, times, times)
def test_what_is_next_is_when_it_becomes_due(
    length: timedelta, offset: timedelta, ran: datetime, now: datetime
) -> None:
    plan = Plan(every=length, offset=offset, blackout=(Window(DAY, DAY + 5 * HOUR),))
    row = Row(last_success_at=ran)
    verdict = only(now, plan, row)
    assert verdict.next_at is not None
    assert verdict.next_at >= now
    assert verdict.due == (verdict.next_at == now)
    assert only(verdict.next_at, plan, row).due
    if verdict.next_at > now:
        assert not only(verdict.next_at - timedelta(microseconds=1), plan, row).due


def test_f24_down_at_the_due_time_it_runs_once_on_return() -> None:
    plan = Plan(every=WEEK)
    world = World({KEY: plan}, {KEY: Row(last_success_at=START - WEEK)})
    slot = only(START - WEEK, plan, Row(last_success_at=START - WEEK)).next_at
    assert slot is not None
    for now in every(HOUR / 2, slot + 4 * HOUR, slot + 4 * HOUR + 6 * DAY):
        world.tick(now)
    assert world.of() == [slot + 4 * HOUR]
    world.tick(slot + WEEK)
    assert world.of()[1:] == [slot + WEEK], "and keeps its time of the week"


def test_f24_down_for_six_weeks_it_runs_once_not_six_times() -> None:
    world = World({KEY: Plan(every=WEEK)}, {KEY: Row(last_success_at=START - 6 * WEEK)})
    for _ in range(10):
        world.tick(START)
    assert world.of() == [START]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("length", [HOUR, DAY, WEEK])
def test_f25_summer_time_comes_and_goes(zone: str, length: timedelta) -> None:
    place = ZoneInfo(zone)
    world = World({KEY: Plan(every=length, offset=timedelta(minutes=30))})
    # Said as the clocks on the wall say it, twice through the hour that comes twice.
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    for now in every(timedelta(minutes=20) if length == HOUR else 3 * HOUR, start, end):
        world.tick(now.astimezone(place))
    served = Counter(period(run, world.plans[KEY]) for run in world.of())
    assert set(served.values()) == {1}
    assert len(served) == period(end - timedelta(minutes=1), world.plans[KEY]) - period(start, world.plans[KEY]) + 1


def test_f25_the_leap_day_is_a_day() -> None:
    world = World({KEY: Plan(every=DAY)})
    for now in every(HOUR, datetime(2028, 2, 27, tzinfo=UTC), datetime(2028, 3, 3, tzinfo=UTC)):
        world.tick(now)
    assert [run.day for run in world.of()] == [27, 28, 29, 1, 2]


@settings(max_examples=25, deadline=None)
@given(offsets, st.integers(0, 24 * 14))
@example(timedelta(days=1, hours=8, seconds=1), 0).via("a period begins in the hour before the first look")
def test_f25_a_clock_that_is_put_back_an_hour(offset: timedelta, at: int) -> None:
    world = World({KEY: Plan(every=WEEK, offset=offset)})
    back = START + at * HOUR
    times = [*every(HOUR / 2, START, back), *every(HOUR / 2, back - HOUR, START + 5 * WEEK)]
    for now in times:
        world.tick(now)
    served = Counter(period(run, world.plans[KEY]) for run in world.of())
    assert set(served.values()) == {1}
    assert served.keys() == {period(now, world.plans[KEY]) for now in times}


@settings(max_examples=25, deadline=None)
@given(offsets)
def test_f25_a_clock_that_is_ten_years_ahead_for_a_while(offset: timedelta) -> None:
    world = World({KEY: Plan(every=WEEK, offset=offset)})
    world.tick(START)
    ahead = START.replace(year=2036)
    for now in every(HOUR, ahead, ahead + 3 * HOUR):
        world.tick(now)
    runs = list(world.of())
    assert len(runs) - 1 == 1 + period(ahead + 2 * HOUR, world.plans[KEY]) - period(ahead, world.plans[KEY])
    before = len(runs)
    # Back again: what was written down then is not believed, so that nothing waits for ten years.
    for now in every(HOUR, START + 3 * HOUR, START + 3 * HOUR + 3 * WEEK):
        world.tick(now)
    served = Counter(period(run, world.plans[KEY]) for run in world.of()[before:])
    assert set(served.values()) == {1}
    assert len(served) in (3, 4)


def test_the_clock_is_a_little_ahead_for_a_while() -> None:
    plan = Plan(every=WEEK)
    slot = only(START, plan, Row(last_success_at=START)).next_at
    assert slot is not None
    ahead = Row(last_success_at=slot + DAY)
    assert only(slot - DAY, plan, ahead).next_at == slot + WEEK, "the run of this slot is done already"


def test_periods_are_counted_in_utc_whatever_zone_the_time_is_said_in() -> None:
    plan = Plan(every=DAY)
    row = Row(last_success_at=datetime(2026, 7, 1, 23, tzinfo=UTC))
    tokyo = datetime(2026, 7, 2, 8, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert not only(tokyo, plan, row).due
    assert only(tokyo + HOUR, plan, row).due
    with pytest.raises(ValueError, match="no time zone"):
        only(tokyo.replace(tzinfo=None), plan)


def test_what_never_ran_is_due_and_what_is_manual_never() -> None:
    assert only(START, Plan(every=WEEK)).state is State.DUE
    manual = only(START, Plan(every=WEEK, manual=True), Row(last_success_at=START - 100 * WEEK), [START])
    assert (manual.state, manual.next_at, manual.escalated) == (State.MANUAL, None, False)


def test_a_failing_source_is_tried_again_ever_more_slowly() -> None:
    assert [retry_after(n) / HOUR for n in (0, 1, 2, 3, 4, 5, 6, 7, 1000)] == [0, 1, 2, 4, 8, 16, 24, 24, 24]
    world = World({KEY: Plan(every=WEEK)}, failing=True)
    for now in every(HOUR / 4, START, START + 4 * DAY):
        world.tick(now)
    runs = list(world.of())
    assert [(later - run) / HOUR for run, later in pairwise(runs)] == [1, 2, 4, 8, 16, 24, 24]
    world.failing = False
    for now in every(HOUR / 4, START + 4 * DAY, START + 5 * DAY):
        world.tick(now)
    assert len(world.of()) == len(runs) + 1
    assert only(START + 5 * DAY, world.plans[KEY], world.rows[KEY]).state is State.WAITING


def test_a_retry_that_lies_too_far_ahead_is_not_waited_for() -> None:
    row = Row(last_start_at=START + 3650 * DAY, failures=3)
    assert only(START, Plan(every=WEEK), row).due


def test_a_source_is_escalated_by_the_age_of_its_last_success() -> None:
    plan = Plan(every=WEEK, escalate_after=10 * DAY)
    often = Row(last_success_at=START - DAY, failures=100, last_start_at=START)
    assert not only(START, plan, often).escalated
    old = Row(last_success_at=START - 11 * DAY, failures=1, last_start_at=START)
    assert only(START, plan, old).escalated
    assert only(START, plan, old).age == 11 * DAY
    assert only(START, plan, Row(known_at=START - 11 * DAY)).escalated, "one that never had a success"
    assert not only(START, plan, Row(known_at=START - 9 * DAY)).escalated


def test_a_leased_source_runs_and_a_lease_runs_out() -> None:
    plan = Plan(every=WEEK)
    row = Row(last_start_at=START, starts=1, lease_holder="a", lease_until=START + HOUR)
    assert only(START + HOUR - timedelta(seconds=1), plan, row).state is State.RUNNING
    assert only(START + HOUR, plan, row).due
    assert only(START - 3 * DAY, plan, row).due, (
        "a lease that ends further ahead than any can was made by a wrong clock"
    )


def test_blackouts_are_waited_out() -> None:
    sunday_night = merged([Window(6 * DAY + 22 * HOUR, WEEK), Window(timedelta(), 3 * HOUR)])
    plan = Plan(every=DAY, blackout=sunday_night)
    sunday = MONDAY + 3000 * WEEK + 6 * DAY
    blocked = only(sunday + 23 * HOUR, plan)
    assert (blocked.state, blocked.next_at) == (State.BLACKOUT, sunday + DAY + 3 * HOUR)
    assert only(sunday + 22 * HOUR - timedelta(seconds=1), plan).due
    assert only(sunday + DAY + 3 * HOUR, plan).due
    retry = Row(last_start_at=sunday + 21 * HOUR + HOUR / 2, failures=1)
    assert only(sunday + 22 * HOUR, plan, retry).next_at == sunday + DAY + 3 * HOUR
    world = World({KEY: Plan(every=HOUR, blackout=sunday_night)})
    for now in every(HOUR / 4, sunday + 12 * HOUR, sunday + DAY + 12 * HOUR):
        world.tick(now)
    assert [(run - sunday) / HOUR for run in world.of()] == [*range(12, 22), *range(27, 36)]


def test_a_blackout_of_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="whole week"):
        Plan(every=DAY, blackout=(Window(timedelta(), 4 * DAY), Window(3 * DAY, WEEK)))


def test_the_day_after_a_promotion_ends_asks_for_one_more_run() -> None:
    end = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    begin = datetime(2026, 12, 10, tzinfo=UTC)
    assert moments_of([end], [begin]) == (
        datetime(2026, 12, 1, 12, tzinfo=UTC),
        datetime(2026, 12, 10, 12, tzinfo=UTC),
    )
    assert moments_of([], [begin.replace(hour=16)]) == (datetime(2026, 12, 11, 12, tzinfo=UTC),)
    assert moments_of([datetime.max.replace(tzinfo=UTC)], []) == ()
    plan = Plan(every=4 * WEEK)
    slot = only(START, plan, Row(last_success_at=START)).next_at
    assert slot is not None
    moment = slot + 2 * DAY
    after = Row(last_success_at=slot)
    assert only(slot + DAY, plan, after, [moment]).next_at == moment
    assert only(moment + HOUR, plan, after, [moment]).due
    assert not only(moment + HOUR, replace(plan, after_promotion=False), after, [moment]).due
    assert not only(moment + 2 * HOUR, plan, Row(last_success_at=moment + HOUR), [moment]).due


def test_sources_are_spread_over_the_week_in_the_same_way_in_every_process() -> None:
    keys = [Key("replicate", f"model-{number}") for number in range(2000)]
    days = Counter(offset_of(key, WEEK).days for key in keys)
    assert all(220 < days[day] < 350 for day in range(7)), days
    program = (
        "from datetime import timedelta; from scraper.due import Key, offset_of;"
        "print(offset_of(Key('openai', 'docs-pricing'), timedelta(days=7)).total_seconds())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert said == {str(offset_of(KEY, WEEK).total_seconds())} == {"348942.0"}


def test_the_longest_asking_source_comes_first() -> None:
    plans = {Key("a", name): Plan(every=WEEK, offset=offset * DAY) for name, offset in (("x", 1), ("y", 3), ("z", 2))}
    at = MONDAY + 3000 * WEEK + 5 * DAY
    rows = {key: Row(last_success_at=at - WEEK) for key in plans}
    assert [verdict.key.source for verdict in judge(at, plans, rows)] == ["x", "z", "y"]


def test_what_is_due_next_comes_first_among_what_waits() -> None:
    plans = {Key("a", name): Plan(every=WEEK, offset=offset * DAY) for name, offset in (("x", 4), ("y", 2), ("z", 3))}
    plans[Key("a", "manual")] = Plan(every=WEEK, manual=True)
    plans[Key("a", "now")] = Plan(every=WEEK, offset=6 * DAY)
    at = MONDAY + 3000 * WEEK + DAY
    rows = {key: Row(last_success_at=at) for key in plans if key.source != "now"}
    verdicts = judge(at, plans, rows)
    assert [verdict.key.source for verdict in verdicts] == ["now", "y", "z", "x", "manual"]
    assert [verdict.next_at for verdict in verdicts] == [at, at + DAY, at + 2 * DAY, at + 3 * DAY, None]
    assert [verdict.key.source for verdict in judge(at, plans, {})] == ["y", "z", "x", "now", "manual"]


def test_a_moment_asks_from_itself_on_and_once() -> None:
    plan = Plan(every=4 * WEEK)
    since = only(START, plan).since
    assert since is not None
    moment = since + 2 * DAY
    served = Row(last_success_at=moment - DAY)
    assert only(moment - timedelta(microseconds=1), plan, served, [moment]).state is State.WAITING
    asking = only(moment, plan, served, [moment])
    assert (asking.state, asking.since, asking.next_at) == (State.DUE, moment, moment)
    after = only(moment, plan, Row(last_success_at=moment), [moment])
    assert (after.state, after.next_at) == (State.WAITING, since + 4 * WEEK)


def test_moments_are_at_noon_of_the_day_or_of_the_next_one() -> None:
    noon = datetime(2026, 12, 10, 12, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert moments_of([], [noon - second]) == moments_of([], [noon]) == (noon,)
    assert moments_of([], [noon + second]) == (noon + DAY,)
    assert moments_of([noon.replace(hour=0)], []) == moments_of([noon.replace(hour=23)], []) == (noon + DAY,)
    assert moments_of([datetime.max.replace(tzinfo=UTC)], [datetime.max.replace(tzinfo=UTC)]) == ()


def test_what_was_written_down_by_a_wrong_clock_is_believed_up_to_a_bound() -> None:
    """A success a period ahead, a start as far ahead as the longest retry, a lease as far as the longest one."""
    plan, little = Plan(every=WEEK), timedelta(microseconds=1)
    assert only(START, plan, Row(last_success_at=START + WEEK)).state is State.WAITING
    assert only(START, plan, Row(last_success_at=START + WEEK + little)).due
    waiting = only(START, plan, Row(last_start_at=START, failures=100))
    assert (waiting.state, waiting.next_at) == (State.RETRYING, START + DAY)
    assert only(START, plan, Row(last_start_at=START + little, failures=100)).due
    assert only(START, plan, Row(lease_until=START + DAY)).state is State.RUNNING
    assert only(START, plan, Row(lease_until=START + DAY + little)).due


def test_only_what_has_failed_after_a_start_is_left_alone() -> None:
    assert only(START, Plan(every=WEEK), Row(last_start_at=START + HOUR, failures=0)).due
    assert only(START, Plan(every=WEEK), Row(last_start_at=None, failures=3)).due


def test_a_source_of_a_long_cadence_is_escalated_before_its_period_is_over() -> None:
    plan = Plan(every=4 * WEEK, escalate_after=10 * DAY)
    assert only(START, plan, Row(known_at=START - 11 * DAY)).escalated
    assert not only(START, plan, Row(known_at=START - 10 * DAY)).escalated
    assert not only(START, plan, Row(last_success_at=START - 10 * DAY)).escalated
    assert not only(START, plan).escalated


def test_a_time_is_in_a_blackout_from_its_beginning_to_before_its_end() -> None:
    plan = Plan(every=DAY, blackout=(Window(DAY, DAY + HOUR),))
    begin, second = MONDAY + 3000 * WEEK + DAY, timedelta(seconds=1)
    said = {at - begin: in_blackout(at, plan) for at in (begin - second, begin, begin + HOUR - second, begin + HOUR)}
    assert said == {-second: False, timedelta(): True, HOUR - second: True, HOUR: False}
    assert in_blackout(begin.astimezone(ZoneInfo("Asia/Tokyo")), plan)
    assert not in_blackout(begin, Plan(every=DAY))


def test_sources_of_a_short_cadence_have_no_offset() -> None:
    assert {offset_of(Key("a", str(number)), timedelta(seconds=1)) for number in range(20)} == {timedelta()}
    assert {offset_of(Key("a", str(number)), timedelta(milliseconds=1)) for number in range(20)} == {timedelta()}


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be set here")
def test_the_zone_of_the_machine_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        evening = datetime(2026, 12, 10, 20, tzinfo=UTC)
        assert moments_of([evening], []) == (datetime(2026, 12, 11, 12, tzinfo=UTC),)
        verdict = only(evening.astimezone(ZoneInfo("Europe/Berlin")), Plan(every=DAY))
        assert (verdict.next_at, verdict.next_at and verdict.next_at.tzinfo) == (evening, UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_cadence_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a cadence is longer than nothing$"):
        Plan(every=timedelta())
    with pytest.raises(ValueError, match=r"^a blackout of the whole week leaves no time for a refresh$"):
        Plan(every=DAY, blackout=(Window(timedelta(), WEEK),))


def test_blackouts_that_touch_are_one() -> None:
    assert merged([Window(2 * HOUR, 3 * HOUR), Window(HOUR, 2 * HOUR)]) == (Window(HOUR, 3 * HOUR),)
    assert merged([Window(HOUR, 5 * HOUR), Window(2 * HOUR, 3 * HOUR)]) == (Window(HOUR, 5 * HOUR),)
    assert merged([Window(3 * HOUR, 4 * HOUR), Window(HOUR, 2 * HOUR)]) == (
        Window(HOUR, 2 * HOUR),
        Window(3 * HOUR, 4 * HOUR),
    )
