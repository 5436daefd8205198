"""From what sources state to what is published: which word counts, and why a field has none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scraper.records import REFERENCE_FIELDS, Mark, Reason, State
from scraper.states import FieldView, Observed, Published, SourceState, published

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def source(name: str = "pricing", rank: int = 0, **more: Any) -> SourceState:
    given = {"fresh_days": 14, "publishes": frozenset({"input", "output"}), "ok": True, "last_success_at": NOW}
    return SourceState(name=name, rank=rank, **{**given, **more})


def seen(value: str | None = "1", source: str = "pricing", field: str = "input", **more: Any) -> Observed:
    given: dict[str, Any] = {
        "state": State.SOURCED, "reason": None, "currency": "USD", "derived": "", "promotional": False,
        "valid_from": None, "valid_until": None, "first_seen": NOW - 30 * DAY, "last_seen": NOW - DAY,
        "missed_at": None,
        "source_url": f"https://example.com/{source}", "captured_at": NOW - DAY, "capture": "c" * 64,
        "locator": "table 1", "quote": f"${value}",
    }  # fmt: skip
    return Observed(source=source, field=field, value=value, **{**given, **more})


def publish(*observed: Observed, sources: tuple[SourceState, ...] = (), at: datetime = NOW) -> Published:
    known = {one.name: one for one in sources or (source(),)}
    return published(observed, known, NOW - 30 * DAY, at)


def view(said: Published, field: str = "input") -> FieldView:
    return next(one for one in said.fields if one.field == field)


def test_every_reference_field_has_a_view_and_then_every_other() -> None:
    said = publish(seen(field="output{tier=flex}"), seen(field="cache_write{ttl=1h}"), seen(field="output"))
    assert [one.field for one in said.fields] == [*REFERENCE_FIELDS, "cache_write{ttl=1h}", "output{tier=flex}"]
    assert said.announced == ()


def test_a_value_comes_with_its_evidence() -> None:
    found = view(publish(seen("2.50")))
    assert (found.state, found.value, found.currency, found.unit) == (State.SOURCED, "2.50", "USD", "1M tokens")
    assert (found.source, found.source_url, found.captured_at) == ("pricing", "https://example.com/pricing", NOW - DAY)
    assert (found.capture, found.locator, found.quote) == ("c" * 64, "table 1", "$2.50")
    assert (found.first_seen, found.last_seen, found.marks) == (NOW - 30 * DAY, NOW - DAY, ())


# Reasons


def test_no_source() -> None:
    found = view(publish(sources=(source(publishes=frozenset({"output"})),)))
    assert (found.state, found.reason, found.value, found.captured_at) == (
        State.NOT_SOURCED,
        Reason.NO_SOURCE,
        None,
        None,
    )


def test_not_on_page() -> None:
    assert view(publish()).reason is Reason.NOT_ON_PAGE


@pytest.mark.parametrize("last_success_at", [None, NOW - 31 * DAY])
def test_source_failing(last_success_at: datetime | None) -> None:
    failing = source(ok=False, last_success_at=last_success_at)
    assert view(publish(sources=(failing,))).reason is Reason.SOURCE_FAILING


def test_a_failing_source_that_was_read_since_the_offer_exists_did_not_show_it() -> None:
    failing = source(ok=False, last_success_at=NOW - 29 * DAY)
    assert view(publish(sources=(failing,))).reason is Reason.NOT_ON_PAGE


def test_one_source_that_can_be_read_is_enough() -> None:
    failing = source("docs", ok=False, last_success_at=None)
    assert view(publish(sources=(failing, source()))).reason is Reason.NOT_ON_PAGE


def test_on_request_has_evidence() -> None:
    asked = seen(None, state=State.NOT_SOURCED, reason=Reason.ON_REQUEST, currency=None, quote="Contact us")
    found = view(publish(asked))
    assert (found.state, found.reason, found.value, found.quote) == (
        State.NOT_SOURCED,
        Reason.ON_REQUEST,
        None,
        "Contact us",
    )


def test_not_offered_is_not_unknown() -> None:
    found = view(publish(seen(None, state=State.NOT_OFFERED, currency=None, quote="N/A")))
    assert (found.state, found.reason, found.quote) == (State.NOT_OFFERED, None, "N/A")


# Ranks


def test_the_best_rank_is_published() -> None:
    sources = (source("api", 1), source("pricing", 0))
    found = view(publish(seen("9", "api"), seen("2"), sources=sources))
    assert (found.value, found.source, found.marks) == ("2", "pricing", ())


def test_equal_ranks_that_disagree_are_disputed_and_the_first_by_name_is_shown() -> None:
    sources = (source("pricing"), source("docs"))
    found = view(publish(seen("2"), seen("3", "docs"), sources=sources))
    assert (found.value, found.source, found.marks) == ("3", "docs", (Mark.DISPUTED,))


@pytest.mark.parametrize("other", ["2.0", "2.000000001"])
def test_equal_ranks_that_agree_in_number_are_not_disputed(other: str) -> None:
    sources = (source("pricing"), source("docs"))
    assert view(publish(seen("2"), seen(other, "docs"), sources=sources)).marks == ()


def test_equal_ranks_that_disagree_in_state_or_currency_are_disputed() -> None:
    sources = (source("pricing"), source("docs"))
    for other in (seen("2", "docs", currency="CNY"), seen(None, "docs", state=State.NOT_OFFERED, currency=None)):
        assert view(publish(seen("2"), other, sources=sources)).marks == (Mark.DISPUTED,)


@pytest.mark.parametrize(
    ("coarse", "fine", "agrees"),
    [
        ("0.13", "0.125", True),
        ("0.12", "0.125", True),
        ("0.14", "0.125", False),
        ("3", "3.4", False),
        ("0.1", "0.125", False),
        ("0.00", "0.004", False),
        ("0.13", "0.12500000000000003", True),
        ("12.35", "12.345", True),
        ("12.34", "12.346", False),
        ("0.003", "0.0025", True),
        ("130", "130.4", False),
    ],
)
def test_a_rounded_price_agrees_with_what_it_rounds_and_that_is_published(coarse: str, fine: str, agrees: bool) -> None:
    sources = (source("a"), source("b"))
    found = view(publish(seen(coarse, "a"), seen(fine, "b"), sources=sources))
    if agrees:
        assert (found.value, found.source, found.marks, found.agreeing) == (fine, "b", (), ("a",))
        assert found.disputing == ()
    else:
        assert (found.value, found.source, found.marks, found.agreeing) == (coarse, "a", (Mark.DISPUTED,), ())
        assert [(one.source, one.value, one.quote) for one in found.disputing] == [("b", fine, f"${fine}")]


def test_what_a_better_source_rounds_is_published_from_a_worse_one() -> None:
    sources = (source("api", 0), source("page", 1), source("other", 1))
    found = view(publish(seen("0.13", "api"), seen("0.125", "page"), seen("0.2", "other"), sources=sources))
    assert (found.value, found.source, found.agreeing, found.disputing) == ("0.125", "page", ("api",), ())


@pytest.mark.parametrize(
    "more",
    [
        {"last_seen": NOW - 30 * DAY},
        {"missed_at": NOW},
        {"currency": "EUR"},
        {"promotional": True},
        {"valid_until": NOW + DAY},
    ],
)
def test_a_rounded_price_stays_where_the_other_is_not_surely_the_same(more: dict[str, Any]) -> None:
    sources = (source("api", 0), source("page", 1))
    assert view(publish(seen("0.13", "api"), seen("0.125", "page", **more), sources=sources)).value == "0.13"


def test_two_that_differ_beyond_the_rounding_leave_the_rounded_price() -> None:
    sources = (source("api", 0), source("page", 1), source("other", 1))
    found = view(publish(seen("0.13", "api"), seen("0.125", "page"), seen("0.128", "other"), sources=sources))
    assert (found.value, found.source, found.agreeing) == ("0.13", "api", ("other", "page"))


def test_a_spec_is_never_rounded() -> None:
    sources = (source("a"), source("b"))
    said = [seen(value, name, "released", currency=None) for value, name in (("2025-01", "a"), ("2025-01-31", "b"))]
    assert view(publish(*said, sources=sources), "released").marks == (Mark.DISPUTED,)


# Held


@pytest.mark.parametrize(
    ("held", "marks"),
    [
        (("pricing", "input"), (Mark.HELD,)),
        (("pricing", ""), (Mark.HELD,)),
        (("pricing", "output"), ()),
        (("worse", "input"), ()),
        (("better", "input"), (Mark.HELD,)),
        (("gone", "input"), ()),
    ],
)
def test_what_waits_is_marked_where_it_would_be_published(held: tuple[str, str], marks: tuple[Mark, ...]) -> None:
    known = {one.name: one for one in (source("pricing", 1), source("worse", 2), source("better", 0))}
    said = published([seen()], known, NOW - 30 * DAY, NOW, [held])
    assert view(said).marks == marks


def test_a_first_value_that_waits_is_marked() -> None:
    said = published([], {"pricing": source()}, NOW - 30 * DAY, NOW, [("pricing", "input")])
    assert (view(said).state, view(said).marks) == (State.NOT_SOURCED, (Mark.HELD,))


# Marks


def test_marks() -> None:
    assert view(publish(seen(promotional=True))).marks == (Mark.PROMOTIONAL,)
    found = view(publish(seen(missed_at=NOW)))
    assert (found.marks, found.last_seen, found.missed_at) == ((Mark.UNCONFIRMED,), NOW - DAY, NOW)
    assert view(publish(seen(last_seen=NOW - 14 * DAY))).marks == ()
    assert view(publish(seen(last_seen=NOW - 15 * DAY))).marks == (Mark.STALE,)
    assert view(publish(seen(valid_until=NOW + DAY))).marks == ()
    assert view(publish(seen(valid_until=NOW - DAY, promotional=True))).marks == (Mark.PROMOTIONAL, Mark.STALE)


# Announced prices


def test_a_price_of_a_later_day_is_announced_and_not_current() -> None:
    said = publish(seen("1"), seen("2", valid_from=NOW + DAY))
    assert view(said).value == "1"
    assert [(one.value, one.valid_from) for one in said.announced] == [("2", NOW + DAY)]


def test_a_price_takes_effect_when_it_is_still_stated_on_its_day() -> None:
    said = publish(seen("1"), seen("2", valid_from=NOW - 2 * DAY, last_seen=NOW - DAY))
    assert (view(said).value, view(said).valid_from, said.announced) == ("2", NOW - 2 * DAY, ())
    assert view(said).marks == ()


def test_a_price_that_nobody_saw_since_its_day_does_not_take_effect() -> None:
    said = publish(seen("1"), seen("2", valid_from=NOW - DAY, last_seen=NOW - 2 * DAY))
    assert view(said).value == "1"
    # The source itself said that this price would end, and was not read since.
    assert view(said).marks == (Mark.STALE,)
    assert [one.value for one in said.announced] == ["2"]


def test_the_latest_price_in_effect_wins() -> None:
    stated = [seen(str(n), valid_from=NOW - n * DAY, last_seen=NOW) for n in (5, 3, 8)]
    assert view(publish(seen("1"), *stated)).value == "3"


def test_an_announcement_alone_leaves_the_field_without_a_value() -> None:
    said = publish(seen("2", valid_from=NOW + DAY), seen("4", field="images", valid_from=NOW + DAY))
    assert (view(said).state, view(said).reason) == (State.NOT_SOURCED, Reason.NOT_ON_PAGE)
    assert [one.field for one in said.fields] == list(REFERENCE_FIELDS)
    assert [one.field for one in said.announced] == ["images", "input"]


def test_a_worse_source_is_published_while_the_better_one_only_announces() -> None:
    sources = (source("pricing"), source("api", 1))
    said = publish(seen("2", valid_from=NOW + DAY), seen("1", "api"), sources=sources)
    assert (view(said).value, view(said).source) == ("1", "api")
