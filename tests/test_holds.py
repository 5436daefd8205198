"""What is held stays apart: the published value keeps its place until a person or a later capture settles it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.diff import Kind
from scraper.errors import RatecardError
from scraper.holds import Held, HoldStatus
from scraper.records import Mark, Offer, Reading, State
from scraper.store import (
    HoldView,
    Recorded,
    SourceInfo,
    Store,
    approve_holds,
    begin_run,
    evidence,
    find_offers,
    history,
    list_changes,
    list_holds,
    list_offers,
    open_store,
    preview_reading,
    record_reading,
    reject_holds,
    stood_of_source,
)
from scraper.store.tables import holds as holds_table
from tests.test_store import DAY, PRICING, START, capture, count, everything, fact, kinds, offer, only, view

NOW = START + 20 * DAY


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def held(
    model_id: str = "a",
    field: str = "input",
    *,
    name: str = "",
    after: int | None = None,
    since: datetime | None = None,
) -> Held:
    return Held(
        model_id=model_id, name=name, field=field, valid_from=since, check="scale_jump", message="A tenth.",
        releases_after=after,
    )  # fmt: skip


def read(
    store: Store,
    day: float,
    *stated: Offer,
    hold: Sequence[Held] = (),
    source: SourceInfo = PRICING,
    release: bool = True,
) -> Recorded:
    taken = capture(day, source)
    run = begin_run(store, started_at=taken.captured_at, at=taken.captured_at, replay=True)
    return record_reading(store, run, source, taken, Reading(offers=stated), hold, release=release)


def a(value: str | None, **more: Any) -> Offer:
    return offer("a", fact("input", value, **more), fact("output", "9"))


def shown(store: Store, name: str = "input", day: float = 10) -> tuple[str | None, tuple[Mark, ...]]:
    found = view(only(store, day), name)
    return found.value, found.marks


def statuses(store: Store) -> list[HoldStatus]:
    return [hold.status for hold in list_holds(store, statuses=tuple(HoldStatus))]


def the_hold(store: Store) -> HoldView:
    [hold] = list_holds(store)
    return hold


# What is held


def test_the_old_value_stays_published_and_marked(store: Store) -> None:
    read(store, 0, a("5"))
    recorded = read(store, 7, a("0.5"), hold=[held()])
    assert (recorded.changes, recorded.closed, recorded.missed, recorded.confirmed) == ((), 0, 0, 1)
    assert shown(store) == ("5", (Mark.HELD,))
    assert shown(store, "output") == ("9", ())
    [hold] = recorded.held
    assert (hold.model_id, hold.field, hold.check, hold.message) == ("a", "input", "scale_jump", "A tenth.")
    assert hold.old is not None
    assert hold.new is not None
    assert (hold.old.value, hold.old.evidence.quote) == ("5", "input: 5")
    assert (hold.new.value, hold.new.evidence.quote) == ("0.5", "input: 0.5")
    assert hold.old_capture == capture(0)
    assert (hold.first, hold.last, hold.seen) == (capture(7), capture(7), 1)
    # It was neither confirmed nor missed.
    [stated] = evidence(store, only(store).id, "input")
    assert (stated.last_seen, stated.misses) == (START, 0)


def test_what_stood_then_is_not_marked(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held()])
    assert view(only(store, 10, as_of=6), "input").marks == ()
    assert view(only(store, 10, as_of=7), "input").marks == (Mark.HELD,)


def test_a_first_value_that_is_held_is_not_published(store: Store) -> None:
    read(store, 0, offer("a", fact("output", "9")))
    read(store, 7, a("0.0005"), hold=[held()])
    found = view(only(store, 8), "input")
    assert (found.state, found.value, found.marks) == (State.NOT_SOURCED, None, (Mark.HELD,))
    assert the_hold(store).old is None


def test_a_new_offer_comes_without_what_is_held_of_it_and_not_at_all_without_the_rest(store: Store) -> None:
    read(store, 0, a("5"))
    new = (offer("b", fact("input", "1"), fact("output", "2")), offer("c", fact("input", "3"), name="C"))
    recorded = read(store, 7, a("5"), *new, hold=[held("b"), held("c", name="C")])
    assert kinds(recorded) == [(Kind.OFFER_ADDED, "b", "")]
    offers = {one.model_id: one for one in list_offers(store, NOW)}
    assert set(offers) == {"a", "b"}
    assert view(offers["b"], "input").marks == (Mark.HELD,)
    assert view(offers["b"], "output").value == "2"


def test_a_withdrawn_offer_does_not_come_back_with_nothing_but_what_is_held(store: Store) -> None:
    read(store, 0, a("5"), offer("b", fact("input")))
    read(store, 1, a("5"))
    read(store, 2, a("5"))
    assert kinds(read(store, 3, a("5"), offer("b", fact("input", "7")), hold=[held("b")])) == []
    assert [one.model_id for one in list_offers(store, NOW)] == ["a"]


def test_the_same_value_is_no_news_whoever_objects(store: Store) -> None:
    read(store, 0, a("5"))
    assert read(store, 7, a("5.00"), hold=[held()]).held == ()
    assert shown(store) == ("5", ())


def test_what_a_guard_says_of_what_nobody_states_holds_nothing(store: Store) -> None:
    read(store, 0, a("5"))
    assert read(store, 7, a("5"), hold=[held("zzz"), held("a", "cache_read"), held("zzz", "")]).held == ()


def test_an_offer_that_is_held_as_a_whole_while_it_is_stated_keeps_all_that_stands(store: Store) -> None:
    read(store, 0, a("5"))
    recorded = read(store, 7, offer("a", fact("input", "1"), fact("output", "2")), hold=[held("a", "")])
    assert sorted(hold.field for hold in recorded.held) == ["input", "output"]
    assert (shown(store), shown(store, "output")) == (("5", (Mark.HELD,)), ("9", (Mark.HELD,)))


def test_another_fact_of_the_field_does_not_get_round_a_hold(store: Store) -> None:
    read(store, 0, a("5"))
    day = START + 6 * DAY
    both = offer("a", fact("input", "0.5"), fact("input", "4", valid_from=day), fact("output", "9"))
    read(store, 7, both, hold=[held()])
    assert shown(store) == ("5", (Mark.HELD,))


def test_a_price_whose_day_came_beside_a_held_one_waits_with_it_and_is_said_to(store: Store) -> None:
    since = START + 6 * DAY
    announced = fact("input", "4", valid_from=since)
    read(store, 0, offer("a", fact("input", "5"), announced))
    recorded = read(store, 7, offer("a", fact("input", "0.5"), announced), hold=[held()])
    assert [(hold.valid_from, hold.check, hold.message) for hold in recorded.held] == [
        (None, "scale_jump", "A tenth."),
        (since, "scale_jump", "It is stated beside another price of this field that waits, and waits with it."),
    ]
    assert shown(store)[0] == "5"
    decided = approve_holds(store, [hold.id for hold in recorded.held], by="kim", at=NOW)
    [change] = decided.changes
    assert (change.before and change.before.value, change.after and change.after.value) == ("5", "4")
    assert shown(store) == ("4", ())


def test_an_announcement_that_is_held_leaves_the_price_of_today_alone(store: Store) -> None:
    read(store, 0, a("5"))
    day = START + 30 * DAY
    both = offer("a", fact("input", "5"), fact("input", "0.5", valid_from=day), fact("output", "9"))
    recorded = read(store, 7, both, hold=[held(since=day)])
    assert recorded.confirmed == 2
    assert only(store).announced == ()
    assert the_hold(store).valid_from == day


def test_the_same_capture_again_changes_nothing(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held(after=2)])
    before = everything(store), list_holds(store)
    again = read(store, 7, a("0.5"), hold=[held(after=2)])
    assert again.repeated
    assert again.held == tuple(before[1])
    assert list_holds(store) == before[1]
    assert shown(store) == ("5", (Mark.HELD,))


def test_a_preview_shows_what_would_be_held_and_holds_nothing(store: Store) -> None:
    read(store, 0, a("5"))
    dry = preview_reading(store, PRICING, capture(7), Reading(offers=(a("0.5"),)), [held()])
    assert [hold.field for hold in dry.held] == ["input"]
    assert list_holds(store) == []


# Vanished


def test_f15_offers_that_vanish_are_kept_while_that_is_held(store: Store) -> None:
    read(store, 0, a("5"), offer("b", fact("input", "1")))
    for day in (1, 2, 3, 4):
        recorded = read(store, day, a("5"), hold=[held("b", "")])
        assert (recorded.changes, recorded.missed, recorded.closed) == ((), 0, 0)
    [found] = find_offers(store, "acme", "b", NOW)
    assert view(found, "input").marks[-1:] == (Mark.HELD,)
    assert (found.withdrawn_at, found.missed_at) == (None, None)
    hold = the_hold(store)
    assert (hold.field, hold.old, hold.new, hold.seen) == ("", None, None, 4)


def test_a_vanished_offer_that_two_captures_did_not_show_is_withdrawn_by_approval(store: Store) -> None:
    read(store, 0, a("5"), offer("b", fact("input", "1"), fact("output", "1")))
    read(store, 1, a("5"), hold=[held("b", "")])
    read(store, 2, a("5"), hold=[held("b", "")])
    decided = approve_holds(store, [the_hold(store).id], by="kim", at=NOW)
    assert [(c.kind, c.model_id, c.at) for c in decided.changes] == [(Kind.OFFER_WITHDRAWN, "b", START + 2 * DAY)]
    [found] = find_offers(store, "acme", "b", NOW)
    assert (found.withdrawn_at, found.last_seen) == (START + 2 * DAY, START)
    [said] = history(store, found.id, "input")
    assert (said.missed_at, said.closed_at) == (START + DAY, START + 2 * DAY)
    assert shown(store) == ("5", ())


def test_a_vanished_offer_that_one_capture_did_not_show_is_missed_by_approval(store: Store) -> None:
    read(store, 0, a("5"), offer("b", fact("input", "1")))
    read(store, 1, a("5"), hold=[held("b", "")])
    assert approve_holds(store, [the_hold(store).id], by="kim", at=NOW).changes == ()
    [found] = find_offers(store, "acme", "b", NOW)
    assert (found.withdrawn_at, found.missed_at) == (None, START + DAY)
    # The guard objects again, and the decision counts.
    recorded = read(store, 2, a("5"), hold=[held("b", "")])
    assert kinds(recorded) == [(Kind.OFFER_WITHDRAWN, "b", "")]
    assert recorded.held == ()


def test_a_vanished_field_is_released_by_as_many_captures_as_its_guard_asks_for(store: Store) -> None:
    read(store, 0, a("5"))
    without = offer("a", fact("output", "9"))
    assert kinds(read(store, 1, without, hold=[held(after=2)])) == []
    assert kinds(read(store, 2, without, hold=[held(after=2)])) == [(Kind.FIELD_REMOVED, "a", "input")]
    assert statuses(store) == [HoldStatus.RELEASED]
    assert view(only(store), "input").state is State.NOT_SOURCED


# Settled by later captures


def test_a_later_capture_that_says_the_same_releases(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held(after=3)])
    read(store, 8, a("0.50"), hold=[held(after=3)])
    assert (the_hold(store).seen, shown(store)) == (2, ("5", (Mark.HELD,)))
    recorded = read(store, 9, a("0.5"), hold=[held(after=3)])
    assert kinds(recorded) == [(Kind.CHANGED, "a", "input")]
    assert recorded.held == ()
    [hold] = list_holds(store, statuses=[HoldStatus.RELEASED])
    assert (hold.seen, hold.decided_at, hold.decided_by) == (3, START + 9 * DAY, "")
    assert shown(store) == ("0.5", ())


def test_where_release_is_off_only_a_person_lets_through(store: Store) -> None:
    read(store, 0, a("5"))
    for day in (7, 8, 9):
        read(store, day, a("0.5"), hold=[held(after=2)], release=False)
    assert (the_hold(store).seen, shown(store)) == (3, ("5", (Mark.HELD,)))


def test_another_capture_of_the_same_time_counts_no_second_time(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held(after=2)])
    other = capture(7, body="other bytes")
    recorded = record_reading(store, 1, PRICING, other, Reading(offers=(a("0.5"),)), [held(after=2)])
    assert [hold.seen for hold in recorded.held] == [1]


def test_a_source_that_says_the_old_value_again_lets_a_hold_lapse(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held(after=2)])
    read(store, 8, a("5"))
    assert statuses(store) == [HoldStatus.LAPSED]
    assert shown(store) == ("5", ())
    # It begins anew.
    read(store, 9, a("0.5"), hold=[held(after=2)])
    assert the_hold(store).seen == 1


def test_another_new_value_lets_the_earlier_hold_lapse(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held(after=2)])
    read(store, 8, a("0.05"), hold=[held(after=2)])
    assert statuses(store) == [HoldStatus.LAPSED, HoldStatus.OPEN]
    assert shown(store) == ("5", (Mark.HELD,))


def test_what_is_still_read_waits_though_no_guard_objects_any_more(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held()])
    for day in (8, 9, 10):
        assert kinds(read(store, day, a("0.5"))) == []
    assert the_hold(store).seen == 4
    assert the_hold(store).message == "A tenth."
    assert shown(store) == ("5", (Mark.HELD,))


def test_what_is_still_read_is_let_through_by_as_many_captures_as_its_guard_asked_for(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held(after=3)])
    assert kinds(read(store, 8, a("0.5"))) == []
    assert kinds(read(store, 9, a("0.5"))) == [(Kind.CHANGED, "a", "input")]
    assert statuses(store) == [HoldStatus.RELEASED]


# Settled by people


def test_approving_publishes_at_once_with_the_evidence_that_was_held(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held()])
    read(store, 8, a("0.5", quote="half a dollar"), hold=[held()])
    decided = approve_holds(store, [the_hold(store).id], by="kim", at=NOW, note="announced", days=30)
    [change] = decided.changes
    assert (change.kind, change.at, change.run) == (Kind.CHANGED, START + 8 * DAY, decided.run)
    assert change.before is not None
    assert change.after is not None
    assert (change.before.last.quote, change.before.last.capture) == ("input: 5", capture(0))
    assert (change.after.first.quote, change.after.first.capture) == ("half a dollar", capture(8))
    assert shown(store) == ("0.5", ())
    assert shown(store, "output") == ("9", ())
    [hold] = list_holds(store, statuses=[HoldStatus.APPROVED])
    assert (hold.decided_by, hold.decided_at, hold.note) == ("kim", NOW, "announced")
    assert hold.expires_at == NOW + 30 * DAY
    assert [change.id for change in list_changes(store)] == [change.id for change in decided.changes]


def test_an_approval_is_exact_and_expires(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held()])
    approve_holds(store, [the_hold(store).id], by="kim", at=NOW, days=30)
    read(store, 8, a("5"))
    # Of exactly this nobody is asked again.
    assert kinds(read(store, 9, a("0.5"), hold=[held()])) == [(Kind.CHANGED, "a", "input")]
    read(store, 10, a("5"))
    # Of a tenth of it somebody is, and of another currency.
    assert len(read(store, 11, a("0.05"), hold=[held()]).held) == 1
    assert len(read(store, 12, a("0.5", currency="EUR"), hold=[held()]).held) == 1
    assert shown(store, day=12) == ("5", (Mark.HELD,))
    assert len(read(store, 51, a("0.5"), hold=[held()]).held) == 1


def test_a_rejection_keeps_what_stands_without_asking_again_until_it_expires(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held(after=2)])
    decided = reject_holds(store, [the_hold(store).id], by="kim", at=NOW, days=30)
    assert [hold.status for hold in decided.holds] == [HoldStatus.REJECTED]
    for day in (8, 9, 10, 30):
        assert read(store, day, a("0.5"), hold=[held(after=2)]).held == ()
    assert shown(store) == ("5", ())
    assert shown(store, day=30) == ("5", (Mark.STALE,))
    # Of another value somebody is asked, and of this one when the decision does not count any more.
    assert len(read(store, 31, a("0.4"), hold=[held(after=2)]).held) == 1
    assert len(read(store, 51, a("0.5"), hold=[held(after=2)]).held) == 1


def test_a_new_offer_is_made_by_approving_what_was_held_of_it(store: Store) -> None:
    read(store, 0, a("5"))
    new = offer("b", fact("input", "1"), fact("output", "2"), name="B")
    read(store, 7, a("5"), new, hold=[held("b", "input", name="B"), held("b", "output", name="B")])
    decided = approve_holds(store, [hold.id for hold in list_holds(store)], by="kim", at=NOW)
    assert [(c.kind, c.model_id) for c in decided.changes] == [(Kind.OFFER_ADDED, "b")]
    [found] = find_offers(store, "acme", "b", NOW)
    assert [view(found, name).value for name in ("input", "output")] == ["1", "2"]


def test_one_price_of_many_is_approved_alone(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, offer("a", fact("input", "0.5"), fact("output", "0.9")), hold=[held(), held("a", "output")])
    first, _ = list_holds(store)
    approve_holds(store, [first.id], by="kim", at=NOW)
    assert (shown(store), shown(store, "output")) == (("0.5", ()), ("9", (Mark.HELD,)))


def test_decisions_are_all_or_nothing_and_said_in_a_sentence(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held()])
    number = the_hold(store).id
    with pytest.raises(RatecardError, match=f"no hold {number + 1}; `ratecard review`"):
        approve_holds(store, [number, number + 1], by="kim", at=NOW)
    assert shown(store) == ("5", (Mark.HELD,))
    reject_holds(store, [number], by="kim", at=NOW)
    with pytest.raises(RatecardError, match=f"Hold {number} was rejected by kim at 2026-04-21T00:00:00Z"):
        approve_holds(store, [number], by="kim", at=NOW)


def test_an_approval_of_what_does_not_stand_any_more_is_refused(store: Store) -> None:
    read(store, 0, a("5"))
    read(store, 7, a("0.5"), hold=[held()])
    number = the_hold(store).id
    with store.writing() as connection:
        # As a hand in the database would do it.
        connection.exec_driver_sql("UPDATE observations SET value = '4' WHERE field = 'input'")
    with pytest.raises(RatecardError, match="another value than what stands of input of acme/a now, which is 4 USD"):
        approve_holds(store, [number], by="kim", at=NOW)
    assert statuses(store) == [HoldStatus.OPEN]


def test_a_price_of_its_day_takes_the_place_of_the_ordinary_one_by_approval(store: Store) -> None:
    read(store, 0, a("5"))
    day = START + 6 * DAY
    read(store, 7, offer("a", fact("input", "0.5", valid_from=day), fact("output", "9")), hold=[held(since=day)])
    assert the_hold(store).old is not None
    assert shown(store) == ("5", (Mark.HELD,))
    decided = approve_holds(store, [the_hold(store).id], by="kim", at=NOW)
    assert [change.kind for change in decided.changes] == [Kind.CHANGED]
    assert shown(store) == ("0.5", ())


def test_approving_the_ordinary_price_leaves_one_of_its_day_in_force(store: Store) -> None:
    since = START + DAY

    def both(ordinary: str) -> Offer:
        return offer("a", fact("input", ordinary), fact("input", "4", valid_from=since), fact("output", "9"))

    read(store, 0, a("5"))
    read(store, 2, both("5"))
    read(store, 7, both("0.5"), hold=[held()])
    assert the_hold(store).old is not None
    # What the page states beside it has not gone.
    assert approve_holds(store, [the_hold(store).id], by="kim", at=NOW).changes == ()
    assert shown(store) == ("4", ())
    assert kinds(read(store, 8, both("0.5"))) == []
    assert shown(store) == ("4", ())
    # The ordinary price that was approved holds again when the page states no other.
    assert kinds(read(store, 9, a("0.5"))) == [(Kind.CHANGED, "a", "input")]
    assert shown(store) == ("0.5", ())


def test_approving_the_ordinary_price_ends_one_of_its_day_that_the_page_dropped(store: Store) -> None:
    dated = fact("input", "4", valid_from=START + DAY)
    read(store, 0, a("5"))
    read(store, 2, offer("a", fact("input", "5"), dated, fact("output", "9")))
    read(store, 7, a("0.5"), hold=[held()])
    decided = approve_holds(store, [the_hold(store).id], by="kim", at=NOW)
    [change] = decided.changes
    assert (change.before and change.before.value, change.after and change.after.value) == ("4", "0.5")
    assert shown(store) == ("0.5", ())


def test_an_ordinary_price_that_comes_to_one_of_its_day_is_compared_with_nothing(store: Store) -> None:
    dated = fact("input", "4", valid_from=START - DAY)
    read(store, 0, offer("a", dated))
    both = offer("a", dated, fact("input", "0.5"))
    read(store, 7, both, hold=[held()])
    assert the_hold(store).old is None
    assert approve_holds(store, [the_hold(store).id], by="kim", at=NOW).changes == ()
    assert shown(store) == ("4", ())
    assert kinds(read(store, 8, both)) == []


def test_approving_an_announced_price_leaves_another_announced_one(store: Store) -> None:
    first, second = START + 30 * DAY, START + 60 * DAY

    def ahead(value: str) -> Offer:
        return offer("a", *(fact("input", v, valid_from=since) for v, since in ((value, first), ("6", second))))

    read(store, 0, ahead("5"))
    read(store, 7, ahead("0.5"), hold=[held(since=first)])
    approve_holds(store, [the_hold(store).id], by="kim", at=NOW)
    assert [(one.value, one.valid_from) for one in only(store).announced] == [("0.5", first), ("6", second)]


# What the guards see


def test_the_guards_see_what_stands_and_what_was_said_shortly_before(store: Store) -> None:
    assert stood_of_source(store, "acme", "pricing") == []
    for day, value in enumerate(["1", "2", "3", "4", "5", "6"]):
        read(store, day, a(value))
    stood = {one.field: one for one in stood_of_source(store, "acme", "pricing")}
    assert (stood["input"].value, stood["input"].earlier, stood["output"].earlier) == ("6", ["5", "4", "3"], [])
    assert (stood["input"].model_id, stood["input"].last_seen) == ("a", START + 5 * DAY)
    read(store, 6, a("5"))
    stood = {one.field: one for one in stood_of_source(store, "acme", "pricing")}
    assert stood["input"].earlier == ["6", "4"]


# Whatever comes

VALUES = st.sampled_from(["1", "2", "5", "0.5", None])
READINGS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["a", "b"]), st.dictionaries(st.sampled_from(["input", "output"]), VALUES)),
        st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["input", "output", ""]))),
        st.sampled_from([None, None, "approve", "reject"]),
    ),
    min_size=2,
    max_size=7,
)


@pytest.mark.long
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(READINGS)
def test_nothing_published_ever_changes_under_an_open_hold(
    tmp_path_factory: pytest.TempPathFactory,
    readings: list[tuple[dict[str, dict[str, str | None]], list[tuple[str, str]], str | None]],
) -> None:
    folder = tmp_path_factory.mktemp("held")
    with open_store(f"sqlite:///{folder}/store.db") as store:
        read(store, 0, *(offer(one, fact("input", "1"), fact("output", "9")) for one in ("a", "b")))
        for day, (stated, objections, decision) in enumerate(readings, start=1):
            before = published(store)
            offers = [offer(one, *(fact(f, v) for f, v in facts.items() if v)) for one, facts in stated.items()]
            recorded = read(store, day, *offers, hold=[held(one, name) for one, name in objections])
            after = published(store)
            for hold in recorded.held:
                for key in before.keys() | after.keys():
                    if key[0] == hold.model_id and hold.field in ("", key[1]):
                        assert after.get(key) == before.get(key)
            waiting = [hold.id for hold in recorded.held]
            if waiting and decision is not None:
                decide = approve_holds if decision == "approve" else reject_holds
                decided = decide(store, waiting, by="kim", at=START + timedelta(days=day))
                for hold in decided.holds:
                    if decision == "approve" and hold.new is not None:
                        assert published(store)[hold.model_id, hold.field] == hold.new.value
                assert list_holds(store) == []
        assert count(store, holds_table) == len(statuses(store))


BEGINS = (None, START + DAY * 3 / 2, START + DAY * 7 / 2)
PRICES = st.dictionaries(st.sampled_from(BEGINS), st.sampled_from(["1", "2", "3"]), max_size=3)


@pytest.mark.long
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(PRICES, st.sets(st.sampled_from(BEGINS))), min_size=2, max_size=5))
def test_what_is_approved_at_once_is_published_as_if_it_had_not_been_held(
    tmp_path_factory: pytest.TempPathFactory, readings: list[tuple[dict[datetime | None, str], set[datetime | None]]]
) -> None:
    folder = tmp_path_factory.mktemp("approved")
    with open_store(f"sqlite:///{folder}/one.db") as store, open_store(f"sqlite:///{folder}/other.db") as other:
        for day, (prices, doubted) in enumerate(readings):
            stated = offer("a", fact("output"), *(fact("input", v, valid_from=since) for since, v in prices.items()))
            recorded = read(store, day, stated, hold=[held(since=since) for since in doubted & prices.keys()])
            read(other, day, stated)
            if recorded.held:
                approve_holds(store, [hold.id for hold in recorded.held], by="kim", at=NOW)
            assert published(store) == published(other)


def published(store: Store) -> dict[tuple[str, str], str | None]:
    return {
        (one.model_id, found.field): found.value
        for one in list_offers(store, NOW)
        for found in one.fields
        if found.state is State.SOURCED
    }
