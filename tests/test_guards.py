"""Guards: what each of them objects to, where its limits are, and what none of them objects to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.checks import GUARDS, Judgement, Verdict, judge
from scraper.checks.absolute import BOUNDS, skeleton, span_of
from scraper.contracts import Contract
from scraper.meters import METERS
from scraper.records import Offer, Reading, State
from tests.judging import (
    NOW,
    Offers,
    fact,
    failing,
    held,
    judged,
    many,
    offer,
    reading,
    releases,
    seen,
    standing,
)


def test_every_guard_says_what_it_saw() -> None:
    judgement = judged(many(3, {"input": "5"}), many(3, {"input": "5"}))
    assert [one.name for one in judgement.seen] == [guard.__name__ for guard in GUARDS]
    assert len({guard.__name__ for guard in GUARDS}) == len(GUARDS)
    assert all(guard.__doc__ for guard in GUARDS)
    assert {(one.verdict, one.message) for one in judgement.seen} == {(Verdict.PASS, "")}
    assert (judgement.failures, judgement.holds) == ((), ())


def test_a_reading_that_says_what_stood_is_never_held_whatever_it_says() -> None:
    doubtful = {"m": {"input": "900000", "cache_read": "950000", "context_window": "9", "max_output_tokens": "99"}}
    assert len(held(judged(doubtful))) == 4
    assert judged(doubtful, doubtful).holds == ()


def test_messages_are_whole_sentences_with_their_numbers() -> None:
    (hold,) = judged({"openai/gpt-x": {"input": "0.5"}}, {"openai/gpt-x": {"input": "5"}}).holds
    assert hold.message == "input of openai/gpt-x fell from 5 to 0.5 USD per 1M tokens, about a tenth"
    (hold,) = judged({"m": {"images": "75"}}, {"m": {"images": "2"}}).holds
    assert hold.message.startswith("images of m is 75 USD per image, outside of 0.0001 to 20")


# What a reading as a whole must have.


@pytest.mark.parametrize("before", [{}, many(3, {"input": "5"})])
def test_f14_no_offers_fail(before: Offers) -> None:
    judgement = judged({}, before)
    assert failing(judgement) == {"no_offers"}
    assert judgement.failures == ("the reading has no offers at all; the page has probably changed its shape",)


def test_f14_no_prices_fail_where_there_were_some() -> None:
    without = many(2, {"context_window": "128000"})
    assert failing(judged(without, many(2, {"input": "5"}))) == {"no_prices"}
    assert failing(judged(without, many(2, {"context_window": "128000"}))) == set()
    assert failing(judged(without)) == set()
    gone = {"m0": {"input": fact("input", None, state=State.NOT_OFFERED)}}
    assert failing(judged(gone, many(1, {"input": "5"}))) == {"no_prices"}
    assert failing(judged({**gone, "m1": {"output": "1"}}, many(1, {"input": "5"}))) == set()


@pytest.mark.parametrize(("count", "fails"), [(2, True), (3, False), (5, False), (6, True)])
def test_the_contract_limits_the_number_of_offers(count: int, fails: bool) -> None:
    judgement = judged(many(count, {"input": "5"}), contract=Contract(offers=(3, 5)))
    assert failing(judgement) == ({"count_of_offers"} if fails else set())


def test_the_contract_names_what_must_be_there() -> None:
    contract = Contract(must_have=("gpt-*", "o?-*", "Claude *"))
    whole: Offers = {"gpt-5": {"input": "1"}, "o3-mini": {"input": "1"}, "=Claude Opus": {"input": "1"}}
    assert failing(judged(whole, contract=contract)) == set()
    named = Reading(
        offers=(
            Offer(model_id="gpt-5", name="GPT", facts=()),
            Offer(model_id="o3-mini", name="GPT", facts=()),
            Offer(model_id="", name="Claude Opus", facts=()),
            Offer(model_id="", name="Claude Haiku", facts=()),
        )
    )
    assert failing(judged(named, contract=contract)) == set()
    judgement = judged({"gpt-5": {"input": "1"}, "o-mini": {"input": "1"}}, contract=contract)
    assert failing(judgement) == {"must_have"}
    assert judgement.failures[0].endswith("must have: o?-*, Claude *")


@pytest.mark.parametrize(("having", "fails"), [(7, True), (8, False), (10, False)])
def test_the_contract_says_how_many_offers_have_a_field(having: int, fails: bool) -> None:
    offers = many(having, {"input": "5", "output": "6"}) | many(10 - having, {"output": "6"}, first=having)
    judgement = judged(offers, contract=Contract(covered={"input": Decimal("0.8")}))
    assert failing(judgement) == ({"coverage"} if fails else set())
    if fails:
        assert judgement.failures == ("only 7 of the 10 offers have input, and its contract expects 80% of them",)


def test_only_sourced_values_cover_a_field() -> None:
    offers = {"m": {"input": fact("input", None, state=State.NOT_OFFERED)}}
    assert failing(judged(offers, contract=Contract(covered={"input": Decimal(1)}))) == {"coverage"}


# Currencies.


def test_f17_a_price_list_in_another_currency_is_no_change() -> None:
    dollars = many(4, {"input": "5", "output": "25"})
    euros = {who: {field: fact(field, "5", currency="EUR") for field in fields} for who, fields in dollars.items()}
    assert failing(judged(euros, dollars)) == {"currency_switched"}
    assert failing(judged(euros, contract=Contract(currencies=("USD",)))) == {"currencies"}
    assert failing(judged(euros, contract=Contract(currencies=("USD", "EUR")))) == set()
    relabelled = {
        who: {f"{field}{{currency=EUR}}": fact(f"{field}{{currency=EUR}}", "5", currency="EUR") for field in fields}
        for who, fields in dollars.items()
    }
    assert failing(judged(relabelled, dollars, contract=Contract(currencies=("USD",)))) == {"currencies"}


def test_f17_one_price_in_another_currency_is_held() -> None:
    before = many(4, {"input": "5"})
    after = before | {"m3": {"input": fact("input", "5", currency="EUR")}}
    assert held(judged(after, before)) == {("m3", "input"): "currency_switched"}
    assert held(judged(after, contract=Contract(currencies=("USD",)))) == {("m3", "input"): "currencies"}
    assert releases(judged(after, before)) == {("m3", "input"): None}


@pytest.mark.parametrize(("switched", "fails"), [(2, False), (3, True)])
def test_f17_most_means_more_than_half(switched: int, fails: bool) -> None:
    before = many(4, {"input": "5"})
    after = before | {f"m{n}": {"input": fact("input", "5", currency="EUR")} for n in range(switched)}
    assert failing(judged(after, before)) == ({"currency_switched"} if fails else set())
    assert failing(judged(after, contract=Contract(currencies=("USD",)))) == ({"currencies"} if fails else set())


@pytest.mark.parametrize(
    ("quote", "currency", "doubted"),
    [
        ("$2.50", "USD", False),
        ("US$2.50 / 1M tokens", "USD", False),
        ("2.50", "USD", False),
        ("25 cents", "USD", False),
        ("€2.50", "USD", True),
        ("¥2.50", "USD", True),
        ("2.50元", "USD", True),
        ("£2.50", "USD", True),
        ("€2.50", "EUR", False),
        ("$2.50", "EUR", True),
        ("¥2.50", "CNY", False),
        ("￥2.50", "JPY", False),
        ("$2.50 (¥18)", "USD", False),
        ("₹200", "INR", False),
    ],
)
def test_a_price_is_in_the_currency_that_is_printed(quote: str, currency: str, doubted: bool) -> None:
    offers = {"m": {"input": fact("input", "2.50", currency=currency, quote=quote)}}
    assert held(judged(offers)) == ({("m", "input"): "currency_mark"} if doubted else {})


# Bounds.


def test_every_meter_has_bounds() -> None:
    assert BOUNDS.keys() == METERS.keys()
    assert all(0 < least < most for least, most in BOUNDS.values())


@pytest.mark.parametrize(
    ("field", "value", "currency", "doubted"),
    [
        ("input", "2000", "USD", False),
        ("input", "2000.01", "USD", True),
        ("input", "0.0005", "USD", False),
        ("input", "0.0004", "USD", True),
        ("input", "0", "USD", False),
        ("output{tier=batch}", "2001", "USD", True),
        ("input.audio", "2001", "USD", True),
        ("input", "14000", "CNY", False),
        ("input", "14001", "CNY", True),
        ("input", "0.003", "CNY", True),
        ("images", "20.5", "USD", True),
        ("images", "0.00001", "USD", True),
        ("gpu_hours", "98.32", "USD", False),
        ("context_window", "64", "USD", False),
        ("context_window", "63", "USD", True),
        ("max_output_tokens", "100000001", "USD", True),
    ],
)
def test_bounds(field: str, value: str, currency: str, doubted: bool) -> None:
    judgement = judged({"m": {field: fact(field, value, currency=currency)}})
    assert held(judgement) == ({("m", field): "bounds"} if doubted else {})
    assert set(releases(judgement).values()) <= {None}


# One field beside another.


@pytest.mark.parametrize(
    ("fields", "doubted"),
    [
        ({"input": "1", "cache_read": "1"}, set()),
        ({"input": "1", "cache_read": "1.1"}, {"input", "cache_read"}),
        ({"input": "0", "cache_read": "1"}, set()),
        ({"input{tier=batch}": "1", "cache_read{tier=batch}": "2"}, {"input{tier=batch}", "cache_read{tier=batch}"}),
        ({"input{tier=batch}": "1", "cache_read": "2"}, set()),
        ({"input.audio": "1", "cache_read.audio": "2"}, {"input.audio", "cache_read.audio"}),
        ({"input": "1", "cache_read.audio": "2"}, set()),
        (
            {"input{variant=cache_read}": "1", "cache_read{variant=cache_read}": "2"},
            {"input{variant=cache_read}", "cache_read{variant=cache_read}"},
        ),
    ],
)
def test_reading_from_the_cache_costs_no_more_than_sending(fields: dict[str, str], doubted: set[str]) -> None:
    assert held(judged({"m": fields})) == {("m", field): "cache_read_above_input" for field in doubted}


@pytest.mark.parametrize(
    ("fields", "doubted"),
    [
        ({"input": "1", "input{tier=batch}": "1"}, set()),
        ({"input": "1", "input{tier=batch}": "1.5"}, {"input", "input{tier=batch}"}),
        ({"input": "1", "input{tier=flex}": "1.5"}, {"input", "input{tier=flex}"}),
        ({"input": "1", "input{tier=priority}": "1.5"}, set()),
        ({"output": "1", "input{tier=batch}": "1.5"}, set()),
        (
            {"input{region=eu}": "1", "input{region=eu,tier=batch}": "2"},
            {"input{region=eu}", "input{region=eu,tier=batch}"},
        ),
        ({"input{region=eu}": "1", "input{tier=batch}": "2"}, set()),
    ],
)
def test_a_batch_costs_no_more_than_the_same_at_once(fields: dict[str, str], doubted: set[str]) -> None:
    assert held(judged({"m": fields})) == {("m", field): "batch_above_standard" for field in doubted}


def test_of_two_that_do_not_fit_only_what_is_new_is_held() -> None:
    before = {"m": {"input": "1", "cache_read": "0.5"}}
    assert held(judged({"m": {"input": "1", "cache_read": "2"}}, before)) == {
        ("m", "cache_read"): "cache_read_above_input"
    }
    assert held(judged({"m": {"input": "0.4", "cache_read": "0.5"}}, before)) == {
        ("m", "input"): "cache_read_above_input"
    }


def test_amounts_in_two_currencies_are_not_compared() -> None:
    fields = {"input": fact("input", "1"), "cache_read": fact("cache_read", "3", currency="CNY")}
    assert held(judged({"m": fields})) == {}


def test_an_announced_price_is_not_compared_with_what_holds_until_then() -> None:
    later = fact("cache_read", "2", valid_from=NOW + timedelta(days=30))
    facts = (fact("input", "1"), fact("cache_read", "0.5"), later)
    assert judged(Reading(offers=(Offer(model_id="m", name="m", facts=facts),))).holds == ()


@pytest.mark.parametrize(("most", "doubted"), [("8192", False), ("8193", True)])
def test_a_model_writes_no_more_than_its_window_holds(most: str, doubted: bool) -> None:
    fields = {"context_window": "8192", "max_output_tokens": most}
    expected = {("m", field): "output_above_context" for field in fields} if doubted else {}
    assert held(judged({"m": fields})) == expected


def test_the_window_of_every_offer_is_looked_at() -> None:
    offers: Offers = {"fits": {"context_window": "8192", "max_output_tokens": "8192"}, "no-window": {"input": "5"}}
    judgement = judged({**offers, "m": {"context_window": "8192", "max_output_tokens": "9000"}})
    assert held(judgement) == {("m", f): "output_above_context" for f in ("context_window", "max_output_tokens")}


@pytest.mark.parametrize(
    ("field", "value", "doubted"),
    [
        ("released", "2017-12-31", True),
        ("released", "2017", True),
        ("released", "2018-01-01", False),
        ("released", "2027-03-07", False),
        ("released", "2027-03-08", True),
        ("knowledge_cutoff", "2026-09-08", False),
        ("knowledge_cutoff", "2026-09", False),
        ("knowledge_cutoff", "2026-09-09", True),
        ("training_cutoff", "2026-10", True),
        ("retires", "2036-09-04", False),
        ("retires", "2037-01-01", True),
        ("retires", "2016-01-01", True),
    ],
)
def test_dates_that_cannot_be_are_held(field: str, value: str, doubted: bool) -> None:
    assert held(judged({"m": {field: value}})) == ({("m", field): "dates"} if doubted else {})


@pytest.mark.parametrize(
    ("cutoff", "released", "doubted"),
    [
        ("2025-03-01", "2025-03-01", False),
        ("2025-04-01", "2025-03-01", False),
        ("2025-04-02", "2025-03-01", True),
        ("2025", "2025-03-01", False),
        ("2025-06-01", "2025", False),
        ("2026-02-02", "2025", True),
    ],
)
def test_a_model_does_not_know_what_came_after_it(cutoff: str, released: str, doubted: bool) -> None:
    fields = {"knowledge_cutoff": cutoff, "released": released}
    assert held(judged({"m": fields})) == ({("m", f): "cutoff_after_release" for f in fields} if doubted else {})


def test_a_model_is_not_retired_before_it_is_released() -> None:
    fields = {"released": "2025-06-01", "retires": "2025-01-01"}
    assert held(judged({"m": fields})) == {("m", field): "release_after_retirement" for field in fields}
    assert held(judged({"m": {"released": "2025-01-01", "retires": "2025-06-01"}})) == {}


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-02-29", "2024-02-29", "2024-02-29"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025-02", "2025-02-01", "2025-02-28"),
        ("2025-12", "2025-12-01", "2025-12-31"),
        ("2025", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_date_means_all_the_days_that_it_may_mean(text: str, first: str, last: str) -> None:
    assert [day.isoformat() for day in span_of(text)] == [first, last]


# F18: names that look alike.


@pytest.mark.parametrize(
    "twin",
    ["GPT-5-mini", "gpt-5-mіni", "ｇｐｔ-5-mini", "gpt‑5‑mini", "gpt-5-míni", "gрt-5-mini", "gpt–5–mini"],
)
def test_f18_ids_that_look_alike_are_a_loud_conflict(twin: str) -> None:
    assert skeleton(twin) == skeleton("gpt-5-mini")
    both = {"gpt-5-mini": {"input": "5"}, twin: {"input": "4"}}
    assert set(held(judged(both)).values()) == {"lookalikes"}
    assert {who for who, _ in held(judged(both))} == set(both)
    after = held(judged(both, {"gpt-5-mini": {"input": "5"}}))
    assert after == {(twin, "input"): "lookalikes"}
    renamed = held(judged({twin: {"input": "5"}}, {"gpt-5-mini": {"input": "5"}}))
    assert renamed == {(twin, "input"): "lookalikes"}


def test_f18_what_shows_nothing_is_not_part_of_an_id() -> None:
    one = offer("gpt\u200b-5", {"input": "5"})
    assert one.model_id == "gpt-5"
    assert held(judged({"gpt-5": {"input": "5"}, "gpt-6": {"input": "5"}, "gpt-5.1": {"input": "5"}})) == {}


def test_f18_an_id_that_is_shared_is_no_lookalike_of_itself() -> None:
    plans = tuple(
        Offer(model_id="m", name=name, shared_id=True, facts=(fact("input", value),))
        for name, value in (("Plan A", "5"), ("Plan B", "6"))
    )
    assert judged(Reading(offers=plans)).holds == ()


# F16: jumps.

POWERS = [Decimal(10) ** power for power in (1, 2, 3, 6, -1, -2, -3, -6)]


@pytest.mark.parametrize("times", POWERS)
@pytest.mark.parametrize("off", ["0.901", "1", "1.099"])
def test_f16_a_value_in_another_unit_is_held(times: Decimal, off: str) -> None:
    after = {"m": {"searches": f"{Decimal(5) * times * Decimal(off):f}"}}
    judgement = judged(after, {"m": {"searches": "5"}})
    (check,) = held(judgement).values()
    assert check in ("scale_jump", "bounds")
    if check == "scale_jump":
        assert releases(judgement) == {("m", "searches"): 3 if times in (10, Decimal("0.1")) else None}


@pytest.mark.parametrize(
    ("old", "new", "doubted"),
    [
        ("1", "8.99", False),
        ("1", "9", True),
        ("1", "11", True),
        ("1", "11.01", False),
        ("1", "20", False),
        ("1", "20.01", True),
        ("20", "1", False),
        ("20.01", "1", True),
        ("1", "0.5", False),
        ("3", "3.0000000001", False),
    ],
)
def test_f16_where_a_jump_begins(old: str, new: str, doubted: bool) -> None:
    judgement = judged({"m": {"input": new}}, {"m": {"input": old}})
    assert held(judgement) == ({("m", "input"): "scale_jump"} if doubted else {})


@pytest.mark.parametrize(
    ("old", "new", "doubted"),
    [
        ("128000", "1280000", False),
        ("128000", "128", True),
        ("8192", "163840", False),
        ("8192", "163841", True),
        ("10000", "1000000", True),
    ],
)
def test_f16_counts_of_tokens_grow_tenfold_but_not_more(old: str, new: str, doubted: bool) -> None:
    judgement = judged({"m": {"context_window": new}}, {"m": {"context_window": old}})
    assert held(judgement) == ({("m", "context_window"): "scale_jump"} if doubted else {})


def test_f16_what_changes_beside_a_jump_waits_with_it() -> None:
    before = {"m": {"input": "5", "output": "25"}, "n": {"input": "5", "output": "25"}}
    after = {"m": {"input": "0.5", "output": "20", "cache_read": "0.05"}, "n": {"input": "4", "output": "25"}}
    judgement = judged(after, before)
    assert held(judgement) == {("m", field): "scale_jump" for field in ("input", "output", "cache_read")}
    assert set(releases(judgement).values()) == {3}


@pytest.mark.parametrize(("jumping", "fails"), [(2, False), (3, True)])
@pytest.mark.parametrize("times", [100, 1000, 1_000_000])
def test_f16_a_column_in_another_unit_fails_the_source(jumping: int, fails: bool, times: int) -> None:
    before = many(5, {"input": "0.002", "output": "0.01"})
    after = before | {f"m{n}": {"input": f"{Decimal('0.002') * times:f}", "output": "0.01"} for n in range(jumping)}
    judgement = judged(after, before)
    assert failing(judgement) == ({"scale_jump"} if fails else set())
    assert len(held(judgement)) >= jumping


def test_f16_all_prices_of_one_offer_in_another_unit_fail_a_source_of_one_offer() -> None:
    before = {"m": {"input": "0.002", "output": "0.01", "cache_read": "0.001"}}
    after = {"m": {"input": "2", "output": "10", "cache_read": "1"}}
    assert failing(judged(after, before)) == {"scale_jump"}


def test_f16_a_whole_list_at_a_tenth_waits_for_a_person() -> None:
    before, after = many(4, {"input": "5"}), many(4, {"input": "0.5"})
    judgement = judged(after, before)
    assert failing(judgement) == set()
    assert set(held(judgement).values()) == {"scale_jump"}
    assert set(releases(judgement).values()) == {None}


def test_f16_an_announced_price_is_compared_with_the_current_one() -> None:
    soon = NOW + timedelta(days=30)
    before = {"m": {"input": "5"}}
    announced = fact("input", "5000", valid_from=soon)
    read = Reading(offers=(Offer(model_id="m", name="m", facts=(fact("input", "5"), announced)),))
    (hold,) = judged(read, before).holds
    assert (hold.field, hold.valid_from) == ("input", soon)
    usual = Reading(
        offers=(Offer(model_id="m", name="m", facts=(fact("input", "5"), fact("input", "6", valid_from=soon))),)
    )
    assert judged(usual, before).holds == ()


# Zero.


@pytest.mark.parametrize(
    ("old", "new", "promotional", "doubted"),
    [("5", "0", False, True), ("0", "5", False, True), ("0", "0", False, False), ("5", "0", True, False)],
)
def test_free_and_not_free_are_not_changed_into_each_other_at_once(
    old: str, new: str, promotional: bool, doubted: bool
) -> None:
    after = {"m": {"input": fact("input", new, promotional=promotional)}}
    judgement = judged(after, {"m": {"input": old}})
    assert held(judgement) == ({("m", "input"): "zero_crossing"} if doubted else {})
    assert set(releases(judgement).values()) <= {3}


def test_a_new_price_of_nothing_beside_others_may_be_a_placeholder() -> None:
    judgement = judged({"m": {"input": "5", "cache_write": "0"}}, {"m": {"input": "5"}})
    assert held(judgement) == {("m", "cache_write"): "zero_crossing"}
    assert judged({"m": {"input": "0", "output": "0"}}, {"m": {"input": "0"}}).holds == ()
    assert judged({"m": {"input": "5", "cache_write": "0"}}).holds == ()


def test_what_was_free_for_a_time_is_not_held_afterwards() -> None:
    assert judged({"m": {"input": "5"}}, {"m": {"input": fact("input", "0", promotional=True)}}).holds == ()


# F22: the same two values over and over.


def test_f22_a_value_that_comes_back_waits_for_a_second_capture() -> None:
    before, earlier = {"m": {"input": "5"}}, {("m", "input"): ("4", "3")}
    for value, doubted in (("4", True), ("3.0", True), ("3.5", False), ("5", False)):
        judgement = judged({"m": {"input": value}}, before, earlier=earlier)
        assert held(judgement) == ({("m", "input"): "flapping"} if doubted else {}), value
        assert set(releases(judgement).values()) <= {2}


def test_f22_two_layouts_in_turn_change_nothing() -> None:
    one, other = many(10, {"input": "5", "output": "25"}), many(10, {"input": "5", "output": "25"})
    other["m3"]["output"] = "20"
    earlier = {("m3", "output"): ("20",)}
    assert held(judged(other, one, earlier=earlier)) == {("m3", "output"): "flapping"}
    assert judged(one, one, earlier=earlier).holds == ()


def test_f22_the_end_of_a_promotion_is_no_flapping() -> None:
    earlier = {("m", "input"): ("5",)}
    promotion = {"m": {"input": fact("input", "4", promotional=True)}}
    assert judged({"m": {"input": "5"}}, promotion, earlier=earlier).holds == ()
    announced = Reading(
        offers=(Offer(model_id="m", name="m", facts=(fact("input", "4"), fact("input", "50", valid_from=NOW))),)
    )
    assert judged({"m": {"input": "50"}}, announced).holds == ()
    assert judged({"m": {"input": "51"}}, announced).holds == ()
    assert held(judged({"m": {"input": "500"}}, announced)) == {("m", "input"): "scale_jump"}


# What vanishes.


@pytest.mark.parametrize(
    ("stood", "left", "lost"),
    [(8, 5, False), (16, 12, True), (15, 12, False), (20, 16, False), (20, 15, True), (4, 0, True), (100, 79, True)],
)
def test_f15_offers_that_vanish_together_are_held(stood: int, left: int, lost: bool) -> None:
    after = many(left, {"input": "5"}) or {"x": {"input": "5"}}
    judgement = judged(after, many(stood, {"input": "5"}))
    assert failing(judgement) == set()
    gone = {(f"m{n}", ""): "offers_lost" for n in range(left, stood)}
    assert held(judgement).items() >= (gone if lost else {}).items()
    assert len([hold for hold in judgement.holds if hold.field == ""]) == (stood - left if lost else 0)
    assert all(hold.releases_after is None for hold in judgement.holds if hold.check == "offers_lost")


def after_days(after: Offers, before: Offers, days: int) -> Judgement:
    """Judge a reading so many days after the last one."""
    return judge(reading(after), Contract(), standing(reading(before), at=NOW - timedelta(days=days)), NOW)


@pytest.mark.parametrize(
    ("left", "days", "doubted"),
    [(16, 7, False), (15, 7, True), (15, 35, True), (15, 36, False), (10, 36, False), (9, 36, True)],
)
def test_f15_what_is_new_beside_many_losses_is_held_with_them(left: int, days: int, doubted: bool) -> None:
    new: Offers = {"new": {"input": "5"}, "m0": {"input": "5", "output": "9"}, "m1": {"input": "5", "status": "active"}}
    judgement = after_days({**many(left, {"input": "5"}), **new}, many(20, {"input": "5"}), days)
    expected = {("new", "input"), ("m0", "output"), ("m1", "status")} if doubted else set()
    assert {key for key, check in held(judgement).items() if check == "amid_losses"} == expected


def test_what_an_earlier_reading_missed_is_no_loss_of_this_one() -> None:
    gone = standing(reading(many(10, {"input": "5"})), at=NOW - timedelta(days=14))
    left = standing(reading(many(30, {"input": "5"}, first=10)), at=NOW - timedelta(days=7))
    for lost, doubted in ((0, False), (6, False), (7, True)):
        after = reading({**many(30 - lost, {"input": "5"}, first=10), "new": {"input": "5"}})
        judgement = judge(after, Contract(), [*gone, *left], NOW)
        assert set(held(judgement).values()) == {"offers_lost"} | ({"amid_losses"} if doubted else set())
        assert set(releases(judgement).values()) == {None}


def test_of_a_short_page_the_loss_of_values_is_enough() -> None:
    before = {who: {"status": "active", "released": "2026-01-01"} for who in ("a", "b", "c")}
    before["c"] = {"status": "legacy", "retires": "2026-12-01"}
    judgement = judged({"a": before["a"], "c": {"status": "active"}}, before)
    assert held(judgement) == {}  # 3 values are gone
    judgement = judged({"c": {"status": "active"}}, before)
    assert held(judgement) == {("c", "status"): "amid_losses"}


def test_what_is_new_on_a_page_that_looks_misread_waits_for_as_long_as_the_rest() -> None:
    before = many(5, {"input": "5", "output": "25"})
    after = {who: {"input": "7", "output": "25"} for who in before} | {"new": {"input": "5"}}
    judgement = judged(after, before)
    assert held(judgement).items() >= {("m0", "input"): "mass_move", ("new", "input"): "amid_losses"}.items()
    assert set(releases(judgement).values()) == {3}


def test_a_price_that_was_announced_is_not_in_doubt_amid_losses() -> None:
    before = reading(many(9, {"input": "5"}))
    announced = Offer(
        model_id="m9", name="m9", facts=(fact("input", "5"), fact("input", "4", valid_from=NOW + timedelta(days=1)))
    )
    before = before.model_copy(update={"offers": (*before.offers, announced)})
    judgement = judged({"m9": {"input": "4"}, "new": {"input": "5"}}, before)
    assert ("m9", "input") not in held(judgement)
    assert held(judgement)["new", "input"] == "amid_losses"


def test_a_mark_in_place_of_a_price_waits_and_a_sentence_does_not() -> None:
    def gone(quote: str) -> Judgement:
        return judged(
            {"m": {"input": fact("input", None, state=State.NOT_OFFERED, quote=quote)}}, {"m": {"input": "5"}}
        )

    (hold,) = gone("-").holds
    assert (hold.check, hold.releases_after) == ("no_longer_offered", 3)
    assert hold.message == "input of m is not offered any more (“-”), and was 5 USD per 1M tokens"
    assert gone("Fast mode is not available on m").holds == ()


def test_a_name_that_several_offers_have_is_in_doubt_without_an_id() -> None:
    two = Reading(
        offers=tuple(Offer(model_id=who, name="Embed", facts=(fact("input", "5"),)) for who in ("embed-1", "embed-2"))
    )
    other = Offer(model_id="x", name="X", facts=(fact("input", "5"),))
    before = two.model_copy(update={"offers": (*two.offers, other)})
    moved = Offer(model_id="x", name="X", facts=(fact("input", "6"),))
    judgement = judged(two.model_copy(update={"offers": (moved, *reading({"=Embed": {"input": "5"}}).offers)}), before)
    assert held(judgement) == {("Embed", "input"): "ambiguous_names"}
    assert "embed-1, embed-2 have that name" in judgement.holds[0].message


def test_a_name_that_several_offers_have_is_in_no_doubt_with_an_id_or_where_it_stood_alone() -> None:
    def read(prices: dict[str, str]) -> Reading:
        return Reading(
            offers=tuple(Offer(model_id=who, name="Embed", facts=(fact("input", p),)) for who, p in prices.items())
        )

    stood = {"embed-1": "5", "embed-2": "5", "": "5"}
    assert judged(read({**stood, "": "6", "embed-3": "5"}), read(stood)).holds == ()


def test_f15_an_offer_is_known_by_its_id_and_by_its_name_only_without_one() -> None:
    before = Reading(
        offers=tuple(Offer(model_id=f"m{n}", name=f"M {n}", facts=(fact("input", "5"),)) for n in range(6))
    )

    def told(model_id: str, name: str) -> Reading:
        return Reading(
            offers=tuple(
                Offer(model_id=model_id.format(n=n), name=name.format(n=n), facts=(fact("input", "5"),))
                for n in range(6)
            )
        )

    assert judged(told("m{n}", "New {n}"), before).holds == ()
    assert judged(told("", "M {n}"), before).holds == ()
    assert judged(told("m{n}", "M {n}"), told("", "M {n}")).holds == ()
    assert set(held(judged(told("x{n}", "M {n}"), before)).values()) == {"offers_lost", "amid_losses"}
    moved = judged(told("m{n}", "New {n}").model_copy(), told("m{n}", "Old {n}"))
    assert moved.holds == ()


def test_offers_that_share_an_id_are_told_apart_by_name() -> None:
    plans = tuple(
        Offer(model_id="m", name=f"Plan {n}", shared_id=True, facts=(fact("input", str(n + 1)),)) for n in range(6)
    )
    assert judged(Reading(offers=plans), Reading(offers=plans)).holds == ()
    judgement = judged(Reading(offers=plans[:1]), Reading(offers=plans))
    assert {(hold.model_id, hold.name, hold.field) for hold in judgement.holds} == {
        ("m", f"Plan {n}", "") for n in range(1, 6)
    }


@pytest.mark.parametrize(("holders", "lost", "doubted"), [(10, 3, False), (10, 4, True), (20, 4, False), (20, 5, True)])
@pytest.mark.parametrize("how", ["gone", "not offered"])
def test_a_column_that_vanishes_is_held(holders: int, lost: int, doubted: bool, how: str) -> None:
    before = many(holders, {"input": "5", "cache_read": "0.5"})
    after = dict(before)
    for n in range(lost):
        after[f"m{n}"] = {"input": "5"}
        if how == "not offered":
            after[f"m{n}"]["cache_read"] = fact("cache_read", None, state=State.NOT_OFFERED)
    judgement = judged(after, before)
    expected = {(f"m{n}", "cache_read"): "field_lost" for n in range(lost)} if doubted else {}
    assert {key: check for key, check in held(judgement).items() if check == "field_lost"} == expected
    assert all(hold.releases_after is None for hold in judgement.holds if hold.check == "field_lost")


def test_a_price_that_is_announced_in_place_of_the_current_one_did_not_vanish() -> None:
    before = many(5, {"input": "5"})
    after = Reading(
        offers=tuple(
            Offer(model_id=f"m{n}", name=f"m{n}", facts=(fact("input", "5", valid_from=NOW),)) for n in range(5)
        )
    )
    assert judged(after, before).holds == ()


# What takes another's place.


def test_f21_two_columns_that_are_swapped_fail_the_source() -> None:
    before = many(2, {"input": "5", "output": "25"})
    after = many(2, {"input": "25", "output": "5"})
    judgement = judged(after, before)
    assert "swapped" in failing(judgement)
    assert judgement.failures[0].startswith("input has the values that output had, for 2 of the offers (m0, m1)")


def test_f21_of_one_offer_crossing_prices_are_enough() -> None:
    assert "swapped" in failing(judged({"m": {"input": "25", "output": "5"}}, {"m": {"input": "5", "output": "25"}}))


def test_f21_prices_that_are_announced_are_not_swapped_either() -> None:
    def from_tomorrow(one: str, other: str) -> Reading:
        tomorrow = NOW + timedelta(days=1)
        facts = (fact("input", one, valid_from=tomorrow), fact("output", other, valid_from=tomorrow))
        return Reading(offers=tuple(Offer(model_id=f"m{n}", name="", facts=facts) for n in range(2)))

    assert "swapped" in failing(judged(from_tomorrow("25", "5"), from_tomorrow("5", "25")))
    assert judged(from_tomorrow("5", "25"), from_tomorrow("5", "25")).failures == ()


def test_f21_a_new_heading_over_the_old_values_is_held_with_what_it_took() -> None:
    before = many(3, {"input": "5", "cache_write": "6.25"})
    after = many(3, {"input": "5", "cache_read": "6.25"})
    judgement = judged(after, before)
    assert held(judgement).items() >= {(f"m{n}", "cache_read"): "relabelled" for n in range(3)}.items()
    assert held(judgement).items() >= {(f"m{n}", "cache_write"): "relabelled" for n in range(3)}.items()


@pytest.mark.parametrize(("stay", "doubted"), [(4, True), (5, False)])
def test_f21_a_fifth_of_those_that_had_a_price_makes_its_new_heading_doubtful(stay: int, doubted: bool) -> None:
    before: Offers = {**many(stay + 1, {"input": "5", "cache_write": "4"}), "without": {"input": "5"}}
    judgement = judged({**before, "m0": {"input": "5", "cache_read": "4"}, "new": {"input": "5"}}, before)
    expected = {("m0", field): "relabelled" for field in ("cache_read", "cache_write")}
    assert held(judgement) == ({**expected, ("new", "input"): "amid_losses"} if doubted else {})


def test_f21_a_new_heading_is_held_beside_an_offer_whose_prices_are_swapped() -> None:
    before: Offers = {"a": {"input": "5", "output": "25"}, **many(3, {"input": "5", "cache_write": "4"})}
    after: Offers = {"a": {"input": "25", "output": "5"}, **many(3, {"input": "5", "cache_read": "4"})}
    expected = {("a", "input"): "swapped", **{(f"m{n}", "cache_read"): "relabelled" for n in range(3)}}
    assert held(judged(after, before)).items() >= expected.items()


def test_f21_a_new_heading_over_announced_prices_is_held_with_their_day() -> None:
    tomorrow = NOW + timedelta(days=1)

    def read(field: str) -> Reading:
        facts = (fact("input", "5"), fact(field, "0.5", valid_from=tomorrow))
        return Reading(offers=tuple(Offer(model_id=f"m{n}", name="", facts=facts) for n in range(2)))

    judgement = judged(read("cache_read"), read("cache_write"))
    assert {(hold.model_id, hold.field, hold.valid_from) for hold in judgement.holds} == {
        (f"m{n}", field, tomorrow) for n in range(2) for field in ("cache_read", "cache_write")
    }


def test_a_new_price_with_the_value_that_another_one_left_is_held() -> None:
    before = many(2, {"input": "5", "output": "25"})
    after = many(2, {"input": "5", "output": "30", "output{tier=batch}": "25"})
    expected = {(f"m{n}", "output{tier=batch}"): "relabelled" for n in range(2)}
    assert held(judged(after, before)).items() >= expected.items()


def test_f21_a_batch_table_read_as_the_standard_one_changes_nothing() -> None:
    before = many(3, {"input": "5", "output": "25", "input{tier=batch}": "2.50", "output{tier=batch}": "12.50"})
    judgement = judged(many(3, {"input": "2.50", "output": "12.50"}), before)
    assert "swapped" in failing(judgement)


def test_prices_that_are_cut_alike_are_not_swapped() -> None:
    before = {"m": {"input": "5", "output": "25", "input{tier=batch}": "2.50", "output{tier=batch}": "12.50"}}
    after = {"m": {"input": "2.50", "output": "12.50", "input{tier=batch}": "1.25", "output{tier=batch}": "6.25"}}
    stays = {f"n{n}": before["m"] for n in range(9)}
    assert judged(stays | after, stays | before).holds == ()


def test_a_price_that_stays_took_no_value_from_one_that_moved() -> None:
    judgement = judged(many(2, {"input": "5", "output": "6"}), many(2, {"input": "5", "output": "5"}))
    assert (judgement.failures, judgement.holds) == ((), ())


def test_offers_with_one_price_for_both_columns_do_not_hide_that_they_are_swapped() -> None:
    both = many(9, {"input": "7", "output": "7"}, first=2)
    before, after = (many(2, {"input": one, "output": other}) for one, other in (("5", "25"), ("25", "30")))
    assert failing(judged({**after, **both}, {**before, **both})) == {"swapped"}


def test_a_price_that_meets_another_one_by_chance_is_not_swapped() -> None:
    before = many(12, {"input": "5", "output": "25", "cache_read": "0.5"})
    after = dict(before) | {"m0": {"input": "4", "output": "5", "cache_read": "0.5"}}
    assert judged(after, before).holds == ()


def test_prices_of_other_hosts_are_no_columns() -> None:
    before = {"m": {"input{upstream=a}": "5", "input{upstream=b}": "4", "input{upstream=c}": "3"}}
    after = {"m": {"input{upstream=a}": "4", "input{upstream=b}": "3.5", "input{upstream=c}": "3"}}
    assert judged(after, before).holds == ()


def test_rows_that_are_shifted_are_held() -> None:
    prices = ["5", "25", "3", "15", "1", "8"]
    before = {f"m{n}": {"input": price, "context_window": "128000"} for n, price in enumerate(prices)}
    after = {f"m{n}": {"input": prices[(n + 1) % 6], "context_window": "128000"} for n in range(6)}
    assert set(held(judged(after, before)).values()) == {"rows_shifted"}
    fewer = dict(before) | {"m0": {"input": "25"}, "m1": {"input": "3"}}
    assert "rows_shifted" not in held(judged(fewer, before)).values()


def test_new_offers_at_the_prices_of_others_are_no_shifted_rows() -> None:
    before = {f"m{n}": {"input": price} for n, price in enumerate(("5", "25", "3"))}
    new = {f"n{n}": {"input": price} for n, price in enumerate(("25", "3", "5", "25"))}
    assert judged({**before, **new}, before).holds == ()


def test_two_offers_that_are_swapped_are_held() -> None:
    one, other = {"input": "5", "output": "25"}, {"input": "3", "output": "15"}
    judgement = judged({"a": other, "b": one}, {"a": one, "b": other})
    assert set(held(judgement).values()) == {"offers_swapped"}
    assert len(judgement.holds) == 4
    assert set(releases(judgement).values()) == {None}


# So much at once.


@pytest.mark.parametrize(("moved", "of", "doubted"), [(4, 8, False), (5, 8, True), (6, 20, False), (7, 20, True)])
def test_many_moves_at_once_wait_for_more_captures(moved: int, of: int, doubted: bool) -> None:
    before = {f"m{n}": {"input": f"{n + 1}.5", "modalities": "text->text"} for n in range(of)}
    after = {f"m{n}": {"input": f"{n + 1}.7" if n < moved else f"{n + 1}.5"} for n in range(of)}
    judgement = judged(after, before)
    expected = {(f"m{n}", "input"): "mass_move" for n in range(moved)} if doubted else {}
    assert {key: check for key, check in held(judgement).items() if check == "mass_move"} == expected
    assert set(releases(judgement).values()) <= {3, None}


def test_one_column_that_moves_alone_waits_for_more_captures() -> None:
    before = {f"m{n}": {"input": f"{n + 1}", "output": f"{5 * n + 7}", "cache_read": f"0.{n + 1}1"} for n in range(15)}
    after = {
        who: {**fields, "cache_read": f"0.{n + 1}3" if n < 5 else f"0.{n + 1}1"}
        for n, (who, fields) in enumerate(before.items())
    }
    judgement = judged(after, before)
    assert set(held(judgement).values()) == {"column_moved"}
    assert len(judgement.holds) == 5
    both = {who: {**fields, "input": f"{Decimal(str(fields['input'])) + 1}"} for who, fields in after.items()}
    assert "column_moved" not in held(judged({**after, **dict(list(both.items())[:5])}, before)).values()


# Neighbours.


@pytest.mark.parametrize(
    ("fields", "doubted"),
    [
        ({"input": "1", "input{region=eu}": "20"}, set()),
        ({"input": "1", "input{region=eu}": "20.1"}, {"input", "input{region=eu}"}),
        ({"input": "1", "input{region=eu}": "1.1", "input{region=us}": "0.04"}, {"input{region=us}"}),
        ({"input": "1", "input.audio": "100"}, set()),
        ({"input": "1", "input{variant=fine-tuned}": "100"}, set()),
        ({"input": "1", "output": "100"}, set()),
        ({"input": "0", "input{region=eu}": "100"}, set()),
    ],
)
def test_the_same_on_other_terms_is_of_one_size(fields: dict[str, str], doubted: set[str]) -> None:
    assert held(judged({"m": fields})) == {("m", field): "far_from_its_like" for field in doubted}


@pytest.mark.parametrize(
    ("values", "doubted"),
    [
        (["1", "2", "3", "2999"], set()),
        (["1", "2", "0.5", "2000"], {3}),
        (["0.0005", "0.6", "2", "3"], {0}),
        (["0.001", "1900", "2"], set()),
        (["0", "0", "0", "1900"], set()),
    ],
)
def test_one_price_far_from_all_others_is_held(values: list[str], doubted: set[int]) -> None:
    offers: Offers = {f"m{n}": {"output": value} for n, value in enumerate(values)}
    expected = {(f"m{n}", "output"): "far_from_the_others" for n in doubted}
    found = {key: check for key, check in held(judged(offers)).items() if check != "bounds"}
    assert found == expected


# Exceptions.


def test_an_exception_lets_its_offers_and_fields_through_and_no_others() -> None:
    exception = {"check": "bounds", "offers": ["m*"], "fields": ["input*"], "reason": "it really costs that much"}
    contract = Contract.model_validate({"exception": [exception]})
    offers: Offers = {"m": {"input": "3000", "output": "3000"}, "n": {"input": "3000"}}
    assert held(judged(offers, contract=contract)) == {("m", "output"): "bounds", ("n", "input"): "bounds"}


@pytest.mark.parametrize("named", ["nova-1", "Nova One"])
def test_an_exception_names_an_offer_by_its_id_or_by_its_name(named: str) -> None:
    exception = {"check": "bounds", "offers": [named], "fields": ["input"], "reason": "it really costs that much"}
    read = Reading(offers=(Offer(model_id="nova-1", name="Nova One", facts=(fact("input", "3000"),)),))
    assert held(judged(read)) == {("nova-1", "input"): "bounds"}
    assert judged(read, contract=Contract.model_validate({"exception": [exception]})).holds == ()


def test_an_exception_of_everything_also_waives_a_failure() -> None:
    contract = Contract.model_validate({"exception": [{"check": "swapped", "reason": "they say so themselves"}]})
    judgement = judged({"m": {"input": "25", "output": "5"}}, {"m": {"input": "5", "output": "25"}}, contract=contract)
    assert failing(judgement) == set()
    assert seen(judgement, "swapped").verdict is Verdict.PASS


def test_the_first_guard_wins_and_each_fact_is_held_once() -> None:
    judgement = judged({"m": {"input": "5000", "cache_read": "6000"}}, {"m": {"input": "5", "cache_read": "6"}})
    keys = [(hold.model_id, hold.field, hold.valid_from) for hold in judgement.holds]
    assert len(keys) == len(set(keys))
    order = [guard.__name__ for guard in GUARDS]
    objecting = [one.name for one in judgement.seen if one.verdict is not Verdict.PASS]
    assert judgement.holds[0].check == min(objecting, key=order.index)
    told = seen(judgement, "bounds")
    assert told.verdict is Verdict.HOLD
    assert re.search(r"\(and 1 more\)$", told.message)


# F22 and F29: what has not changed is not judged.


@settings(deadline=None)
@given(st.lists(st.sampled_from(["0", "0.002", "5", "1999", "77777777"]), min_size=1, max_size=8))
def test_saying_the_same_again_is_never_in_doubt(values: list[str]) -> None:
    read = reading({f"m{n}": {"input": value, "output": value} for n, value in enumerate(values)})
    for wait in (0, 7, 700):
        at = NOW + timedelta(days=wait)
        judgement = judge(read, Contract(), standing(read), at)
        assert (judgement.failures, judgement.holds) == ((), ())


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.decimals("0.01", "100", places=2), min_size=2, max_size=6, unique=True),
    st.integers(1, 5),
)
def test_two_swapped_columns_never_change_a_price(prices: list[Decimal], offers: int) -> None:
    fields = ["input", "output", "cache_read", "cache_write", "input.audio", "output{tier=priority}"][: len(prices)]
    before = {f"m{n}": {f: f"{p + n:f}" for f, p in zip(fields, prices, strict=True)} for n in range(offers)}
    for one, other in combinations(fields, 2):
        swap = {one: other, other: one}
        after = {who: {swap.get(f, f): value for f, value in said.items()} for who, said in before.items()}
        judgement = judged(after, before)
        kept = held(judgement)
        changed = {(who, f) for who in before for f in (one, other)}
        assert judgement.failures or changed <= kept.keys()


def test_time_is_given_and_never_read() -> None:
    offers = {"m": {"released": "2026-12-01"}}
    assert held(judged(offers, at=datetime(2026, 9, 8, tzinfo=UTC))) == {}
    assert held(judged(offers, at=datetime(2026, 1, 8, tzinfo=UTC))) == {("m", "released"): "dates"}


# Where the lines are drawn.


def test_a_retirement_may_be_ten_years_ahead() -> None:
    assert held(judged({"m": {"retires": "2036-09-05"}})) == {}
    assert held(judged({"m": {"retires": "2036-09-06"}})) == {("m", "retires"): "dates"}


def test_the_mark_of_every_price_is_looked_at() -> None:
    offers: Offers = {"m": {"context_window": "128000", "output": "25", "input": fact("input", "5", quote="€5")}}
    assert held(judged(offers)) == {("m", "input"): "currency_mark"}


def test_no_mark_is_asked_of_a_currency_without_one_or_of_a_price_that_follows_from_a_rule() -> None:
    assert held(judged({"m": {"input": fact("input", "5", currency="CHF", quote="€5")}})) == {}
    follows = fact("cache_write", "6.25", quote="1.25x the price, which is €5 for some").model_copy(
        update={"derived": True}
    )
    assert held(judged({"m": {"input": "5", "cache_write": follows}})) == {}


def test_every_kind_of_cutoff_lies_before_the_release() -> None:
    undated: Offers = {"never-released": {"training_cutoff": "2026-06"}}
    judgement = judged({**undated, "m": {"released": "2026-01-01", "training_cutoff": "2026-06"}})
    assert held(judgement) == {("m", f): "cutoff_after_release" for f in ("released", "training_cutoff")}
    both = {"released": "2026-01-01", "knowledge_cutoff": "2025-06", "training_cutoff": "2026-06"}
    assert held(judged({"m": both})) == {("m", f): "cutoff_after_release" for f in ("released", "training_cutoff")}


def test_of_many_names_the_first_five_are_said() -> None:
    contract = Contract.model_validate({"must_have": ["a", "b", "c", "d", "e", "f"]})
    assert judged({"m": {"input": "5"}}, contract=contract).failures[0].endswith("must have: a, b, c, d, e, …")
    five = Contract.model_validate({"must_have": ["a", "b", "c", "d", "e"]})
    assert judged({"m": {"input": "5"}}, contract=five).failures[0].endswith("must have: a, b, c, d, e")


def test_an_announced_price_is_compared_with_the_current_one() -> None:
    def read(then: str) -> Reading:
        facts = (fact("output", "500"), fact("input", "5"), fact("input", then, valid_from=NOW + timedelta(days=9)))
        return Reading(offers=(Offer(model_id="m", name="m", facts=facts),))

    before = {"m": {"output": "500", "input": "5"}}
    assert judged(read("6"), before).holds == ()
    (hold,) = judged(read("500"), before).holds
    assert (hold.check, hold.valid_from) == ("scale_jump", NOW + timedelta(days=9))


@pytest.mark.parametrize(
    ("before", "after", "doubted"),
    [
        # One heading parts input from output, and standard from batch; two part input from the batch's output.
        ({"input": "5", "output": "25"}, {"input": "25", "output": "30"}, True),
        ({"input": "5", "input{tier=batch}": "4"}, {"input": "4", "input{tier=batch}": "3.5"}, True),
        ({"input": "5", "output{tier=batch}": "12"}, {"input": "12", "output{tier=batch}": "13"}, False),
        ({"input": "5", "images": "0.5"}, {"input": "0.5", "images": "0.6"}, False),
        ({"input": "5", "input{tier=batch}": "2.5"}, {"input": "2.5", "input{tier=batch}": "1.25"}, False),
        ({"input": "5", "output{tier=batch}": "12"}, {"input": "12", "output{tier=batch}": "5"}, True),
        (
            {"input{upstream=a}": "5", "output{upstream=a}": "6"},
            {"input{upstream=a}": "6", "output{upstream=a}": "9"},
            True,
        ),
        # The price of one host may be taken for that of all, but not for that of another one.
        ({"input": "5", "input{upstream=a}": "4"}, {"input": "4", "input{upstream=a}": "5"}, True),
        (
            {"input{upstream=a}": "5", "input{upstream=b}": "4"},
            {"input{upstream=a}": "4", "input{upstream=b}": "5"},
            False,
        ),
        # Prices that are cut alike within two hundredths are not taken from each other; nor does one begin at nothing.
        ({"input": "10", "input{tier=batch}": "5.1"}, {"input": "5.1", "input{tier=batch}": "2.56"}, False),
        ({"input": "10", "input{tier=batch}": "5.1"}, {"input": "5.1", "input{tier=batch}": "2.55"}, True),
        ({"input": "0", "output": "25"}, {"input": "25", "output": "30"}, True),
    ],
)  # fmt: skip
def test_what_takes_the_value_of_another_price(before: dict[str, str], after: dict[str, str], doubted: bool) -> None:
    judgement = judged({"m": after, "n": after}, {"m": before, "n": before})
    assert ("swapped" in failing(judgement)) is doubted
    assert ("swapped" in held(judgement).values()) is doubted


def test_two_offers_that_are_swapped_among_many_are_held() -> None:
    stays = {f"m{n}": {"input": f"{n + 40}", "output": f"{n + 60}"} for n in range(12)}
    one, other = {"input": "5", "output": "25"}, {"input": "3", "output": "15"}
    judgement = judged({**stays, "a": other, "b": one}, {**stays, "a": one, "b": other})
    assert set(held(judgement)) == {(who, field) for who in ("a", "b") for field in ("input", "output")}
    only_input = judged(
        {**stays, "a": {**one, "input": "3"}, "b": {**other, "input": "5"}}, {**stays, "a": one, "b": other}
    )
    assert "offers_swapped" not in held(only_input).values()


@pytest.mark.parametrize(("stay", "doubted"), [(0, True), (2, True), (3, False), (7, False)])
def test_rows_are_shifted_where_most_of_them_took_anothers_value(stay: int, doubted: bool) -> None:
    before = {"a": {"input": "5"}, "b": {"input": "25"}, "c": {"input": "5"}}
    after = {"a": {"input": "25"}, "b": {"input": "5"}, "c": {"input": "25"}}
    stays = {f"m{n}": {"input": f"{n + 7}"} for n in range(stay)}
    judgement = judged({**stays, **after}, {**stays, **before})
    assert ("rows_shifted" in held(judgement).values()) is doubted


def test_a_column_that_four_offers_lost_puts_what_is_new_in_doubt_for_a_while() -> None:
    before = reading(many(4, {"input": "5", "output": "25"}))
    after = reading({**many(4, {"input": "5"}), "new": {"input": "5"}})
    soon = judge(after, Contract(), standing(before, at=NOW), NOW + timedelta(days=35))
    assert held(soon)["new", "input"] == "amid_losses"
    late = judge(after, Contract(), standing(before, at=NOW), NOW + timedelta(days=36))
    assert "amid_losses" not in held(late).values()


def test_an_offer_that_is_gone_is_called_by_its_id() -> None:
    before = Reading(
        offers=tuple(Offer(model_id=f"m{n}", name=f"M {n}", facts=(fact("input", "5"),)) for n in range(6))
    )
    judgement = judged(before.model_copy(update={"offers": before.offers[:1]}), before)
    assert judgement.holds[0].message.startswith("m1 is gone: ")


@pytest.mark.parametrize(
    ("field", "old", "new", "doubted"),
    [
        ("context_window", "128000", "131072", True),
        ("released", "2026-01-01", "2026-01-02", True),
        ("modalities", "text->text", "text+image->text", False),
    ],
)
def test_a_column_of_sizes_or_days_that_moves_alone_waits(field: str, old: str, new: str, doubted: bool) -> None:
    before, after = (many(6, {"input": "5", field: value}) for value in (old, new))
    assert set(held(judged(after, before)).values()) == ({"column_moved"} if doubted else set())


def test_what_stands_beside_two_doubts_waits_as_long_as_the_longer() -> None:
    before = {"m": {"input": "5", "output": "25"}}
    judgement = judged({"m": {"input": "185", "output": "0.25", "cache_read": "1"}}, before)
    assert releases(judgement) == {("m", "input"): 3, ("m", "output"): None, ("m", "cache_read"): None}


def test_a_promotion_does_not_hide_another_price_that_became_free() -> None:
    before = {"a": {"input": "5", "output": "9"}, "b": {"input": "5", "output": "9"}}
    free: Offers = {
        "a": {"input": fact("input", "0", promotional=True), "output": "9"},
        "b": {"input": "0", "output": "9"},
    }
    assert held(judged(free, before)) == {("b", "input"): "zero_crossing"}


@pytest.mark.parametrize(("quote", "doubted"), [("-", True), ("not on offer", True), ("is not on offer", False)])
def test_four_words_say_that_something_is_not_offered(quote: str, doubted: bool) -> None:
    before = {"m": {"output": "5", "input": "1"}}
    gone = fact("input", None, state=State.NOT_OFFERED, quote=quote)
    judgement = judged({"m": {"output": "5.5", "input": gone}}, before)
    assert held(judgement) == ({("m", "input"): "no_longer_offered"} if doubted else {})


def test_a_mark_in_place_of_what_was_no_price_does_not_wait() -> None:
    gone = fact("context_window", None, state=State.NOT_OFFERED, quote="-")
    before = {"m": {"input": "5", "context_window": "128000"}}
    assert judged({"m": {"input": "5", "context_window": gone}}, before).holds == ()


@pytest.mark.parametrize(("lost", "doubted"), [(3, False), (4, True)])
def test_four_offers_that_lose_a_column_put_in_doubt_what_is_new(lost: int, doubted: bool) -> None:
    before = many(10, {"input": "5", "output": "25", "cache_read": "0.5"})
    after: Offers = {**before, **many(lost, {"input": "5", "output": "25"}), "new": {"input": "5"}}
    assert (held(judged(after, before)).get(("new", "input")) == "amid_losses") is doubted


def test_what_never_had_a_value_is_not_lost() -> None:
    never = fact("cache_read", None, state=State.NOT_OFFERED)
    after = many(7, {"input": "5"})
    assert judged(after, many(6, {"input": "5", "cache_read": never})).holds == ()


def test_what_is_gone_is_called_by_the_id_of_its_offer_or_else_by_its_name() -> None:
    called = {"m0": "M 0", "m1": "M 1", "m2": "M 2", "": "Plain"}
    both = (fact("input", "5"), fact("output", "25"))
    before, after = (
        Reading(offers=tuple(Offer(model_id=who, name=name, facts=facts) for who, name in called.items()))
        for facts in (both, both[:1])
    )
    assert {hold.message.partition(",")[0] for hold in judged(after, before).holds} == {
        f"output of {who} is gone" for who in ("m0", "m1", "m2", "Plain")
    }


def test_announced_prices_that_four_offers_lose_are_held_with_their_day_and_counted_apart() -> None:
    tomorrow = NOW + timedelta(days=1)

    def read(then: str | None) -> Reading:
        state = State.NOT_OFFERED if then is None else State.SOURCED
        facts = (fact("input", "5"), fact("input", then, state=state, valid_from=tomorrow))
        plain = reading(many(9, {"input": "5"}, first=4)).offers
        return Reading(offers=(*(Offer(model_id=f"m{n}", name="", facts=facts) for n in range(4)), *plain))

    judgement = judged(read(None), read("4"))
    assert {(hold.model_id, hold.valid_from): hold.message for hold in judgement.holds} == {
        (f"m{n}", tomorrow): f"input of m{n} is now not_offered, as it is for 4 of the 4 offers that had it"
        for n in range(4)
    }


def test_what_changes_on_a_page_that_lost_a_column_is_held_with_the_reason() -> None:
    before = many(5, {"input": "5", "output": "25", "released": "2026-01-01"})
    stays = {"input": "5", "released": "2026-01-01"}
    judgement = judged({**many(5, stays), "m3": {**stays, "released": "2026-01-02"}}, before)
    (hold,) = (hold for hold in judgement.holds if hold.check == "amid_losses")
    assert hold.message == (
        "released of m3 changed, in a reading of which much is in doubt: output of m0 is gone, as it is for 5 of the 5 "
        "offers that had it"
    )


@pytest.mark.parametrize(("kept", "doubted"), [(5, False), (4, True)])
def test_four_values_that_are_gone_are_much(kept: int, doubted: bool) -> None:
    before = many(8, {"released": "2026-01-01"})
    judgement = judged({**many(kept, {"released": "2026-01-01"}), "new": {"released": "2026-02-01"}}, before)
    assert ("amid_losses" in held(judgement).values()) is doubted


def test_offers_of_one_name_are_told_apart_by_their_ids() -> None:
    def read(price: str) -> Reading:
        prices = {"embed-1": "5", "embed-2": price}
        return Reading(
            offers=tuple(Offer(model_id=who, name="Embed", facts=(fact("input", p),)) for who, p in prices.items())
        )

    assert judged(read("6"), read("5")).holds == ()


@pytest.mark.parametrize(("others", "doubted"), [(0, True), (11, True)])
def test_only_those_that_had_a_value_count_where_it_is_lost(others: int, doubted: bool) -> None:
    never = fact("cache_read", None, state=State.NOT_OFFERED)
    stays: Offers = {f"n{n}": {"input": "5", "cache_read": never} for n in range(others)}
    gone: Offers = {f"g{n}": {"input": "5", "cache_read": "0.5"} for n in range(9)}
    before: Offers = {**many(10, {"input": "5", "cache_read": "0.5"}), **stays, **gone}
    after: Offers = {**many(4, {"input": "5"}), **many(6, {"input": "5", "cache_read": "0.5"}, first=4), **stays}
    assert ("field_lost" in held(judged(after, before)).values()) is doubted


def test_one_price_that_takes_anothers_value_is_held_and_fails_nothing() -> None:
    judgement = judged({"m": {"input": "25", "output": "30"}}, {"m": {"input": "5", "output": "25"}})
    assert held(judgement)["m", "input"] == "swapped"
    assert failing(judgement) == set()


@pytest.mark.parametrize(
    ("stay", "taken", "crossed", "doubted", "failed"),
    [
        (8, 2, False, True, True),
        (9, 2, False, False, False),
        (4, 1, True, True, True),
        (5, 1, True, True, False),
        (9, 2, True, True, False),
    ],
)
def test_a_fifth_of_the_offers_makes_columns_look_swapped(
    stay: int, taken: int, crossed: bool, doubted: bool, failed: bool
) -> None:
    before = many(stay + taken, {"input": "5", "output": "25"})
    after = {**before, **many(taken, {"input": "25", "output": "5" if crossed else "30"})}
    judgement = judged(after, before)
    assert ("swapped" in held(judgement).values()) is doubted
    assert ("swapped" in failing(judgement)) is failed


@pytest.mark.parametrize(("stay", "doubted"), [(8, True), (9, False)])
def test_two_offers_that_exchange_one_price_are_held_among_few(stay: int, doubted: bool) -> None:
    stays = {f"m{n}": {"input": f"{n + 40}"} for n in range(stay)}
    judgement = judged(
        {**stays, "a": {"input": "3"}, "b": {"input": "5"}}, {**stays, "a": {"input": "5"}, "b": {"input": "3"}}
    )
    assert ("offers_swapped" in held(judgement).values()) is doubted


@pytest.mark.parametrize(("landed", "moved", "doubted"), [(9, 1, True), (8, 1, False), (3, 3, False)])
def test_rows_are_shifted_where_nine_of_ten_took_anothers_value(landed: int, moved: int, doubted: bool) -> None:
    before = {f"m{n}": {"output": f"{n + 300}", "input": f"{n + 40}"} for n in range(landed + moved)}
    after = {f"m{n}": {"output": f"{n + 300}", "input": f"{(n + 1) % landed + 40}"} for n in range(landed)}
    after |= {f"m{n}": {"output": f"{n + 300}", "input": f"{n + 40}.5"} for n in range(landed, landed + moved)}
    assert ("rows_shifted" in held(judged(after, before)).values()) is doubted
