"""Token counts, dates, moments and modalities: exact, or refused."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.extract import Unreadable
from scraper.extract.moments import since, until
from scraper.extract.offers import Named
from scraper.extract.specs import day_end, day_of_epoch, day_start, listed, modalities, read_date, read_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("1M tokens", "1000000"),
        ("1,047,576", "1047576"),
        ("131,072", "131072"),
        ("128K", "128000"),
        ("1.05M", "1050000"),
        ("512", "512"),
        ("8192 tokens", "8192"),
        ("MAXIMUM: 384K", "384000"),
        ("DEFAULT: 4K\nMAXIMUM: 8K", "8000"),
        ("up to 1M", "1000000"),
        ("200K tokens / 1M tokens (beta)", "200000"),
        ("64K / 128K (beta)", "64000"),
    ],
)
def test_counts_of_tokens(text: str, tokens: str) -> None:
    assert read_tokens(text) == tokens


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "0", "0K", "-5", "128k-256k", "128K/64K", "128K / 64K tokens", "1M (beta)", "~128K", "128K+", "1,5M",
        "0,128", "131.072", "128.000", "200.5", "1e6",
        "128 000", "1,0000", "２００", "unlimited", "128KB", "128K input", "DEFAULT: 4K", "1.2345678M", "9" * 400,
    ],
)  # fmt: skip
def test_f20_other_counts_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_tokens(text)


@given(st.integers(1, 10**9))
def test_a_count_is_read_in_each_of_its_forms(count: int) -> None:
    assert read_tokens(f"{count}") == read_tokens(f"{count:,}") == read_tokens(f"{count:,} tokens") == str(count)


@given(st.text(alphabet="0123456789.,kKmM -~+:tokensMAXIU", max_size=20))
def test_any_text_is_a_whole_count_or_refused(text: str) -> None:
    with contextlib.suppress(Unreadable):
        assert 0 < int(read_tokens(text)) < 10**12


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-08-31", "2026-08-31"),
        ("2026-08", "2026-08"),
        ("2026/4/26", "2026-04-26"),
        ("Jan 2026", "2026-01"),
        ("January 2026", "2026-01"),
        ("Sept 5th, 2025", "2025-09-05"),
        ("August 16, 2026.", "2026-08-16"),
        ("5 March 2026", "2026-03-05"),
        ("Feb 29, 2024", "2024-02-29"),
    ],
)
def test_dates_keep_the_precision_stated(text: str, iso: str) -> None:
    assert read_date(text) == iso


@pytest.mark.parametrize(
    "text",
    [
        "", "2026", "August", "2025-02-31", "2026-13", "2026-00-10", "2026-01-00", "Feb 29, 2025", "08/31/2026",
        "31.08.2026", "20260831", "2026-8-1", "1999-01-01", "2101-01-01", "Jan 20262", "March 2026 (est)",
    ],
)  # fmt: skip
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_date(text)


@pytest.mark.parametrize("text", ["Jan 20262", "Jan 2026 2"])
def test_a_footnote_mark_beside_a_year_is_dropped_where_the_page_has_it(text: str) -> None:
    assert read_date(text, footnotes=("1", "2")) == "2026-01"
    with pytest.raises(Unreadable):
        read_date(text, footnotes=("1", "3"))


@given(
    st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%B %d, %Y", "%d %b %Y"])
)
def test_a_day_is_read_in_each_of_its_forms(day: date, form: str) -> None:
    assert read_date(day.strftime(form)) == day.isoformat()


def test_days_begin_and_end_in_utc() -> None:
    assert day_start("2026-08-31") == datetime(2026, 8, 31, tzinfo=UTC)
    assert day_end("2026-08-31") == datetime(2026, 8, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(Unreadable):
        day_start("August 2026")


@pytest.mark.parametrize("seconds", [True, 1.5, "1754408224", 0, -1, 1_754_408_224_000, None])
def test_f20_other_times_than_seconds_are_refused(seconds: object) -> None:
    with pytest.raises(Unreadable):
        day_of_epoch(seconds)


def test_the_day_of_a_time_in_seconds() -> None:
    assert day_of_epoch(1754408224) == "2025-08-05"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("The prices take effect at 16:00 UTC on August 16, 2026, as follows:", datetime(2026, 8, 16, 16, tzinfo=UTC)),
        ("Starting from 16:00 UTC Time on Sept 5th, 2025, this applies:", datetime(2025, 9, 5, 16, tzinfo=UTC)),
        ("The change takes effect from 2026/4/26 12:15 UTC.", datetime(2026, 4, 26, 12, 15, tzinfo=UTC)),
        ("Effective on June 1, 2026", datetime(2026, 6, 1, tzinfo=UTC)),
        ("from 2026-06-01 and from 2026-07-01", None),
        ("from 2026-06-01 08:00 Beijing time", None),
        ("from May 2026 on", None),
        ("until 2026-06-01", None),
        ("no date", None),
    ],
)
def test_the_moment_from_which_something_holds(text: str, at: datetime | None) -> None:
    assert _or_none(since, text) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("extended until 2026/05/31 15:59 UTC.", datetime(2026, 5, 31, 15, 59, tzinfo=UTC)),
        ("From now until 2025-02-08 16:00 (UTC), all pay less.", datetime(2025, 2, 8, 16, tzinfo=UTC)),
        ("in effect until 16:00 UTC Time on Sept 5th, 2025:", datetime(2025, 9, 5, 16, tzinfo=UTC)),
        ("through December 31, 2026", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("sold until May 31, 2026", datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)),
        ("for orders before May 31, 2026", datetime(2026, 5, 30, 23, 59, 59, tzinfo=UTC)),
        ("before 2026-05-31 15:59 UTC", datetime(2026, 5, 31, 15, 59, tzinfo=UTC)),
        ("until further notice", None),
        ("from 2026-06-01", None),
    ],
)
def test_the_moment_until_which_something_holds(text: str, at: datetime | None) -> None:
    assert _or_none(until, text) == at


def _or_none(read: object, text: str) -> object:
    assert callable(read)
    try:
        return read(text)
    except Unreadable:
        return None


def test_modalities_and_lists_have_one_form() -> None:
    assert modalities(["Image", "text", "sensor"], ["text"]) == "text+image+sensor->text"
    assert listed(["tools", " json  output", "tools", ""]) == "json output, tools"
    for inputs, outputs in (([], ["text"]), (["text"], ["claude 3.7 sonnet"]), (["2024-01-01"], ["text"])):
        with pytest.raises(Unreadable):
            modalities(inputs, outputs)


@pytest.mark.parametrize("name", ["$0.08 per image", "Input/output tokens$0.068 per 1M tokens", "€ 3", "US$.50"])
def test_a_price_is_no_name(name: str) -> None:
    with pytest.raises(Unreadable, match="it is a price"):
        Named("", name)
