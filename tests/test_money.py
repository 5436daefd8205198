"""Money: every text is read exactly or refused, never half a number."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scraper.extract import Unreadable
from scraper.extract.money import Mark, find_unit, per, read_money, read_number
from scraper.meters import Unit


def unit(quantity: int | str, thing: str, over: str = "") -> Unit:
    return Unit(Decimal(quantity), thing, over)


MILLION = unit(1_000_000, "token")


@pytest.mark.parametrize(
    ("text", "amount", "currency", "of"),
    [
        ("$1.50", "1.50", "USD", None),
        ("$ 1.50", "1.50", "USD", None),
        ("US$1.50", "1.50", "USD", None),
        ("USD 1.50", "1.50", "USD", None),
        ("1.50 USD", "1.50", "USD", None),
        ("USD1.50", "1.50", "USD", None),
        ("1.50EUR", "1.50", "EUR", None),
        ("＄1.50", "1.50", "USD", None),
        ("$1.50 USD", "1.50", "USD", None),
        ("1.50€", "1.50", "EUR", None),
        ("€0.075", "0.075", "EUR", None),
        ("£2", "2", "GBP", None),
        ("0.002元", "0.002", "CNY", None),
        ("CN¥0.5", "0.5", "CNY", None),
        ("0.3¢", "0.003", "USD", None),
        ("30¢ / 1M tokens", "0.30", "USD", MILLION),
        ("$.5", "0.5", "USD", None),
        ("$1,234.56", "1234.56", "USD", None),
        ("$1e-6", "0.000001", "USD", None),
        ("2.50", "2.50", "USD", None),
        ("$0.0001 / 1K tokens", "0.0001", "USD", unit(1000, "token")),
        ("$3 / MTok", "3", "USD", MILLION),
        ("$0.25 / MTok1", "0.25", "USD", MILLION),
        ("$0.25 / MTok [1]", "0.25", "USD", MILLION),
        ("$0.25 (12)", "0.25", "USD", None),
        ("$2 per million tokens", "2", "USD", MILLION),
        ("$1/M tokens", "1", "USD", MILLION),
        ("$22.00 per 1M characters", "22.00", "USD", unit(1_000_000, "character")),
        ("$0.111 per hour", "0.111", "USD", unit(1, "hour")),
        ("$0.0004 per second", "0.0004", "USD", unit(1, "second")),
        ("$5 per 1,000 requests", "5", "USD", unit(1000, "request")),
        ("$4.50 / 1,000,000 tokens per hour", "4.50", "USD", unit(1_000_000, "token", "hour")),
        ("$0.04 per image", "0.04", "USD", unit(1, "image")),
        ("$14 / 1K search queries", "14", "USD", unit(1000, "search")),
        ("$2 / 1M tokens per hr", "2", "USD", unit(1_000_000, "token", "hour")),
        ("0.1234567890123456789012345678901¢", "0.001234567890123456789012345678901", "USD", None),
        ("1E-3", "0.001", "USD", None),
    ],
)
def test_one_price_is_read_exactly(text: str, amount: str, currency: str, of: Unit | None) -> None:
    (price,) = read_money(text).prices
    assert (str(price.amount), price.currency, price.unit) == (amount, currency, of)
    assert (price.before, price.after) == ("", "")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("", Mark.BLANK),
        ("  \n", Mark.BLANK),
        ("-", Mark.NOT_OFFERED),
        ("—", Mark.NOT_OFFERED),
        ("\\-", Mark.NOT_OFFERED),
        ("N/A", Mark.NOT_OFFERED),
        ("n/a", Mark.NOT_OFFERED),
        ("Not available", Mark.NOT_OFFERED),
        ("Not supported", Mark.NOT_OFFERED),
        ("Contact us", Mark.ON_REQUEST),
        ("ContactSales", Mark.ON_REQUEST),
        ("Contact\nSales", Mark.ON_REQUEST),
        ("Custom", Mark.ON_REQUEST),
        ("Free", Mark.FREE),
        ("Free of charge", Mark.FREE),
        ("FREE*", Mark.FREE),
    ],
)
def test_f19_marks_are_told_apart(text: str, mark: Mark) -> None:
    money = read_money(text)
    assert money.mark is mark
    assert not money.prices


REFUSED_RANGES = [
    "$1-$2",
    "$1 – $2",
    "$1—$2",
    "$1‑$2",
    "$1−$2",
    "$1~$2",
    "$1 to $2",
    "$0.01-0.05",
    "0.01-0.05 USD",
    "1-2",
]
REFUSED_VAGUE = [
    "from $1", "From $0.10 / 1M tokens", "starting at $1", "Starts at $1", "as low as $0.5", "up to $5", "at least $1",
    "about $3", "~$3", "≈$3", "approx. $3", "around $2", "$1+", "$1+ per image", "$5 + tax", "<$1", "≤ $1", "> $1",
    "under $5", "over $5", "less than $1", "at most $5", "max $5", "varies",
]  # fmt: skip
REFUSED_NUMBERS = [
    "$1,50", "1,50 €", "1.234,56 €", "€1.500", "1.500 €", "1,500 €", "$0,075", "0,075 €", "$12,34", "$1.2.3",
    "$1.000.000", "1$2", "$2.00x", "0x10", "1_000", "１２", "٣", "½", "1/2", "1 000",
]  # fmt: skip
REFUSED_SIGNS = ["-1", "-$1", "$-1", "−$1", "- $1", "($1)", "$(1)", "$1 EUR", "USD 1 EUR", "CAD 1", "₩100", "$", "USD"]
REFUSED_SIZES = ["NaN", "$NaN", "Infinity", "1e309", "$2e309", "9" * 400, "$" + "9" * 400, "$0." + "0" * 400 + "1"]
REFUSED_WORDS = [
    "TBD",
    "?",
    "Coming soon",
    "50%",
    "50% of input",
    "1.25x",
    "1 dollar",
    "30 cents",
    "Yes",
    "✓",
    "Free trial",
]


@pytest.mark.parametrize("text", REFUSED_RANGES + REFUSED_VAGUE + REFUSED_WORDS)
def test_f19_what_is_no_exact_price_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_money(text)


@pytest.mark.parametrize("text", REFUSED_NUMBERS + REFUSED_SIGNS + REFUSED_SIZES)
def test_f20_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_money(text)


@pytest.mark.parametrize("text", ["¥0.002", "¥0.002/千tokens"])
def test_a_yen_or_yuan_sign_needs_the_pages_currency(text: str) -> None:
    with pytest.raises(Unreadable):
        read_money(text)
    assert read_money("¥0.002", currency="CNY").prices[0].currency == "CNY"


def test_an_unknown_unit_stays_in_the_words_around_the_price() -> None:
    (price,) = read_money("¥0.002/千tokens", currency="CNY").prices
    assert (price.unit, price.after) == (None, "/千tokens")


@pytest.mark.parametrize("text", ["$1 per 1.000 tokens", "$1 per 0 tokens", "$1 / 1,00 tokens"])
def test_a_quantity_that_is_not_exact_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_money(text)


def test_f19_a_multiple_of_another_price_is_no_price() -> None:
    money = read_money("1.25x base input price")
    assert money.ratio is not None
    assert (money.ratio.factor, money.ratio.of) == (Decimal("1.25"), "base input price")
    assert not money.prices


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("$0.15 input$0.60 output", [("0.15", "", "input"), ("0.60", "", "output")]),
        ("Input: $1 Output: $2", [("1", "Input:", ""), ("2", "Output:", "")]),
        ("$2, prompts <= 200k\n$4, prompts > 200k", [("2", "", ", prompts <= 200k"), ("4", "", ", prompts > 200k")]),
        ("$0.003 (75% off)", [("0.003", "", "(75% off)")]),
        ("$1 a\nb\nc $2 d", [("1", "", "a"), ("2", "b\nc", "d")]),
        ("$1\nOutput $2", [("1", "", ""), ("2", "Output", "")]),
        ("$1 first line\nsecond line:", [("1", "", "first line\nsecond line:")]),
        ("$1 · a · b $2", [("1", "", "· a"), ("2", "· b", "")]),
        ("$1, z input: $2", [("1", "", ","), ("2", "z input:", "")]),
        ("Input - $3", [("3", "Input -", "")]),
        ("Jan 1-2: $3", [("3", "Jan 1-2:", "")]),
        ("$0.5 1-2 images", [("0.5", "", "1-2 images")]),
        ("$1 X", [("1", "", "X")]),
        ("$0.04 per 1K image (high)", [("0.04", "", "1K  (high)")]),
        ("$0.04 per 0.5K/1K image", [("0.04", "", "0.5K/1K")]),
    ],
)  # fmt: skip
def test_each_price_keeps_the_words_around_it(text: str, prices: list[tuple[str, str, str]]) -> None:
    assert [(str(p.amount), p.before, p.after) for p in read_money(text).prices] == prices


@pytest.mark.parametrize(
    "text",
    [
        "$0.006 / minute or $0.36 / hour",
        "$1 / minute or $60 / hour or $1440 / day",
        "$3 (about €2.70)",
        "$30 / 1M tokens, equivalent to $0.04 per image",
    ],
)
def test_the_same_price_said_again_is_not_another_price(text: str) -> None:
    assert len(read_money(text).prices) == 1


@given(st.text(alphabet="$€¥¢0123456789.,-–+~/ ()xMKtokensfrmup%", max_size=24))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unreadable):
        for price in read_money(text).prices:
            assert price.amount.is_finite()
            assert not price.amount.is_signed()


amounts = st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=6).map(lambda d: abs(d.normalize()))


@given(amounts)
def test_a_printed_price_comes_back_with_its_digits(amount: Decimal) -> None:
    written = format(amount, "f")
    assert format(read_money(f"${written}").prices[0].amount, "f") == written
    assert read_money(f"${amount:,f}").prices[0].amount == amount


@given(amounts, amounts, st.sampled_from(["-", " – ", "—", " to ", "~"]))
def test_f19_a_range_never_gives_a_price(low: Decimal, high: Decimal, between: str) -> None:
    with pytest.raises(Unreadable):
        read_money(f"${low:f}{between}${high:f}")


@given(amounts, st.sampled_from(["-", "−", "–"]))
def test_f20_a_negative_amount_is_refused(amount: Decimal, minus: str) -> None:
    for text in (f"{minus}${amount:f}", f"${minus}{amount:f}", f"{minus}{amount:f}"):
        with pytest.raises(Unreadable):
            read_money(text)


@given(st.integers(0, 999), st.integers(0, 99))
def test_a_comma_for_decimals_is_refused(whole: int, cents: int) -> None:
    with pytest.raises(Unreadable):
        read_number(f"{whole},{cents:02}")


@given(st.integers(1, 10**12))
def test_commas_between_thousands_are_read(number: int) -> None:
    assert read_number(f"{number:,}") == number


@pytest.mark.parametrize("text", ["0,128", "1,0000", "12,34", "", ".", "1.", "1 2", "+1", "-0", "1e9999", "9" * 41])
def test_f20_numbers_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_number(text)


QUANTITIES = st.sampled_from([1, 10, 100, 1_000, 1_000_000])


@given(amounts, QUANTITIES, QUANTITIES)
def test_conversion_is_exact_and_comes_back(amount: Decimal, one: int, other: int) -> None:
    converted = per(amount, unit(one, "token"), unit(other, "token"))
    assert converted * one == amount * other
    assert per(converted, unit(other, "token"), unit(one, "token")) == amount


@given(amounts, st.sampled_from(["second", "token"]))
def test_a_price_of_one_thing_is_not_that_of_another(amount: Decimal, thing: str) -> None:
    wanted = unit(1, "minute" if thing == "second" else "character")
    with pytest.raises(Unreadable, match=f"^a price per {thing} is not a price per {wanted}$"):
        per(amount, unit(1, thing), wanted)


def test_conversion_keeps_the_digits_of_the_source() -> None:
    assert str(per(Decimal("0.0000025"), unit(1, "token"), MILLION)) == "2.5"
    assert str(per(Decimal("0.00250"), unit(1000, "token"), MILLION)) == "2.50"
    assert str(per(Decimal("2e-06"), unit(1, "token"), MILLION)) == "2"
    assert str(per(Decimal(25), unit(1, "token"), unit(10, "token"))) == "250"
    assert str(per(Decimal("1.5"), unit(2, "token"), unit(3, "token"))) == "2.25"
    long = "1234567890123456789012345678901234"
    assert str(per(Decimal(long), unit(1, "token"), MILLION)) == long + "000000"
    assert str(per(Decimal(long), MILLION, unit(1, "token"))) == f"{long[:-6]}.{long[-6:]}"
    assert per(Decimal(long), unit(2, "token"), unit(3, "token")) == Decimal(int(long) * 3 // 2)


def test_the_digits_of_a_conversion_do_not_depend_on_those_before_it() -> None:
    one, same, minute = (Unit(Decimal(text), "second") for text in ("1", "1.0", "60"))
    digits = [str(per(Decimal("2.5"), sent, minute)) for sent in (one, same, one, same)]
    assert digits == ["150.0", "150", "150.0", "150"]


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("Prices per 1M tokens", MILLION),
        ("PRICE PER 1M TOKENS", MILLION),
        ("$ / 1K searches", unit(1000, "search")),
        ("$/M tokens", MILLION),
        ("Input / MTok", MILLION),
        ("Price / image", unit(1, "image")),
        ("Price per second of video", unit(1, "second")),
        ("per 1M tokens per hour", unit(1_000_000, "token", "hour")),
        ("per 1K images", unit(1000, "image")),
        ("Input per 1M tokens, output per 1M tokens", MILLION),
        ("per 1M tokens / hr, per image", unit(1_000_000, "token", "hour")),
        ("What it costs to send and to get " * 4 + "per 1M tokens", MILLION),
        ("Input/output tokens", None),
        ("Text/image input", None),
        ("and/or requests", None),
        ("per token and per image", None),
        ("per 1K image", None),
        ("per 1.000 tokens", None),
        ("per 0 tokens", None),
        ("per month", None),
        ("per 1M", None),
        ("1M tokens", None),
        ("", None),
    ],
)
def test_a_heading_names_one_unit_or_none(text: str, of: Unit | None) -> None:
    assert find_unit(text) == of


@pytest.mark.parametrize("text", ["per 1M prompt tokens", "per million completion tokens", "per 1M video tokens"])
def test_tokens_of_a_kind_are_tokens(text: str) -> None:
    assert find_unit(text) == Unit(Decimal(1_000_000), "token")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("$5 / 1M audio tokens", "audio"),
        ("$5 per 1M prompt tokens", "input"),
        ("$5 / million completion tokens", "output"),
        ("$5 / 1M tokens", ""),
        ("$5 / 1M tokens (cached tokens: less)", ""),
        ("$5 (audio tokens: more)", ""),
    ],
)
def test_a_unit_names_the_kind_of_its_tokens(text: str, kind: str) -> None:
    assert read_money(text).prices[0].kind == kind


@pytest.mark.parametrize("over", ["minute", "week", "year"])
def test_what_is_paid_over_a_time_as_well_is_another_unit(over: str) -> None:
    assert find_unit(f"per 1M tokens / {over}") == Unit(Decimal(1_000_000), "token", over)
    assert find_unit("per 1M page tokens") is None


@pytest.mark.parametrize("text", ["per ms", "$/ms", "per msec", "/ 5kh"])
def test_a_thousandth_of_a_second_is_no_million_of_them(text: str) -> None:
    assert find_unit(text) is None


def test_a_bare_number_of_euros_may_mean_thousands() -> None:
    assert read_money("1.50", currency="EUR").prices[0].amount == Decimal("1.50")
    with pytest.raises(Unreadable, match=r"^'1\.500' may mean thousands or decimals$"):
        read_money("1.500", currency="EUR")


@given(st.text(max_size=40))
def test_any_heading_is_looked_at_without_failing(text: str) -> None:
    assume("\0" not in text)
    found = find_unit(text)
    assert found is None or found.quantity > 0


def test_a_unit_that_cannot_be_converted_exactly_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"^a price per 3 images cannot be given exactly per image$"):
        per(Decimal(1), Unit(Decimal(3), "image"), Unit(Decimal(1), "image"))


def test_a_dot_in_the_middle_parts_two_prices() -> None:
    first, second = read_money("$0.269 /Mt· Cache Read $0.1345 /Mt").prices
    assert (first.after, second.before) == ("", "· Cache Read")
    assert first.unit == second.unit == Unit(Decimal(1_000_000), "token")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$1,50", "'1,50' has a comma where none separates thousands"),
        ("$1.2.3", "'1.2.3' is not a number"),
        ("$" + "9" * 70, f"'{'9' * 60}' is not a number"),
        ("1e99", "1E+99 is not a price: it has an exponent of 99"),
        ("$1 per 1.000 tokens", "'1.000' may mean thousands or decimals"),
        ("$1 per 0 tokens", "'0 tokens' is no unit"),
        ("-$1", "'-$1' has a negative amount"),
        ("$1x", "'$1x' has a number that runs on"),
        ("from $1", "'from $1' does not name an exact price"),
        ("€1.500", "'€1.500' may mean thousands or decimals"),
        ("eur 1.500", "'eur 1.500' may mean thousands or decimals"),
        ("$1 EUR", "'$1 EUR' names two currencies for one amount"),
        ("$1 per 262,144 tokens", "'262,144 tokens' is no unit of prices, which are for 1, 1,000, 1,000,000"),
        ("$1 per 512K characters", "'512K characters' is no unit of prices, which are for 1, 1,000, 1,000,000"),
        ("¥1", "'¥1' has a price in ¥ where dollars were expected"),
        ("￥1", "'￥1' has a price in ￥ where dollars were expected"),
        ("$1-$2", "'$1-$2' is a range, not a price"),
        ("5 USD - $3", "'5 USD - $3' is a range, not a price"),
        ("1 usd to 2 usd", "'1 usd to 2 usd' is a range, not a price"),
        ("1 usd - 2", "'1 usd - 2' is a range, not a price"),
        ("usd 1 - 2", "'usd 1 - 2' is a range, not a price"),
        ("0.3¢ – 0.5¢", "'0.3¢ – 0.5¢' is a range, not a price"),
        ("TBD", "'TBD' has no price"),
    ],
)
def test_a_refusal_says_why(text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_money(text)
    assert str(refused.value) == reason


def test_a_price_keeps_how_it_was_written() -> None:
    assert [price.written for price in read_money("Input: US$ 1.50 / 1M, output: 2 USD").prices] == [
        "US$ 1.50",
        "2 USD",
    ]
    assert [price.written for price in read_money(" 2.50 ").prices] == ["2.50"]


def test_a_long_text_is_read_as_a_short_one_is() -> None:
    words = "for all that is sent and all that is made " * 4
    (price,) = read_money(f"¥0.002 {words}", currency="CNY").prices
    assert (price.amount, price.currency, price.after) == (Decimal("0.002"), "CNY", words.strip())


def test_a_sized_image_is_one_image() -> None:
    assert read_money("$0.04 per 1K image").prices[0].unit == unit(1, "image")
    assert read_money("$0.04 per 0.5K/1K image").prices[0].unit == unit(1, "image")
    assert read_money("$0.04 per 1K images").prices[0].unit == unit(1000, "image")


def test_as_many_digits_as_are_kept_are_read() -> None:
    assert read_number("9" * 40) == Decimal("9" * 40)
