"""Events in the transaction of the change, and their way to subscribers: in order, at least once, on both databases."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scraper.alerts.rules import load_alerts
from scraper.alerts.sending import Sender, retry_after
from scraper.alerts.showing import standing_lines
from scraper.events import Event, EventKind, Severity
from scraper.logs import set_up_logs
from scraper.records import Offer, Reading, State
from scraper.settings import Settings
from scraper.store import (
    CopyInfo,
    SourceInfo,
    Store,
    approve_holds,
    begin_run,
    list_copies,
    list_holds,
    open_store,
    preview_reading,
    rebuilding,
    record_copy,
    record_failure,
    record_reading,
    remember_copies,
)
from scraper.store.outbox import keep_events, list_events
from scraper.store.telling import Line, add_silence, end_silence, list_lines, list_silences, retry_lines, take_line
from scraper.store.writing import record_on
from tests.alerting import Posted, Receiver, moved, receiver
from tests.test_holds import held
from tests.test_holds import read as read_holding
from tests.test_store import DAY, MODELS, PRICING, START, capture, fact, offer, read

CANARY = "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"
NOW = START + 20 * DAY
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _logs() -> None:
    set_up_logs("json", secrets=[CANARY])


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def happened(store: Store) -> list[tuple[str, str, str]]:
    """What the outbox has, in the order in which it happened."""
    return [(one.kind.value, one.model_id or one.name, one.field) for one in list_events(store)[::-1]]


# Events.


def test_a_first_reading_is_nothing_that_happened(store: Store) -> None:
    read(store, 0, offer("a", fact("input", "2"), fact("output", "8")))
    assert list_events(store) == []


def test_what_a_price_that_moved_means(store: Store) -> None:
    read(store, 0, offer("gpt-5", fact("input", "2.50", quote="$2.50"), fact("output", "10")))
    read(store, 1, offer("gpt-5", fact("input", "3.00", quote="$3.00"), fact("output", "10")))
    [event] = list_events(store)
    assert (event.kind, event.severity, event.percent) == (EventKind.PRICE_UP, Severity.WARNING, Decimal(20))
    assert (event.at, event.offer, event.source, event.model) == (START + DAY, "acme/gpt-5", "pricing", "openai/gpt-5")
    assert event.before is not None
    assert event.after is not None
    assert (event.before.value, event.after.value, event.after.currency, event.after.unit) == (
        "2.50", "3.00", "USD", "1M tokens",
    )  # fmt: skip
    was, now = event.before.evidence, event.after.evidence
    assert was is not None
    assert now is not None
    assert (was.quote, was.capture, was.captured_at) == ("$2.50", capture(0).sha256, START)
    assert (now.quote, now.capture, now.captured_at) == ("$3.00", capture(1).sha256, START + DAY)
    assert now.address in event.links
    request = event.typical_request
    assert request is not None
    assert (request.before, request.after, request.currency) == (Decimal("0.0075"), Decimal("0.0080"), "USD")
    assert Event.from_json(event.to_json()) == event


SOURCED = {"input": "2", "output": "8", "context_window": "1000"}


@pytest.mark.parametrize(
    ("before", "after", "kind", "severity"),
    [
        ({"input": "2"}, {"input": "1"}, "price_down", "notice"),
        ({"input": "2"}, {"input": "2.2"}, "price_up", "notice"),
        ({"input": "2"}, {"input": "4"}, "price_up", "critical"),
        ({"input": "0"}, {"input": "1"}, "price_up", "critical"),
        ({"input": "2"}, {"input": ("2", {"currency": "CNY"})}, "terms_changed", "notice"),
        ({"input": "2"}, {"input": ("2", {"promotional": True})}, "terms_changed", "notice"),
        ({"input": "2"}, {"input": None}, "not_offered_any_more", "warning"),
        ({"input": None}, {"input": "2"}, "newly_sourced", "info"),
        ({"output": "2"}, {"output": "2", "cache_read": "1"}, "newly_sourced", "info"),
        ({"output": "2"}, {"output": "2", "cache_read": None}, "not_offered", "info"),
        ({"context_window": "1000"}, {"context_window": "2000"}, "spec_changed", "notice"),
        ({"output": "2"}, {"output": "2", "cache_read": ("1", {"valid_from": START + 9 * DAY})}, "announced_price",
         "warning"),
    ],
)  # fmt: skip
def test_what_a_change_is_called(
    store: Store, before: Mapping[str, Any], after: Mapping[str, Any], kind: str, severity: str
) -> None:
    read(store, 0, _offer(before))
    read(store, 1, _offer(after))
    [event] = list_events(store)
    assert (event.kind.value, event.severity.value) == (kind, severity)
    assert event.typical_request is None, "the other price is not known"


def _offer(said: Mapping[str, Any]) -> Offer:
    facts = []
    for name, value in said.items():
        value, more = value if isinstance(value, tuple) else (value, {})
        facts.append(fact(name, value, state=State.SOURCED if value else State.NOT_OFFERED, **more))
    return offer("a", *facts)


def test_offers_that_come_and_go_have_the_evidence_of_where_they_are_or_were(store: Store) -> None:
    both = offer("a", fact("input", "2")), offer("b", fact("input", "3"), fact("cache_read", "1"))
    read(store, 0, both[0])
    read(store, 1, *both)
    read(store, 2, both[1].model_copy(update={"facts": both[1].facts[:1]}))
    read(store, 3, both[1].model_copy(update={"facts": both[1].facts[:1]}))
    assert happened(store) == [
        ("new_offer", "b", ""), ("no_longer_sourced", "b", "cache_read"), ("withdrawn", "a", ""),
    ]  # fmt: skip
    gone, _, new = list_events(store)
    assert new.after is not None
    assert gone.before is not None
    for side, day in ((new.after, 1), (gone.before, 1)):
        assert side.evidence is not None
        assert (side.state, side.evidence.capture) == ("", capture(day).sha256)


def test_a_hold_is_told_of_once_and_its_approval_is_a_change(store: Store) -> None:
    a = offer("a", fact("input", "20"), fact("output", "9"))
    low = offer("a", fact("input", "2"), fact("output", "9"))
    read_holding(store, 0, a)
    read_holding(store, 1, low, hold=[held()])
    read_holding(store, 2, low, hold=[held()])
    [event] = list_events(store)
    assert (event.kind, event.field, event.note) == (EventKind.HOLD_NEEDS_REVIEW, "input", "A tenth.")
    assert (event.before and event.before.value, event.after and event.after.value) == ("20", "2")
    approve_holds(store, [list_holds(store)[0].id], by="me", at=NOW)
    assert happened(store) == [("price_down", "a", "input")], "it does not wait for anybody any more"


def test_a_hold_that_is_settled_before_the_digest_is_not_in_it(store: Store, tmp_path: Path) -> None:
    both = [offer(name, fact("input", "20"), fact("output", "9")) for name in ("a", "b")]
    low = [offer(name, fact("input", "2"), fact("output", "9")) for name in ("a", "b")]
    clock = Clock(START)
    with receiver() as got:
        send = sender(store, tmp_path, got, 'digest = "weekly mon 08:00"', clock=clock)
        send.deliver(watch=False)
        read_holding(store, 0, *both)
        read_holding(store, 1, *low, hold=[held("a"), held("b")])
        send.deliver(watch=False)
        read_holding(store, 2, both[0], low[1], hold=[held("b")])
        assert happened(store) == [("hold_needs_review", "b", "input")]
        clock.now = NOW
        send.deliver(watch=False)
        assert [event["model_id"] for post in posts(got) for event in post["events"]] == ["b"]


def test_a_dry_run_tells_of_nothing(store: Store) -> None:
    read(store, 0, offer("a", fact("input", "2")))
    preview_reading(store, PRICING, capture(1), Reading(offers=(offer("a", fact("input", "3")),)))
    assert list_events(store) == []


# Reading again.

Day = tuple[float, tuple[Offer, ...]]


def reread(store: Store, days: list[Day], source: SourceInfo = PRICING) -> None:
    """Read the history again, with these readings."""
    with rebuilding(store, "acme", [source]) as rebuild:
        before = rebuild.captures()
        rebuild.begin(started_at=NOW, at=NOW)
        for day, offers in days:
            rebuild.record(source, capture(day), Reading(offers=offers), release=True)
        rebuild.settle(before)


def a(value: str, *more: Any) -> tuple[Offer, ...]:
    return (offer("a", fact("input", value), *more),)


HISTORY: list[Day] = [(0, a("2")), (1, a("3")), (2, a("2")), (3, a("3"))]


def test_reading_again_neither_loses_nor_doubles_events(store: Store, tmp_path: Path) -> None:
    for day, offers in HISTORY:
        read(store, day, *offers)
    ids = [event.id for event in list_events(store)]
    assert len(set(ids)) == 3, "there and back is three things that happened"
    with receiver() as got:
        send = sender(store, tmp_path, got)
        send.deliver()
        reread(store, HISTORY)
        assert [event.id for event in list_events(store)] == ids
        assert send.deliver().events == 0
    with open_store(f"sqlite:///{tmp_path / 'another.db'}") as another:
        for day, offers in HISTORY:
            read(another, day, *offers)
        assert [event.id for event in list_events(another)] == ids, "on another machine with the same captures, too"


def test_what_a_mended_parser_reads_is_told_and_what_it_takes_back_is_not_sent_any_more(
    store: Store, tmp_path: Path
) -> None:
    for day, offers in HISTORY[:2]:
        read(store, day, *offers)
    with receiver() as got:
        send = sender(store, tmp_path, got, 'digest = "daily 08:00"')
        send.deliver()
        wrong = list_events(store)
        reread(store, [(0, a("2")), (1, a("2", fact("cache_read", "1")))])
        assert happened(store) == [("newly_sourced", "a", "cache_read")]
        assert send.deliver().events == 1
        send.clock = Clock(NOW + DAY)
        send.deliver()
        assert [[event["kind"] for event in post["events"]] for post in posts(got)] == [["newly_sourced"]]
        # It is back where the history has it again.
        reread(store, HISTORY[:2])
        assert [event for event in list_events(store) if event.corrects is None] == wrong


def test_what_older_copies_tell_of_the_past_is_no_news(store: Store, tmp_path: Path) -> None:
    for day, offers in ((10, a("2")), (12, a("3"))):
        read(store, day, *offers)
    with receiver() as got:
        send = sender(store, tmp_path, got)
        assert send.deliver().events == 1
        copies = [_copy(day) for day in (1, 2, 11)]
        remember_copies(store, PRICING, copies)
        for found in list_copies(store, "acme", "pricing"):
            record_copy(store, PRICING, found, capture((found.copy.captured_at - START) / DAY))
        # From before our own first capture; and the change of day 12 is now one of day 11.
        reread(store, [(1, a("7")), (2, a("2")), (10, a("2")), (11, a("3")), (12, a("3"))])
        assert len(list_events(store)) == 2
        assert send.deliver().events == 0


def _copy(day: float) -> CopyInfo:
    return CopyInfo(
        address=PRICING.url, original=PRICING.url, captured_at=START + day * DAY, mimetype="text/html", digest=str(day)
    )


# Delivery.


def sender(
    store: Store, folder: Path, got: Receiver, *more: str, clock: Callable[[], datetime] | None = None, rule: str = ""
) -> Sender:
    file = folder / "alerts.toml"
    lines = ["[[subscriber]]", 'name = "me"', 'channels = ["hook"]', *more]
    hook = ["[channels.hook]", 'type = "webhook"', f'url = "{got.url()}"', 'secrets = ["${HOOK}"]']
    file.write_text("\n".join([*lines, rule, *hook]), encoding="utf-8")
    environ = {"HOOK": CANARY}
    settings = Settings.model_validate({"allow_private_hosts": ["127.0.0.1"]})
    alerts = load_alerts(file, environ)
    return Sender(store=store, alerts=alerts, settings=settings, clock=clock or Clock(), environ=environ)


def posts(got: Receiver) -> list[dict[str, Any]]:
    return [json.loads(post.body)["data"] for post in got.posts]


def add(store: Store, first: int, count: int, at: datetime = NOW) -> list[str]:
    """Let prices move; return the ids of the events."""
    events = [moved(f"acme/m-{n:04}", "input", "1", str(2 + n), at=START) for n in range(first, first + count)]
    with store.writing("acme") as connection:
        keep_events(connection, events, at)
    return [event.id for event in events]


def sent_ids(got: Receiver) -> list[str]:
    return [event["id"] for post in posts(got) for event in post["events"]]


def test_events_arrive_once_one_by_one_and_in_order(store: Store, tmp_path: Path) -> None:
    with receiver() as got:
        send = sender(store, tmp_path, got)
        ids = add(store, 0, 5)
        tally = send.deliver()
        assert (tally.events, tally.sent, tally.exit_code) == (5, 5, 0)
        assert sent_ids(got) == ids
        assert len({post.headers["webhook-id"] for post in got.posts}) == 5
        assert send.deliver().sent == 0
        assert len(got.posts) == 5


def test_f36_600_changes_are_one_digest(store: Store, tmp_path: Path) -> None:
    with receiver() as got:
        send = sender(store, tmp_path, got)
        add(store, 0, 600)
        assert send.deliver().sent == 1
        [post] = posts(got)
        assert (post["count"], len(post["events"]), post["omitted"]) == (600, 50, 550)


def test_f35_a_webhook_that_is_down_for_5_hours(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    down = {"until": NOW + 5 * HOUR}

    def respond(_: Posted, before: int) -> tuple[int, Mapping[str, str], bytes]:
        return (204, {}, b"") if clock.now >= down["until"] else ((500, 503, 404)[before % 3], {}, b"no")

    with receiver(respond) as got:
        send = sender(store, tmp_path, got, clock=clock)
        first = add(store, 0, 2)
        tries = []
        later: list[str] = []
        while clock.now < NOW + 10 * HOUR:
            before = len(got.posts)
            if clock.now == NOW + HOUR:
                later = add(store, 2, 7, clock.now)
            send.deliver(watch=False)
            tries += [(clock.now - NOW) // MINUTE] * (len(got.posts) - before)
            clock.now += 10 * MINUTE
        # Ever more slowly; then in order, and what waited in one digest.
        assert tries == [0, 10, 20, 30, 40, 60, 100, 170, 300, 300]
        accepted = posts(got)[-2:]
        assert [event["id"] for event in accepted[0]["events"]] == first[:1]
        assert [event["id"] for event in accepted[1]["events"]] == first[1:] + later
        assert [json.loads(post.body)["type"] for post in got.posts[-2:]] == ["ratecard.events", "ratecard.digest"]
        assert len({post.headers["webhook-id"] for post in got.posts[:-1]}) == 1


@pytest.mark.parametrize("attempts", range(1, 30))
def test_waits_grow_from_a_minute_to_twelve_hours(attempts: int) -> None:
    assert retry_after(attempts) == min(MINUTE * 2 ** (attempts - 1), 12 * HOUR)


def test_f35_what_never_arrives_is_given_up_after_days_and_can_be_tried_again(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    works = False

    def respond(_: Posted, _before: int) -> tuple[int, Mapping[str, str], bytes]:
        return (204 if works else 500), {}, CANARY.encode()

    with receiver(respond) as got:
        send = sender(store, tmp_path, got, 'give_up_after = "2d"', clock=clock)
        [first] = add(store, 0, 1)
        dead = 0
        while clock.now <= NOW + 2 * DAY:
            dead += send.deliver(watch=False).dead
            clock.now += HOUR
        assert dead == 1
        [view] = list_lines(store)
        assert (view.dead, view.waiting, view.sent) == (1, 0, 0)
        assert "answered 500" in view.error
        assert "whsec" not in view.error
        works = True
        [second] = add(store, 1, 1, clock.now)
        assert send.deliver(watch=False).sent == 1
        assert retry_lines(store, send.lines(), at=clock.now, give_up_at=clock.now + DAY) == 1
        assert send.deliver(watch=False).sent == 1
        assert sent_ids(got)[-2:] == [second, first]
        assert got.posts[-1].headers["webhook-id"] == got.posts[0].headers["webhook-id"]


def test_the_next_try_is_told_beside_a_message_that_was_given_up(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    with receiver(lambda _, _before: (500, {}, b"")) as got:
        send = sender(store, tmp_path, got, 'give_up_after = "2h"', clock=clock)
        add(store, 0, 1)
        while clock.now <= NOW + 2 * HOUR:
            send.deliver(watch=False)
            clock.now += HOUR
        add(store, 1, 1, clock.now)
        send.deliver(watch=False)
    [view] = list_lines(store)
    assert (view.dead, view.waiting) == (1, 1)
    assert view.next_at is not None
    assert view.next_at > clock.now


def test_retry_after_is_kept_to(store: Store, tmp_path: Path) -> None:
    clock = Clock()

    def respond(_: Posted, before: int) -> tuple[int, Mapping[str, str], bytes]:
        return (204, {}, b"") if before else (429, {"Retry-After": "1800"}, b"")

    with receiver(respond) as got:
        send = sender(store, tmp_path, got, clock=clock)
        add(store, 0, 1)
        send.deliver()
        clock.now += 29 * MINUTE
        send.deliver()
        assert len(got.posts) == 1
        clock.now += MINUTE
        assert send.deliver().sent == 1


def test_f35_410_disables_the_channel_until_a_person_asks_again(store: Store, tmp_path: Path) -> None:
    gone = True

    def respond(_: Posted, _before: int) -> tuple[int, Mapping[str, str], bytes]:
        return (410 if gone else 204), {}, b""

    with receiver(respond) as got:
        send = sender(store, tmp_path, got)
        ids = add(store, 0, 1)
        tally = send.deliver()
        assert (tally.disabled, tally.exit_code) == (1, 1)
        ids += add(store, 1, 2)
        assert send.deliver().sent == 0
        assert len(got.posts) == 1
        lines = "\n".join(standing_lines(send.alerts, list_lines(store), []))
        assert "2 events wait, 1 dead, DISABLED since 2026-04-21T00:00:00Z: 127.0.0.1" in lines
        assert "answered 410" in lines
        gone = False
        send.clock = Clock(NOW + MINUTE)
        retry_lines(store, send.lines(), at=NOW, give_up_at=NOW + DAY)
        assert send.deliver().sent == 2, "what was given up, and then what waited as one digest"
        assert sent_ids(got)[1:] == ids


def test_f35_a_channel_that_hangs_keeps_no_other_waiting(store: Store, tmp_path: Path) -> None:
    done = threading.Event()

    def hang(_: Posted, _before: int) -> tuple[int, Mapping[str, str], bytes]:
        return (204 if done.wait(10) else 500), {}, b""

    def take(_: Posted, before: int) -> tuple[int, Mapping[str, str], bytes]:
        if before == 2:
            done.set()
        return 204, {}, b""

    with receiver(take) as got, receiver(hang) as hanging:
        send = sender(store, tmp_path, got)
        text = (tmp_path / "alerts.toml").read_text(encoding="utf-8")
        other = text.replace('"me"', '"another"').replace('"hook"', '"slow"').replace("channels.hook", "channels.slow")
        (tmp_path / "alerts.toml").write_text(f"{other.replace(got.base, hanging.base)}\n{text}", encoding="utf-8")
        send.alerts = load_alerts(tmp_path / "alerts.toml", {"HOOK": CANARY})
        ids = add(store, 0, 3)
        assert send.deliver().sent == 6
        assert sent_ids(got) == sent_ids(hanging) == ids


def test_two_senders_do_not_send_at_the_same_time(store: Store, tmp_path: Path) -> None:
    with receiver() as got:
        send = sender(store, tmp_path, got)
        add(store, 0, 1)
        send.route()
        assert take_line(store, Line("me", "hook"), holder="another", at=NOW, seconds=60)
        assert send.deliver().sent == 0
        send.clock = Clock(NOW + MINUTE)
        assert send.deliver().sent == 1, "its lease has run out"


def test_who_is_new_is_told_of_the_last_day_and_nothing_older(store: Store, tmp_path: Path) -> None:
    add(store, 0, 3, NOW - 25 * HOUR)
    ids = add(store, 3, 2, NOW - 23 * HOUR)
    with receiver() as got:
        assert sender(store, tmp_path, got).deliver().events == 5
        assert sent_ids(got) == ids
        # Who is known is told of everything, however late that is routed.
        ids += add(store, 5, 1, NOW + HOUR)
        sender(store, tmp_path, got, clock=Clock(NOW + 90 * DAY)).deliver()
        assert sent_ids(got) == ids


def test_what_was_told_long_ago_is_forgotten_and_told_to_nobody_again(store: Store, tmp_path: Path) -> None:
    clock = Clock(START)
    with receiver() as got:
        send = sender(store, tmp_path, got, clock=clock)
        send.deliver(watch=False)
        for day, offers in HISTORY:
            read(store, day, *offers)
        clock.now = NOW
        assert send.deliver(watch=False).sent == 3
        ids = [event.id for event in list_events(store)]
        for days, kept in ((399, 3), (401, 0)):
            clock.now = NOW + days * DAY
            send.deliver()
            assert list_lines(store)[0].sent == kept
        reread(store, HISTORY)
        send.deliver()
        assert len(got.posts) == 3
        assert [event.id for event in list_events(store)] == ids
        # Nobody knows any more who was told, so there is nobody to correct it to.
        reread(store, HISTORY[:1])
        send.deliver()
        assert len(got.posts) == 3


def test_what_is_silenced_is_not_told_until_it_is_over(store: Store, tmp_path: Path) -> None:
    with receiver() as got:
        send = sender(store, tmp_path, got)
        number = add_silence(store, "acme/m-000?", by="me", at=NOW, until=NOW + DAY)
        ids = add(store, 9, 2)
        send.deliver()
        assert sent_ids(got) == ids[1:]
        assert [one.made_by for one in list_silences(store, NOW)] == ["me"]
        send.clock = Clock(NOW + DAY)
        ids += add(store, 1, 1)
        send.deliver()
        assert sent_ids(got) == ids[1:]
        assert list_silences(store, NOW + DAY) == []
        assert end_silence(store, number)
        assert not end_silence(store, number)


def test_rules_decide_who_is_told(store: Store, tmp_path: Path) -> None:
    with receiver() as got:
        ids = add(store, 0, 12)
        rule = '[[subscriber.rule]]\nmodel = "acme/*"\npercent = 1000'
        sender(store, tmp_path, got, rule=rule).deliver()
        assert sent_ids(got) == ids[9:]


def test_a_digest_comes_at_its_hour_in_the_subscribers_own_time(store: Store, tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 10, 24, 12, tzinfo=UTC))
    with receiver() as got:
        send = sender(store, tmp_path, got, 'digest = "daily 08:00"', 'time_zone = "Europe/Berlin"', clock=clock)
        arrived = []
        for hour in range(48):
            if hour % 6 == 0:
                add(store, hour, 1, clock.now)
            if send.deliver(watch=False).sent:
                arrived.append(clock.now)
            clock.now += HOUR
        # Clocks are put back on the 25th.
        assert arrived == [datetime(2026, 10, 25, 7, tzinfo=UTC), datetime(2026, 10, 26, 7, tzinfo=UTC)]
        assert [post["count"] for post in posts(got)] == [4, 4]


def test_sources_that_fail_or_are_not_read_and_promotions_that_end(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = START + 6 * DAY
    read(store, 0, offer("a", fact("input", "2", promotional=True, valid_until=ends)))
    read(store, 0, offer("a", fact("context_window", "1000")), source=MODELS)
    monkeypatch.setattr("scraper.alerts.watching.providers.sources", lambda _: (PRICING, MODELS))
    clock = Clock(START + DAY)
    with receiver() as got:
        send = sender(store, tmp_path, got, clock=clock)
        days: dict[float, list[str]] = {}
        while clock.now < START + 26 * DAY:
            before = len(got.posts)
            if clock.now == START + 4 * DAY:
                record_failure(store, PRICING, clock.now, "HTTP 404")
            send.deliver()
            told = [f"{event['kind']} {event['source']}" for post in posts(got)[before:] for event in post["events"]]
            if told:
                days[(clock.now - START) / DAY] = told
            clock.now += 12 * HOUR
        assert days == {
            3.0: ["promotion_ends pricing"],
            4.0: ["source_failing pricing"],
            9.0: ["source_failing pricing"],
            14.0: ["source_stale models"],
            16.0: ["source_failing pricing"],
            21.0: ["source_stale models"],
            23.0: ["source_failing pricing"],
        }
        assert "HTTP 404" in posts(got)[1]["events"][0]["note"]


def test_f42_no_secret_in_logs_or_database(store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def respond(post: Posted, _before: int) -> tuple[int, Mapping[str, str], bytes]:
        return 500, {}, CANARY.encode() + post.headers["webhook-signature"].encode()

    logging.getLogger().setLevel(logging.DEBUG)
    with receiver(respond) as got:
        send = sender(store, tmp_path, got)
        add(store, 0, 1)
        assert send.deliver().failed == 1
        [view] = list_lines(store)
    assert "answered 500" in view.error
    captured = capfd.readouterr()
    for text in (view.error, captured.err, captured.out):
        assert CANARY not in text
        assert CANARY.removeprefix("whsec_") not in text
    assert "alert not sent" in captured.err


def test_an_address_that_is_not_public_is_refused_unless_it_is_allowed(store: Store, tmp_path: Path) -> None:
    with receiver() as got:
        send = sender(store, tmp_path, got)
        send.settings = Settings()
        add(store, 0, 1)
        assert send.deliver().failed == 1
        assert got.posts == []
        assert "not a public address" in list_lines(store)[0].error


def test_f28_the_events_are_those_of_the_changes_that_were_kept(store: Store) -> None:
    read(store, 0, *a("2"))
    run = begin_run(store, started_at=START + DAY, at=START + DAY, replay=True)
    with store.writing("acme", keep=False) as connection:
        record_on(connection, run, PRICING, capture(1), Reading(offers=a("3")), (), release=True)
    assert list_events(store) == []
    record_reading(store, run, PRICING, capture(1), Reading(offers=a("3")))
    record_reading(store, run, PRICING, capture(1), Reading(offers=a("3")))
    assert happened(store) == [("price_up", "a", "input")]
