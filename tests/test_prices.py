"""Cells of prices as facts: every word around an amount counts, and a cell is read whole or not at all."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.markup import text_of_html
from scraper.extract.passage import plain_passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of, read_terms
from scraper.meters import RateKey, Unit
from scraper.records import Evidence, Fact, Reason, State

INPUT = RateKey("input")
TABLE = Scale(PER_MILLION)


def read(text: str, key: str = "input", scale: Scale = TABLE) -> dict[str, str]:
    """The facts of a cell: each field with its value, or with its state where it has none."""
    facts = facts_of(plain_passage(text, "table[1]/row[2]/cell[2]"), RateKey.parse(key), scale)
    return {fact.field: fact.value if fact.value is not None else fact.state.value for fact in facts}


@pytest.mark.parametrize(
    ("text", "key", "facts"),
    [
        ("$1.50", "input", {"input": "1.50"}),
        ("1.50", "input", {"input": "1.50"}),
        ("$0.0001 / 1K tokens", "input", {"input": "0.1"}),
        ("0.3¢ / 1K tokens", "output", {"output": "3"}),
        ("$0.0000025 per token", "input", {"input": "2.5"}),
        ("$2.50*", "input", {"input": "2.50"}),
        ("$2.50¹", "input", {"input": "2.50"}),
        ("$2.50 (1)", "input", {"input": "2.50"}),
        ("$2.50 [12]", "input", {"input": "2.50"}),
        ("$0.125 (input caching)", "cache_read", {"cache_read": "0.125"}),
        ("Same as Standard\n$0.20", "cache_read", {"cache_read": "0.20"}),
        ("$0.25 / MTok1", "input", {"input": "0.25"}),
        ("$0.15 input$0.60 output", "tokens", {"input": "0.15", "output": "0.60"}),
        ("$1 input $0.1 cached input $2 output", "tokens", {"input": "1", "cache_read": "0.1", "output": "2"}),
        ("$1 (text / image / video)", "input", {"input": "1"}),
        ("$1 (text)\n$3 (audio)", "input", {"input": "1", "input.audio": "3"}),
        (
            "$2, prompts <= 200k tokens\n$4, prompts > 200k tokens",
            "input",
            {"input": "2", "input{prompt_gt=200000}": "4"},
        ),
        ("$4.50 / 1,000,000 tokens per hour (storage price)", "cache_read", {"cache_storage": "4.50"}),
        ("$0.04 per image", "output", {"images": "0.04"}),
        ("$22.00 per 1M characters", "tokens", {"characters": "22.00"}),
        ("$0.60 / 1k characters", "tokens", {"characters": "600"}),
        ("$5 per 1,000 requests", "input", {"requests": "0.005"}),
        ("-", "input", {"input": "not_offered"}),
        ("N/A", "input", {"input": "not_offered"}),
        ("Free", "input", {"input": "0"}),
        ("", "input", {}),
    ],
)
def test_a_cell_is_read(text: str, key: str, facts: dict[str, str]) -> None:
    assert read(text, key) == facts


def test_f19_a_price_on_request_is_neither_free_nor_not_offered() -> None:
    (fact,) = facts_of(plain_passage("Contact us", "text[1]"), INPUT, TABLE)
    assert (fact.state, fact.reason, fact.value) == (State.NOT_SOURCED, Reason.ON_REQUEST, None)


@pytest.mark.parametrize(
    "text",
    [
        "from $1",
        "starting at $1",
        "about $1",
        "$1 - $2",
        "$1+",
        "up to $5",
        "1.25x base input price",
        "$1 and up",
        "$1 or more",
        "was $2 now $1",
        "$2 → $1",
        "$1 excl. VAT",
        "$5/month",
        "$20 per user",
        "$3 1",
        "$1 000",
        "$1½",
        "$1K",
        "$1.50 CAD",
        "A$1",
        "¥0.002/千tokens",
        "0.002元/千tokens",
        "free up to 1M tokens",
    ],
)
def test_f19_a_cell_with_words_that_are_not_understood_gives_nothing(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize("text", ["$0.60$0.30", "$1 $2", "$1 / €0.90", "$1 €0.90", "$1 input €2 output"])
def test_two_prices_or_two_currencies_for_one_thing_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "Input $1 Output $2",
        "Input$1Output$2",
        "$1 > 200K > 272K tokens",
        "$1 starting January 1, 2027 through December 31, 2026",
        "$1 through May 1, 2026 until May 31, 2026",
    ],
)
def test_words_that_contradict_each_other_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_an_equivalent_with_a_day_of_its_own_says_nothing_of_the_price_before_it() -> None:
    lines = "$9 (audio) through December 31, 2026.", "$18 (audio) starting January 1, 2027."
    same = "Equivalent to $0.002 per 10s audio* through December 31, 2026.", "Equivalent to $0.004 per 10s audio*."
    for glue in ("\n", " "):
        cell = plain_passage(glue.join((*lines, *same)), "text[1]")
        now, later = facts_of(cell, RateKey("output"), TABLE)
        assert (now.field, now.value, now.valid_from) == ("output.audio", "9", None)
        assert (later.value, later.valid_from, later.valid_until) == ("18", datetime(2027, 1, 1, tzinfo=UTC), None)


@pytest.mark.parametrize("text", ["$0", "$0.00", "0", "0.000", "$0 input $1 output"])
def test_a_zero_is_not_free_where_no_word_says_so(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_an_amount_without_any_unit_is_refused() -> None:
    with pytest.raises(Unreadable):
        read("$1.50", scale=Scale())


def test_a_price_of_another_thing_is_refused() -> None:
    with pytest.raises(Unreadable):
        read("$0.006 per second")
    assert read("$0.006 per second", scale=Scale(clock="audio")) == {"audio_seconds": "0.006"}
    assert read("$100 per hour", "training", scale=Scale(clock="training")) == {"training_hours": "100"}
    for key, clock in (("output", "training"), ("training", "audio")):
        with pytest.raises(Unreadable, match=f"^a price per hour is not a price of {key}$"):
            read("$100 per hour", key, scale=Scale(clock=clock))


def test_the_currency_of_the_page_is_that_of_its_bare_numbers() -> None:
    (fact,) = facts_of(plain_passage("¥2", "text[1]"), INPUT, Scale(PER_MILLION, currency="CNY"))
    assert (fact.value, fact.currency) == ("2", "CNY")


def test_f19_a_struck_price_is_kept_in_the_quote_and_nowhere_else() -> None:
    cell = text_of_html("$0.435 (75% off<sup>(3)</sup>)<del>$1.74</del>", "table[1]/row[2]/cell[2]")
    (fact,) = facts_of(cell, INPUT, TABLE)
    assert (fact.value, fact.promotional) == ("0.435", True)
    assert fact.evidence.quote == "$0.435 (75% off(3)) ~~$1.74~~"
    assert cell.struck == ("$1.74",)


def test_a_price_beside_a_struck_one_is_promotional() -> None:
    (fact,) = facts_of(text_of_html("<s>$0.6</s> $0.3", "text[1]"), INPUT, TABLE)
    assert (fact.value, fact.promotional) == ("0.3", True)


@pytest.mark.parametrize(
    "hidden", ["<span hidden>5</span>", '<i style="display: none">5</i>', '<b style="visibility:hidden">5</b>']
)
def test_what_is_hidden_is_no_digit(hidden: str) -> None:
    (fact,) = facts_of(text_of_html(f"$3{hidden}", "text[1]"), INPUT, TABLE)
    assert (fact.value, fact.evidence.quote) == ("3", "$3")


@pytest.mark.parametrize(
    "mark", ['<a href="#n5">5</a>', '<span class="note">5</span>', "<sub>5</sub>", "<i></i><b><i>5</i></b>"]
)
def test_digits_of_an_element_of_their_own_do_not_go_on_a_number(mark: str) -> None:
    for markup in (f"$3{mark}", f"<p>$3{mark}</p>"):
        with pytest.raises(Unreadable, match=r"^the words '5' beside a price are not understood$"):
            facts_of(text_of_html(markup, "text[1]"), INPUT, TABLE)
    (text,) = Document(f"<p>$3{mark}</p>", "html").texts
    assert text.passage.text == "$3 5"


@pytest.mark.parametrize("markup", ["$<b>3</b>.<small>50</small>", "<b>$3</b><small>.50</small>", "$<i>3</i>.50"])
def test_a_number_may_be_in_several_elements(markup: str) -> None:
    (fact,) = facts_of(text_of_html(markup, "text[1]"), INPUT, TABLE)
    assert fact.value == "3.50"


def test_a_page_cannot_strike_out_by_a_mark_of_its_own() -> None:
    cell = text_of_html("$\u03353 <s>$9</s>", "text[1]")
    assert (cell.text, cell.struck) == ("$3", ("$9",))


@pytest.mark.parametrize(
    ("text", "key", "facts"),
    [
        ("$5 / 1M input tokens", "input", {"input": "5"}),
        ("$5 / 1M input tokens", "cache_read", {"cache_read": "5"}),
        ("$5 / 1M audio tokens", "input", {"input.audio": "5"}),
        ("$5 / 1M audio tokens", "input.audio", {"input.audio": "5"}),
        ("$5 / 1M text tokens", "output", {"output": "5"}),
    ],
)
def test_a_unit_says_which_tokens_a_price_is_for(text: str, key: str, facts: dict[str, str]) -> None:
    assert read(text, key) == facts


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("$5 / 1M output tokens", "input"),
        ("$5 per million input tokens", "output"),
        ("$5 / 1M output tokens", "cache_read"),
        ("$5 / 1M cached tokens", "input"),
        ("$5 / 1M text tokens", "input.audio"),
        ("$5 / 1M image tokens", "output.audio"),
    ],
)
def test_a_price_of_other_tokens_than_its_place_says_is_refused(text: str, key: str) -> None:
    with pytest.raises(Unreadable, match=r"^'\$5' is a price of \w+ tokens, and stands where one of [a-z_.]+ should$"):
        read(text, key)


def test_f19_a_footnote_mark_is_no_digit() -> None:
    (fact,) = facts_of(text_of_html("$3<sup>1</sup>", "text[1]"), INPUT, TABLE)
    assert (fact.value, fact.evidence.quote) == ("3", "$3 [1]")


def test_f19_a_promotion_and_the_price_after_it_are_two_facts() -> None:
    cell = plain_passage("$0.75 through December 31, 2026.\n$1.50 thereafter", "text[1]")
    now, later = facts_of(cell, INPUT, TABLE)
    assert (now.value, now.promotional, now.valid_until) == (
        "0.75",
        True,
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    )
    assert (later.value, later.promotional, later.valid_from) == ("1.50", False, datetime(2027, 1, 1, tzinfo=UTC))


def test_a_later_price_without_its_day_is_refused() -> None:
    with pytest.raises(Unreadable):
        read("$1.50 thereafter")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("input", {"direction": "input"}),
        ("Output price", {"direction": "output"}),
        ("(cache hit)", {"direction": "cache_read"}),
        ("cache writes", {"direction": "cache_write"}),
        ("<= 200k tokens", {}),
        ("up to 128K", {}),
        ("> 200K input tokens", {"prompt_gt": 200_000}),
        ("prompts over 1.5M tokens", {"prompt_gt": 1_500_000}),
        ("text / image / video", {"modalities": ["text", "image", "video"]}),
        ("for audio", {"modalities": ["audio"]}),
        ("1080p and 4k", {"resolutions": ["1080p", "4k"]}),
        ("batch", {"tier": "batch"}),
        ("standard", {"tier": ""}),
        ("75% off", {"promotional": True}),
        ("from 2026-06-01", {"valid_from": datetime(2026, 6, 1, tzinfo=UTC)}),
        (
            "until May 31, 2026",
            {"promotional": True, "valid_until": datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)},
        ),
    ],
)
def test_the_words_beside_an_amount(text: str, said: dict[str, object]) -> None:
    terms = read_terms(text)
    assert {name: getattr(terms, name) for name in said} == said
    assert terms.storage is False


@pytest.mark.parametrize(
    "text", ["VAT", "per user", "1", "from May 2026", "over 200.5 tokens", "until 2026-02-30", "plus tax"]
)
def test_other_words_beside_an_amount_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_terms(text)


amounts = st.decimals(min_value="0.000001", max_value=10**6, places=6).map(lambda amount: amount.normalize())


@given(amounts, st.sampled_from([1, 1000, 1_000_000]))
def test_the_unit_in_the_cell_counts_and_not_that_of_the_table(amount: Decimal, quantity: int) -> None:
    found = read(f"${amount:f} / {quantity:,} tokens", scale=Scale(Unit(Decimal(7), "token")))
    assert Decimal(found["input"]) == amount * 1_000_000 / quantity


@given(st.text(alphabet="$€¢0123456789.,-+/ ()*input ouptcaheds%KM\n", max_size=30))
def test_any_cell_is_read_whole_or_refused(text: str) -> None:
    with contextlib.suppress(Unreadable):
        for fact in facts_of(plain_passage(text, "text[1]"), INPUT, TABLE):
            assert fact.value is None or Decimal(fact.value) >= 0


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz ", min_size=3, max_size=12))
def test_a_word_that_nobody_knows_is_never_skipped(word: str) -> None:
    words = read_or_none(word)
    with contextlib.suppress(Unreadable):
        assert words or read(f"$1 {word}")
        return
    assert words is None


def read_or_none(word: str) -> object:
    try:
        return read_terms(word)
    except Unreadable:
        return None


EVIDENCE = Evidence(locator="text[1]", quote="x")


@pytest.mark.parametrize(
    "value",
    ["-1", "-0", "NaN", "sNaN", "Infinity", "1e309", "1E+3", "9" * 400, "0." + "0" * 400 + "1", "", "one", "1,5"],
)
def test_f20_a_rate_that_is_no_plain_amount_is_rejected_by_the_record(value: str) -> None:
    with pytest.raises(ValidationError):
        Fact(field="input", state=State.SOURCED, value=value, currency="USD", evidence=EVIDENCE)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "1e6", "1,000", "9" * 400, "٣", "many", ""])
def test_f20_a_count_of_tokens_that_is_no_whole_number_is_rejected_by_the_record(value: str) -> None:
    with pytest.raises(ValidationError):
        Fact(field="context_window", state=State.SOURCED, value=value, evidence=EVIDENCE)


def test_f20_numbers_in_place_of_text_are_rejected_by_the_record() -> None:
    for value in (1, 1.5, Decimal("1.5"), True):
        with pytest.raises(ValidationError):
            Fact.model_validate(
                {"field": "input", "state": "sourced", "value": value, "currency": "USD", "evidence": EVIDENCE}
            )
