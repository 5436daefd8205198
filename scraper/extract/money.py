"""Money as providers print it, read exactly or refused: never half a number.

`read_money("$2.00, prompts <= 200k tokens\\n$4.00, prompts > 200k tokens")` gives two prices, each with what stands
around it; what that text means is decided by `scraper.extract.vocabulary`. A range, an "from", an unknown currency, a
number with a stray sign: `Unreadable`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.specs import DATE_PATTERN
from scraper.meters import Unit
from scraper.records import MAX_DIGITS, check_amount

_EXACT: Final = Context(prec=200, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation])


_SHORT: Final = 100
"""Characters of a text of which it is remembered what it says."""


class Mark(StrEnum):
    """What a cell says when it says no amount."""

    BLANK = "blank"
    NOT_OFFERED = "not_offered"
    ON_REQUEST = "on_request"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Price:
    """One amount as printed. `unit` is None where the text names none; `before` and `after` is the text around it.

    `kind` is what a unit of tokens says of them: `input`, `output`, `cached`, a modality, or nothing.
    """

    amount: Decimal
    currency: str
    unit: Unit | None
    before: str
    after: str
    written: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A price that is stated as a multiple of another: "1.25x base input price"."""

    factor: Decimal
    of: str


@dataclass(frozen=True, slots=True)
class Money:
    """What a text says about money: prices, or a ratio, or a mark. Exactly one of them is there."""

    prices: tuple[Price, ...] = ()
    mark: Mark | None = None
    ratio: Ratio | None = None


_CURRENCIES: Final = {
    "us$": "USD", "usd": "USD", "$": "USD", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP",
    "cny": "CNY", "rmb": "CNY", "元": "CNY", "cn¥": "CNY", "jpy": "JPY", "inr": "INR", "₹": "INR", "¥": "",
    "＄": "USD", "￥": "",
}  # fmt: skip
"""Signs of money, also as wide as a Chinese character. "¥" is of two currencies: the caller must say which."""

SIGN: Final = r"(?:US\$|CN¥|[$＄€£¥￥₹元]|(?<![A-Za-z])(?:USD|EUR|GBP|CNY|RMB|JPY|INR)(?![A-Za-z]))"
"""A sign or a code of money that is read, as a regular expression."""
_NUMBER = r"(?:\d+(?:[.,]\d+)*|\.\d+)(?:[eE][-+]?\d+)?"
# Amounts: "$1.50", "$ 1.50", "USD 1.50", "1.50 USD", "1.50€", "0.3¢".
_AMOUNT = re.compile(
    rf"(?P<sign>{SIGN})\s?(?P<number>{_NUMBER})(?:\s?(?P<code>USD|EUR|CNY|GBP)\b)?"
    rf"|(?<![\w.,$＄€£¥￥])(?P<number2>{_NUMBER})\s?(?P<sign2>{SIGN}|¢)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"\s*(?P<number>{_NUMBER})\s*")
# "$1-$2", "1 to 2 USD", "1 USD - 2 USD", "0.5元~1元".
_RANGE = re.compile(rf"{_NUMBER}\s?(?:{SIGN}|¢)?\s*(?:[-–—‐‑−~]|\bto\b)\s*{SIGN}?\s?{_NUMBER}", re.IGNORECASE)
_VAGUE = re.compile(
    r"\b(?:from|starting (?:at|from)|starts at|as low as|up to|at least|minimum|approx(?:\.|imately)?|around|varies)\b"
    r"|[~≈±]|(?<![\d.])\+\s*$|\d\+(?:\s|$)"
    r"|(?:\b(?:about|roughly|under|over|below|above|(?:less|more) than|at most|max(?:imum)?|between)|[<>≤≥]=?)\s*$",
    re.IGNORECASE,
)
# "1.500 €" and "1,500 €" are fifteen hundred to one reader and one and a half to another.
_EITHER_WAY = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_RATIO = re.compile(r"(?P<factor>\d+(?:\.\d+)?)\s?(?:x|×|times)\s+(?:the\s+)?(?P<of>[a-z].*)", re.IGNORECASE)
_SIZE = r"(?:(?:[\d.]+K(?:/[\d.]+K)*(?:\s+resolution)?|\d+s)\s+)?"
# "or $0.005/min", "Equivalent to $0.045 per 0.5K image", "(about $3)", "($0.00012 per image)": the same again.
_ASIDES = (
    # An equivalent may go on over lines that name further amounts of the same thing ("$0.067 per 1K image, and …"), and
    # hold until or from a day.
    re.compile(
        rf"\bequivalent to\s+{SIGN}\s?{_NUMBER}\s*per\s+{_SIZE}(?P<thing>\w+)"
        rf"(?:[\s,*]+(?:and\s+)?{SIGN}\s?{_NUMBER}\s*per\s+{_SIZE}(?P=thing))*"
        rf"(?:[\s*]*\b(?:through|until|starting)\s+{DATE_PATTERN})?\.?",
        re.IGNORECASE,
    ),
    re.compile(r"\bequivalent to\b[^\n]*", re.IGNORECASE),
    re.compile(rf"\bor\s+(?:about\s+)?{SIGN}\s?{_NUMBER}\s*(?:/|per\b)\s*[\w.]+", re.IGNORECASE),
    re.compile(
        rf"\(\s*(?:about|approx\.?|approximately|~|≈|=)?\s*{SIGN}\s?{_NUMBER}\s*(?:/|per\b)[^()]*\)", re.IGNORECASE
    ),
    re.compile(rf"\(\s*(?:about|approx\.?|approximately|~|≈)\s*{SIGN}?\s?{_NUMBER}[^()]*\)", re.IGNORECASE),
)  # fmt: skip

_NOT_OFFERED = re.compile(
    r"[-–—‐‑−]+|n/?a\.?|none|not (?:available|supported|offered|applicable)(?: ?\([^()]*\))?|\(?[^()]*not supported\)?"
    r"|unavailable|✗|✕|×",
    re.IGNORECASE,
)
_ON_REQUEST = re.compile(
    r"(?:(?:please )?(?:contact|talk to|reach out to) ?(?:us|sales|our sales team|support).*)"
    r"|(?:(?:custom|on[- ]request|upon request|ask us|get a quote|custom pricing|let'?s talk))",
    re.IGNORECASE,
)
_FREE = re.compile(r"(?:limited[- ]time )?free(?: of charge)?|no charge|\$0(?:\.0+)? \(free\)", re.IGNORECASE)

_COUNTED: Final = frozenset({"token", "character"})
_QUANTITY = r"(?P<quantity>\d[\d,]*(?:\.\d+)?)?\s?(?P<scale>k|m|b|thousand|million|billion)?"
_THINGS: Final = (
    (r"m\s?tok(?:ens?|s)?|mt", Decimal(1_000_000), "token"),
    (r"k\s?tok(?:ens?|s)?", Decimal(1_000), "token"),
    (r"(?:(?:input|prompt|output|completion|cached|text|audio|image|video) )?tok(?:ens?|s)?", Decimal(1), "token"),
    (r"(?:m|million) ?char(?:acter)?s?", Decimal(1_000_000), "character"),
    (r"char(?:acter)?s?", Decimal(1), "character"),
    (r"(?:output |generated )?images?|pictures?", Decimal(1), "image"),
    (r"megapixels?|mpx?", Decimal(1), "megapixel"),
    (r"(?:search (?:quer(?:y|ies)|requests?)|search(?:es)?|quer(?:y|ies))", Decimal(1), "search"),
    (r"requests?|calls?|songs?|prompts?|generations?|runs?", Decimal(1), "request"),
    (r"pages?", Decimal(1), "page"),
    (r"frames?", Decimal(1), "frame"),
    (r"videos?", Decimal(1), "video"),
    (r"seconds? of (?:output |generated )?video|video[- ]seconds?", Decimal(1), "second"),
    # "ms" is no million of seconds.
    (r"(?<![kmb])(?:seconds?(?: of audio)?|secs?|s)", Decimal(1), "second"),
    (r"(?<![kmb])(?:minutes?(?: of audio)?|mins?)", Decimal(1), "minute"),
    (r"(?<![kmb])(?:hours?(?: of audio)?|hrs?|h)", Decimal(1), "hour"),
    (r"(?:gb|gib)", Decimal(1), "GB"),
)
_KIND: Final = re.compile(r"\b(input|prompt|output|completion|cached|text|audio|image|video) tok", re.IGNORECASE)
_SAME_KINDS: Final = {"prompt": "input", "completion": "output"}
_SCALES: Final = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000, "b": 10**9, "billion": 10**9}
_OVER = r"(?:\s?(?:/|per)\s?(?P<over>second|sec|minute|min|hour|hr|day|week|month|year))?"
_UNITS: Final = tuple(
    (re.compile(rf"{_QUANTITY}\s?(?:{pattern}){_OVER}(?!\w|\s+tok)", re.IGNORECASE), size, thing)
    for pattern, size, thing in _THINGS
)
# "per 1K image" is one image of that size; "per 1K images" are a thousand.
_SIZED_IMAGE = re.compile(r"(?P<sizes>\d(?:\.\d)?K(?:/\d(?:\.\d)?K)*) image\b", re.IGNORECASE)
# In a heading "/" is "per" after money and before a quantity; in "Input/output tokens" and "Text/image" it is "or".
_OF_A_UNIT = re.compile(
    rf"\bper\b|(?:{SIGN}|\b(?:prices?|pricing|costs?|rates?)|[\d)])\s*/|/(?=\s*(?:\d|[mk]\b|[mk]\s?tok|million|thousand))",
    re.IGNORECASE,
)
_PER = re.compile(r"\s*(?:usd\s*)?(?:/|\bper\b|\beach\b|\bfor\b)\s*", re.IGNORECASE)


def read_number(text: str) -> Decimal:
    """Read a number with a decimal point and, perhaps, commas between thousands; refuse any other form."""
    compact = text.strip()
    if "," in compact:
        if not re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", compact):
            raise Unreadable(f"{text!r} has a comma where none separates thousands")
        compact = compact.replace(",", "")
    if (
        not re.fullmatch(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?", compact)
        or len(compact) > MAX_DIGITS
    ):
        raise Unreadable(f"{text[:60]!r} is not a number")
    try:
        return check_amount(Decimal(compact))
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _unit_at(text: str) -> tuple[Unit, int] | None:
    best: tuple[Unit, int] | None = None
    for pattern, size, thing in _UNITS:
        match = pattern.match(text)
        if match and (best is None or match.end() > best[1]):
            if match["quantity"] and re.fullmatch(r"\d{1,3}(?:\.\d{3})+", match["quantity"]):
                raise Unreadable(f"{match['quantity']!r} may mean thousands or decimals")
            quantity = read_number(match["quantity"]) if match["quantity"] else Decimal(1)
            if not quantity:
                raise Unreadable(f"{match[0]!r} is no unit")
            scale = _SCALES[match["scale"].casefold()] if match["scale"] else 1
            over = (match["over"] or "").casefold().replace("hr", "hour")
            unit = Unit(quantity * scale * size, thing, over)
            if thing in _COUNTED and unit.quantity.normalize().as_tuple().digits != (1,):
                # "262,144 tokens" in the column of units is what stood in the next one, the context window.
                raise Unreadable(f"{match[0]!r} is no unit of prices, which are for 1, 1,000, 1,000,000")
            best = unit, match.end()
    return best


def find_unit(text: str) -> Unit | None:
    """Return the one unit that a heading or a sentence names ("Prices per 1M tokens", "$ / 1K searches"), or None.

    Two different units in one text are none: it must be said which price has which.
    """
    return _find_short(text) if len(text) <= _SHORT else _find_unit(text)


# A heading is asked for its unit by each cell below it.
@lru_cache(maxsize=4096)
def _find_short(text: str) -> Unit | None:
    return _find_unit(text)


def _find_unit(text: str) -> Unit | None:
    found: list[Unit] = []
    for start in _OF_A_UNIT.finditer(text):
        rest = text[start.end() :].lstrip()
        try:
            at = _unit_at(rest)
        except Unreadable:
            return None
        if _SIZED_IMAGE.match(rest):
            return None
        if at is not None and at[0] not in found and not (found and found[-1].over):
            found.append(at[0])
    return found[0] if len(found) == 1 else None


def _leading_unit(text: str) -> tuple[Unit | None, str]:
    """Take a unit off the beginning of the text after an amount: "/ MTok", "per 1M tokens"."""
    per = _PER.match(text)
    if per is None:
        return None, text
    sized = _SIZED_IMAGE.match(text, per.end())
    if sized:
        return Unit(Decimal(1), "image"), f"{sized['sizes']} {text[sized.end() :]}"
    found = _unit_at(text[per.end() :])
    return (found[0], text[per.end() + found[1] :]) if found else (None, text)


def _without_asides(text: str) -> str:
    for aside in _ASIDES:
        match = aside.search(text)
        # Only beside a price: alone it would be the price itself.
        while match is not None and _AMOUNT.search(text[: match.start()]):
            text = f"{text[: match.start()]} {text[match.end() :]}"
            match = aside.search(text)
    return text


def read_money(text: str, *, currency: str = "USD") -> Money:
    """Read what a text says about money; `currency` is that of a bare number and of "¥".

    Raises `Unreadable` where it cannot be read exactly.
    """
    return _read_short(text, currency) if len(text) <= _SHORT else _read_money(text, currency)


# The same few prices are written the same way in cell after cell, on page after page.
@lru_cache(maxsize=4096)
def _read_short(text: str, currency: str) -> Money:
    return _read_money(text, currency)


def _read_money(text: str, currency: str) -> Money:
    # Renderings glue footnote marks to units: "$0.25 / MTok1"; others put them in brackets: "$0.25 [1]".
    stripped = re.sub(r"(?<=MTok)[\d¹²³⁴⁵]{1,2}(?!\w)", "", text.strip().strip("\\*").strip())
    stripped = re.sub(r"(?<=\w)\s?(?:\[\d{1,2}\]|\(\d{1,2}\))$", "", stripped)
    if not stripped:
        return Money(mark=Mark.BLANK)
    line = " ".join(stripped.split())
    for pattern, mark in ((_NOT_OFFERED, Mark.NOT_OFFERED), (_ON_REQUEST, Mark.ON_REQUEST), (_FREE, Mark.FREE)):
        if pattern.fullmatch(line):
            return Money(mark=mark)
    bare = _BARE.fullmatch(stripped)
    if bare:
        if currency == "EUR" and _EITHER_WAY.fullmatch(bare["number"]):
            raise Unreadable(f"{text!r} may mean thousands or decimals")
        return Money((Price(read_number(bare["number"]), currency, None, "", "", stripped),))
    ratio = _RATIO.fullmatch(stripped)
    if ratio:
        return Money(ratio=Ratio(read_number(ratio["factor"]), ratio["of"].strip()))
    return Money(_prices(_without_asides(stripped), currency))


def _prices(text: str, currency: str) -> tuple[Price, ...]:
    if _RANGE.search(text) and _is_range(text):
        raise Unreadable(f"{text!r} is a range, not a price")
    amounts = list(_AMOUNT.finditer(text))
    if not amounts:
        raise Unreadable(f"{text!r} has no price")
    prices = []
    edge = 0
    for number, match in enumerate(amounts):
        end = amounts[number + 1].start() if number + 1 < len(amounts) else len(text)
        before, after = text[edge : match.start()], text[match.end() : end]
        if number + 1 < len(amounts):
            # What ends in a colon, or stands on the next price's own line, belongs to the next price.
            after = _own_part(after)
            edge = match.end() + len(after)
        prices.append(_price(match, before, after, currency, text))
    return tuple(prices)


def _is_range(text: str) -> bool:
    """Say whether a hyphen stands between amounts, not inside a word or a date ("1-2 images", "2026-08-31")."""
    for match in _RANGE.finditer(text):
        if re.search(rf"{SIGN}|¢", match[0], re.IGNORECASE):
            return True
        if re.search(rf"{SIGN}\s?$", text[: match.start()], re.IGNORECASE):
            return True
    return False


def _own_part(between: str) -> str:
    """Return what of the text between two amounts belongs to the first: not the next line, not "Output:", nor what
    follows a dot in the middle ("$0.27 /Mt · Cache Read $0.13 /Mt").
    """
    line_end = between.find("\n")
    if line_end >= 0 and between[line_end:].strip():
        return between[:line_end]
    if "·" in between:
        return between[: between.rindex("·")]
    label = re.search(r"[A-Za-z][\w ()<>=≤≥.,-]*:\s*$", between)
    return between[: label.start()] if label else between


def _price(match: re.Match[str], before: str, after: str, currency: str, text: str) -> Price:
    sign = (match["sign"] or match["sign2"]).casefold()
    amount = read_number(match["number"] or match["number2"])
    if re.search(r"[-–−(]\s*$", before) and not re.search(r"\w\s+[-–]\s*$|\($", before.strip() + " "):
        raise Unreadable(f"{text!r} has a negative amount")
    if re.match(r"[\d.,]*\d|[%x×]", after):
        raise Unreadable(f"{text!r} has a number that runs on")
    if _VAGUE.search(before) or re.match(r"\s?\+(?!\w)", after):
        raise Unreadable(f"{text!r} does not name an exact price")
    if sign in ("€", "eur") and _EITHER_WAY.fullmatch(match["number"] or match["number2"]):
        raise Unreadable(f"{text!r} may mean thousands or decimals")
    if sign == "¢":
        amount, found = amount.scaleb(-2, _EXACT), "USD"
    else:
        found = _CURRENCIES[sign] or currency
    if match["code"] and _CURRENCIES[match["code"].casefold()] != found:
        raise Unreadable(f"{text!r} names two currencies for one amount")
    if found == "USD" and sign in ("¥", "￥"):
        raise Unreadable(f"{text!r} has a price in {sign} where dollars were expected")
    unit, rest = _leading_unit(after)
    named = _KIND.search(after.removesuffix(rest))
    kind = named[1].casefold() if named else ""
    return Price(amount, found, unit, before.strip(), rest.strip(), match[0], _SAME_KINDS.get(kind, kind))


def per(amount: Decimal, unit: Unit, wanted: Unit) -> Decimal:
    """Convert an amount from one unit to another of the same thing, exactly and with the digits that it had.

    `per(Decimal("0.0000025"), Unit(1, "token"), Unit(1000000, "token"))` is `Decimal("2.5")`.
    """
    if unit.thing != wanted.thing or unit.over != wanted.over:
        raise Unreadable(f"a price per {unit} is not a price per {wanted}")
    try:
        ratio, shift = _ratio(str(wanted.quantity), str(unit.quantity))
    except Inexact as error:
        raise Unreadable(f"a price per {unit} cannot be given exactly per {wanted}") from error
    if shift is not None:
        shifted = amount.scaleb(shift, _EXACT)
        return shifted if shifted.as_tuple().exponent <= 0 else shifted.quantize(Decimal(1), context=_EXACT)  # type: ignore[operator]
    return _EXACT.multiply(amount, ratio)


# By their texts: 60 and 60.0 are equal, and would share what gives their amounts other digits.
@lru_cache(maxsize=1024)
def _ratio(wanted: str, sent: str) -> tuple[Decimal, int | None]:
    """Return how many times one quantity is in another, and its exponent where it is a power of ten."""
    ratio = _EXACT.divide(Decimal(wanted), Decimal(sent))
    shift = ratio.adjusted()
    return ratio, shift if ratio == Decimal(1).scaleb(shift) else None
