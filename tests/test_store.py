"""The store on both databases: what goes in comes out, nothing without evidence, rows only for what changed."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from scraper.diff import Kind
from scraper.errors import RatecardError
from scraper.records import REFERENCE_FIELDS, Evidence, Fact, Mark, Note, Offer, Reading, Reason, State
from scraper.states import FieldView
from scraper.store import (
    CaptureInfo,
    OfferView,
    Recorded,
    SourceInfo,
    Status,
    Store,
    begin_run,
    evidence,
    find_offers,
    history,
    last_time,
    list_changes,
    list_notes,
    list_offers,
    list_sources,
    offers_of_source,
    open_store,
    preview_reading,
    published_values,
    record_failure,
    record_not_captured,
    record_reading,
)
from scraper.store.tables import captures, changes, observations, offers, runs

START = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PRICING = SourceInfo(
    provider="acme",
    name="pricing",
    url="https://acme.example/pricing",
    fields=frozenset({"input", "output", "cache_read"}),
)
MODELS = SourceInfo(
    provider="acme",
    name="models",
    url="https://acme.example/models",
    fields=frozenset({"input", "context_window"}),
    rank=1,
)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def fact(name: str, value: str | None = "1", *, quote: str = "", **more: Any) -> Fact:
    given: dict[str, Any] = {"state": State.SOURCED, "currency": None if value is None else "USD", **more}
    if name in ("context_window", "released"):
        given["currency"] = None
    return Fact(
        field=name, value=value, evidence=Evidence(locator=f"row {name}", quote=quote or f"{name}: {value}"), **given
    )


def offer(model_id: str, *facts: Fact, name: str = "", shared_id: bool = False) -> Offer:
    return Offer(model_id=model_id, name=name, shared_id=shared_id, facts=facts)


def capture(day: float, source: SourceInfo = PRICING, body: str = "") -> CaptureInfo:
    at = START + day * DAY
    digits = (body or at.strftime("%Y%m%d%H%M%S")).encode().hex()
    return CaptureInfo(
        sha256=digits.ljust(64, "0"), url=source.url, captured_at=at, content_type="text/html", size=1000
    )


def read(
    store: Store, day: float, *stated: Offer, source: SourceInfo = PRICING, notes: tuple[Note, ...] = ()
) -> Recorded:
    taken = capture(day, source)
    run = begin_run(store, started_at=taken.captured_at, at=taken.captured_at, replay=True)
    return record_reading(store, run, source, taken, Reading(offers=stated, notes=notes))


def kinds(recorded: Recorded) -> list[tuple[Kind, str, str]]:
    return [(change.kind, change.model_id or change.name, change.field) for change in recorded.changes]


def view(found: OfferView, name: str) -> FieldView:
    return next(one for one in found.fields if one.field == name)


def only(store: Store, day: float = 1, as_of: float | None = None) -> OfferView:
    [found] = list_offers(store, START + day * DAY, as_of=None if as_of is None else START + as_of * DAY)
    return found


def count(store: Store, table: Any) -> int:
    with store.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def everything(store: Store) -> list[list[Any]]:
    with store.reading() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(table.c.id))]
            for table in (captures, offers, observations, changes)
        ]


# Values and their evidence


def test_a_value_comes_out_with_its_evidence(store: Store) -> None:
    recorded = read(store, 0, offer("a", fact("input", "2.50", quote="$2.50 / 1M"), name="Model A"))
    assert (recorded.offers, recorded.observations, recorded.opened, recorded.changes) == (1, 1, 1, ())
    found = only(store)
    assert (found.provider, found.model_id, found.name, found.model) == ("acme", "a", "Model A", None)
    assert (found.first_seen, found.last_seen, found.withdrawn_at) == (START, START, None)
    shown = view(found, "input")
    assert (shown.state, shown.value, shown.currency, shown.unit) == (State.SOURCED, "2.50", "USD", "1M tokens")
    assert (shown.source, shown.source_url, shown.captured_at) == ("pricing", PRICING.url, START)
    assert (shown.capture, shown.locator, shown.quote) == (capture(0).sha256, "row input", "$2.50 / 1M")
    assert [one.field for one in found.fields] == list(REFERENCE_FIELDS)
    assert view(found, "output").reason is Reason.NOT_ON_PAGE
    assert view(found, "released").reason is Reason.NO_SOURCE


@pytest.mark.parametrize(
    "value", ["0.1234567890123456789", "2.50", "0.0000001", "0.000000025", "0", "0.00", "12345678.123456789012"]
)
def test_decimals_are_kept_digit_for_digit(store: Store, value: str) -> None:
    read(store, 0, offer("a", fact("input", value)))
    assert view(only(store), "input").value == value
    assert [one.value for one in published_values(store, START)] == [value]


def test_times_are_aware_utc_on_both_databases(store: Store) -> None:
    elsewhere = timezone(timedelta(hours=9))
    until = datetime(2026, 5, 1, 8, 30, 15, 250, tzinfo=elsewhere)
    read(store, 0, offer("a", fact("input", promotional=True, valid_until=until)))
    shown = view(only(store), "input")
    assert shown.valid_until == until
    assert shown.valid_until is not None
    assert shown.valid_until.tzinfo is UTC
    assert (shown.first_seen, shown.marks) == (START, (Mark.PROMOTIONAL,))


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        begin_run(store, started_at=datetime(2026, 1, 1), at=START, replay=False)  # noqa: DTZ001


def test_states_and_reasons_survive(store: Store) -> None:
    read(
        store,
        0,
        offer(
            "a",
            fact("input", None, state=State.NOT_OFFERED, quote="N/A"),
            fact("output", None, state=State.NOT_SOURCED, reason=Reason.ON_REQUEST, quote="Contact sales"),
            fact("cache_read", "0", derived="free with input"),
        ),
    )
    found = only(store)
    assert (view(found, "input").state, view(found, "input").quote) == (State.NOT_OFFERED, "N/A")
    assert (view(found, "output").reason, view(found, "output").quote) == (Reason.ON_REQUEST, "Contact sales")
    assert (view(found, "cache_read").value, view(found, "cache_read").derived) == ("0", "free with input")


GOOD: dict[str, Any] = {
    "offer_id": 1, "source_id": 1, "field": "output", "state": "sourced", "value": "1", "currency": "USD",
    "reason": None, "derived": "", "promotional": False, "capture_id": 1, "locator": "x", "quote": "$1",
    "last_capture_id": 1, "last_locator": "x", "last_quote": "$1", "first_seen": START, "last_seen": START, "misses": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [
        {"quote": ""},
        {"quote": None},
        {"quote": "  "},
        {"locator": ""},
        {"locator": None},
        {"last_quote": ""},
        {"last_locator": None},
        {"capture_id": None},
        {"capture_id": 99},
        {"last_capture_id": None},
        {"last_capture_id": 99},
        {"source_id": None},
        {"source_id": 99},
        {"offer_id": 99},
        {"value": ""},
        {"value": None},
        {"state": "guessed"},
        {"state": "not_offered"},
        {"state": "not_sourced", "value": None},
        {"state": "not_sourced", "value": None, "reason": "not_on_page"},
        {"state": "sourced", "reason": "on_request"},
        {"field": "input"},
        {"last_seen": START - DAY},
    ],
)
def test_no_value_without_evidence_exists_in_the_store(store: Store, fault: dict[str, Any]) -> None:
    read(store, 0, offer("a", fact("input")))
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(insert(observations).values({**GOOD, **fault}))
    assert count(store, observations) == 1
    with store.writing() as connection:
        connection.execute(insert(observations).values(GOOD))


def test_evidence_cannot_be_taken_away_later(store: Store) -> None:
    read(store, 0, offer("a", fact("input")))
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(update(observations).values(quote=""))
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(captures.delete())


# Readings one after another


def test_running_twice_changes_nothing(store: Store) -> None:
    read(store, 0, offer("a", fact("input"), fact("output")), offer("b", fact("input")))
    read(store, 1, offer("a", fact("input", "2")))
    before = everything(store)
    again = read(store, 1, offer("a", fact("input", "2")))
    assert (again.repeated, again.changes, again.opened, again.missed, again.closed) == (True, (), 0, 0, 0)
    assert everything(store) == before


def test_confirming_costs_no_rows_and_keeps_the_newest_evidence(store: Store) -> None:
    for day in range(5):
        recorded = read(store, day, offer("a", fact("input", "2.50", quote=f"on day {day}")))
    assert (recorded.confirmed, recorded.opened) == (1, 0)
    assert count(store, observations) == 1
    assert count(store, changes) == 0
    [said] = evidence(store, only(store).id, "input")
    assert (said.first.quote, said.first.capture.captured_at) == ("on day 0", START)
    assert (said.last.quote, said.last.capture.captured_at) == ("on day 4", START + 4 * DAY)
    assert (said.first_seen, said.last_seen, said.closed_at) == (START, START + 4 * DAY, None)
    assert view(only(store), "input").quote == "on day 4"


def test_a_change_has_both_values_and_the_evidence_of_both(store: Store) -> None:
    read(store, 0, offer("a", fact("input", "2", quote="two"), name="Model A"))
    read(store, 1, offer("a", fact("input", "2.0", quote="two again"), name="Model A"))
    recorded = read(store, 2, offer("a", fact("input", "3", quote="three"), name="Model A"))
    [change] = list_changes(store)
    assert recorded.changes == (change,)
    assert (change.kind, change.provider, change.source, change.model_id, change.name, change.field) == (
        Kind.CHANGED,
        "acme",
        "pricing",
        "a",
        "Model A",
        "input",
    )
    assert change.at == START + 2 * DAY
    assert change.before is not None
    assert change.after is not None
    assert (change.before.value, change.before.last.quote) == ("2", "two again")
    assert (change.before.last.capture, change.before.closed_at) == (capture(1), START + 2 * DAY)
    assert (change.after.value, change.after.first.quote, change.after.first.capture) == ("3", "three", capture(2))


def test_changes_are_newest_first_and_can_be_narrowed(store: Store) -> None:
    read(store, 0, offer("a", fact("input", "1")), offer("b", fact("input")))
    for day in (1, 2, 3):
        read(store, day, offer("a", fact("input", str(day + 1))), offer("b", fact("input")))
    assert [change.at for change in list_changes(store)] == [START + day * DAY for day in (3, 2, 1)]
    assert [change.at for change in list_changes(store, since=START + 2 * DAY)] == [START + 3 * DAY, START + 2 * DAY]
    assert [change.at for change in list_changes(store, limit=1)] == [START + 3 * DAY]
    assert list_changes(store, provider="other") == []
    [one] = list_changes(store, run=2)
    assert one.at == START + DAY


def test_offers_come_and_go_in_one_change_each(store: Store) -> None:
    a, b = offer("a", fact("input"), fact("output")), offer("b", fact("input"), fact("output"))
    read(store, 0, a)
    assert kinds(read(store, 1, a, b)) == [(Kind.OFFER_ADDED, "b", "")]
    assert kinds(read(store, 2, a)) == []
    marks = {o.model_id: view(o, "input").marks for o in list_offers(store, START + 2 * DAY)}
    assert marks == {"a": (), "b": (Mark.UNCONFIRMED,)}
    assert kinds(read(store, 3, a)) == [(Kind.OFFER_WITHDRAWN, "b", "")]
    assert [o.model_id for o in list_offers(store, START + 3 * DAY)] == ["a"]
    [gone] = find_offers(store, "acme", "b", START + 3 * DAY)
    assert (gone.withdrawn_at, view(gone, "input").reason) == (START + 3 * DAY, Reason.NOT_ON_PAGE)
    assert kinds(read(store, 4, a, b)) == [(Kind.OFFER_ADDED, "b", "")]
    [back] = find_offers(store, "acme", "b", START + 4 * DAY)
    assert (back.id, back.withdrawn_at, back.first_seen) == (gone.id, None, START + DAY)


def test_an_older_capture_is_refused_and_nothing_written(store: Store) -> None:
    read(store, 5, offer("a", fact("input")))
    before = everything(store)
    with pytest.raises(RatecardError, match=r"older than the one read last .*; older captures come in by backfill"):
        read(store, 4, offer("a", fact("input", "9")))
    assert everything(store) == before
    assert last_time(store, "acme", "pricing") == START + 5 * DAY
    assert last_time(store, "acme", "models") is None


def test_a_reading_that_contradicts_itself_writes_nothing(store: Store) -> None:
    read(store, 0, offer("a", fact("input")))
    before = everything(store)
    with pytest.raises(RatecardError, match="twice"):
        read(store, 1, offer("b", fact("input", "1")), offer("b", fact("input", "2")))
    assert everything(store) == before


def test_a_preview_says_what_would_change_and_writes_nothing(store: Store) -> None:
    read(store, 0, offer("a", fact("input")))
    before = everything(store)
    stated = Reading(offers=(offer("a", fact("input", "2")), offer("b", fact("input"))))
    shown = preview_reading(store, PRICING, capture(1), stated)
    assert kinds(shown) == [(Kind.OFFER_ADDED, "b", ""), (Kind.CHANGED, "a", "input")]
    assert everything(store) == before
    assert count(store, runs) == 1
    assert kinds(read(store, 1, *stated.offers)) == kinds(shown)


def test_an_offer_known_by_name_gets_its_id_from_another_source(store: Store) -> None:
    read(store, 0, offer("", fact("input"), name="Model A"))
    read(store, 0, offer("a-1", fact("context_window", "128000"), name="Model A"), source=MODELS)
    found = only(store)
    assert (found.model_id, found.name) == ("a-1", "Model A")
    assert (view(found, "input").value, view(found, "context_window").value) == ("1", "128000")
    assert read(store, 1, offer("", fact("input"), name="Model A")).confirmed == 1


def test_products_that_share_an_id_are_found_by_it_together(store: Store) -> None:
    read(store, 0, *(offer("a", fact("input", str(n)), name=f"Plan {n}", shared_id=True) for n in (1, 2)))
    found = find_offers(store, "acme", "a", START)
    assert [(o.name, o.shared_id, view(o, "input").value) for o in found] == [
        ("Plan 1", True, "1"),
        ("Plan 2", True, "2"),
    ]
    assert [o.name for o in find_offers(store, "acme", "Plan 2", START)] == ["Plan 2"]
    assert find_offers(store, "acme", "A", START) == []
    assert find_offers(store, "other", "a", START) == []


# Several sources


def test_the_better_source_is_published_and_the_other_changes_in_silence(store: Store) -> None:
    read(store, 0, offer("a", fact("input", "2")))
    read(store, 0, offer("a", fact("input", "2.1"), fact("context_window", "1000")), source=MODELS)
    recorded = read(store, 1, offer("a", fact("input", "2.2"), fact("context_window", "2000")), source=MODELS)
    assert kinds(recorded) == [(Kind.CHANGED, "a", "context_window")]
    found = only(store)
    assert (view(found, "input").value, view(found, "input").source) == ("2", "pricing")
    assert [(s.source, s.value) for s in evidence(store, found.id, "input")] == [("pricing", "2"), ("models", "2.2")]
    assert [s.value for s in history(store, found.id, "input")] == ["2.2", "2", "2.1"]


def test_an_offer_is_withdrawn_only_when_no_source_lists_it(store: Store) -> None:
    a, b = offer("a", fact("input")), offer("b", fact("input"))
    read(store, 0, a, b)
    read(store, 0, a, b, source=MODELS)
    read(store, 1, a)
    assert kinds(read(store, 2, a)) == [(Kind.FIELD_REMOVED, "b", "input")]
    read(store, 1, a, source=MODELS)
    assert kinds(read(store, 2, a, source=MODELS)) == [(Kind.OFFER_WITHDRAWN, "b", "")]


def test_the_interval_of_an_offer_covers_captures_in_any_order(store: Store) -> None:
    read(store, 5, offer("a", fact("input")))
    read(store, 2, offer("a", fact("context_window", "1000")), source=MODELS)
    found = only(store)
    assert (found.first_seen, found.last_seen) == (START + 2 * DAY, START + 5 * DAY)


def test_equal_ranks_that_disagree_are_disputed(store: Store) -> None:
    twin = SourceInfo(provider="acme", name="docs", url="https://acme.example/docs", fields=frozenset({"input"}))
    read(store, 0, offer("a", fact("input", "2")))
    read(store, 0, offer("a", fact("input", "3")), source=twin)
    shown = view(only(store), "input")
    assert (shown.value, shown.source, shown.marks) == ("3", "docs", (Mark.DISPUTED,))


# Failures


def test_a_failure_touches_nothing_but_the_status(store: Store) -> None:
    read(store, 0, offer("a", fact("input")))
    before = everything(store)
    record_failure(store, PRICING, START + 2 * DAY, "It answered with a challenge page.")
    assert everything(store) == before
    [source] = list_sources(store)
    assert (source.status, source.error) == (Status.FAILED, "It answered with a challenge page.")
    assert (source.last_at, source.last_success_at) == (START + 2 * DAY, START)
    assert (source.last_capture, source.offers, source.fields) == (capture(0), 1, PRICING.fields)
    assert last_time(store, "acme", "pricing") == START + 2 * DAY
    assert view(only(store, 20), "input").marks == (Mark.STALE,)
    assert view(only(store, 20), "output").reason is Reason.NOT_ON_PAGE
    read(store, 3, offer("a", fact("input")))
    [source] = list_sources(store)
    assert (source.status, source.error) == (Status.OK, "")


def test_a_source_that_never_could_be_read_is_failing(store: Store) -> None:
    record_failure(store, MODELS, START, "It did not answer.")
    read(store, 0, offer("a", fact("input")))
    assert view(only(store), "context_window").reason is Reason.SOURCE_FAILING
    record_not_captured(store, MODELS)
    assert view(only(store), "context_window").reason is Reason.SOURCE_FAILING
    source = list_sources(store)[0]
    assert (source.name, source.status, source.error, source.last_at) == ("models", Status.NOT_CAPTURED, "", START)
    read(store, 1, offer("a", fact("input")), source=MODELS)
    assert view(only(store), "context_window").reason is Reason.NOT_ON_PAGE


def test_the_same_capture_heals_the_status(store: Store) -> None:
    read(store, 0, offer("a", fact("input")))
    record_not_captured(store, PRICING)
    assert read(store, 0, offer("a", fact("input"))).repeated
    assert [source.status for source in list_sources(store)] == [Status.OK]


def test_a_contract_follows_what_is_declared(store: Store) -> None:
    read(store, 0, offer("a", fact("input")))
    wider = SourceInfo(provider="acme", name="pricing", url="https://acme.example/new", fields=frozenset({"released"}))
    read(store, 1, offer("a", fact("input")), source=wider)
    [source] = list_sources(store)
    assert (source.fields, source.url) == (frozenset({"released"}), "https://acme.example/new")
    assert view(only(store), "released").reason is Reason.NOT_ON_PAGE
    assert view(only(store), "output").reason is Reason.NO_SOURCE


def test_the_offers_of_a_source(store: Store) -> None:
    read(store, 0, offer("a", fact("input")), offer("", fact("input"), name="Model B"))
    read(store, 0, offer("c", fact("context_window", "1")), source=MODELS)
    assert offers_of_source(store, "acme", "pricing") == {("a", ""), ("", "Model B")}
    assert offers_of_source(store, "acme", "nothing") == frozenset()


def test_the_notes_are_those_of_the_latest_reading(store: Store) -> None:
    heading = Note(kind="unknown_heading", text="Flex price", locator="table 2")
    read(store, 0, offer("a", fact("input")), notes=(heading, Note(kind="unreadable", text="~$3")))
    read(store, 0, offer("a", fact("input")), source=MODELS, notes=(heading,))
    assert [(n.source, n.kind, n.text) for n in list_notes(store)] == [
        ("models", "unknown_heading", "Flex price"),
        ("pricing", "unknown_heading", "Flex price"),
        ("pricing", "unreadable", "~$3"),
    ]
    read(store, 1, offer("a", fact("input")), notes=(Note(kind="conflict", text="two prices"),))
    assert [(n.source, n.text) for n in list_notes(store, "acme")] == [
        ("models", "Flex price"),
        ("pricing", "two prices"),
    ]


# Time


def test_as_of_shows_what_was_published_then(store: Store) -> None:
    a, b = offer("a", fact("input", "1", quote="one")), offer("b", fact("input"))
    read(store, 0, a, b)
    read(store, 2, offer("a", fact("input", "1", quote="one again"), fact("output", "5")), b)
    read(store, 4, offer("a", fact("input", "2", quote="two")))
    read(store, 6, offer("a", fact("input", "2", quote="two again")))

    def then(day: float) -> dict[str, tuple[str | None, str, tuple[Mark, ...]]]:
        listed = list_offers(store, START + 99 * DAY, as_of=START + day * DAY)
        return {
            f"{o.model_id} {v.field}": (v.value, v.quote, v.marks)
            for o in listed
            for v in o.fields
            if v.captured_at is not None
        }

    assert then(-1) == {}
    assert then(1) == {"a input": ("1", "one", ()), "b input": ("1", "input: 1", ())}
    assert then(3)["a input"] == ("1", "one again", ())
    assert then(3)["a output"] == ("5", "output: 5", ())
    assert then(4)["a input"] == ("2", "two", ())
    assert then(4)["a output"] == ("5", "output: 5", (Mark.UNCONFIRMED,))
    assert then(5)["b input"] == ("1", "input: 1", (Mark.UNCONFIRMED,))
    assert then(6) == {"a input": ("2", "two again", ())}
    assert then(30) == {"a input": ("2", "two again", (Mark.STALE,))}
    [b_then] = find_offers(store, "acme", "b", START + 99 * DAY, as_of=START + 5 * DAY)
    assert view(b_then, "input").value == "1"


def test_an_announced_price_takes_effect_when_it_is_stated_on_its_day(store: Store) -> None:
    announced = fact("input", "3", valid_from=START + 3 * DAY, quote="from the fourth")
    read(store, 0, offer("a", fact("input", "1"), announced))
    found = only(store, 1)
    assert (view(found, "input").value, [v.value for v in found.announced]) == ("1", ["3"])
    found = only(store, 3.5)
    assert (view(found, "input").value, view(found, "input").marks) == ("1", (Mark.STALE,))
    taken = read(store, 4, offer("a", fact("input", "1"), announced))
    assert [(c.kind, c.before and c.before.value, c.after and c.after.value) for c in taken.changes] == [
        (Kind.CHANGED, "1", "3")
    ]
    found = only(store, 4)
    assert (view(found, "input").value, found.announced) == ("3", ())
    assert [s.value for s in evidence(store, found.id, "input")] == ["1", "3"]


def test_an_announcement_does_not_silence_a_worse_source(store: Store) -> None:
    read(store, 0, offer("a", fact("input", "3", valid_from=START + 9 * DAY)))
    read(store, 0, offer("a", fact("input", "1")), source=MODELS)
    assert kinds(read(store, 1, offer("a", fact("input", "2")), source=MODELS)) == [(Kind.CHANGED, "a", "input")]


def test_published_values_are_all_claims_with_evidence(store: Store) -> None:
    later = fact("output", "9", valid_from=START + 9 * DAY)
    read(store, 0, offer("a", fact("input", "2.50"), later, fact("cache_read", None, state=State.NOT_OFFERED)))
    read(store, 0, offer("a", fact("input", "7"), fact("context_window", "1000")), source=MODELS)
    found = {(one.field, one.value, one.state, one.source) for one in published_values(store, START)}
    assert found == {
        ("input", "2.50", State.SOURCED, "pricing"),
        ("output", "9", State.SOURCED, "pricing"),
        ("cache_read", None, State.NOT_OFFERED, "pricing"),
        ("context_window", "1000", State.SOURCED, "models"),
    }
    assert {one.capture for one in published_values(store, START)} == {capture(0), capture(0, MODELS)}
    assert list(published_values(store, START, "other")) == []


# Size


def test_many_rows_are_written_and_read_in_few_queries(store: Store) -> None:
    def catalogue(price: int) -> tuple[Offer, ...]:
        names = ("input", "output", "cache_read", "input{tier=batch}", "output{tier=batch}")
        return tuple(offer(f"m-{n}", *(fact(name, str(price + n)) for name in names)) for n in range(1000))

    statements = 0

    def counted(*_: Any) -> None:
        nonlocal statements
        statements += 1

    event.listen(store.engine, "before_cursor_execute", counted)
    read(store, 0, *catalogue(1))
    before = statements
    recorded = read(store, 1, *catalogue(2))
    assert (len(recorded.changes), recorded.opened) == (5000, 5000)
    found = list_offers(store, START + DAY)
    assert sum(v.value is not None for o in found for v in o.fields) == 5000
    assert len(list_changes(store)) == 5000
    assert len(list(published_values(store, START + DAY))) == 5000
    assert statements - before < 60


# Opening


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("prices", "is not the address of a database; write sqlite:///FILE or postgresql://HOST/NAME"),
        ("mysql://host/name", "is neither SQLite nor PostgreSQL"),
        ("sqlite://", "names no file"),
        (
            "postgresql://nobody:secret@/none?host=/nonexistent",
            r"postgresql\+psycopg://nobody:\*\*\*@/none.* cannot be used",
        ),
    ],
)
def test_an_address_that_cannot_be_used(url: str, message: str) -> None:
    with pytest.raises(RatecardError, match=message) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a/b/store.db") as store:
        assert list_offers(store, START) == []
    assert (tmp_path / "a" / "b" / "store.db").is_file()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RatecardError, match=r"The folder .* cannot be made .*; check the address"):
        open_store(f"sqlite:///{tmp_path}/file/store.db")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(RatecardError, match=r"cannot be used .*; check the address"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be taken for one at first sight\n" * 20)
    before = file.read_bytes()
    with pytest.raises(RatecardError, match="is not a SQLite database"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_database_that_is_not_there(postgres_url: str) -> None:
    missing = postgres_url.replace("/test_", "/missing_")
    with pytest.raises(RatecardError, match=r"cannot be used .*does not exist"):
        open_store(missing)


def test_sqlite_keeps_its_promises(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store, store.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30000


def test_a_writer_waits_for_another_program(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        other = sqlite3.connect(tmp_path / "store.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        with store.reading() as connection:
            assert connection.execute(select(func.count()).select_from(offers)).scalar() == 0
        other.execute("COMMIT")
        other.close()
        read(store, 0, offer("a", fact("input")))


def write_one(url: str, number: int) -> None:
    """Record a source of its own of one provider; a module's function, so that another process can run it."""
    source = SourceInfo(
        provider="acme", name=f"source-{number}", url="https://acme.example", fields=frozenset({"input"})
    )
    with open_store(url) as store:
        for day in range(5):
            read(store, day, *(offer(f"m-{n}", fact("input", str(day + 1))) for n in range(20)), source=source)


def test_processes_that_write_together_lose_nothing(database_url: str) -> None:
    open_store(database_url).close()
    context = multiprocessing.get_context("spawn")
    together = [context.Process(target=write_one, args=(database_url, number)) for number in range(3)]
    for process in together:
        process.start()
    for process in together:
        process.join(60)
    assert [process.exitcode for process in together] == [0, 0, 0]
    with open_store(database_url) as store:
        assert count(store, offers) == 20
        assert count(store, observations) == 3 * 5 * 20
        assert all(view(o, "input").value == "5" for o in list_offers(store, START))


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    read(store, 0, offer("a", fact("input")))
    before = everything(store)
    # A run that does not exist: the last rows of the transaction are refused.
    with pytest.raises(IntegrityError):
        record_reading(store, 99, PRICING, capture(1), Reading(offers=(offer("a", fact("input", "2")),)))
    assert everything(store) == before
    assert kinds(read(store, 1, offer("a", fact("input", "2")))) == [(Kind.CHANGED, "a", "input")]
