"""JSON feeds read by a declared contract: where the rows are, which path has which price in which unit, what 0 means.

A number goes from the feed's own text to the stored decimal without a float between. A key of a row that the contract
does not name is noted (`off_contract`): a new key is the cheapest alarm that a feed has changed its shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Final

from scraper.extract import REFUSALS, Unreadable, jsontext
from scraper.extract.document import Document
from scraper.extract.jsontext import Json, escape
from scraper.extract.money import per
from scraper.extract.offers import Named, Offers
from scraper.meters import RateKey, Unit
from scraper.records import Evidence, Fact, check_amount, clean, plain

TOKEN: Final = Unit(Decimal(1), "token")
MILLION_TOKENS: Final = Unit(Decimal(1_000_000), "token")

Row = Mapping[str, Any]

_SentIn = tuple[str, str, str]
"""The quantity, the thing and the `over` of a unit."""

_SHORT: Final = 100
"""Characters of a text of which it is remembered what it says."""
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")


def never(_: Row) -> bool:
    """Say that no row of a feed is free: its zeros are placeholders."""
    return False


def always(_: Row) -> bool:
    """Say that a price is read from every row that has it."""
    return True


@dataclass(frozen=True, slots=True)
class Price:
    """A price of a row: where it is (a path of keys, `pricing/prompt`), its rate key and the unit it is sent in.

    `when` says in which rows the path has this meaning. `between` are the smallest and the largest amount that can be
    in this unit: one outside of it is in another unit and is noted. `may_be_free` says that a 0 in a free row means
    free of charge; else a 0 of this price is a placeholder in every row.
    """

    path: str
    key: str
    unit: Unit = TOKEN
    when: Callable[[Row], bool] = always
    between: tuple[Decimal, Decimal] | None = None
    may_be_free: bool = False
    sent_in: _SentIn = field(init=False, repr=False, compare=False)
    """The unit by its texts: 60 and 60.0 are equal, and give amounts other digits."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sent_in", (str(self.unit.quantity), self.unit.thing, self.unit.over))


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec of a row: where it is, its name, and how its value is written; `write` returns "" for "says nothing"."""

    path: str
    field: str
    write: Callable[[Json], str]
    when: Callable[[Row], bool] = always


More = Callable[[Row, str, Offers], Iterator[Fact]]


@dataclass(frozen=True, kw_only=True)
class Feed:
    """The contract of a JSON feed.

    `rows` is the JSON pointer of the list of offers, `name` the path of an offer's name in its row. `free(row)` says
    whether a price of 0 in this row means free; else 0 is a placeholder and no price. A negative number is never a
    price ("varies"). `promotional(row)` says that the prices of the row are discounted. `skip(row)` says that a row is
    no offer. `known` are keys of a row, and of its objects that hold prices (`pricing/web_search`), that are seen and
    on purpose not read; a mapping gives the reasons. Where each row says the unit of its prices, `unit_at` is its path
    and `units` are the texts that are understood: a row with another one has no prices and is noted.
    """

    rows: str
    prices: tuple[Price, ...]
    model_id: str = "id"
    name: str = ""
    named: Callable[[Row], Named] | None = None
    """Who a row is of, where its id and its name do not say so as they are; the row has the text `model_id` anyway."""
    specs: tuple[Spec, ...] = ()
    free: Callable[[Row], bool] = never
    promotional: Callable[[Row], bool] = never
    currency: str = "USD"
    known: Collection[str] = frozenset()
    skip: Callable[[Row], bool] = never
    unit_at: str = ""
    units: Mapping[str, Unit] = field(default_factory=dict)
    more: More | None = None
    """Facts that paths cannot describe (tiers in a list): given the row, its JSON pointer and where to note."""

    @cached_property
    def parted(self) -> tuple[tuple[str, str], ...]:
        """The path of the object in which each price is (empty for the row itself), and the key of the price there."""
        paths = (price.path.rpartition("/") for price in self.prices)
        return tuple((parent, key) for parent, _, key in paths)

    @cached_property
    def holders(self) -> frozenset[str]:
        """The paths of the objects in which prices are."""
        return frozenset(parent for parent, _ in self.parted)

    @cached_property
    def named_keys(self) -> Mapping[str, frozenset[str]]:
        """The objects of a row that the contract names keys of, by their paths, the row (empty) first.

        A key is named with its path, or as one on the way to what is named.
        """
        paths = {price.path for price in self.prices} | {spec.path for spec in self.specs} | set(self.known)
        paths |= {self.model_id, self.name, self.unit_at}
        parents = {path.rpartition("/")[0] for path in paths if "/" in path}
        paths |= {path[:end] for path in paths for end, sign in enumerate(path) if sign == "/"}
        inside = {parent: f"{parent}/".lstrip("/") for parent in ("", *sorted(parents))}
        return {
            parent: frozenset(path.removeprefix(start) for path in paths if path.startswith(start))
            for parent, start in inside.items()
        }


def read_feed(document: Document, feed: Feed) -> Offers:
    """Read all pages of a feed; raises `Unreadable` where one has no rows at the declared place."""
    offers = Offers()
    for number, page in enumerate(document.pages):
        offers.page = number
        try:
            _read_page(page, feed, offers)
        except Unreadable as problem:
            if not document.further:
                raise
            raise Unreadable(f"page {number + 1}: {problem}") from problem
    offers.page = 0
    return offers


def _read_page(page: Document, feed: Feed, offers: Offers) -> None:
    rows = jsontext.at(page.json, feed.rows)
    if not isinstance(rows, list):
        raise Unreadable(f"{feed.rows} holds no list of offers")
    for number, row in enumerate(rows):
        pointer = f"{feed.rows}/{number}"
        if isinstance(row, dict) and feed.skip(row):
            continue
        if not isinstance(row, dict) or not isinstance(row.get(feed.model_id), str):
            offers.note("off_contract", f"a row without the text {feed.model_id!r}", f"#{pointer}")
            continue
        try:
            named = feed.named(row) if feed.named is not None else _named(row, feed)
        except REFUSALS as problem:
            offers.note("unreadable", str(problem), f"#{pointer}/{escape(feed.model_id)}")
            continue
        offers.add(named, row_facts(row, feed, pointer, offers))


def _named(row: Row, feed: Feed) -> Named:
    model_id = clean(row[feed.model_id])
    return Named(model_id, clean(str(at_path(row, feed.name) or model_id)) if feed.name else model_id)


def row_facts(row: Row, feed: Feed, pointer: str, offers: Offers) -> list[Fact]:
    """Return the facts that one row states; what is not understood, and each new key, is noted in `offers`."""
    _note_new_keys(row, feed, offers)
    facts = [*_prices(row, feed, pointer, offers), *_specs(row, feed, pointer, offers)]
    if feed.more is not None:
        try:
            facts.extend(feed.more(row, pointer, offers))
        except REFUSALS as problem:
            offers.note("unreadable", f"{row.get(feed.model_id)}: {problem}", f"#{pointer}")
    return facts


def _prices(row: Row, feed: Feed, pointer: str, offers: Offers) -> Iterator[Fact]:
    prices: Iterable[Price] = feed.prices
    if feed.unit_at and any(at_path(row, price.path) is not None for price in feed.prices):
        stated = at_path(row, feed.unit_at)
        unit = feed.units.get(stated) if isinstance(stated, str) else None
        if unit is None:
            offers.note("unreadable", f"{row[feed.model_id]}: {stated!r} is not a known unit of prices", f"#{pointer}")
            return
        prices = [replace(price, unit=unit) for price in prices]
    try:
        free, promotional = feed.free(row), feed.promotional(row)
    except REFUSALS as problem:
        offers.note("unreadable", f"{row[feed.model_id]}: {problem}", f"#{pointer}")
        return
    holders = {parent: at_path(row, parent) if parent else row for parent in feed.holders}
    for price, (parent, key) in zip(prices, feed.parted, strict=True):
        holder = holders[parent]
        value = holder.get(key) if isinstance(holder, dict) else None
        if value is None or not price.when(row):
            continue
        place = f"{pointer}/{price.path}"
        try:
            fact = amount_fact(value, place, price, free=free, promotional=promotional, currency=feed.currency)
        except REFUSALS as problem:
            offers.note("unreadable", f"{row[feed.model_id]} {price.path}: {problem}", f"#{place}")
            continue
        if fact is not None:
            yield fact


def _specs(row: Row, feed: Feed, pointer: str, offers: Offers) -> Iterator[Fact]:
    for spec in feed.specs:
        value = at_path(row, spec.path)
        if value is None or not spec.when(row):
            continue
        place = f"{pointer}/{spec.path}"
        try:
            written = spec.write(value)
        except REFUSALS as problem:
            offers.note("unreadable", f"{row[feed.model_id]} {spec.path}: {problem}", f"#{place}")
            continue
        if written:
            yield spec_fact(spec.field, written, value, place)


def rows_at(document: Document, pointer: str) -> Iterator[tuple[str, Row]]:
    """Yield the objects of the list at a pointer of a JSON document, each with its own pointer.

    Raises `Unreadable` where there is no list.
    """
    rows = jsontext.at(document.json, pointer)
    if not isinstance(rows, list):
        raise Unreadable(f"{pointer} holds no list")
    yield from ((f"{pointer}/{number}", row) for number, row in enumerate(rows) if isinstance(row, dict))


def objects_of(row: Json, path: str) -> Iterator[tuple[int, Row]]:
    """Yield the objects in the list at a path of keys, each with its place in the list; nothing where there is none."""
    found = at_path(row, path)
    for number, one in enumerate(found if isinstance(found, list) else ()):
        if isinstance(one, dict):
            yield number, one


def at_path(row: Json, path: str) -> Json:
    """Return the value at a path of keys (`pricing/prompt`), or None where a part of it is missing or null."""
    for key in _keys(path):
        if not isinstance(row, dict):
            return None
        row = row.get(key)
    return row


# The paths of a contract are asked for in every row.
@lru_cache(maxsize=4096)
def _keys(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def number_of(value: Json) -> Decimal:
    """Return a number that is sent as such or as a text, with all of its digits; raises `Unreadable` for all else."""
    return Decimal(_sent_number(value))


def _sent_number(value: Json) -> str:
    """Return the text of a number, however it is sent; raises `Unreadable` for all else."""
    shown = ""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        text = jsontext.written(value)
        shown = _number_short(text) if len(text) <= _SHORT else _number_in(text)
    if not shown:
        raise Unreadable(f"{str(value)[:60]!r} is not a number")
    return shown


# The same few prices stand in row after row, and in every capture of a feed.
@lru_cache(maxsize=16384)
def _number_short(text: str) -> str:
    return _number_in(text)


def _number_in(text: str) -> str:
    """Return the number that a text is, without the blanks around it; "" where it is none."""
    shown = clean(text)
    return shown if _NUMBER.fullmatch(shown) else ""


def amount_fact(
    value: Json,
    pointer: str,
    price: Price,
    *,
    free: bool = False,
    promotional: bool = False,
    currency: str = "USD",
    quote: str = "",
) -> Fact | None:
    """Return the fact of one number of a feed; None for a placeholder 0 and for a negative number ("varies").

    `quote` is what stands at the pointer, where that is not the number itself. Raises `Unreadable` for what is not a
    number, or not one in the unit of this price.
    """
    shown = _sent_number(value)
    read = _amount_short if len(shown) <= _SHORT else _amount
    written = read(shown, price.sent_in, price.key, price.between, free and price.may_be_free)
    if not written:
        return None
    evidence = Evidence.of(f"#{pointer}", quote or shown)
    return Fact.sourced(price.key, written, evidence, currency=currency, promotional=promotional)


_Between = tuple[Decimal, Decimal] | None


@lru_cache(maxsize=16384)
def _amount_short(shown: str, sent_in: _SentIn, key: str, between: _Between, zero: bool) -> str:
    return _amount(shown, sent_in, key, between, zero)


def _amount(shown: str, sent_in: _SentIn, key: str, between: _Between, zero: bool) -> str:
    """Write a number that is sent in a unit as an amount of a rate key; "" for what is no price, as is a 0 that is not
    said to be one.
    """
    amount = Decimal(shown)
    if amount < 0 or (amount == 0 and not zero):
        return ""
    quantity, thing, over = sent_in
    unit = Unit(Decimal(quantity), thing, over)
    if between and amount and not between[0] <= amount <= between[1]:
        raise Unreadable(f"{shown[:60]} cannot be a price per {unit}")
    try:
        return plain(per(check_amount(abs(amount)), unit, RateKey.parse(key).unit))
    except ValueError as error:
        raise Unreadable(f"{shown[:60]!r} is not an amount") from error


def conditional_facts(
    entry: Row,
    pointer: str,
    prices: Iterable[Price],
    labels: Mapping[str, str | int | None],
    *,
    promotional: bool = False,
    currency: str = "USD",
) -> Iterator[Fact]:
    """Yield the prices of an object that also says when they hold (a threshold, a tier), under these labels.

    The quote is the whole object, so that the condition stands in the evidence beside the number. Paths are those of
    the object (`prompt`). Raises `Unreadable` for the first value that is not a number, and for a label that no rate
    key can have.
    """
    quote = clean(jsontext.written(entry))[:1000].rstrip()
    for price in prices:
        value = at_path(entry, price.path)
        if value is None:
            continue
        try:
            labelled = replace(price, key=str(RateKey.parse(price.key).with_labels(**labels)))
        except ValueError as error:
            raise Unreadable(str(error)) from error
        fact = amount_fact(value, pointer, labelled, promotional=promotional, currency=currency, quote=quote)
        if fact is not None:
            yield fact


def spec_fact(field_name: str, written: str, value: Json, pointer: str) -> Fact:
    """Return the fact of a spec with the feed's own value as its quote."""
    return Fact.sourced(field_name, written, Evidence.of(f"#{pointer}", _quote_of(value)))


def _quote_of(value: Json) -> str:
    if isinstance(value, list) and _are_texts(value):
        return _quote_of_texts(tuple(value))
    return clean(jsontext.written(value))[:1000].rstrip()


# Row after row has the same modalities, or the same parameters.
@lru_cache(maxsize=1024)
def _quote_of_texts(texts: tuple[str, ...]) -> str:
    return clean(jsontext.written(list(texts)))[:1000].rstrip()


def _are_texts(values: list[Json]) -> bool:
    return {*map(type, values)} <= {str}


def whole_tokens(value: Json) -> str:
    """Write a count of tokens; 0 and less say nothing. Raises `Unreadable` for what is no whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or value >= 10**12:
        raise Unreadable(f"{str(value)[:60]!r} is not a whole number of tokens")
    return str(value) if value > 0 else ""


def as_text(value: Json) -> str:
    """Write a text as it is, on one line. Raises `Unreadable` for what is no text."""
    if not isinstance(value, str):
        raise Unreadable(f"{str(value)[:60]!r} is not a text")
    return clean(value)


def as_texts(value: Json) -> list[str]:
    """Return a list of texts. Raises `Unreadable` for what is no list, and for a list of other things."""
    if not isinstance(value, list) or not _are_texts(value):
        raise Unreadable(f"{str(value)[:60]!r} is not a list of texts")
    return value


def _note_new_keys(row: Row, feed: Feed, offers: Offers) -> None:
    for parent, named in feed.named_keys.items():
        inner = at_path(row, parent) if parent else row
        if not isinstance(inner, dict) or inner.keys() <= named:
            continue
        for key in inner:
            if key not in named and (path := f"{parent}/{key}".lstrip("/")) not in feed.named_keys[""]:
                # Once for all rows and pages.
                place = feed_place(parent, key)
                offers.note("off_contract", f"the key {path!r} is new in this feed", place, page=0)


def feed_place(parent: str, key: str) -> str:
    """Return where a key of a row stands, without the row's number: one note says it for all rows."""
    return f"#…/{parent}/{escape(key)}".replace("//", "/")
