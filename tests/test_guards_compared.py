"""Guards that compare: where a move, a jump or a distance begins to be doubted, and what is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scraper.checks import Judgement, Verdict
from scraper.records import Offer, Reading, State
from tests.judging import NOW, Offers, Saying, fact, failing, held, judged, many, releases, seen


def of_guard(judgement: Judgement, guard: str) -> dict[tuple[str, str], str]:
    """What a guard says of each (id, field) that it holds."""
    return {(hold.model_id, hold.field): hold.message for hold in judgement.holds if hold.check == guard}


def one_offer(*facts: tuple[str, str, int | None]) -> Reading:
    """An offer with facts of (field, value, days until it holds)."""
    said = (
        fact(field, value, valid_from=None if days is None else NOW + timedelta(days=days))
        for field, value, days in facts
    )
    return Reading(offers=(Offer(model_id="m", name="m", facts=tuple(said)),))


# A price among its like.


def test_a_few_prices_in_one_column_leave_the_other_columns_to_be_compared() -> None:
    few: Offers = {"few": {"input": "1", "output": "1"}}
    offers: Offers = {**few, **{f"m{n}": {"output": value} for n, value in enumerate(("2", "3", "1999"))}}
    assert held(judged(offers)) == {}
    offers = {**few, **{f"m{n}": {"output": value} for n, value in enumerate(("0.5", "1.5", "1900"))}}
    assert held(judged(offers)) == {("m2", "output"): "far_from_the_others"}


@pytest.mark.parametrize(
    ("values", "doubted"),
    [
        (["0.002", "1.9", "1999", "1999"], {}),
        (["0.002", "2", "1999", "1999"], {"m0": "about a thousandth beside the 2 of that of m1"}),
        (["0.002", "3", "1999", "1999"], {"m0": "1500.0 times less beside the 3 of that of m1"}),
        (["1", "1", "1", "1999"], {"m3": "1999.0 times as much beside the 1 of that of m2"}),
        (["0.5", "0.6", "1.9", "2", "1999"], {}),
    ],
)
def test_the_dearest_and_the_cheapest_are_compared_with_the_next(values: list[str], doubted: dict[str, str]) -> None:
    judgement = judged({f"m{n}": {"output": value} for n, value in enumerate(values)})
    assert of_guard(judgement, "far_from_the_others") == {
        (who, "output"): f"output of {who} is {values[int(who[1])]} USD per 1M tokens, {said}, the nearest of all"
        for who, said in doubted.items()
    }


def test_a_price_of_nothing_is_far_from_no_other() -> None:
    offers: Offers = {f"m{n}": {"output": value} for n, value in enumerate(("0", "0", "1", "2", "3"))}
    assert held(judged(offers)) == {}


def test_prices_in_two_currencies_are_not_of_one_size() -> None:
    korean = fact("input{region=kr}", "1400", currency="KRW")
    assert held(judged({"m": {"input": "1", "input{region=kr}": korean}})) == {}


# Currencies.


def test_the_first_price_in_another_currency_names_the_currencies() -> None:
    after: Offers = {
        "a": {"input": fact("input", "5", currency="CNY")},
        "b": {"input": fact("input", "5", currency="EUR")},
    }
    (failure,) = judged(after, {"a": {"input": "5"}, "b": {"input": "5"}}).failures
    assert failure.startswith("2 of 2 prices changed their currency (from USD to CNY)")


def test_amounts_in_two_currencies_neither_jump_nor_cross_zero() -> None:
    before = many(3, {"input": "5"})
    judgement = judged({**before, "m0": {"input": fact("input", "5000", currency="KRW")}}, before)
    assert held(judgement) == {("m0", "input"): "currency_switched"}
    assert seen(judgement, "scale_jump").verdict is Verdict.PASS
    assert seen(judgement, "zero_crossing").verdict is Verdict.PASS


# Jumps.


def test_f16_windows_in_another_unit_are_held_and_fail_nothing() -> None:
    before, after = (many(4, {"input": "5", "context_window": value}) for value in ("128000", "128"))
    judgement = judged(after, before)
    assert failing(judgement) == set()
    assert of_guard(judgement, "scale_jump").keys() == {(f"m{n}", "context_window") for n in range(4)}


@pytest.mark.parametrize(("of", "fails"), [(5, True), (6, False)])
def test_f16_more_than_half_of_a_column_has_to_jump_to_fail_the_source(of: int, fails: bool) -> None:
    before = many(of, {"input": "0.05"})
    judgement = judged({**before, **many(3, {"input": "5"})}, before)
    assert failing(judgement) == ({"scale_jump"} if fails else set())
    assert of_guard(judgement, "scale_jump").keys() == {(f"m{n}", "input") for n in range(3)}


@pytest.mark.parametrize(("of", "after"), [(5, None), (6, 3)])
def test_f16_tenfold_in_more_than_half_of_a_column_waits_for_a_person(of: int, after: int | None) -> None:
    before = many(of, {"input": "5"})
    judgement = judged({**before, **many(3, {"input": "50"})}, before)
    assert {releases(judgement)[f"m{n}", "input"] for n in range(3)} == {after}


def test_f16_prices_that_rise_far_but_by_no_power_of_ten_wait_for_captures() -> None:
    judgement = judged(many(4, {"input": "185"}), many(4, {"input": "5"}))
    assert failing(judgement) == set()
    assert held(judgement) == {(f"m{n}", "input"): "scale_jump" for n in range(4)}
    assert set(releases(judgement).values()) == {3}


def test_a_jump_that_was_announced_is_none_when_it_comes() -> None:
    announced = one_offer(("input", "5", None), ("input", "500", 0))
    assert seen(judged(one_offer(("input", "500", None)), announced), "scale_jump").verdict is Verdict.PASS


# So much at once.


@pytest.mark.parametrize(("holders", "doubted"), [(7, True), (8, True), (9, False)])
def test_prices_that_are_gone_count_among_those_that_moved(holders: int, doubted: bool) -> None:
    before = {f"m{n}": {"input": f"{n + 1}.5", "output": f"{n + 20}"} for n in range(holders)}
    after = dict(before) | {f"m{n}": {"input": f"{n + 1}.7", "output": f"{n + 20}"} for n in range(2)}
    after |= {f"m{n}": {"input": f"{n + 1}.5"} for n in range(holders - 3, holders)}
    expected = f"input of m0 went from 1.5 to 1.7, together with 5 of the {2 * holders} prices of its source"
    messages = of_guard(judged(after, before), "mass_move")
    assert messages.keys() == ({(f"m{n}", "input") for n in range(2)} if doubted else set())
    assert messages.get(("m0", "input"), expected) == expected


def test_what_is_new_does_not_count_among_the_prices_that_stood() -> None:
    before = {f"m{n}": {"input": f"{n + 1}.5"} for n in range(16)}
    after = dict(before) | {f"m{n}": {"input": f"{n + 1}.7"} for n in range(5)}
    after |= {f"new{n}": {"input": f"{n + 1}.5"} for n in range(9)}
    judgement = judged(after, before)
    assert of_guard(judgement, "mass_move").keys() == {(f"m{n}", "input") for n in range(5)}
    assert "5 of the 16 prices" in seen(judgement, "mass_move").message


def test_what_was_not_offered_before_does_not_count_among_the_prices_that_stood() -> None:
    before: dict[str, dict[str, Saying]] = {f"m{n}": {"input": f"{n + 1}.5"} for n in range(16)}
    after = dict(before) | {f"m{n}": {"input": f"{n + 1}.7"} for n in range(5)}
    for n in range(9):
        before |= {f"n{n}": {"input": fact("input", None, state=State.NOT_OFFERED)}}
        after |= {f"n{n}": {"input": f"{n + 1}.5"}}
    assert "5 of the 16 prices" in seen(judged(after, before), "mass_move").message


@pytest.mark.parametrize(
    ("moved", "of", "beside", "doubted"),
    [
        (4, 4, 0, False),
        (5, 5, 0, True),
        (6, 20, 0, False),
        (7, 20, 0, True),
        (6, 6, 3, False),
        (7, 7, 3, True),
    ],
)
def test_a_column_moves_alone_where_most_of_its_offers_change_nothing_else(
    moved: int, of: int, beside: int, doubted: bool
) -> None:
    def read(changed: int, others: int) -> dict[str, dict[str, str]]:
        return {
            f"m{n}": {
                "input": f"{n + 1}",
                "output": f"{n + 40}" + (".5" if n < others else ""),
                "released": "2026-01-02" if n < changed else "2026-01-01",
            }
            for n in range(of)
        }

    judgement = judged({"new": {"released": "2026-03-01"}, **read(moved, beside)}, read(0, 0))
    messages = of_guard(judgement, "column_moved")
    assert messages.keys() == ({(f"m{n}", "released") for n in range(moved)} if doubted else set())
    assert {hold.releases_after for hold in judgement.holds if hold.check == "column_moved"} <= {3}
    for message in messages.values():
        assert message.endswith(f"of {moved} of {of} offers, released moved, and nothing else")


# Zero, and values that come back.


def test_a_new_price_of_nothing_is_believed_after_three_captures() -> None:
    judgement = judged({"m": {"input": "5", "cache_write": "0"}}, {"m": {"input": "5"}})
    assert releases(judgement) == {("m", "cache_write"): 3}


def test_f22_a_value_that_stays_is_no_return_whatever_it_was_before() -> None:
    five: Offers = {"m": {"input": "5"}}
    assert judged(five, five, earlier={("m", "input"): ("4", "5")}).holds == ()


# What stands beside a doubt.


def test_of_two_doubts_that_wait_as_long_the_first_is_named() -> None:
    before = {"m": {"input": "5", "output": "25"}}
    judgement = judged({"m": {"input": "185", "output": "925", "cache_read": "1"}}, before)
    (hold,) = (hold for hold in judgement.holds if hold.field == "cache_read")
    assert hold.message == "cache_read of m is new beside input, which is in doubt"


def test_what_is_new_beside_a_doubt_is_held_wherever_its_offer_stands() -> None:
    before = {"a": {"input": "5"}, "b": {"input": "5", "output": "25"}}
    judgement = judged({"a": {"input": "6"}, "b": {"input": "185", "output": "26"}}, before)
    assert held(judgement) == {("b", "input"): "scale_jump", ("b", "output"): "scale_jump"}


# A price that begins on a day.


@pytest.mark.parametrize(
    ("stood", "read"),
    [(None, -20), (None, 0), (None, 20), (-20, None), (0, None), (-40, -20)],
    ids=["since a while", "from now on", "announced", "without a day any more", "begun just now", "on a later day"],
)
def test_a_price_that_has_a_day_is_compared_with_what_holds_now(stood: int | None, read: int | None) -> None:
    judgement = judged(one_offer(("input", "500", read)), one_offer(("input", "5", stood)))
    assert held(judgement) == {("m", "input"): "scale_jump"}
    assert held(judged(one_offer(("input", "6", read)), one_offer(("input", "5", stood)))) == {}


def test_of_all_prices_that_have_begun_the_latest_holds_now() -> None:
    before = one_offer(("input", "5", None), ("input", "6", -40), ("input", "500", -20), ("input", "7", 20))
    assert held(judged(one_offer(("input", "510", 0)), before)) == {}
    assert held(judged(one_offer(("input", "8", 0)), before)) == {("m", "input"): "scale_jump"}
