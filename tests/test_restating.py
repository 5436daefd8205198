"""What a source states again word for word is confirmed as if it were compared, and nothing else is taken for it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from scraper.holds import Held
from scraper.records import Evidence, Fact, Offer, Reading, State
from scraper.store import (
    Recorded,
    SourceInfo,
    Store,
    approve_holds,
    begin_run,
    evidence,
    history,
    list_holds,
    list_offers,
    open_store,
    record_reading,
    reject_holds,
)
from scraper.store.tables import holds, restated
from tests.test_store import DAY, MODELS, PRICING, START, capture, count, everything, fact, offer, only, read, view


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def known(store: Store) -> list[str]:
    """Return the ids of the offers that are known to be restated."""
    with store.reading() as connection:
        rows = connection.execute(select(restated.c.offer_id)).all()
    ids = {one.id: one.model_id for one in list_offers(store, START)}
    return sorted(ids[row.offer_id] for row in rows)


def test_what_is_restated_is_confirmed_with_the_newest_capture(store: Store) -> None:
    said = offer("a", fact("input", "1"), fact("output", "2")), offer("b", fact("input", "3"))
    read(store, 0, *said)
    recorded = read(store, 7, *said)
    assert (recorded.offers, recorded.observations, recorded.confirmed) == (2, 3, 3)
    assert (recorded.opened, recorded.missed, recorded.closed, recorded.changes) == (0, 0, 0, ())
    for found in list_offers(store, START + 7 * DAY):
        assert (found.first_seen, found.last_seen) == (START, START + 7 * DAY)
        for stated in history(store, found.id):
            assert (stated.first_seen, stated.last_seen, stated.closed_at) == (START, START + 7 * DAY, None)
            assert (stated.first.capture, stated.last.capture) == (capture(0), capture(7))
    assert known(store) == ["a", "b"]


def test_a_value_that_moved_on_the_page_gets_its_new_place(store: Store) -> None:
    read(store, 0, offer("a", fact("input", "1")), offer("b", fact("input", "1")))
    elsewhere = Fact(
        field="input", state=State.SOURCED, value="1", currency="USD", evidence=Evidence(locator="row 9", quote="$1")
    )
    recorded = read(store, 7, offer("a", elsewhere), offer("b", fact("input", "1")))
    assert (recorded.confirmed, recorded.opened) == (2, 0)
    one, other = (evidence(store, found.id, "input")[0] for found in list_offers(store, START + 7 * DAY))
    assert (one.last.locator, one.last.quote) == ("row 9", "$1")
    assert (other.last.locator, other.last.quote) == ("row input", "input: 1")
    assert one.last.capture == other.last.capture == capture(7)


@pytest.mark.parametrize(
    "other",
    [
        fact("input", "2"),
        fact("input", "1", currency="EUR"),
        fact("input", "1", promotional=True),
        fact("input", "1", derived="half of all"),
        fact("input", "1", valid_until=START + 9 * DAY),
        fact("input", "1", quote="one dollar"),
        fact("input", None, state=State.NOT_OFFERED, quote="input: 1"),
    ],
)
def test_every_part_of_a_statement_counts(store: Store, other: Fact) -> None:
    read(store, 0, offer("a", fact("input", "1"), fact("output", "1")))
    read(store, 7, offer("a", other, fact("output", "1")))
    [stated] = evidence(store, only(store).id, "input")
    assert (stated.value, stated.currency, stated.state) == (other.value, other.currency, other.state)
    assert (stated.promotional, stated.derived, stated.valid_until) == (
        other.promotional,
        other.derived,
        other.valid_until,
    )
    assert stated.last.quote == other.evidence.quote


def test_where_something_stands_that_was_not_read_the_offer_is_compared(store: Store) -> None:
    both = offer("a", fact("input", "1"), fact("output", "2"))
    one = offer("a", fact("input", "1"))
    read(store, 0, both)
    assert read(store, 7, one).missed == 1
    assert known(store) == []
    assert read(store, 14, one).closed == 1
    assert known(store) == ["a"]
    assert read(store, 21, one).confirmed == 1


def test_a_price_of_a_later_day_is_always_compared(store: Store) -> None:
    announced = offer("a", fact("input", "1"), fact("input", "2", valid_from=START + 10 * DAY))
    read(store, 0, announced)
    assert known(store) == []
    assert read(store, 14, announced).confirmed == 2
    assert known(store) == []
    assert view(only(store, 14), "input").value == "2"


def test_what_two_sources_say_is_known_of_each(store: Store) -> None:
    read(store, 0, offer("a", fact("input", "1")))
    read(store, 0, offer("a", fact("input", "1")), source=MODELS)
    read(store, 7, offer("a", fact("input", "1")))
    first, second = evidence(store, only(store).id, "input")
    assert (first.source, first.last_seen) == ("pricing", START + 7 * DAY)
    assert (second.source, second.last_seen) == ("models", START)


def test_an_approved_value_is_compared_with_the_next_reading(store: Store) -> None:
    def said(value: str) -> Offer:
        return offer("a", fact("input", value), fact("output", "9"))

    read(store, 0, said("5"))
    held = Held(
        model_id="a", name="", field="input", valid_from=None, check="jump", message="A tenth.", releases_after=None
    )
    _record(store, 7, [said("0.5")], [held])
    assert known(store) == []
    approve_holds(store, [hold.id for hold in list_holds(store)], by="kim", at=START + 8 * DAY)
    recorded = read(store, 14, said("5"))
    assert [(one.before and one.before.value, one.after and one.after.value) for one in recorded.changes] == [
        ("0.5", "5")
    ]


def test_pages_are_confirmed_by_their_own_captures(store: Store) -> None:
    def on(page: int) -> Fact:
        return fact("input", "1").model_copy(update={"evidence": Evidence(locator="row 1", quote="$1", page=page)})

    for day in (0, 7, 14):
        taken = replace(capture(day), further=(capture(day, body=f"second {day}"),))
        run = begin_run(store, started_at=taken.captured_at, at=taken.captured_at, replay=True)
        stated = offer("a", on(0)), offer("b", on(1))
        record_reading(store, run, PRICING, taken, Reading(offers=stated))
        one, other = (evidence(store, found.id, "input")[0].last for found in list_offers(store, START + day * DAY))
        assert (one.capture, other.capture) == (capture(day), capture(day, body=f"second {day}"))
    # What moved to another page is where it is now.
    taken = replace(capture(21), further=(capture(21, body="second"),))
    run = begin_run(store, started_at=taken.captured_at, at=taken.captured_at, replay=True)
    record_reading(store, run, PRICING, taken, Reading(offers=(offer("a", on(1)), offer("b", on(1)))))
    for found in list_offers(store, START + 21 * DAY):
        assert evidence(store, found.id, "input")[0].last.capture == capture(21, body="second")


@pytest.mark.parametrize("seed", range(4))
def test_a_store_that_remembers_is_the_same_as_one_that_compares_all(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    with ExitStack() as stack:
        stores = [stack.enter_context(open_store(f"sqlite:///{tmp_path}/{name}.db")) for name in ("one", "other")]
        said: dict[str, list[Offer]] = {PRICING.name: [], MODELS.name: []}
        remembered = 0
        for day in range(1, 10):
            source = PRICING if chance.random() < 0.7 else MODELS
            said[source.name] = stated = [*_moved(said[source.name], chance)]
            hold = [_held(one, chance) for one in stated if chance.random() < 0.1]
            decide = chance.choice([None, None, approve_holds, reject_holds])
            for store in stores:
                if store is stores[1]:
                    with store.writing() as connection:
                        connection.execute(delete(restated))
                _record(store, day, stated, hold, source)
                if decide is not None and (waiting := list_holds(store)):
                    decide(store, [waiting[0].id], by="kim", at=START + timedelta(days=day))
            assert everything(stores[0]) == everything(stores[1])
            assert _holds(stores[0]) == _holds(stores[1])
            remembered += count(stores[0], restated)
        assert remembered


def _record(
    store: Store, day: float, stated: Sequence[Offer], hold: Sequence[Held], source: SourceInfo = PRICING
) -> Recorded:
    taken = capture(day, source)
    run = begin_run(store, started_at=taken.captured_at, at=taken.captured_at, replay=True)
    return record_reading(store, run, source, taken, Reading(offers=tuple(stated)), hold)


def _holds(store: Store) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(select(holds).order_by(holds.c.id))]


def _held(one: Offer, chance: random.Random) -> Held:
    name = chance.choice(["input", "output", ""])
    return Held(
        model_id=one.model_id, name=one.name, field=name, valid_from=None, check="jump", message="A tenth.",
        releases_after=chance.choice([None, 2]),
    )  # fmt: skip


def _moved(before: Sequence[Offer], chance: random.Random) -> Iterator[Offer]:
    """Yield what a source may say after what it said: mostly the same."""
    for one in before:
        moved = chance.random()
        if moved < 0.08:
            continue
        facts = one.facts
        if moved < 0.3:
            facts = tuple(_another(old, chance) for old in facts if chance.random() < 0.85)
        name = f"{one.name}*" if moved > 0.95 else one.name
        yield Offer(model_id=one.model_id, name=name, shared_id=one.shared_id, facts=facts)
    while chance.random() < (0.9 if len(before) < 6 else 0.2):
        number = chance.randrange(1000)
        facts = tuple(fact(name, str(chance.randrange(1, 9))) for name in ("input", "output", "cache_read"))
        yield chance.choice(
            [
                offer(f"m-{number}", *facts, name=f"M {number}"),
                offer("", *facts, name=f"M {number}"),
                offer("shared", *facts, name=f"Shared {number}", shared_id=True),
            ]
        )
        before = [*before, offer("counted", name="x")]


def _another(old: Fact, chance: random.Random) -> Fact:
    value = chance.choice([str(chance.randrange(1, 9)), old.value])
    quote = chance.choice(["", f"${value}"])
    begins = chance.choice([None] * 5 + [START + timedelta(days=chance.randrange(12))])
    return fact(old.field, value, quote=quote, promotional=chance.random() < 0.2, valid_from=begins)
