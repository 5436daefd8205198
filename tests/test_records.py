"""What may be stated about an offer: each wrong fact is refused where it is made."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scraper.records import Evidence, Fact, Note, Offer, Reading, Reason, State, check_amount, clean, iso, plain

EVIDENCE = Evidence(locator="table[1]/row[2]/cell[3]", quote="$0.10 / 1M tokens")


def fact(field: str = "input", **said: Any) -> Fact:
    if "state" not in said:
        said = {"state": State.SOURCED, "value": "0.10", "currency": "USD"} | said
    return Fact(field=field, **({"evidence": EVIDENCE} | said))


def spec(field: str, value: str) -> Fact:
    return Fact(field=field, state=State.SOURCED, value=value, evidence=EVIDENCE)


@pytest.mark.parametrize("value", ["0", "0.10", "2.50", "0.0000001", "1000000", "0.7899999999999999"])
def test_an_amount_keeps_its_digits(value: str) -> None:
    assert fact(value=value).value == value


@pytest.mark.parametrize(
    "value",
    [
        "-1",
        "-0",
        "-0.0",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "1e309",
        "1e-400",
        "1E+2",
        "2e0",
        "1e999999999",
        "1e-999999999",
        "9" * 41,
        "0." + "1" * 41,
        "",
        " ",
        "1 ",
        " 1",
        "+1",
        "1_000",
        "1,000",
        "$1",
        "free",
        "0x1",
        "１",
        "1٣",
        ".5",
        "1.",
    ],
)
def test_f20_what_is_no_plain_amount_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        fact(value=value)


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=12))
def test_every_price_of_our_world_is_an_amount(amount: Decimal) -> None:
    written = plain(abs(amount))
    assert fact(value=written).value == written
    assert Decimal(written) == abs(amount)


@pytest.mark.parametrize(
    "amount", [Decimal("NaN"), Decimal(-1), Decimal("Infinity"), Decimal("1e41"), Decimal("1e999999999")]
)
def test_amounts_are_checked_before_they_are_written_out(amount: Decimal) -> None:
    with pytest.raises(ValueError):
        check_amount(amount)


@pytest.mark.parametrize(
    "said",
    [
        {"evidence": None},
        {"value": None},
        {"currency": None},
        {"currency": "usd"},
        {"currency": "US$"},
        {"currency": "DOLLARS"},
        {"reason": Reason.ON_REQUEST},
        {"reason": Reason.NO_SOURCE},
        {"value": 0.1},
        {"valid_until": datetime(2026, 9, 1)},  # noqa: DTZ001
        {"surprise": 1},
        {"state": State.NOT_OFFERED, "value": "0.10", "currency": "USD"},
        {"state": State.NOT_OFFERED, "reason": Reason.ON_REQUEST},
        {"state": State.NOT_SOURCED},
        {"state": State.NOT_SOURCED, "reason": Reason.NOT_ON_PAGE},
        {"state": "unknown"},
    ],
)
def test_a_fact_that_is_not_whole_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        fact(**said)


def test_a_value_without_evidence_is_refused() -> None:
    with pytest.raises(ValidationError, match="evidence"):
        Fact.model_validate({"field": "input", "state": "sourced", "value": "1", "currency": "USD"})


@pytest.mark.parametrize("field", ["", "inputs", "input{}", "price", "input{tier=a b}", "Input"])
def test_a_field_that_is_neither_a_rate_nor_a_spec_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match="neither a rate key nor a spec"):
        fact(field)


def test_the_states_of_a_fact() -> None:
    assert fact(state=State.NOT_OFFERED).value is None
    assert fact(state=State.NOT_SOURCED, reason=Reason.ON_REQUEST).reason is Reason.ON_REQUEST
    assert fact(valid_until=datetime(2026, 9, 1, tzinfo=UTC), promotional=True).promotional


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("context_window", "1047576"),
        ("released", "2026"),
        ("released", "2026-01"),
        ("knowledge_cutoff", "2024-02-29"),
        ("modalities", "text+image->text"),
        ("status", "retired, except on Bedrock"),
    ],
)
def test_specs_are_of_their_kind(field: str, value: str) -> None:
    assert spec(field, value).value == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("context_window", "0"),
        ("context_window", "-1"),
        ("context_window", "1e6"),
        ("context_window", "1M"),
        ("context_window", "1,000"),
        ("context_window", "1\u0663"),
        ("max_output_tokens", "9" * 13),
        ("released", "2026-13"),
        ("released", "2026-02-30"),
        ("released", "2026-19-39"),
        ("released", "Jan 2026"),
        ("released", "2026-1-1"),
        ("released", "0000"),
        ("released", "\uff12\uff10\uff12\uff16"),
        ("status", ""),
        ("status", " retired"),
        ("status", "two  blanks"),
        ("status", "line\nline"),
        ("status", "a\u202eb"),
        ("status", "e\u0301"),
        ("status", "a\ud800"),
    ],
)
def test_specs_of_another_kind_are_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError):
        spec(field, value)
    with pytest.raises(ValidationError, match="no currency"):
        Fact(field="context_window", state=State.SOURCED, value="1", currency="USD", evidence=EVIDENCE)


@pytest.mark.parametrize("quote", ["", " ", "\u200b", "\u202e\x00", "x" * 2001])
def test_a_quote_shows_something_and_is_no_page(quote: str) -> None:
    with pytest.raises(ValidationError):
        Evidence(locator="text[1]", quote=quote)


@pytest.mark.parametrize("locator", ["", "x" * 401])
def test_evidence_says_where_it_stands(locator: str) -> None:
    with pytest.raises(ValidationError):
        Evidence(locator=locator, quote="$1")


def offer(model_id: str = "a/b", name: str = "A", *facts: Fact, **said: Any) -> Offer:
    return Offer(model_id=model_id, name=name, facts=facts, **said)


def test_f39_names_lose_what_turns_or_hides_text_and_are_no_pages() -> None:
    assert offer(name="GPT\u202e 4\x07.1\u200b\n nano \u061c").name == "GPT 4 .1 nano"
    assert offer(model_id="gpt\u200b-4\ufeff").model_id == "gpt-4"
    assert offer(name="cafe\u0301").name == "caf\u00e9"
    assert offer(name="a\ud83d").name == "a"
    assert offer(name="<img src=x onerror=alert(1)>").name == "<img src=x onerror=alert(1)>"
    with pytest.raises(ValidationError, match="is not a name"):
        offer(name="x" * 10_000)
    with pytest.raises(ValidationError, match="is not a name"):
        offer(model_id="x" * 10_000)


@pytest.mark.parametrize(
    ("model_id", "name"), [("", ""), ("\u200b", "\x00"), ("gpt 4", "GPT"), ("a\tb", ""), ("a\u00a0b", "")]
)
def test_an_offer_has_an_id_or_a_name(model_id: str, name: str) -> None:
    with pytest.raises(ValidationError):
        offer(model_id, name)


def test_an_offer_states_each_field_once_for_each_day() -> None:
    later = fact(value="0.20", valid_from=datetime(2026, 10, 1, tzinfo=UTC))
    assert len(offer("a", "A", fact(), later, fact("output")).facts) == 3
    with pytest.raises(ValidationError, match="states a field twice"):
        offer("a", "A", fact(), fact(value="0.20"))
    with pytest.raises(ValidationError, match="states a field twice"):
        offer("a", "A", fact(), fact())


def test_records_do_not_change_once_made() -> None:
    for record, field in ((fact(), "value"), (offer(), "name"), (EVIDENCE, "quote"), (Reading(offers=()), "offers")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(record, field, "x")
    with pytest.raises(ValidationError):
        Note(kind="gossip", text="x")


ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=60)


@given(ANY_TEXT)
def test_clean_text_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in cleaned)
    cleaned.encode()


@pytest.mark.parametrize("control", [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))], ids=ascii)
def test_control_characters_become_blanks_in_plain_text_and_in_other(control: str) -> None:
    assert clean(f"a{control}b {control}") == "a b"
    assert clean(f"é{control}b {control}") == "é b"


@given(ANY_TEXT)
def test_what_a_cleaned_text_says_can_be_stated(text: str) -> None:
    cleaned = clean(text)
    if cleaned:
        assert spec("status", cleaned).value == cleaned
        assert Evidence(locator="text[1]", quote=cleaned).quote == cleaned


def test_times_are_written_in_one_form() -> None:
    assert iso(datetime(2026, 9, 1, 12, 30, 5, 999, tzinfo=UTC)) == "2026-09-01T12:30:05Z"
