"""JSON feeds read by a declared contract: where the rows are, which path has which price in which unit, what 0 means.

A number goes from the feed's own text to the stored decimal without a float between. A key of a row that the contract
does not name is noted (`off_contract`): a new key is the cheapest alarm that a feed has changed its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from scraper.extract import Unreadable, jsontext
from scraper.extract.document import Document
from scraper.extract.jsontext import Json, escape
from scraper.extract.money import per
from scraper.extract.offers import Named, Offers
from scraper.meters import RateKey, Unit
from scraper.records import Evidence, Fact, State, check_amount, clean, plain

TOKEN = Unit(Decimal(1), "token")
MILLION_TOKENS = Unit(Decimal(1_000_000), "token")

Row = Mapping[str, Any]


def never(_: Row) -> bool:
    """Say that no row of a feed is free: its zeros are placeholders."""
    return False


@dataclass(frozen=True, slots=True)
class Price:
    """A price of a row: where it is (a path of keys, `pricing/prompt`), its rate key and the unit it is sent in."""

    path: str
    key: str
    unit: Unit = TOKEN


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec of a row: where it is, its name, and how its value is written; `write` returns "" for "says nothing"."""

    path: str
    field: str
    write: Callable[[Json], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The contract of a JSON feed.

    `rows` is the JSON pointer of the list of offers. `free(row)` says whether a price of 0 in this row means free; else
    0 is a placeholder and no price. A negative number is never a price ("varies"). `known` are keys of a row, and of
    its objects that hold prices (`pricing/web_search`), that are seen and on purpose not read.
    """

    rows: str
    prices: tuple[Price, ...]
    model_id: str = "id"
    name: str = ""
    specs: tuple[Spec, ...] = ()
    free: Callable[[Row], bool] = never
    currency: str = "USD"
    known: frozenset[str] = frozenset()
    skip: Callable[[Row], bool] = never
    more: Callable[[Row, str], Iterator[Fact]] | None = field(default=None)
    """Facts that paths cannot describe (tiers in a list): given the row and its JSON pointer."""


def read_feed(document: Document, feed: Feed) -> Offers:
    """Read a feed; raises `Unreadable` where the document has no rows at the declared place."""
    rows = jsontext.at(document.json, feed.rows)
    if not isinstance(rows, list):
        raise Unreadable(f"{feed.rows} holds no list of offers")
    offers = Offers()
    for number, row in enumerate(rows):
        pointer = f"{feed.rows}/{number}"
        if not isinstance(row, dict) or not isinstance(row.get(feed.model_id), str):
            offers.note("off_contract", f"a row without the text {feed.model_id!r}", f"#{pointer}")
            continue
        if feed.skip(row):
            continue
        _note_new_keys(row, feed, offers)
        model_id = clean(row[feed.model_id])
        name = clean(str(row.get(feed.name) or model_id)) if feed.name else model_id
        offers.add(Named(model_id, name), list(_row_facts(row, feed, pointer, offers)))
    return offers


def _row_facts(row: Row, feed: Feed, pointer: str, offers: Offers) -> Iterator[Fact]:
    for price in feed.prices:
        value = at_path(row, price.path)
        if value is None:
            continue
        place = f"{pointer}/{price.path}"
        try:
            fact = price_fact(value, place, price.key, price.unit, free=feed.free(row), currency=feed.currency)
        except Unreadable as problem:
            offers.note("unreadable", f"{row[feed.model_id]} {price.path}: {problem}", f"#{place}")
            continue
        if fact is not None:
            yield fact
    for spec in feed.specs:
        value = at_path(row, spec.path)
        if value is None:
            continue
        place = f"{pointer}/{spec.path}"
        try:
            written = spec.write(value)
        except Unreadable as problem:
            offers.note("unreadable", f"{row[feed.model_id]} {spec.path}: {problem}", f"#{place}")
            continue
        if written:
            yield spec_fact(spec.field, written, value, place)
    if feed.more is not None:
        try:
            yield from feed.more(row, pointer)
        except Unreadable as problem:
            offers.note("unreadable", f"{row[feed.model_id]}: {problem}", f"#{pointer}")


def at_path(row: Json, path: str) -> Json:
    """Return the value at a path of keys (`pricing/prompt`), or None where a part of it is missing or null."""
    for key in path.split("/"):
        if not isinstance(row, dict) or row.get(key) is None:
            return None
        row = row[key]
    return row


def price_fact(
    value: Json, pointer: str, key: str, unit: Unit, *, free: bool = False, currency: str = "USD"
) -> Fact | None:
    """Return the fact of one number of a feed; None for a placeholder 0 and for a negative number ("varies").

    Raises `Unreadable` for what is not a number.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unreadable(f"{str(value)[:60]!r} is not a number")
    try:
        amount = Decimal(value)
        if amount < 0 or (amount == 0 and not free):
            return None
        check_amount(amount)
    except (InvalidOperation, ValueError) as error:
        raise Unreadable(f"{str(value)[:60]!r} is not an amount") from error
    shown = jsontext.written(value)
    return Fact(
        field=key,
        state=State.SOURCED,
        value=plain(per(amount, unit, RateKey.parse(key).unit)),
        currency=currency,
        evidence=Evidence(locator=f"#{pointer}", quote=clean(shown)),
    )


def spec_fact(field_name: str, written: str, value: Json, pointer: str) -> Fact:
    """Return the fact of a spec with the feed's own value as its quote."""
    quote = clean(jsontext.written(value))[:1000]
    return Fact(
        field=field_name, state=State.SOURCED, value=written, evidence=Evidence(locator=f"#{pointer}", quote=quote)
    )


def whole_tokens(value: Json) -> str:
    """Write a count of tokens; 0 and less say nothing. Raises `Unreadable` for what is no whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"{str(value)[:60]!r} is not a whole number of tokens")
    return str(value) if value > 0 else ""


def _note_new_keys(row: Row, feed: Feed, offers: Offers) -> None:
    paths = {price.path for price in feed.prices} | {spec.path for spec in feed.specs} | feed.known
    paths |= {feed.model_id, feed.name}
    parents = {path.rpartition("/")[0] for path in paths if "/" in path}
    for parent in ("", *sorted(parents)):
        inner = at_path(row, parent) if parent else row
        for key in inner if isinstance(inner, dict) else ():
            path = f"{parent}/{key}".lstrip("/")
            if path not in paths and not any(known.startswith(f"{path}/") for known in paths):
                offers.note("off_contract", f"the key {path!r} is new in this feed", feed_place(parent, key))


def feed_place(parent: str, key: str) -> str:
    """Return where a key of a row stands, without the row's number: one note says it for all rows."""
    return f"#…/{parent}/{escape(key)}".replace("//", "/")
