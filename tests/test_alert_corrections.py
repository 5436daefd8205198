"""What was told and had been read wrongly: who got it is told so, once, and who had not got it is told neither."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scraper.alerts.feeds import Feed, feed_text
from scraper.alerts.rules import load_alerts
from scraper.alerts.sending import Sender
from scraper.events import EventKind
from scraper.records import Offer
from scraper.store import Store, open_store
from scraper.store.outbox import list_events
from scraper.store.telling import Line, list_lines, queued_of, retry_lines
from tests.alerting import Posted, Receiver, receiver
from tests.test_alert_channels import SCHEMA
from tests.test_alerts import CANARY, NOW, Clock, Day, a, posts, reread, sender
from tests.test_store import DAY, PRICING, START, capture, fact, offer, read

WRONG: list[Day] = [(0, a("2")), (1, a("20"))]
RIGHT: list[Day] = [(0, a("2")), (1, a("2.50"))]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as opened:
        yield opened


def sending(store: Store, folder: Path, got: Receiver, *more: str) -> Sender:
    """A sender whose subscriber has been known from the beginning."""
    send = sender(store, folder, got, *more, clock=Clock(START))
    send.deliver(watch=False)
    send.clock = Clock(NOW)
    return send


def after(send: Sender, days: float = 0.1) -> None:
    """Let time pass: history is read again after what it is about was told."""
    assert isinstance(send.clock, Clock)
    send.clock.now += days * DAY


def told(got: Receiver, since: int = 0) -> list[tuple[str, str | None, str | None]]:
    """What was posted: the kinds of the events, and their values."""
    return [
        (event["kind"], *(event[side] and event[side]["value"] for side in ("before", "after")))
        for post in posts(got)[since:]
        for event in post["events"]
    ]


def read_all(store: Store, days: list[Day]) -> None:
    for day, offers in days:
        read(store, day, *offers)


def test_who_got_what_was_read_wrongly_gets_a_correction_and_nobody_else(database_url: str, tmp_path: Path) -> None:
    with open_store(database_url) as store, receiver() as got, receiver() as other:
        send = sending(store, tmp_path, got)
        text = (tmp_path / "alerts.toml").read_text(encoding="utf-8")
        later = text.replace('"me"', '"later"\ndigest = "weekly mon 08:00"').replace('"hook"', '"slow"')
        later = later.replace("channels.hook", "channels.slow").replace(got.base, other.base)
        (tmp_path / "alerts.toml").write_text(f"{later}\n{text}", encoding="utf-8")
        send.alerts = load_alerts(tmp_path / "alerts.toml", {"HOOK": CANARY})
        send.clock = Clock(START)
        send.deliver(watch=False)
        send.clock = Clock(NOW)
        read_all(store, WRONG)
        send.deliver()
        assert told(got) == [("price_up", "2", "20")]
        reread(store, RIGHT)
        reread(store, RIGHT)
        send.deliver()
        # The change as it is now is news; the correction says which message it takes back.
        assert sorted(told(got, 1)) == [("corrected", "20", "2.50"), ("price_up", "2", "2.50")]
        body = next(json.loads(post.body) for post in got.posts[1:] if b'"corrected"' in post.body)
        jsonschema.Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(body)
        [event] = [one for one in body["data"]["events"] if one["kind"] == "corrected"]
        first = posts(got)[0]
        assert event["corrects"]["message"] == first["id"]
        assert event["corrects"]["event"] == first["events"][0]["id"]
        assert event["corrects"]["kind"] == "price_up"
        assert event["before"]["evidence"]["quote"] == "input: 20"
        assert event["after"]["evidence"]["quote"] == "input: 2.50"
        assert event["after"]["evidence"]["capture"] == capture(1).sha256
        send.clock = Clock(NOW + 7 * DAY)
        send.deliver(watch=False)
        assert told(other) == [("price_up", "2", "2.50")]
        assert len(told(got)) == 3


def test_a_correction_that_is_wrong_in_its_turn_is_corrected(store: Store, tmp_path: Path) -> None:
    with receiver() as got:
        send = sending(store, tmp_path, got)
        read_all(store, WRONG)
        send.deliver()
        for history in (RIGHT, WRONG, WRONG, RIGHT):
            reread(store, history)
            send.deliver()
        corrections = [one for one in told(got) if one[0] == "corrected"]
        assert corrections == [("corrected", "20", "2.50"), ("corrected", "2.50", "20"), ("corrected", "20", "2.50")]
        [standing] = [event for event in list_events(store) if event.corrects is not None]
        assert (standing.before and standing.before.value, standing.after and standing.after.value) == ("20", "2.50")
        # One that nobody has got yet goes as it came.
        reread(store, WRONG)
        reread(store, RIGHT)
        assert queued_of(store, Line("me", "hook")) == []


def answers(*codes: int) -> Any:
    """Answer with these, and take everything afterwards; 0 breaks off without an answer."""

    def respond(_: Posted, before: int) -> tuple[int, Mapping[str, str], bytes]:
        code = codes[before] if before < len(codes) else 204
        if not code:
            raise OSError
        return code, {}, b""

    return respond


@pytest.mark.parametrize(
    ("codes", "taken"),
    [
        ((500, 503), []),  # certainly refused: it is told neither
        ((0, 500), [("price_up", "2", "20"), ("corrected", "20", "2")]),  # it may have arrived the first time
    ],
)
def test_what_certainly_did_not_arrive_is_withdrawn(
    store: Store, tmp_path: Path, codes: tuple[int, ...], taken: list[tuple[str, str | None, str | None]]
) -> None:
    with receiver(answers(*codes)) as got:
        send = sending(store, tmp_path, got)
        read_all(store, WRONG)
        for _ in codes:
            assert send.deliver().failed == 1
            after(send)
        reread(store, [(0, a("2")), (1, a("2"))])
        after(send)
        send.deliver(watch=False)
        assert told(got, len(codes)) == taken
        assert list_lines(store)[0].waiting == 0


def test_what_was_given_up_is_tried_again_without_what_is_not_so(store: Store, tmp_path: Path) -> None:
    both = a("20", fact("output", "9"))
    with receiver(answers(410)) as got:
        send = sending(store, tmp_path, got, "flood = 1")
        read_all(store, [(0, a("2", fact("output", "8"))), (1, both)])
        assert send.deliver().disabled == 1
        reread(store, [(0, a("2", fact("output", "8"))), (1, a("2", fact("output", "9")))])
        retry_lines(store, send.lines(), at=NOW, give_up_at=NOW + DAY)
        send.deliver()
        assert told(got, 1) == [("price_up", "8", "9")]


@pytest.mark.parametrize(
    ("wrong", "right", "correction"),
    [
        # It did not rise: it had been so before.
        ([(0, a("1")), (1, a("2"))], [(0, a("2")), (1, a("2"))], ("corrected", "1", "2")),
        # There is no such offer, and that one is still there.
        ([(0, a("2")), (1, (*a("2"), offer("b", fact("input", "1"))))], [(0, a("2")), (1, a("2"))],
         ("corrected", None, None)),
        ([(0, (*a("2"), offer("b", fact("input", "1")))), (1, a("2")), (2, a("2"))],
         [(day, (*a("2"), offer("b", fact("input", "1")))) for day in (0, 1, 2)], ("corrected", None, None)),
        # It is stated after all, as the last one but one was.
        ([(0, a("2", fact("cache_read", "1"))), (1, a("2")), (2, a("2"))],
         [(day, a("2", fact("cache_read", "1"))) for day in (0, 1, 2)], ("corrected", None, "1")),
    ],
)  # fmt: skip
def test_each_side_and_each_kind_is_corrected(
    store: Store, tmp_path: Path, wrong: list[Day], right: list[Day], correction: tuple[str, str | None, str | None]
) -> None:
    with receiver() as got:
        send = sending(store, tmp_path, got)
        read_all(store, wrong)
        send.deliver()
        assert len(told(got)) == 1
        reread(store, right)
        send.deliver()
        assert told(got, 1) == [correction]


def test_what_the_history_has_with_another_date_or_from_the_beginning_is_not_wrong(
    store: Store, tmp_path: Path
) -> None:
    with receiver() as got:
        send = sending(store, tmp_path, got)
        read_all(store, [(0, a("2")), (1, a("2")), (2, a("3", fact("cache_read", "1")))])
        send.deliver()
        assert len(told(got)) == 2
        reread(store, [(0, a("2", fact("cache_read", "1"))), (1, a("3", fact("cache_read", "1"))), (2, _all())])
        send.deliver()
        assert len(told(got)) == 2


def _all() -> tuple[Offer, ...]:
    return a("3", fact("cache_read", "1"))


def test_a_correction_is_said_in_words_and_is_in_no_feed(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiver() as got:
        send = sending(store, tmp_path, got)
        file = tmp_path / "alerts.toml"
        text = file.read_text(encoding="utf-8").replace('channels = ["hook"]', 'channels = ["here"]')
        file.write_text(f'{text}\n[channels.here]\ntype = "stdout"\n', encoding="utf-8")
        send.alerts = load_alerts(file, {"HOOK": CANARY})
        send.clock = Clock(START)
        send.deliver(watch=False)
        send.clock = Clock(NOW)
        read_all(store, WRONG)
        send.deliver()
        reread(store, [(0, a("2")), (1, a("2"))])
        capsys.readouterr()
        send.deliver()
    out = capsys.readouterr().out
    assert "1 correction of what you were told" in out
    assert "input  $20.00 → $2.00 / 1M tokens" in out
    said = "we said price up $2.00 / 1M tokens → $20.00 / 1M tokens (message msg_"
    assert f"on 2026-04-02 {said}" in out
    assert "that was read wrongly, the page said $2.00 / 1M tokens" in out
    events = list_events(store)
    assert [event.kind for event in events] == [EventKind.CORRECTED]
    assert json.loads(feed_text("json", Feed(site_url="https://a.example"), events, NOW))["items"] == []
    assert PRICING.provider == events[0].provider
