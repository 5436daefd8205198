"""What one reading means against what stands: the rules one by one, then properties over all readings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.diff import (
    NOTHING_FROZEN,
    Before,
    Captured,
    Change,
    Frozen,
    Kind,
    Known,
    Opening,
    Plan,
    Standing,
    diff,
    refines,
    same_value,
)
from scraper.errors import RatecardError
from scraper.records import Evidence, Fact, Offer, Reason, State, plain

START = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def fact(name: str, value: str | None = "1", **more: Any) -> Fact:
    spec = name in ("released", "context_window")
    currency = None if spec or value is None else more.pop("currency", "USD")
    evidence = Evidence(locator="table 1, row 2", quote=f"{name} {value}")
    return Fact(field=name, value=value, currency=currency, evidence=evidence, **{"state": State.SOURCED, **more})


def offer(model_id: str, *facts: Fact, name: str = "", shared_id: bool = False) -> Offer:
    return Offer(model_id=model_id, name=name, shared_id=shared_id, facts=facts)


@dataclass
class Shelf:
    """What one source's readings leave standing: a store in miniature, without history."""

    known: dict[int, Known] = field(default_factory=dict)
    standing: dict[int, Standing] = field(default_factory=dict)
    last_read: Captured | None = None
    elsewhere: frozenset[int] = frozenset()
    outranked: frozenset[tuple[int, str]] = frozenset()
    better: dict[tuple[int, str], list[Standing]] = field(default_factory=dict)
    next_id: int = 1
    days: int = 0

    def read(self, *offers: Offer, after: timedelta = DAY, sha: str | None = None) -> list[tuple[Kind, str, str]]:
        """Read one more capture and return the changes as (kind, offer, field)."""
        at = START if self.last_read is None else self.last_read.captured_at + after
        self.days += 1
        capture = Captured(sha or f"{self.days:064x}", at)
        plan = self.apply(offers, capture)
        return [(c.kind, self.called(c.offer), c.field) for c in plan.changes]

    def called(self, ref: int) -> str:
        known = self.known[self.created.get(ref, ref)]
        return known.model_id or known.name

    def before(self) -> Before:
        return Before(
            known=list(self.known.values()),
            standing=list(self.standing.values()),
            last_read=self.last_read,
            elsewhere=self.elsewhere,
            outranked=self.outranked,
            better=self.better,
        )

    def apply(self, offers: tuple[Offer, ...], capture: Captured, frozen: Frozen = NOTHING_FROZEN) -> Plan:
        plan = diff(self.before(), offers, capture, frozen)
        self.created = {new.offer: self.number() for new in plan.create}
        for new in plan.create:
            ref = self.created[new.offer]
            self.known[ref] = Known(ref, new.model_id, new.name, shared_id=new.shared_id)
        for ref, model_id in plan.identify.items():
            self.known[ref] = replace(self.known[ref], model_id=model_id)
        for ref, name in plan.rename.items():
            self.known[ref] = replace(self.known[ref], name=name)
        for ref in plan.returned:
            self.known[ref] = replace(self.known[ref], withdrawn=False)
        for ref in plan.withdraw:
            self.known[ref] = replace(self.known[ref], withdrawn=True)
        for number in plan.confirm:
            self.standing[number] = replace(self.standing[number], misses=0, last_seen=capture.captured_at)
        for number in plan.miss:
            self.standing[number] = replace(self.standing[number], misses=self.standing[number].misses + 1)
        for number in plan.close:
            del self.standing[number]
        for opening in plan.open:
            number, said = self.number(), opening.fact
            self.standing[number] = Standing(
                id=number, offer=self.created.get(opening.offer, opening.offer), field=said.field, state=said.state,
                value=said.value, currency=said.currency, reason=said.reason, derived=said.derived,
                promotional=said.promotional, valid_from=said.valid_from, valid_until=said.valid_until,
                last_seen=capture.captured_at, misses=0,
            )  # fmt: skip
        self.last_read = capture
        return plan

    def number(self) -> int:
        self.next_id += 1
        return self.next_id

    def values(self) -> dict[tuple[str, str, datetime | None], str | None]:
        return {(self.called(s.offer), s.field, s.valid_from): s.value or s.state for s in self.standing.values()}

    def misses(self) -> dict[str, int]:
        return {s.field: s.misses for s in self.standing.values()}


# Changes of values and terms


def test_the_first_reading_is_the_baseline() -> None:
    shelf = Shelf()
    assert shelf.read(offer("a", fact("input"), fact("output", "2"))) == []
    assert shelf.values() == {("a", "input", None): "1", ("a", "output", None): "2"}


def test_an_unchanged_value_is_confirmed() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input", "2.50")))
    assert shelf.read(offer("a", fact("input", "2.50"))) == []
    assert [s.last_seen for s in shelf.standing.values()] == [START + DAY]


@pytest.mark.parametrize(
    ("name", "old", "new", "same"),
    [
        ("input", "2.50", "2.5", True),
        ("input", "0", "0.00", True),
        ("input", "0.000029999999999999997", "0.00003", True),
        ("input", "1000000000", "1000000001", True),
        ("input", "100000000", "100000001", False),
        ("input", "0", "0.0000000000001", False),
        ("input", "0.000000025", "0.000000026", False),
        ("released", "2025-01", "2025-01-01", False),
        ("context_window", "128000", "131072", False),
    ],
)
def test_amounts_are_compared_as_numbers_and_specs_as_text(name: str, old: str, new: str, same: bool) -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact(name, old)))
    assert shelf.read(offer("a", fact(name, new))) == ([] if same else [(Kind.CHANGED, "a", name)])
    assert shelf.values() == {("a", name, None): old if same else new}


@pytest.mark.parametrize(
    "after",
    [
        fact("input", "3"),
        fact("input", "1", currency="EUR"),
        fact("input", None, state=State.NOT_OFFERED),
        fact("input", None, state=State.NOT_SOURCED, reason=Reason.ON_REQUEST),
    ],
)
def test_another_value_state_or_currency_is_a_change(after: Fact) -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")))
    [stood] = shelf.standing
    plan = shelf.apply((offer("a", after),), Captured("f" * 64, START + DAY))
    assert plan.close == [stood]
    assert [(c.kind, c.before, c.after_opened) for c in plan.changes] == [(Kind.CHANGED, stood, 0)]


@pytest.mark.parametrize("terms", [{"promotional": True}, {"valid_until": START + 9 * DAY}, {"derived": "half price"}])
def test_other_terms_of_the_same_value(terms: dict[str, Any]) -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")))
    assert shelf.read(offer("a", fact("input", **terms))) == [(Kind.TERMS, "a", "input")]
    assert shelf.read(offer("a", fact("input", **terms))) == []
    assert shelf.read(offer("a", fact("input", "2"))) == [(Kind.CHANGED, "a", "input")]


def test_a_new_field_of_a_known_offer() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")))
    assert shelf.read(offer("a", fact("input"), fact("output"))) == [(Kind.FIELD_ADDED, "a", "output")]


def test_what_a_better_source_publishes_changes_without_a_word() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), fact("output"), fact("cache_read")))
    [known] = shelf.known
    shelf.outranked = frozenset({(known, "input"), (known, "cache_write"), (known, "cache_read")})
    shelf.elsewhere = frozenset({known})
    now = offer("a", fact("input", "5"), fact("output", "6"), fact("cache_write"))
    assert shelf.read(now) == [(Kind.CHANGED, "a", "output")]
    assert shelf.read(now) == []
    assert shelf.values() == {
        ("a", "input", None): "5",
        ("a", "output", None): "6",
        ("a", "cache_write", None): "1",
    }


# Missing


def test_what_a_better_source_only_rounds_changes_with_a_word() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input", "0.125")))
    [known] = shelf.known
    rounded = Standing(
        id=99, offer=known, field="input", state=State.SOURCED, value="0.13", currency="USD", reason=None, derived="",
        promotional=False, valid_from=None, valid_until=None, last_seen=START, misses=0,
    )  # fmt: skip
    shelf.outranked, shelf.better = frozenset({(known, "input")}), {(known, "input"): [rounded]}
    assert shelf.read(offer("a", fact("input", "0.126"))) == [(Kind.CHANGED, "a", "input")]
    assert shelf.read(offer("a", fact("input", "0.2"))) == []


def test_two_fresh_misses_close_a_field() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), fact("output")))
    assert shelf.read(offer("a", fact("input"))) == []
    assert shelf.misses() == {"input": 0, "output": 1}
    assert shelf.read(offer("a", fact("input"))) == [(Kind.FIELD_REMOVED, "a", "output")]
    assert shelf.misses() == {"input": 0}


def test_a_field_that_returns_in_time_was_never_away() -> None:
    shelf = Shelf()
    both = offer("a", fact("input"), fact("output"))
    shelf.read(both)
    shelf.read(offer("a", fact("input")))
    assert shelf.read(both) == []
    assert shelf.misses() == {"input": 0, "output": 0}
    assert shelf.read(offer("a", fact("input"))) == []


def test_the_same_capture_again_changes_nothing() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), fact("output")))
    shelf.read(offer("a", fact("input")))
    assert shelf.last_read is not None
    plan = shelf.apply((offer("b", fact("input")),), shelf.last_read)
    assert plan == Plan()
    assert shelf.misses() == {"input": 0, "output": 1}


def test_another_capture_of_the_same_time_is_no_second_miss() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), fact("output")))
    shelf.read(offer("a", fact("input")))
    assert shelf.read(offer("a", fact("input", "7")), after=timedelta(0)) == [(Kind.CHANGED, "a", "input")]
    assert shelf.misses() == {"input": 0, "output": 1}


def test_the_same_page_at_a_later_time_is_a_second_miss() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), fact("output")), sha="0" * 64)
    shelf.read(offer("a", fact("input")), sha="1" * 64)
    assert shelf.read(offer("a", fact("input")), sha="1" * 64) == [(Kind.FIELD_REMOVED, "a", "output")]


def test_an_offer_that_goes_is_withdrawn_in_one_change_and_comes_back_as_itself() -> None:
    shelf = Shelf()
    a, b = offer("a", fact("input"), fact("output")), offer("b", fact("input"))
    shelf.read(a, b)
    number = next(known.id for known in shelf.known.values() if known.model_id == "a")
    assert shelf.read(b) == []
    assert shelf.read(b) == [(Kind.OFFER_WITHDRAWN, "a", "")]
    assert shelf.known[number].withdrawn
    assert shelf.read(b) == []
    assert shelf.read(a, b) == [(Kind.OFFER_ADDED, "a", "")]
    assert shelf.known[number] == Known(number, "a", "")
    assert len(shelf.known) == 2


def test_an_offer_that_another_source_still_lists_is_not_withdrawn() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")), offer("b", fact("input")))
    shelf.elsewhere = frozenset(shelf.known)
    shelf.read(offer("b", fact("input")))
    assert shelf.read(offer("b", fact("input"))) == [(Kind.FIELD_REMOVED, "a", "input")]


def test_an_offer_that_is_listed_without_any_field_is_not_withdrawn() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")))
    shelf.read(offer("a"))
    assert shelf.read(offer("a")) == [(Kind.FIELD_REMOVED, "a", "input")]


def test_a_new_offer_is_one_change() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")))
    assert shelf.read(offer("a", fact("input")), offer("b", fact("input"), fact("output"))) == [
        (Kind.OFFER_ADDED, "b", "")
    ]


# Announced prices


def announced(value: str, days: int) -> Fact:
    return fact("input", value, valid_from=START + days * DAY)


def test_an_announced_price_stands_beside_the_current_one() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")))
    assert shelf.read(offer("a", fact("input"), announced("2", 9))) == [(Kind.FIELD_ADDED, "a", "input")]
    assert shelf.values() == {("a", "input", None): "1", ("a", "input", START + 9 * DAY): "2"}


def test_an_announcement_that_became_the_ordinary_price_is_closed_silently() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), announced("2", 3)))
    changes = shelf.read(offer("a", fact("input", "2")), after=3 * DAY)
    assert changes == [(Kind.CHANGED, "a", "input")]
    assert shelf.values() == {("a", "input", None): "2"}


def test_an_announcement_that_is_missing_on_its_day_is_closed_silently() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), announced("2", 3)))
    assert shelf.read(offer("a", fact("input")), after=3 * DAY) == []
    assert shelf.values() == {("a", "input", None): "1"}


def test_an_announcement_is_missed_twice_before_its_day() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), announced("2", 30)))
    assert shelf.read(offer("a", fact("input"))) == []
    assert len(shelf.standing) == 2
    assert shelf.read(offer("a", fact("input"))) == [(Kind.FIELD_REMOVED, "a", "input")]
    assert shelf.values() == {("a", "input", None): "1"}


def test_an_announcement_of_the_only_price_that_is_missing_on_its_day_is_closed_silently() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("output"), announced("2", 3)))
    assert shelf.read(offer("a", fact("output")), after=3 * DAY) == []
    assert shelf.values() == {("a", "output", None): "1"}


def test_another_price_for_the_same_day_is_a_change_of_the_announced_one() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), announced("2", 30)))
    assert shelf.read(offer("a", fact("input"), announced("3", 30))) == [(Kind.CHANGED, "a", "input")]
    assert shelf.values() == {("a", "input", None): "1", ("a", "input", START + 30 * DAY): "3"}


def test_the_old_price_gives_way_on_the_day_of_the_new_one() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), announced("2", 3)))
    assert shelf.read(offer("a", announced("2", 3)), after=3 * DAY) == [(Kind.CHANGED, "a", "input")]
    assert shelf.values() == {("a", "input", START + 3 * DAY): "2"}
    assert shelf.read(offer("a", announced("2", 3))) == []


def test_a_price_that_begins_beside_the_old_one_is_one_change_and_so_is_each_that_follows() -> None:
    shelf = Shelf()
    both = offer("a", fact("input"), announced("2", 3))
    shelf.read(both)
    assert shelf.read(both) == []
    assert shelf.read(both, after=3 * DAY) == [(Kind.CHANGED, "a", "input")]
    assert shelf.read(both) == []
    assert shelf.read(offer("a", fact("input", "1.5"), announced("2", 3))) == [], "nobody sees the old price"
    assert shelf.read(offer("a", fact("input", "2.0"))) == [], "what was seen before has lost its date"
    assert shelf.values() == {("a", "input", None): "2.0"}


def test_what_a_price_that_began_beside_the_old_one_gives_way_to_is_compared_with_it() -> None:
    before = Before(
        known=[Known(1, "a", "")],
        standing=[stands(10, "input", "1"), stands(11, "input", "2", valid_from=START - DAY)],
        last_read=Captured("0" * 64, START),
    )
    plan = diff(before, [offer("a", fact("input", "3"))], Captured("1" * 64, START + DAY))
    assert plan.changes == [Change(Kind.CHANGED, 1, "input", before=11, after_opened=0)]
    assert sorted(plan.close) == [10, 11]
    same = diff(before, [offer("a", fact("input", "2", valid_from=START - DAY))], Captured("1" * 64, START + DAY))
    assert (same.changes, same.close) == ([], [10])


def test_a_price_that_has_begun_when_it_is_first_read_is_a_change_of_the_old_one() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")))
    assert shelf.read(offer("a", fact("input"), announced("2", 1))) == [(Kind.CHANGED, "a", "input")]
    assert shelf.read(offer("a", fact("input", "1.5"), announced("3", 1))) == [(Kind.CHANGED, "a", "input")]
    assert shelf.values() == {("a", "input", None): "1.5", ("a", "input", START + DAY): "3"}


def test_a_price_that_has_begun_when_it_is_first_read_takes_the_place_of_the_old_one() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input")))
    assert shelf.read(offer("a", announced("2", 1))) == [(Kind.CHANGED, "a", "input")]
    assert shelf.values() == {("a", "input", START + DAY): "2"}


def test_an_announced_price_without_one_before_it_is_told_on_its_day_too() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("output")))
    alone = offer("a", fact("output"), announced("2", 3))
    assert shelf.read(alone) == [(Kind.FIELD_ADDED, "a", "input")]
    assert shelf.read(alone) == []
    [stood] = (one.id for one in shelf.standing.values() if one.field == "input")
    [known] = shelf.known
    plan = shelf.apply((alone,), Captured("f" * 64, START + 5 * DAY))
    assert plan.changes == [Change(Kind.FIELD_ADDED, known, "input", after_standing=stood)]
    assert shelf.read(alone) == []


def test_a_price_that_changes_on_its_day_is_compared_with_the_old_one() -> None:
    before = Before(
        known=[Known(1, "a", "")],
        standing=[stands(10, "input", "1"), stands(11, "input", "2", valid_from=START + DAY)],
        last_read=Captured("0" * 64, START),
    )
    now = START + DAY
    read = offer("a", fact("input", "1.5"), fact("input", "3", valid_from=now), fact("output", "3"))
    plan = diff(before, [read], Captured("1" * 64, now))
    assert plan.changes == [
        Change(Kind.CHANGED, 1, "input", before=10, after_opened=1),
        Change(Kind.FIELD_ADDED, 1, "output", after_opened=2),
    ]


def test_a_price_in_effect_that_one_reading_does_not_show_keeps_standing() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), fact("output"), announced("2", 3)))
    shelf.read(offer("a", fact("input"), fact("output"), announced("2", 3)), after=3 * DAY)
    assert shelf.read(offer("a", fact("output"))) == []
    assert ("a", "input", START + 3 * DAY) in shelf.values()


def test_a_price_in_effect_gives_way_to_the_ordinary_price() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), announced("2", 3)))
    shelf.read(offer("a", fact("input"), announced("2", 3)), after=3 * DAY)
    assert shelf.read(offer("a", fact("input"))) == [(Kind.CHANGED, "a", "input")]
    assert shelf.values() == {("a", "input", None): "1"}


def test_a_price_in_effect_that_loses_its_date_is_no_change() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), announced("2", 3)))
    shelf.read(offer("a", announced("2", 3)), after=3 * DAY)
    assert shelf.read(offer("a", fact("input", "2.0"))) == []
    assert shelf.values() == {("a", "input", None): "2.0"}


# Which offer it is


def test_an_id_is_never_case_folded() -> None:
    shelf = Shelf()
    shelf.read(offer("Model-A", fact("input")))
    assert shelf.read(offer("Model-A", fact("input")), offer("model-a", fact("input"))) == [
        (Kind.OFFER_ADDED, "model-a", "")
    ]


def test_a_name_alone_is_the_one_offer_of_that_name() -> None:
    shelf = Shelf()
    shelf.read(offer("a-1", fact("input"), name="Model A"))
    assert shelf.read(offer("", fact("input", "2"), name="Model A")) == [(Kind.CHANGED, "a-1", "input")]
    assert len(shelf.known) == 1


def test_a_name_alone_that_two_offers_have_is_neither_and_stays_itself() -> None:
    shelf = Shelf()
    two = (offer("a-1", fact("input"), name="Model A"), offer("a-2", fact("input"), name="Model A"))
    shelf.read(*two)
    nameless = offer("", fact("output"), name="Model A")
    assert shelf.read(*two, nameless) == [(Kind.OFFER_ADDED, "Model A", "")]
    assert shelf.read(*two, nameless) == []
    assert len(shelf.known) == 3


def test_an_offer_known_by_name_gets_its_id() -> None:
    shelf = Shelf()
    shelf.read(offer("", fact("input"), name="Model A"))
    assert shelf.read(offer("a-1", fact("input"), name="Model A")) == []
    assert [(known.model_id, known.name) for known in shelf.known.values()] == [("a-1", "Model A")]
    assert shelf.read(offer("a-1", fact("input"), name="Model A")) == []


def test_of_two_new_ids_with_one_name_none_takes_the_offer_known_by_name() -> None:
    shelf = Shelf()
    shelf.read(offer("", fact("input"), name="Model A"))
    changes = shelf.read(offer("a-1", fact("input"), name="Model A"), offer("a-2", fact("input"), name="Model A"))
    assert changes == [(Kind.OFFER_ADDED, "a-1", ""), (Kind.OFFER_ADDED, "a-2", "")]
    assert sorted(known.model_id for known in shelf.known.values()) == ["", "a-1", "a-2"]


def test_a_name_beside_the_same_name_with_an_id_is_an_offer_of_its_own() -> None:
    shelf = Shelf()
    both = (offer("", fact("input", "9"), name="Model A"), offer("a-1", fact("input"), name="Model A"))
    shelf.read(*both)
    assert len(shelf.known) == 2
    assert shelf.read(*both) == []
    assert shelf.values() == {("a-1", "input", None): "1", ("Model A", "input", None): "9"}


def test_a_shared_id_is_told_apart_by_name() -> None:
    shelf = Shelf()
    both = [offer("a", fact("input", str(n)), name=f"Plan {n}", shared_id=True) for n in (1, 2)]
    shelf.read(*both)
    assert len(shelf.known) == 2
    assert shelf.read(*reversed(both)) == []
    changed = offer("a", fact("input", "3"), name="Plan 2", shared_id=True)
    assert shelf.read(both[0], changed) == [(Kind.CHANGED, "a", "input")]


def test_a_new_display_name_is_taken_from_the_only_source() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), name="Model A preview"))
    shelf.read(offer("a", fact("input"), name="Model A"))
    assert [known.name for known in shelf.known.values()] == ["Model A"]
    shelf.elsewhere = frozenset(shelf.known)
    shelf.read(offer("a", fact("input"), name="MODEL A"))
    assert [known.name for known in shelf.known.values()] == ["Model A"]


def test_an_offer_printed_twice_is_one_offer() -> None:
    shelf = Shelf()
    shelf.read(offer("a", fact("input"), fact("output", "2")), offer("a", fact("input"), fact("cache_read", "3")))
    assert shelf.values() == {("a", "input", None): "1", ("a", "output", None): "2", ("a", "cache_read", None): "3"}


def test_an_offer_printed_twice_with_two_prices_is_refused() -> None:
    with pytest.raises(RatecardError, match="states input of 'a' twice, as 1 USD and as 2 USD"):
        Shelf().read(offer("a", fact("input", "1")), offer("a", fact("input", "2")))


def test_two_words_on_a_date_are_told_without_a_currency() -> None:
    with pytest.raises(RatecardError, match="states released of 'A' twice, as 2026-01 and as 2026-02; its parser must"):
        Shelf().read(offer("", fact("released", "2026-01"), name="A"), offer("", fact("released", "2026-02"), name="A"))


def test_an_offer_printed_twice_hides_none_that_follow() -> None:
    shelf = Shelf()
    assert shelf.read(offer("a", fact("input")), offer("a", fact("output")), offer("b", fact("input"))) == []
    assert sorted(known.model_id for known in shelf.known.values()) == ["a", "b"]


def test_a_shared_id_does_not_take_the_offer_known_by_name() -> None:
    shelf = Shelf()
    shelf.read(offer("", fact("input"), name="Plan A"))
    assert shelf.read(offer("m", fact("input"), name="Plan A", shared_id=True)) == [(Kind.OFFER_ADDED, "m", "")]
    assert sorted((known.model_id, known.shared_id) for known in shelf.known.values()) == [("", False), ("m", True)]


def test_only_what_is_known_by_an_id_of_its_own_gets_another_name() -> None:
    known = (
        Known(1, "a", "A"),
        Known(2, "m", "Plan", shared_id=True),
        Known(3, "", "N"),
        Known(4, "b", "B"),
        Known(5, "c", ""),
    )
    read = (
        offer("a", fact("input")),
        offer("m", fact("input"), name="Plan", shared_id=True),
        offer("", fact("input"), name="N"),
        offer("new", fact("input"), name="New"),
        offer("b", fact("input"), name="B 2"),
        offer("c", fact("input"), name="C"),
    )
    plan = diff(Before(known=known, elsewhere=frozenset({5})), read, Captured("0" * 64, START))
    assert plan.rename == {4: "B 2", 5: "C"}
    assert plan.seen == [1, 2, 3, 4, 5]


def test_of_an_offer_printed_twice_the_first_name_holds() -> None:
    shelf = Shelf()
    twice = [offer("a", fact("input"), name="Model A"), offer("a", fact("output"), name="Model A, new")]
    for _ in range(3):
        shelf.read(*twice)
        assert [known.name for known in shelf.known.values()] == ["Model A"]
    shelf.read(offer("a", fact("input")), *reversed(twice))
    assert [known.name for known in shelf.known.values()] == ["Model A, new"]


@pytest.mark.parametrize(
    ("fine", "coarse", "said"),
    [
        ("0.125", "0.13", True),
        ("0.125", "0.12", True),
        ("0.125", "0.14", False),
        ("0.125", "0.1", False),
        ("0.13", "0.13", False),
        ("1.26", "1.3", False),
        ("0.001", "0.00", False),
        ("0.12499999999999999999", "0.13", True),
    ],
)
def test_a_price_is_finer_than_the_one_that_rounds_it(fine: str, coarse: str, said: bool) -> None:
    assert refines(fact("input", fine), fact("input", coarse)) is said
    assert not refines(fact("input", coarse), fact("input", fine))
    for other in (
        fact("output", coarse),
        fact("input", coarse, currency="EUR"),
        fact("input", None, state=State.NOT_OFFERED),
    ):
        assert not refines(fact("input", fine), other)
    assert not refines(fact("released", "2025-01-02"), fact("released", "2025-01"))


def stands(number: int, name: str, value: str, **more: Any) -> Standing:
    given_: dict[str, Any] = {
        "offer": 1, "state": State.SOURCED, "currency": "USD", "reason": None, "derived": "", "promotional": False,
        "valid_from": None, "valid_until": None, "last_seen": START, "misses": 0, **more,
    }  # fmt: skip
    return Standing(id=number, field=name, value=value, **given_)


def test_of_prices_that_have_begun_the_latest_is_current() -> None:
    before = Before(
        known=[Known(1, "a", "")],
        standing=[
            stands(10, "input", "1"),
            stands(11, "input", "2", valid_from=START - 5 * DAY),
            stands(12, "input", "3", valid_from=START - 3 * DAY),
            stands(13, "input", "4", valid_from=START - 4 * DAY),
            stands(14, "output", "9"),
            stands(15, "output", "8", valid_from=START - DAY, last_seen=START - 2 * DAY),
        ],
        last_read=Captured("0" * 64, START),
    )
    now = START + 9 * DAY
    prices = [fact("input", str(n), valid_from=now - days * DAY) for n, days in ((5, 3), (6, 1), (7, 2), (8, -1))]
    plan = diff(before, [offer("a", *prices, fact("output", "9"))], Captured("1" * 64, now))
    assert sorted(plan.close) == [10, 11, 12, 13, 15]
    assert plan.miss == []
    assert [opening.fact.value for opening in plan.open] == ["5", "6", "7", "8"]
    assert plan.changes[0] == Change(Kind.CHANGED, 1, "input", before=12, after_opened=1)
    # Nobody sees what a later price hides; what is to come is seen.
    assert plan.changes[1:] == [Change(Kind.FIELD_ADDED, 1, "input", after_opened=3)]


def test_what_gives_way_to_a_price_that_stood_already_names_it() -> None:
    before = Before(
        known=[Known(1, "a", "")],
        standing=[
            stands(6, "cache_write", "3"),
            stands(7, "cache_write", "4", valid_from=START + 20 * DAY),
            stands(9, "cache_read", "1"),
            stands(8, "cache_read", "1", valid_from=START - DAY),
            stands(10, "input", "1"),
            stands(11, "input", "2", valid_from=START - DAY),
            stands(12, "output", "5"),
            stands(13, "output", "6", valid_from=START - DAY),
        ],
        last_read=Captured("0" * 64, START),
    )
    read = offer("a", fact("cache_write", "3"), fact("cache_read"), fact("input"), fact("output", "5"))
    plan = diff(before, [read], Captured("1" * 64, START + DAY))
    assert plan.changes == [
        Change(Kind.CHANGED, 1, "input", before=11, after_standing=10),
        Change(Kind.CHANGED, 1, "output", before=13, after_standing=12),
    ]


def test_what_comes_or_goes_under_a_better_source_is_not_seen() -> None:
    better = {(1, name): [stands(99, name, "0.13")] for name in ("input", "output")}
    before = Before(
        known=[Known(1, "a", "")],
        standing=[stands(10, "input", "0.125", misses=1), stands(11, "cache_read", "1")],
        last_read=Captured("0" * 64, START),
        elsewhere=frozenset({1}),
        outranked=frozenset(better),
        better=better,
    )
    plan = diff(before, [offer("a", fact("output", "0.126"), fact("cache_read"))], Captured("1" * 64, START + DAY))
    assert (plan.close, plan.changes) == ([10], [])
    assert [opening.fact.field for opening in plan.open] == ["output"]


def test_an_offer_is_seen_though_all_that_is_read_of_it_is_frozen() -> None:
    known = [Known(1, "a", ""), Known(2, "gone", "", withdrawn=True)]
    frozen = Frozen(offers=frozenset({1, 2, -1}))
    read = [offer("a", fact("input")), offer("gone", fact("input")), offer("new", fact("input")), offer("bare")]
    plan = diff(Before(known=known), read, Captured("0" * 64, START), frozen)
    assert (plan.seen, plan.returned, plan.open) == ([1], [], [])
    assert [new.model_id for new in plan.create] == ["bare"]
    assert frozen.covers(1, "input", None)
    assert not frozen.covers(3, "input", None)


def test_a_price_that_has_begun_and_is_frozen_is_not_compared() -> None:
    begun = START - DAY
    before = Before(
        known=[Known(1, "a", "")],
        standing=[
            stands(10, "input", "1"),
            stands(11, "input", "2", valid_from=begun),
            stands(12, "output", "5"),
        ],
        last_read=Captured("0" * 64, START),
    )
    read = offer("a", fact("input"), fact("input", "3", valid_from=begun))
    plan = diff(before, [read], Captured("1" * 64, START + DAY), Frozen(facts=frozenset({(1, "input", begun)})))
    assert (plan.open, plan.close, plan.changes) == ([], [], [])
    assert plan.confirm.keys() == {10}
    assert plan.miss == [12], "what is frozen hides nothing that follows"
    assert plan.whole == []


BOTH = [stands(10, "input", "1"), stands(11, "input", "2", valid_from=START - DAY)]


def test_what_is_frozen_and_in_effect_is_seen_where_it_is_said_in_the_same_words() -> None:
    later = START + 20 * DAY
    standing = [
        stands(10, "input", "1"),
        stands(11, "output", "2"),
        stands(12, "cache_read", "1"),
        stands(13, "input", "3", valid_from=later),
        stands(14, "input", "1", offer=2),
    ]
    before = Before(
        known=[Known(1, "a", ""), Known(2, "b", "")], standing=standing, last_read=Captured("0" * 64, START)
    )
    read = offer("a", fact("input"), fact("output", "5"), fact("input", "3", valid_from=later))
    plan = diff(before, [read], Captured("1" * 64, START + DAY), Frozen(offers=frozenset({1, 2})))
    assert {number: evidence.quote for number, evidence in plan.confirm.items()} == {10: "input 1"}
    assert (plan.open, plan.close, plan.miss, plan.changes) == ([], [], [], [])


def test_a_frozen_price_takes_no_place_of_one_that_is_only_missed() -> None:
    before = Before(known=[Known(1, "a", "")], standing=BOTH, last_read=Captured("0" * 64, START))
    frozen = Frozen(facts=frozenset({(1, "input", None)}))
    plan = diff(before, [offer("a", fact("output"))], Captured("1" * 64, START + DAY), frozen)
    assert (plan.miss, plan.close) == ([11], [])
    assert plan.changes == [Change(Kind.FIELD_ADDED, 1, "output", after_opened=0)]


def test_a_frozen_price_that_is_still_to_come_hides_no_change() -> None:
    later = START + 20 * DAY
    standing = [*BOTH, stands(12, "input", "3", valid_from=later)]
    before = Before(known=[Known(1, "a", "")], standing=standing, last_read=Captured("0" * 64, START))
    frozen = Frozen(facts=frozenset({(1, "input", later)}))
    plan = diff(before, [offer("a", fact("input"))], Captured("1" * 64, START + DAY), frozen)
    assert plan.changes == [Change(Kind.CHANGED, 1, "input", before=11, after_standing=10)]
    assert plan.close == [11]


def test_of_an_offer_that_is_restated_nothing_is_planned_but_its_name() -> None:
    before = Before(
        known=[Known(1, "a", "A"), Known(2, "b", "B")],
        standing=[stands(10, "input", "1", offer=2)],
        last_read=Captured("0" * 64, START),
    )
    read = [offer("a", fact("input", "5"), name="A 2"), offer("b", fact("input", "2"), name="B")]
    plan = diff(before, read, Captured("1" * 64, START + DAY), restated=frozenset({1}))
    assert plan == Plan(
        rename={1: "A 2"},
        seen=[2],
        open=[Opening(2, read[1].facts[0])],
        close=[10],
        changes=[Change(Kind.CHANGED, 2, "input", before=10, after_opened=0)],
        whole=[2],
    )


def test_a_known_name_gets_an_id_that_is_printed_twice() -> None:
    shelf = Shelf()
    shelf.read(offer("", fact("input"), name="Model A"))
    twice = [offer("a-1", fact("input"), name="Model A"), offer("a-1", fact("output"), name="Model A")]
    assert shelf.read(*twice) == [(Kind.FIELD_ADDED, "a-1", "output")]


def test_no_value_is_not_the_same_as_a_value() -> None:
    assert not same_value("input", None, "5")
    assert not same_value("input", "5", None)
    assert same_value("input", None, None)


def test_what_is_frozen_is_so_as_a_whole_or_by_field_or_by_fact() -> None:
    by_field = Frozen(fields=frozenset({(1, "input")}))
    assert by_field.covers(1, "input", None)
    assert by_field.covers(1, "input", START)
    assert not by_field.covers(1, "output", None)
    by_fact = Frozen(facts=frozenset({(1, "input", START)}))
    assert by_fact.covers(1, "input", START)
    assert not by_fact.covers(1, "input", None)


def test_a_dated_price_that_has_begun_is_current_and_not_the_undated_one() -> None:
    before = Before(
        known=[Known(1, "a", "")],
        standing=[
            stands(9, "output", "7"),
            stands(10, "input", "1"),
            stands(11, "input", "2", valid_from=START - 5 * DAY),
            stands(12, "input", "3", valid_from=START + 20 * DAY),
        ],
        last_read=Captured("0" * 64, START),
    )
    now = START + DAY
    said = [fact("output", "7"), fact("input", "1"), fact("input", "4", valid_from=now)]
    plan = diff(before, [offer("a", *said)], Captured("1" * 64, now))
    assert plan.changes == [Change(Kind.CHANGED, 1, "input", before=11, after_opened=0)]
    assert plan.close == [11]
    assert plan.miss == [12], "announced for later, and not stated this time"
    assert {number: evidence.quote for number, evidence in plan.confirm.items()} == {9: "output 7", 10: "input 1"}


# Properties

# Far enough apart for two of them never to be the same up to float noise.
AMOUNTS = st.decimals(min_value=0, max_value=10**5, places=3).map(lambda amount: plain(abs(amount)))
FIELDS = ("input", "output", "input{tier=batch}", "cache_write{ttl=1h}")


@st.composite
def facts(draw: st.DrawFn, name: str) -> Fact:
    kind = draw(st.sampled_from(["value", "value", "value", "not_offered", "on_request"]))
    more: dict[str, Any] = {
        "valid_from": draw(st.sampled_from([None, None, None, START + 2 * DAY, START + 40 * DAY])),
        "promotional": draw(st.booleans()),
    }
    if kind == "not_offered":
        return fact(name, None, state=State.NOT_OFFERED, **more)
    if kind == "on_request":
        return fact(name, None, state=State.NOT_SOURCED, reason=Reason.ON_REQUEST, **more)
    return fact(name, draw(AMOUNTS), currency=draw(st.sampled_from(["USD", "USD", "CNY"])), **more)


@st.composite
def offers_of(draw: st.DrawFn, model_id: str, name: str, shared_id: bool) -> Offer:
    stated = draw(
        st.lists(st.sampled_from(FIELDS).flatmap(facts), max_size=5, unique_by=lambda f: (f.field, f.valid_from))
    )
    return Offer(model_id=model_id, name=name, shared_id=shared_id, facts=tuple(stated))


IDENTITIES = st.one_of(
    st.tuples(st.sampled_from(["a", "b", "A"]), st.sampled_from(["", "One", "Two"]), st.just(value=False)),
    st.tuples(st.just("s"), st.sampled_from(["One", "Two"]), st.just(value=True)),
    st.tuples(st.just(""), st.sampled_from(["One", "Two", "Three"]), st.just(value=False)),
)


def told_apart(identity: tuple[str, str, bool]) -> tuple[str, str]:
    model_id, name, shared = identity
    return (model_id, name if shared or not model_id else "")


READINGS = (
    st.lists(IDENTITIES, max_size=6, unique_by=told_apart)
    .flatmap(lambda identities: st.tuples(*(offers_of(*identity) for identity in identities)))
    .map(tuple)
)


@given(st.lists(READINGS, min_size=1, max_size=4))
def test_the_same_reading_again_changes_nothing(readings: list[tuple[Offer, ...]]) -> None:
    shelf = Shelf()
    for reading in readings:
        shelf.read(*reading)
    last = readings[-1]
    shelf.read(*last)
    shelf.read(*last)
    values = shelf.values()
    at = shelf.last_read
    assert at is not None
    assert shelf.apply(last, at) == Plan()
    assert shelf.read(*last) == []
    assert shelf.values() == values


@given(READINGS, READINGS)
def test_there_and_back_restores_the_values(one: tuple[Offer, ...], other: tuple[Offer, ...]) -> None:
    shelf = Shelf()
    # The times leave the announced days in the past, so that only what is stated counts.
    shelf.read(*one)
    shelf.read(*one, after=50 * DAY)
    shelf.read(*one)
    expected = Counter((s.field, s.valid_from, s.value or s.state, s.currency) for s in shelf.standing.values())
    for reading in (other, other, one, one):
        shelf.read(*reading)
    found = Counter((s.field, s.valid_from, s.value or s.state, s.currency) for s in shelf.standing.values())
    assert found == expected


@given(st.lists(READINGS, max_size=6))
def test_no_key_is_open_twice_and_everything_opened_has_evidence(readings: list[tuple[Offer, ...]]) -> None:
    shelf = Shelf()
    for number, reading in enumerate(readings):
        plan = shelf.apply(reading, Captured(f"{number:064x}", START + number * DAY))
        keys = Counter((s.offer, s.field, s.valid_from) for s in shelf.standing.values())
        assert all(count == 1 for count in keys.values())
        assert all(opening.fact.evidence.quote and opening.fact.evidence.locator for opening in plan.open)
        assert not set(plan.close) & (set(plan.confirm) | set(plan.miss))
        identities = Counter(
            (k.model_id, k.name if k.shared_id or not k.model_id else "") for k in shelf.known.values()
        )
        assert all(count == 1 for count in identities.values())
        for change in plan.changes:
            both = (change.before is not None, change.after_opened is not None or change.after_standing is not None)
            assert (
                both
                == {
                    Kind.OFFER_ADDED: (False, False),
                    Kind.OFFER_WITHDRAWN: (False, False),
                    Kind.CHANGED: (True, True),
                    Kind.TERMS: (True, True),
                    Kind.FIELD_ADDED: (False, True),
                    Kind.FIELD_REMOVED: (True, False),
                }[change.kind]
            )


@given(AMOUNTS, st.integers(0, 8), st.sampled_from([1, -1]))
def test_the_way_a_number_is_written_never_makes_a_change(amount: str, zeros: int, sign: int) -> None:
    longer = amount + ("" if "." in amount else ".") + "0" * (zeros + 1)
    noisy = plain(Decimal(amount) * (1 + sign * Decimal("9e-10")))
    shelf = Shelf()
    shelf.read(offer("a", fact("input", amount)))
    assert shelf.read(offer("a", fact("input", longer))) == []
    assert same_value("input", amount, noisy)
    assert same_value("input", noisy, amount)


@settings(max_examples=50)
@given(st.tuples(st.lists(READINGS, min_size=1, max_size=3), READINGS, st.integers(0, 20)))
def test_what_is_frozen_stays_as_it_is(given_: tuple[list[tuple[Offer, ...]], tuple[Offer, ...], int]) -> None:
    before, last, choice = given_
    shelf = Shelf()
    for reading in before:
        shelf.read(*reading)
    stood = sorted(shelf.standing.values(), key=lambda one: one.id)
    frozen = Frozen(
        offers=frozenset(one.offer for one in stood[choice % 3 :: 7]),
        fields=frozenset((one.offer, one.field) for one in stood[choice % 5 :: 5]),
        facts=frozenset((one.offer, one.field, one.valid_from) for one in stood[choice % 4 :: 4]),
    )
    kept = {one.id: one for one in stood if frozen.covers(one.offer, one.field, one.valid_from)}
    at = START if shelf.last_read is None else shelf.last_read.captured_at + DAY
    plan = shelf.apply(last, Captured("f" * 64, at), frozen)
    for number, one in kept.items():
        # Only that it was seen again can be said of it, where the reading says just that.
        seen = replace(one, last_seen=at, misses=0) if number in plan.confirm else one
        assert shelf.standing.get(number) == seen
    assert not any(frozen.covers(one.offer, one.fact.field, one.fact.valid_from) for one in plan.open)
    assert not {one.offer for one in kept.values()} & set(plan.withdraw)


BEGINS = (None, START + DAY * 3 / 2, START + DAY * 7 / 2)
PRICES = st.dictionaries(st.sampled_from(BEGINS), st.sampled_from(["1", "2", "3"]), max_size=3)


def in_force(shelf: Shelf) -> Standing | None:
    """What is published of the input: the price of the latest day that was seen on its day or after, else the plain."""
    begun = [s for s in shelf.standing.values() if s.field == "input"]
    begun = [s for s in begun if s.valid_from is None or s.last_seen >= s.valid_from]
    return max(begun, key=lambda s: s.valid_from or datetime.min.replace(tzinfo=UTC), default=None)


@given(st.lists(PRICES, min_size=2, max_size=6))
def test_what_is_published_moves_in_one_change_and_never_without(readings: list[dict[datetime | None, str]]) -> None:
    shelf = Shelf()
    for number, prices in enumerate(readings):
        now = START + number * DAY
        said = [fact("input", value, valid_from=begins) for begins, value in prices.items()]
        was, stood = in_force(shelf), dict(shelf.standing)
        plan = shelf.apply((offer("a", fact("output"), *said),), Captured(f"{number:064x}", now))
        is_ = in_force(shelf)
        if number == 0 or is_ is None:
            continue
        told = []
        for change in plan.changes:
            if change.kind in (Kind.CHANGED, Kind.FIELD_ADDED):
                after = (
                    stood[change.after_standing or 0]
                    if change.after_opened is None
                    else plan.open[change.after_opened].fact
                )
                if after.valid_from is None or after.valid_from <= now:
                    told.append((change.kind, stood[change.before].value if change.before else None, after.value))
        if was is None:
            # Of an announced price that was announced otherwise before, it is that one which changed.
            assert [value for _, _, value in told] == [is_.value]
        else:
            assert told == ([(Kind.CHANGED, was.value, is_.value)] if was.value != is_.value else [])
