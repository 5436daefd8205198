"""`alerts.toml`: what a rule means, what is refused and where, and when a subscriber is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scraper.alerts.composing import compose, most_important, next_batch
from scraper.alerts.rules import Alerts, Rule, Subscriber, line_of, load_alerts
from scraper.alerts.timing import digest_is_due, is_quiet, last_slot, read_digest, read_quiet
from scraper.errors import RatecardError
from scraper.events import Event, EventKind, Severity
from scraper.store.telling import Delivery, DeliveryState, Line, QueuedEvent
from tests.alerting import happened, moved, side

ROOT = Path(__file__).resolve().parents[1]
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

RISE = moved("openai/gpt-5", "input", "1.25", "1.50", model="openai/gpt-5", severity=Severity.WARNING)
CUT = moved("deepinfra/meta/llama-4", "output{tier=batch}", "2.00", "1.90", model="meta/llama-4")
PAID = happened(
    EventKind.PRICE_UP, "zai/glm", "input", before=side("input", "0"), after=side("input", "1"),
    severity=Severity.CRITICAL,
)  # fmt: skip
GONE = happened(EventKind.WITHDRAWN, "openai/gpt-4", severity=Severity.WARNING)
FAILING = happened(EventKind.SOURCE_FAILING, "openai/", severity=Severity.WARNING)
ALL = {"rise": RISE, "cut": CUT, "paid": PAID, "gone": GONE, "failing": FAILING}


# What a rule means.


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({}, "rise cut paid gone failing"),
        ({"provider": "openai"}, "rise gone failing"),
        ({"provider": ["zai", "deep*"]}, "cut paid"),
        ({"model": "openai/gpt-?"}, "rise gone"),
        ({"model": "meta/*"}, "cut"),
        ({"model": "deepinfra/*"}, "cut"),
        ({"creator": "meta"}, "cut"),
        ({"field": "input"}, "rise paid"),
        ({"field": "output*"}, "cut"),
        ({"field": "*{tier=batch}"}, "cut"),
        ({"kinds": "withdrawn"}, "gone"),
        ({"kinds": ["price_up", "price_down"]}, "rise cut paid"),
        ({"direction": "up"}, "rise paid"),
        ({"direction": "down"}, "cut"),
        ({"percent": 5}, "rise cut paid"),
        ({"percent": 5.1}, "rise paid"),
        ({"percent": 20}, "rise paid"),
        ({"percent": 20.01}, "paid"),
        ({"absolute": "0.25"}, "rise paid"),
        ({"absolute": 0.1}, "rise cut paid"),
        ({"severity": "warning"}, "rise paid gone failing"),
        ({"severity": "critical"}, "paid"),
        ({"my_models_only": True}, "rise gone failing"),
        ({"my_models_only": True, "kinds": ["price_up"]}, "rise"),
        ({"provider": "openai", "field": "output"}, ""),
    ],
)
def test_what_a_rule_lets_through(rule: dict[str, Any], told: str) -> None:
    made = Rule.model_validate(rule)
    assert [name for name, event in ALL.items() if made.fits(event, ["openai/*"])] == told.split()


def test_my_models_may_be_named_by_who_makes_them() -> None:
    subscriber = Subscriber(name="me", channels=("a",), my_models=("meta/llama-*",))
    assert [name for name, event in ALL.items() if subscriber.channels_for(event)] == ["cut"]


def test_several_rules_add_up_to_each_channel_once() -> None:
    rules = (Rule(kinds=(EventKind.PRICE_UP,), channels=("pager", "team")), Rule(severity=Severity.WARNING))
    subscriber = Subscriber(name="me", channels=("team",), rule=rules)
    told = {name: subscriber.channels_for(event) for name, event in ALL.items()}
    assert told == {
        "rise": ("pager", "team"),
        "cut": (),
        "paid": ("pager", "team"),
        "gone": ("team",),
        "failing": ("team",),
    }
    assert subscriber.all_channels == ("pager", "team")


# What is refused.

GOOD = """\
[[subscriber]]
name = "me"
time_zone = "Europe/Berlin"
digest = "weekly mon 08:00"
quiet = ["22:00-07:00", "Sat,Sun"]
my_models = ["openai/*"]
channels = ["here"]

[[subscriber.rule]]
kinds = ["price_up"]
percent = 5

[[subscriber]]
name = "you"
channels = "here"

[watch]
failing_after = "3d"

[channels.here]
type = "stdout"
"""


def loaded(folder: Path, text: str, **environ: str) -> Alerts:
    file = folder / "alerts.toml"
    file.write_text(text, encoding="utf-8")
    return load_alerts(file, environ)


def test_a_file_is_read(tmp_path: Path) -> None:
    alerts = loaded(tmp_path, GOOD)
    me, you = alerts.subscribers.values()
    assert (me.time_zone.key, str(me.digest), me.rule[0].percent) == ("Europe/Berlin", "weekly mon 08:00", Decimal(5))
    assert (you.channels, str(you.digest), you.time_zone.key) == (("here",), "at once", "UTC")
    assert alerts.watch.failing_after == timedelta(days=3)


def test_the_example_is_read() -> None:
    alerts = load_alerts(ROOT / "docs" / "alerts.toml", {})
    assert list(alerts.subscribers) == ["finops", "platform", "gateway"]
    assert {name: channel.variables for name, channel in alerts.channels.items()} == {
        "mail": ("SMTP_PASSWORD",),
        "team": ("SLACK_WEBHOOK",),
        "hook": ("HOOK_SECRET",),
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("percent = 5", "percents = 5", 11, "no key 'percents'; the keys there are provider, model"),
        ("digest =", "digset =", 4, "no key 'digset'; the keys there are name, channels"),
        ("failing_after", "fails_after", 18, "no key 'fails_after'; the keys there are failing_after, stale_after"),
        ("[watch]", '[outbox]\nkeep = "5d"\n[watch]', 17, "keep must be 30d at least"),
        ("[watch]", "[outbox]\nkept = 1\n[watch]", 18, "no key 'kept'; the keys there are keep"),
        ("[watch]", "[watching]", 17, "no key 'watching'; the keys there are subscriber, channels, watch"),
        ('type = "stdout"', 'type = "stdout"\ncolour = 1', 22, "no key 'colour'; the keys there are type"),
        ('type = "stdout"', 'type = "pigeon"', 21, "there is no type of channel 'pigeon'"),
        ('type = "stdout"', "", 20, "the channel 'here' has no type"),
        ('"price_up"', '"price_upp"', 10, "'kinds' is not usable: Input should be 'price_up'"),
        ("percent = 5", "percent = -5", 11, "'percent' is not usable: must not be negative"),
        ("percent = 5", 'severity = "bad"', 11, "'severity' is not usable"),
        ("percent = 5", 'direction = "sideways"', 11, "'direction' is not usable"),
        ("percent = 5", 'provider = ""', 11, "'provider' is not usable: must not be empty"),
        ("Europe/Berlin", "Europe/Nowhere", 3, "is no time zone; write one like Europe/Berlin"),
        ("weekly mon 08:00", "monthly", 4, "'digest' is not usable: must be"),
        ("weekly mon 08:00", "daily 25:00", 4, "'digest' is not usable: must be"),
        ('"22:00-07:00"', '"late"', 5, "'late' is no time of a week"),
        ('["22:00-07:00", "Sat,Sun"]', '"00:00-24:00"', 5, "leaves no time at which anything could be sent"),
        ('channels = ["here"]', 'channels = ["there"]', 7, "there is no channel 'there'; there are: here"),
        ('type = "stdout"', 'type = "stdout"\npassword = 5', 22, "'password' is secret; name an environment variable"),
        ('channels = "here"', "", 13, "names no channels"),
        ('name = "you"', 'name = "me"', 14, "there are two subscribers 'me'"),
        ('name = "you"', 'name = "you"\nflood = 0', 15, "'flood' is not usable"),
        ('channels = "here"', 'channels = "here"\ngive_up_after = "soon"', 16, "must be a number of minutes, hours"),
        ('my_models = ["openai/*"]', "", 11, "the subscriber 'me' has no my_models"),
    ],
)
def test_f43_what_cannot_be_is_refused_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    text = GOOD.replace("percent = 5", "my_models_only = true") if "no my_models" in said else GOOD
    assert old in text
    with pytest.raises(RatecardError) as refused:
        loaded(tmp_path, text.replace(old, new, 1))
    assert str(refused.value).startswith(f"{tmp_path / 'alerts.toml'}, line {line}: ")
    assert said in str(refused.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RatecardError, match="cannot be read"):
        load_alerts(tmp_path / "none.toml", {})
    with pytest.raises(RatecardError, match="is not TOML"):
        loaded(tmp_path, "name = ")
    with pytest.raises(RatecardError, match=r"has no \[\[subscriber\]\]"):
        loaded(tmp_path, '[channels.here]\ntype = "stdout"\n')


def test_lines_are_found_in_nested_tables() -> None:
    text = '# x\n[[a]]\nb = 1\n[[a.c]]\n"d" = 1\n[[a.c]]\nd = [\n  "=",\n]\n[e."f g"]\nh = 1\n'
    lines = [line_of(text, loc) for loc in (("a", 0, "b"), ("a", 0, "c", 1, "d"), ("e", "f g", "h"), ("a", 0, "zz"))]
    assert lines == [3, 7, 11, 2]
    assert line_of(text, ("nothing",)) == 0


HOOK = """
[[subscriber]]
name = "me"
channels = ["hook"]
[channels.hook]
type = "webhook"
url = "https://hooks.example.com/${HOOK_PATH}"
secrets = ["${HOOK_SECRET}"]
"""


def test_f42_secrets_are_named_and_never_written_or_shown(tmp_path: Path) -> None:
    alerts = loaded(tmp_path, HOOK)
    assert alerts.channels["hook"].variables == ("HOOK_PATH", "HOOK_SECRET")
    with pytest.raises(RatecardError, match="needs the environment variable HOOK_PATH, which is not set"):
        alerts.channels["hook"].filled({})
    options, secrets = alerts.channels["hook"].filled({"HOOK_PATH": "canary", "HOOK_SECRET": "whsec_1"})
    assert (options["url"], secrets) == ("https://hooks.example.com/canary", ("canary", "whsec_1"))
    with pytest.raises(RatecardError, match="line 8: 'secrets' is secret; name an environment variable"):
        loaded(tmp_path, HOOK.replace("${HOOK_SECRET}", "whsec_canary"))
    # A value that cannot be is told without what it holds.
    with pytest.raises(RatecardError) as refused:
        loaded(tmp_path, HOOK + "\nseconds = 1", HOOK_PATH="canary", HOOK_SECRET="canary")  # noqa: S106  a canary
    assert "canary" not in str(refused.value)


# When.


@pytest.mark.parametrize(
    ("digest", "zone", "now", "slot"),
    [
        ("daily 08:00", BERLIN, "2026-11-24T07:00", "2026-11-24T07:00"),
        ("daily 08:00", BERLIN, "2026-11-24T06:59", "2026-11-23T07:00"),
        ("daily 08:00", BERLIN, "2026-07-01T06:30", "2026-07-01T06:00"),
        ("weekly mon 08:00", BERLIN, "2026-11-24T12:00", "2026-11-23T07:00"),
        ("weekly tue 23:00", NEW_YORK, "2026-11-25T03:59", "2026-11-18T04:00"),
        ("weekly tue 23:00", NEW_YORK, "2026-11-25T04:00", "2026-11-25T04:00"),
        # 02:30 is skipped on 29 March, and comes twice on 25 October.
        ("daily 02:30", BERLIN, "2026-03-29T01:29", "2026-03-28T01:30"),
        ("daily 02:30", BERLIN, "2026-03-29T01:30", "2026-03-29T01:30"),
        ("daily 02:30", BERLIN, "2026-10-25T00:30", "2026-10-25T00:30"),
        ("daily 02:30", BERLIN, "2026-10-25T01:31", "2026-10-25T00:30"),
        # The week of the change has its digest at the new hour.
        ("weekly mon 08:00", BERLIN, "2026-10-26T06:59", "2026-10-19T06:00"),
        ("weekly mon 08:00", BERLIN, "2026-10-26T07:00", "2026-10-26T07:00"),
    ],
)
def test_when_a_digest_was_due_last(digest: str, zone: ZoneInfo, now: str, slot: str) -> None:
    at, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, slot))
    assert last_slot(read_digest(digest), zone, at) == expected


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")])
@pytest.mark.parametrize("at", ["02:30", "00:00", "08:00"])
def test_a_year_has_one_digest_a_day(zone: ZoneInfo, at: str) -> None:
    digest = read_digest(f"daily {at}")
    now = since = datetime(2026, 1, 1, 13, 10, tzinfo=UTC)
    days = []
    while now < datetime(2027, 1, 1, 13, 20, tzinfo=UTC):
        if digest_is_due(digest, zone, since, now):
            days.append(now.astimezone(zone).date())
            since = now
        now += timedelta(minutes=30)
    assert len(days) == len(set(days)) == 365


@pytest.mark.parametrize(
    ("quiet", "zone", "at", "expected"),
    [
        ("22:00-07:00", BERLIN, "2026-11-24T21:30", True),
        ("22:00-07:00", BERLIN, "2026-11-24T20:59", False),
        ("22:00-07:00", BERLIN, "2026-11-24T05:59", True),
        ("22:00-07:00", BERLIN, "2026-11-24T06:00", False),
        ("22:00-07:00", BERLIN, "2026-07-24T04:59", True),
        ("22:00-07:00", BERLIN, "2026-07-24T05:00", False),
        ("Sat,Sun", BERLIN, "2026-11-27T23:00", True),  # Saturday in Berlin
        ("Sat,Sun", BERLIN, "2026-11-29T23:00", False),  # Monday there
        ("Fri 18:00-08:00", NEW_YORK, "2026-11-28T12:59", True),
        ("Fri 18:00-08:00", NEW_YORK, "2026-11-28T13:00", False),
        ("Fri-Mon", NEW_YORK, "2026-11-30T12:00", True),
        # The hour that comes twice is quiet twice, the one that is skipped keeps nobody waiting.
        ("02:00-03:00", BERLIN, "2026-10-25T00:30", True),
        ("02:00-03:00", BERLIN, "2026-10-25T01:30", True),
        ("02:00-03:00", BERLIN, "2026-03-29T01:00", False),
    ],
)
def test_quiet_hours(quiet: str, zone: ZoneInfo, at: str, expected: bool) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert is_quiet(read_quiet(quiet), zone, moment) is expected


# What goes into one message.


def queued(count: int, at: datetime = NOON) -> list[QueuedEvent]:
    return [
        QueuedEvent(number=n, queued_at=at, event=moved(f"acme/m-{n}", "input", "1", str(2 + n), at=NOON))
        for n in range(count)
    ]


def ended(attempts: int, at: datetime) -> Delivery:
    return Delivery(
        number=1, line=Line("me", "here"), message="msg_1", digest=False, state=DeliveryState.SENT, attempts=attempts,
        error="", made_at=at, next_at=at, give_up_at=at, ended_at=at, maybe_arrived=True,
    )  # fmt: skip


def subscriber(**more: Any) -> Subscriber:
    return Subscriber.model_validate({"name": "me", "channels": ["here"], **more})


def test_what_is_told_at_once_is_told_one_by_one() -> None:
    waiting = queued(20)
    assert next_batch(subscriber(), waiting, None, NOON) == (waiting[:1], False)
    assert next_batch(subscriber(), [], None, NOON) == ((), False)


def test_f36_a_flood_is_one_digest() -> None:
    waiting = queued(600)
    batch, digest = next_batch(subscriber(), waiting, None, NOON)
    assert (len(batch), digest) == (600, True)
    message = compose("msg_1", subscriber(), [one.event for one in batch], digest=True, site_url="https://a.example")
    assert (message.count, len(message.events), message.omitted) == (600, 50, 550)
    assert message.list_url == "https://a.example/changes.html"
    assert "--since 2026-11-24" in message.list_command
    assert message.title == "600 changes of acme: 600 price rises"
    assert [event.id for event in message.events] == [one.event.id for one in waiting[-50:]], "the largest, in order"


def test_what_waited_for_quiet_hours_to_end_is_one_digest() -> None:
    me = subscriber(quiet="22:00-07:00", time_zone="Europe/Berlin")
    night = datetime(2026, 11, 24, 22, tzinfo=UTC)
    assert next_batch(me, queued(3, night), None, night) == ((), False)
    assert next_batch(me, queued(3, night), None, night + 7 * HOUR) == ((), False)
    assert next_batch(me, queued(3, night), None, night + 8 * HOUR) == (queued(3, night), True)
    assert next_batch(me, queued(1, night), None, night + 8 * HOUR) == (queued(1, night), False)


def test_what_waited_for_a_channel_to_work_again_is_one_digest() -> None:
    waiting = queued(3)
    assert next_batch(subscriber(), waiting, ended(4, NOON + HOUR), NOON + HOUR) == (waiting, True)
    assert next_batch(subscriber(), waiting, ended(0, NOON + HOUR), NOON + HOUR) == (waiting[:1], False)
    assert next_batch(subscriber(), queued(2, NOON + 2 * HOUR), ended(4, NOON + HOUR), NOON + 2 * HOUR)[1] is False


def test_a_daily_digest_waits_for_its_hour() -> None:
    me = subscriber(digest="daily 08:00", time_zone="Europe/Berlin")
    waiting = queued(2)
    assert next_batch(me, waiting, None, NOON + 18 * HOUR) == ((), False)
    assert next_batch(me, waiting, None, NOON + 19 * HOUR) == (waiting, True)


def test_the_most_important_come_first_and_keep_their_order() -> None:
    events: list[Event] = [GONE, CUT, RISE, PAID, FAILING]
    assert most_important(events, 2) == [RISE, PAID]
    assert most_important(events, 3) == [GONE, RISE, PAID]
    assert most_important(events, 5) == events
