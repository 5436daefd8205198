"""What a person reads of each guard: one sentence with the offer, the field, both numbers and the unit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from scraper.checks import GUARDS, Verdict
from scraper.checks.text import times_words
from scraper.contracts import Contract
from scraper.records import State
from tests.judging import Offers, fact, judged, many

FIVE = many(5, {"input": "5", "output": "25"})
STAYS: Offers = many(10, {"input": "2", "output": "30"}, first=5)
ROWS = ["5", "25", "3", "15", "1", "8"]

# guard: (what is read, what stood, the contract, what the guard says, what each hold of its says)
SAYINGS: dict[str, tuple[Offers, Offers, Mapping[str, Any], str, set[str]]] = {
    "no_offers": ({}, {}, {}, "the reading has no offers at all; the page has probably changed its shape", set()),
    "no_prices": (
        many(2, {"released": "2026-01-01"}),
        FIVE,
        {},
        "none of the 2 offers of the reading has a price, and this source has published prices",
        set(),
    ),
    "count_of_offers": (
        many(2, {"input": "5"}),
        {},
        {"offers": [3, 5]},
        "the reading has 2 offers, and its contract expects 3 to 5",
        set(),
    ),
    "must_have": (
        many(2, {"input": "5"}),
        {},
        {"must_have": ["m0", "x*", "y"]},
        "the reading lacks what its contract says it must have: x*, y",
        set(),
    ),
    "coverage": (
        {"a": {"input": "5"}, "b": {"output": "5"}, "c": {"output": "6"}},
        {},
        {"covered": {"input": 0.9}},
        "only 1 of the 3 offers have input, and its contract expects 90% of them",
        set(),
    ),
    "currencies": (
        {"a": {"input": fact("input", "5", currency="CNY"), "output": fact("output", "9", currency="EUR")}}
        | {"b": {"input": "5"}},
        {},
        {"currencies": ["USD", "GBP"]},
        "2 of 3 prices are in CNY, EUR, and its contract says USD, GBP; another price list was probably sent",
        {
            "input of a is in CNY, and the contract of its source says USD, GBP",
            "output of a is in EUR, and the contract of its source says USD, GBP",
        },
    ),
    "currency_mark": (
        {"a": {"input": fact("input", "5", quote="€5 " + "x" * 90)}},
        {},
        {},
        f"input of a was read as USD, and what is printed is “€5 {'x' * 77}”",
        {f"input of a was read as USD, and what is printed is “€5 {'x' * 77}”"},
    ),
    "currency_switched": (
        {"a": {"input": fact("input", "5", currency="CNY")}, "b": {"input": fact("input", "6", currency="CNY")}}
        | {"c": {"input": "7"}},
        {"a": {"input": "5"}, "b": {"input": "6"}, "c": {"input": "7"}},
        {},
        "2 of 3 prices changed their currency (from USD to CNY); the page was probably made for another country",
        {"input of a changed its currency from USD to CNY", "input of b changed its currency from USD to CNY"},
    ),
    "swapped": (
        many(2, {"input": "25", "output": "5"}),
        many(2, {"input": "5", "output": "25"}),
        {},
        (
            "input has the values that output had, for 2 of the offers (m0, m1); their columns look swapped; "
            "output has the values that input had, for 2 of the offers (m0, m1); their columns look swapped"
        ),
        {
            f"{field} of {who} took the value that {other} had, {value} USD per 1M tokens; their columns look swapped"
            for who in ("m0", "m1")
            for field, other, value in (("input", "output", 25), ("output", "input", 5))
        },
    ),
    "relabelled": (
        many(3, {"input": "7", "cache_read": "6.25"}),
        many(3, {"input": "7", "cache_write": "6.25"}),
        {},
        (
            "cache_read of m0 is new, with the value that cache_write had, 6.25 USD per 1M tokens; a heading may be "
            "misread (and 5 more)"
        ),
        {
            said
            for n in range(3)
            for said in (
                (
                    f"cache_read of m{n} is new, with the value that cache_write had, 6.25 USD per 1M tokens; "
                    "a heading may be misread"
                ),
                f"cache_write of m{n} is gone, and cache_read has its value; a heading may be misread",
            )
        },
    ),
    "rows_shifted": (
        {f"m{n}": {"input": ROWS[(n + 1) % 6]} for n in range(6)},
        {f"m{n}": {"input": ROWS[n]} for n in range(6)},
        {},
        (
            "input of m0 went from 5 to 25; input of 6 offers has the value that another offer had, and rows look "
            "shifted (and 5 more)"
        ),
        {
            f"input of m{n} went from {ROWS[n]} to {ROWS[(n + 1) % 6]}; input of 6 offers has the value that another "
            "offer had, and rows look shifted"
            for n in range(6)
        },
    ),
    "offers_swapped": (
        {"a": {"input": "3", "output": "15"}, "b": {"input": "5", "output": "25"}},
        {"b": {"input": "3", "output": "15"}, "a": {"input": "5", "output": "25"}},
        {},
        "input of a is 3, as it was of b, which has the value in its place; they look swapped (and 3 more)",
        {
            f"{field} of {who} is {value}, as it was of {other}, which has the value in its place; they look swapped"
            for field, who, value, other in (
                ("input", "a", 3, "b"),
                ("output", "a", 15, "b"),
                ("input", "b", 5, "a"),
                ("output", "b", 25, "a"),
            )
        },
    ),
    "offers_lost": (
        many(1, {"input": "5"}),
        many(6, {"input": "5"}),
        {},
        "m1 is gone: 5 of the 6 offers that stood are missing from the reading (and 4 more)",
        {f"m{n} is gone: 5 of the 6 offers that stood are missing from the reading" for n in range(1, 6)},
    ),
    "field_lost": (
        {**many(4, {"input": "5"}), "m4": {"input": "5", "output": fact("output", None, state=State.NOT_OFFERED)}},
        FIVE,
        {},
        "output of m0 is gone, as it is for 5 of the 5 offers that had it (and 4 more)",
        {f"output of m{n} is gone, as it is for 5 of the 5 offers that had it" for n in range(4)}
        | {"output of m4 is now not_offered, as it is for 5 of the 5 offers that had it"},
    ),
    "bounds": (
        {"a": {"input": "3000", "context_window": "32"}},
        {},
        {},
        "input of a is 3000 USD per 1M tokens, outside of 0.0005 to 2000, which is all that is believable (and 1 more)",
        {
            "input of a is 3000 USD per 1M tokens, outside of 0.0005 to 2000, which is all that is believable",
            "context_window of a is 32 tokens, outside of 64 to 100000000, which is all that is believable",
        },
    ),
    "cache_read_above_input": (
        {"a": {"input": "5.00", "cache_read": "6"}},
        {},
        {},
        (
            "cache_read of a is 6 USD per 1M tokens and input is 5: reading from the cache costs more than sending "
            "anew (and 1 more)"
        ),
        {
            (
                "cache_read of a is 6 USD per 1M tokens and input is 5: reading from the cache costs more than sending "
                "anew"
            )
        },
    ),
    "batch_above_standard": (
        {"a": {"output{tier=batch}": "7", "output": "6.50"}},
        {},
        {},
        (
            "output{tier=batch} of a is 7 USD per 1M tokens and output is 6.5: batch costs more than the same at once "
            "(and 1 more)"
        ),
        {"output{tier=batch} of a is 7 USD per 1M tokens and output is 6.5: batch costs more than the same at once"},
    ),
    "output_above_context": (
        {"a": {"context_window": "1000", "max_output_tokens": "2000"}},
        {},
        {},
        "a would write up to 2000 tokens with a context window of 1000 (and 1 more)",
        {"a would write up to 2000 tokens with a context window of 1000"},
    ),
    "dates": (
        {"a": {"released": "2017-12-31"}, "b": {"released": "2027-06-01"}, "c": {"retires": "2037-01-01"}}
        | {"d": {"knowledge_cutoff": "2026-10"}},
        {},
        {},
        "released of a is 2017-12-31, before 2018 (and 3 more)",
        {
            "released of a is 2017-12-31, before 2018",
            "released of b is 2027-06-01, more than half a year from now",
            "retires of c is 2037-01-01, more than ten years from now",
            "knowledge_cutoff of d is 2026-10, which is still to come",
        },
    ),
    "cutoff_after_release": (
        {"a": {"released": "2026-01-01", "knowledge_cutoff": "2026-06"}},
        {},
        {},
        "knowledge_cutoff of a is 2026-06, later than its release (2026-01-01) (and 1 more)",
        {"knowledge_cutoff of a is 2026-06, later than its release (2026-01-01)"},
    ),
    "release_after_retirement": (
        {"a": {"released": "2026-01-01", "retires": "2025-06-01"}},
        {},
        {},
        "released of a is 2026-01-01, later than its retirement (2025-06-01) (and 1 more)",
        {"released of a is 2026-01-01, later than its retirement (2025-06-01)"},
    ),
    "lookalikes": (
        {"gpt-x": {"input": "5"}, "GPT-x": {"input": "5"}},
        {},
        {},
        "the id 'gpt-x' looks like 'GPT-x'; one of them is probably misspelt (and 1 more)",
        {
            "the id 'gpt-x' looks like 'GPT-x'; one of them is probably misspelt",
            "the id 'GPT-x' looks like 'gpt-x'; one of them is probably misspelt",
        },
    ),
    "scale_jump": (
        many(3, {"input": "0.05"}),
        many(3, {"input": "5"}),
        {},
        (
            "3 of 3 values of input are about a hundredth what they were; their unit was probably misread; "
            "3 of 3 prices are about a hundredth what they were; their unit was probably misread"
        ),
        {f"input of m{n} fell from 5 to 0.05 USD per 1M tokens, about a hundredth" for n in range(3)},
    ),
    "far_from_its_like": (
        {"a": {"input": "1", "input{region=eu}": "30"}},
        {},
        {},
        "input of a is 1 USD per 1M tokens, 30.0 times less beside the 30 of input{region=eu} (and 1 more)",
        {
            "input of a is 1 USD per 1M tokens, 30.0 times less beside the 30 of input{region=eu}",
            "input{region=eu} of a is 30 USD per 1M tokens, 30.0 times as much beside the 1 of input",
        },
    ),
    "far_from_the_others": (
        {who: {"output": price} for who, price in (("a", "1"), ("b", "2"), ("c", "0.5"), ("d", "2000"))},
        {},
        {},
        (
            "output of d is 2000 USD per 1M tokens, about a thousand times as much beside the 2 of that of b, the "
            "nearest of all"
        ),
        {
            (
                "output of d is 2000 USD per 1M tokens, about a thousand times as much beside the 2 of that of b, the "
                "nearest of all"
            )
        },
    ),
    "mass_move": (
        {f"m{n}": {"input": f"{n + 6}", "output": f"{n + 26}"} for n in range(5)},
        {f"m{n}": {"input": f"{n + 5}.5", "output": f"{n + 25}.5"} for n in range(5)},
        {},
        "input of m0 went from 5.5 to 6, together with 10 of the 10 prices of its source (and 9 more)",
        {
            f"{field} of m{n} went from {n + was}.5 to {n + was + 1}, together with 10 of the 10 prices of its source"
            for n in range(5)
            for field, was in (("input", 5), ("output", 25))
        },
    ),
    "column_moved": (
        {
            **{f"m{n}": {"input": f"{n + 1}", "output": f"{n + 20}", "cache_read": f"0.{n + 1}3"} for n in range(5)},
            **STAYS,
        },
        {
            **{f"m{n}": {"input": f"{n + 1}", "output": f"{n + 20}", "cache_read": f"0.{n + 1}1"} for n in range(5)},
            **STAYS,
        },
        {},
        "cache_read of m0 went from 0.11 to 0.13; of 5 of 5 offers, cache_read moved, and nothing else (and 4 more)",
        {
            f"cache_read of m{n} went from 0.{n + 1}1 to 0.{n + 1}3; of 5 of 5 offers, cache_read moved, and nothing "
            "else"
            for n in range(5)
        },
    ),
    "zero_crossing": (
        {"a": {"input": "0", "output": "25"}, "b": {"input": "5"}, "c": {"input": "5", "output": "0"}},
        {"a": {"input": "5", "output": "25"}, "b": {"input": "0"}, "c": {"input": "5"}},
        {},
        "output of c is new, and free, beside other prices (and 2 more)",
        {
            "output of c is new, and free, beside other prices",
            "input of a became free, and was 5 USD per 1M tokens",
            "input of b is no longer free, and is 5 USD per 1M tokens",
        },
    ),
    "no_longer_offered": (
        {"m": {"input": fact("input", None, state=State.NOT_OFFERED, quote="-")}},
        {"m": {"input": "5"}},
        {},
        "input of m is not offered any more (“-”), and was 5 USD per 1M tokens",
        {"input of m is not offered any more (“-”), and was 5 USD per 1M tokens"},
    ),
    "flapping": (
        {"a": {"input": "5"}},
        {"a": {"input": "6"}},
        {},
        "input of a is 5 again, as it was before 6",
        {"input of a is 5 again, as it was before 6"},
    ),
}


@pytest.mark.parametrize("guard", SAYINGS)
def test_a_guard_says_in_sentences_what_it_saw(guard: str) -> None:
    after, before, contract, said, holds = SAYINGS[guard]
    judgement = judged(after, before, contract=Contract.model_validate(contract), earlier={("a", "input"): ("5",)})
    (seen,) = (one for one in judgement.seen if one.name == guard)
    assert seen.message == said
    assert {hold.message for hold in judgement.holds if hold.check == guard} == holds
    if seen.verdict is Verdict.FAIL:
        assert set(said.split("; ")) <= set("; ".join(judgement.failures).split("; "))
    assert [one.name for one in judgement.seen] == [each.__name__ for each in GUARDS]


def test_no_guard_is_without_its_sentence() -> None:
    assert SAYINGS.keys() == {guard.__name__ for guard in GUARDS} - {"ambiguous_names"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("5", "50", "rose from 5 to 50 USD per 1M tokens, about ten times as much"),
        ("50", "5", "fell from 50 to 5 USD per 1M tokens, about a tenth"),
        ("5", "500", "rose from 5 to 500 USD per 1M tokens, about a hundred times as much"),
        ("0.5", "510", "rose from 0.5 to 510 USD per 1M tokens, about a thousand times as much"),
        ("500", "0.5", "fell from 500 to 0.5 USD per 1M tokens, about a thousandth"),
        ("0.001", "1000", "rose from 0.001 to 1000 USD per 1M tokens, about a million times as much"),
        ("1000", "0.001", "fell from 1000 to 0.001 USD per 1M tokens, about a millionth"),
        ("5", "185", "rose from 5 to 185 USD per 1M tokens, 37.0 times as much"),
        ("185", "5", "fell from 185 to 5 USD per 1M tokens, 37.0 times less"),
    ],
)
def test_a_jump_is_said_with_both_numbers_and_in_words(old: str, new: str, said: str) -> None:
    (hold,) = judged({"a": {"input": new}}, {"a": {"input": old}}).holds
    assert hold.message == f"input of a {said}"


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ("9", "about ten times as much"),
        ("8.9", "8.9 times as much"),
        ("11", "about ten times as much"),
        ("11.06", "11.1 times as much"),
        ("1.5", "1.5 times as much"),
        ("0.5", "2.0 times less"),
        ("0.09", "about a tenth"),
        ("0.08", "12.5 times less"),
        ("0.11", "about a tenth"),
        ("0.12", "8.3 times less"),
        ("0.000001", "about a millionth"),
        ("10000", "10000.0 times as much"),
    ],
)
def test_a_ratio_is_said_in_words_within_a_tenth_of_a_power_of_ten(times: str, said: str) -> None:
    assert times_words(Decimal(times)) == said


def test_a_window_is_said_in_tokens() -> None:
    (hold,) = judged({"a": {"context_window": "128"}}, {"a": {"context_window": "128000"}}).holds
    assert hold.message == "context_window of a fell from 128000 to 128 tokens, about a thousandth"


def test_what_waits_beside_a_doubt_says_beside_what() -> None:
    judgement = judged(
        {"a": {"input": "185", "output": "30", "cache_read": "1"}}, {"a": {"input": "5", "output": "25"}}
    )
    assert {hold.field: hold.message for hold in judgement.holds} == {
        "input": "input of a rose from 5 to 185 USD per 1M tokens, 37.0 times as much",
        "output": "output of a changed beside input, which is in doubt",
        "cache_read": "cache_read of a is new beside input, which is in doubt",
    }


def test_what_is_new_amid_losses_says_what_was_lost() -> None:
    judgement = judged({"m0": {"input": "5", "released": "2026-01-01"}}, many(6, {"input": "5"}))
    (hold,) = (hold for hold in judgement.holds if hold.check == "amid_losses")
    assert hold.message == (
        "released of m0 is new, in a reading of which much is in doubt: 5 of the 6 values that stood are gone"
    )
