"""Senders that are killed at any moment, with a receiver that fails at random: nothing lost, nothing out of order.

What arrives twice has the id that it had the first time.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scraper.alerts.rules import load_alerts
from scraper.alerts.sending import Sender
from scraper.records import Reading
from scraper.settings import Settings
from scraper.store import begin_run, open_store, record_reading
from scraper.store.outbox import list_events
from scraper.store.tables import deliveries, events, queued_events
from tests.alerting import Posted, Receiver, receiver
from tests.processes import forks
from tests.test_store import PRICING, capture, fact, offer

OFFERS = 15
READINGS = 70
KILLED = 7
SECRET_VALUE = "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"  # noqa: S105  of a test alone
RULES = """
[[subscriber]]
name = "me"
channels = ["hook"]
flood = 40
most = 1000

[channels.hook]
type = "webhook"
url = "{url}"
secrets = ["${{HOOK}}"]
"""


def send_for_ever(db: str, file: str) -> None:
    environ = {"HOOK": SECRET_VALUE}
    settings = Settings.model_validate({"allow_private_hosts": ["127.0.0.1"]})
    with open_store(db) as store:
        sender = Sender(
            store=store,
            alerts=load_alerts(Path(file), environ),
            settings=settings,
            clock=lambda: datetime.now(UTC),
            environ=environ,
            lease_seconds=0.5,
            first_retry=timedelta(milliseconds=10),
        )
        while True:
            sender.deliver(watch=False)
            time.sleep(0.01)


class Unsteady:
    """A receiver that fails at random, and keeps what it took, in order."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.lock = threading.Lock()
        self.taken: list[tuple[str, list[str]]] = []

    def __call__(self, post: Posted, _before: int) -> tuple[int, Mapping[str, str], bytes]:
        with self.lock:
            chance = self.luck.random()
            if chance < 0.06:
                return self.luck.choice((500, 503, 429, 404)), {}, b""
            events = [event["id"] for event in json.loads(post.body)["data"]["events"]]
            self.taken.append((post.headers["webhook-id"], events))
        # The answer may come too late for a sender that is killed meanwhile, or break off.
        time.sleep(0.02 if chance < 0.3 else 0)
        return (204 if chance < 0.97 else 500), {}, b""


@pytest.mark.long
@pytest.mark.timeout(180)
def test_f35_over_1000_events_with_failures_and_kill_9(database_url: str, tmp_path: Path) -> None:
    luck = random.Random(35)  # noqa: S311  a repeatable test
    unsteady = Unsteady(luck)
    with receiver(unsteady) as got, open_store(database_url) as store:
        begin = datetime.now(UTC)
        file = tmp_path / "alerts.toml"
        file.write_text(RULES.format(url=got.url()), encoding="utf-8")
        enough = threading.Event()
        writer = threading.Thread(target=record_all, args=(database_url, begin, READINGS, enough))
        writer.start()
        try:
            send_and_kill(database_url, file, luck, got, enough)
        finally:
            enough.set()
        writer.join()
        expected = [event.id for event in list_events(store)]
        with store.reading() as connection:
            states = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
            assert {row[0] for row in connection.execute(states)} == {"sent"}
    assert len(expected) >= OFFERS * READINGS > 1000
    first: dict[str, list[str]] = {}
    for name, told in unsteady.taken:
        assert first.setdefault(name, told) == told, "a message with an id is always the same one"
    arrived = [one for told in first.values() for one in told]
    assert len(arrived) == len(set(arrived)), "an event is in one message only"
    assert set(arrived) == set(expected), "none is lost"
    assert arrived == in_order(database_url), "their order is kept"
    twice = len(unsteady.taken) - len(first)
    print(f"{len(expected)} events in {len(first)} messages, {len(got.posts)} posts, {twice} came again")


def record_all(db: str, begin: datetime, readings: int, enough: threading.Event) -> None:
    """Let prices move, at ever later times: so many times, and on until it is enough."""
    with open_store(db) as store:
        number = 0
        while number <= readings or not enough.is_set():
            offers = tuple(offer(f"m-{n}", fact("input", str(1 + number + n))) for n in range(OFFERS))
            taken = capture((begin + timedelta(seconds=number) - capture(0).captured_at) / timedelta(days=1))
            run = begin_run(store, started_at=datetime.now(UTC), at=taken.captured_at, replay=True)
            record_reading(store, run, PRICING, taken, Reading(offers=offers))
            number += 1
            time.sleep(0.05)


def send_and_kill(db: str, file: Path, luck: random.Random, got: Receiver, enough: threading.Event) -> None:
    """Run two senders, kill one or the other in the middle of its work, and wait until all is written and sent."""
    context = forks()

    def start() -> BaseProcess:
        process = context.Process(target=send_for_ever, args=(db, str(file)), daemon=True)
        process.start()
        return process

    def wait_for(reached: Callable[[], bool]) -> None:
        while not reached():
            assert time.monotonic() < deadline, f"not done after {len(got.posts)} posts"
            time.sleep(0.002)

    running = [start(), start()]
    deadline = time.monotonic() + 120
    try:
        for _ in range(KILLED):
            posts = len(got.posts) + luck.randrange(1, 8)
            wait_for(lambda posts=posts: len(got.posts) >= posts)  # type: ignore[misc]
            time.sleep(luck.uniform(0, 0.02))
            victim = running.pop(luck.randrange(2))
            victim.kill()
            victim.join()
            running.append(start())
        enough.set()
        while not is_done(db):
            assert time.monotonic() < deadline, f"not done after {len(got.posts)} posts"
            time.sleep(0.2)
    finally:
        for process in running:
            process.kill()
            process.join()


def is_done(db: str) -> bool:
    """Say whether all that was to be written is there, and nothing waits."""
    with open_store(db) as store, store.reading() as connection:
        waiting = [
            select(func.count()).select_from(events).where(~events.c.routed),
            select(func.count()).select_from(queued_events).where(queued_events.c.delivery_id.is_(None)),
            select(func.count()).select_from(deliveries).where(deliveries.c.state != "sent"),
        ]
        count = connection.execute(select(func.count()).select_from(events)).scalar_one()
        return count >= OFFERS * READINGS and not any(connection.execute(query).scalar_one() for query in waiting)


def in_order(db: str) -> list[str]:
    with open_store(db) as store, store.reading() as connection:
        return list(connection.scalars(select(events.c.event).order_by(events.c.id)))
