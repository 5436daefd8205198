"""`ratecard alerts`, and alerts inside daemons and workers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scraper.alerts.courier import Courier
from scraper.alerts.rules import load_alerts
from scraper.alerts.sending import Sender
from scraper.daemon import Daemon
from scraper.dispatch import Runner
from scraper.due import Key, Plan
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.logs import set_up_logs
from scraper.refresh import Refresh
from scraper.settings import Settings
from scraper.store import Store, open_store
from scraper.worker import Worker, open_queue
from tests.alerting import Receiver, receiver
from tests.captures import Command, Folder, price_page
from tests.fleet import wait_for
from tests.test_worker import jobs, working

SECRET_VALUE = "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"  # noqa: S105  of a test alone
KEY = Key("anthropic", "docs-pricing")
DAY = timedelta(days=1)
BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _logs() -> None:
    set_up_logs("json")


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """Two captures of one page: a price rises by a third, and another offer comes."""
    folder = Folder(tmp_path / "captures")
    folder.add(price_page([("Claude Opus 4.5", "3", "15")]), "2026-11-20")
    folder.add(price_page([("Claude Opus 4.5", "4", "15"), ("Claude Sonnet 4.5", "1", "5")]), "2026-11-22")
    return folder.path


RULES = """
[[subscriber]]
name = "team"
channels = ["here"]
[[subscriber.rule]]
kinds = ["price_up"]

[[subscriber]]
name = "robots"
channels = ["hook"]

[channels.here]
type = "stdout"
[channels.hook]
type = "webhook"
url = "{url}"
secrets = ["${{HOOK}}"]
"""


@pytest.fixture
def got(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver, with an alerts file that names it."""
    with receiver() as running:
        file = tmp_path / "alerts.toml"
        file.write_text(RULES.format(url=running.url()), encoding="utf-8")
        monkeypatch.setenv("RATECARD_ALERTS", str(file))
        monkeypatch.setenv("RATECARD_ALLOW_PRIVATE_HOSTS", '["127.0.0.1"]')
        monkeypatch.setenv("HOOK", SECRET_VALUE)
        yield running


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], captures: Path, got: Receiver
) -> Command:
    """The command after two refreshes, of which the second found changes."""
    run = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    for day in ("2026-11-20", "2026-11-22"):
        assert run("refresh", "anthropic", "--replay", captures, "--at", day).code == 0
    return run


def test_alerts_are_delivered_once(command: Command, got: Receiver) -> None:
    ran = command("alerts", "deliver")
    assert ran.code == 0, ran.err
    assert "price" in ran.out
    assert "$3.00" in ran.out
    assert "3 messages sent" in ran.err
    kinds = [event["kind"] for post in got.posts for event in json.loads(post.body)["data"]["events"]]
    assert sorted(kinds) == ["new_offer", "price_up"]
    again = command("alerts", "deliver", "--json")
    assert (again.code, again.json) == (0, {"events": 0, "sent": 0, "failed": 0, "dead": 0, "disabled": 0})


def test_what_would_be_sent_is_shown_and_not_sent(command: Command, got: Receiver) -> None:
    ran = command("alerts", "preview", "--since", "2026-11-21")
    assert ran.code == 0
    assert ran.out.startswith("To team:\n")
    assert "To robots:" in ran.out
    only = command("alerts", "preview", "--since", "2026-11-21", "--subscriber", "team", "--json").json
    assert [(one["subscriber"], one["count"], one["events"][0]["kind"]) for one in only] == [("team", 1, "price_up")]
    assert command("alerts", "preview", "--since", "2026-11-23").out == "Nothing would be sent.\n"
    wrong = command("alerts", "preview", "--since", "2026-11-23", "--subscriber", "nobody")
    assert wrong.code == 2
    assert "no subscriber 'nobody'; it has team, robots" in wrong.err
    assert got.posts == []


def test_how_it_stands_and_what_is_silenced(command: Command, got: Receiver) -> None:
    assert "here (stdout): not used yet" in command("alerts", "list").out
    silenced = command("alerts", "silence", "anthropic/*", "--for", "7d", "--by", "me")
    assert silenced.code == 0
    assert silenced.out.startswith("Silence 1: 'anthropic/*' until ")
    assert command("alerts", "deliver").code == 0
    assert got.posts == []
    assert "silence 1: 'anthropic/*' until" in command("alerts", "list").out
    shown = command("alerts", "list", "--json").json
    assert [one["by"] for one in shown["silences"]] == ["me"]
    assert command("alerts", "unsilence", "1").code == 0
    assert command("alerts", "unsilence", "1").code == 2
    for wrong in (("--for", "long"), (), ("--until", "2020-01-01"), ("--for", "1d", "--until", "2030-01-01")):
        assert command("alerts", "silence", "x", *wrong).code == 2


def test_a_test_message_goes_through_every_channel(command: Command, got: Receiver) -> None:
    ran = command("alerts", "test")
    assert ran.code == 0
    assert ran.err == "team/here: sent\nrobots/hook: sent\n"
    assert "Test message of ratecard" in ran.out
    assert len(got.posts) == 1
    assert command("alerts", "test", "team").err == "team/here: sent\n"
    assert command("alerts", "test", "nobody").code == 2


def test_what_does_not_arrive_is_tried_again(
    command: Command, got: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RATECARD_ALLOW_PRIVATE_HOSTS", "[]")
    ran = command("alerts", "deliver")
    assert ran.code == 1
    assert "1 failed, tried again later" in ran.err
    assert "127.0.0.1" in command("alerts", "list").out
    assert command("alerts", "test", "robots").code == 1
    monkeypatch.setenv("RATECARD_ALLOW_PRIVATE_HOSTS", '["127.0.0.1"]')
    assert command("alerts", "deliver").code == 0
    assert got.posts == [], "not before its time"
    assert command("alerts", "retry", "robots/hook").code == 0
    assert len(got.posts) == 2
    assert command("alerts", "retry", "nobody").code == 2
    for variable, said in (("RATECARD_ALERTS", "nobody is told of anything yet"), ("HOOK", "needs the environment")):
        monkeypatch.delenv(variable)
        failed = command("alerts", "test", "robots")
        assert failed.code in (1, 2)
        assert said in failed.err
        monkeypatch.setenv("RATECARD_ALERTS", str(tmp_path / "alerts.toml"))


# Inside daemons and workers.


class Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


def parts(store: Store, folder: Path, clock: Clock) -> tuple[Runner, Sender]:
    def flow(at: datetime, _run: int) -> Refresh:
        return Refresh(store, Archive(folder / "archive"), Replay([folder / "captures"], at), at)

    runner = Runner(store=store, plans={KEY: Plan(every=DAY)}, flow=flow, clock=clock, lease_seconds=5, replay=True)
    environ = {"HOOK": SECRET_VALUE}
    settings = Settings.model_validate({"allow_private_hosts": ["127.0.0.1"]})
    alerts = load_alerts(folder / "alerts.toml", environ)
    return runner, Sender(store=store, alerts=alerts, settings=settings, clock=clock, environ=environ)


def test_a_daemon_tells_as_soon_as_a_change_is_recorded(
    database_url: str, tmp_path: Path, captures: Path, got: Receiver
) -> None:
    clock = Clock()
    with open_store(database_url) as store:
        runner, sender = parts(store, tmp_path, clock)
        courier = Courier(sender=sender, tick_seconds=3600)
        runner.recorded = courier.wake
        stop = threading.Event()
        with courier.working():
            thread = threading.Thread(target=Daemon(runner=runner, tick_seconds=0.05).loop, args=(stop,))
            thread.start()
            try:
                wait_for(lambda: runner.refreshed == 1)
                assert got.posts == []
                clock.now += 2 * DAY
                wait_for(lambda: len(got.posts) == 2)
            finally:
                stop.set()
                thread.join()


def test_workers_deliver_what_they_record(postgres_url: str, tmp_path: Path, captures: Path, got: Receiver) -> None:
    clock = Clock()
    with open_store(postgres_url) as store:
        queue = open_queue(store, 5, alerts=True)
        daemon, _ = parts(store, tmp_path, clock)
        daemon.hand_over = queue.put
        runner, sender = parts(store, tmp_path, clock)
        runner.recorded = queue.put_delivery
        with working(Worker(queue=queue, runner=runner, deliver=sender.deliver)):
            daemon.tick()
            wait_for(lambda: runner.refreshed == 1)
            clock.now += 2 * DAY
            daemon.tick()
            wait_for(lambda: len(got.posts) == 2)
            # One that finds nothing to do is put there by every tick, and twice is once.
            queue.put_delivery()
            queue.put_delivery()
            wait_for(lambda: jobs(store) == 0)
    assert len(got.posts) == 2
