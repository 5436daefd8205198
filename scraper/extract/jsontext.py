"""JSON with its numbers exactly as sent."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn, Self

from scraper.extract import Unreadable
from scraper.records import clean

Json = Any
"""A JSON value: dict, list, str, bool, None, int, or `Sent` for a number with a point or an exponent."""


class Sent(Decimal):
    """A decimal that remembers how it was written (`1e-7`, `2.50`)."""

    written: str

    def __new__(cls, text: str) -> Self:
        """Read the number from its text."""
        number = super().__new__(cls, text)
        number.written = text
        return number


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"it has the number {name}, which JSON does not know")


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _same_values(pairs)


def _same_values(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise Unreadable(f"it gives the key {key!r} twice with different values")
        found[key] = value
    return found


def loads(text: str) -> Json:
    """Parse JSON; raise `Unreadable` for what is not whole JSON. Decimals keep every digit."""
    try:
        return json.loads(
            text, parse_float=Sent, parse_constant=_no_constant, parse_int=_whole, object_pairs_hook=_no_duplicates
        )
    except json.JSONDecodeError as error:
        near = clean(text[max(0, error.pos - 20) : error.pos + 20])
        raise Unreadable(f"it is not whole JSON: {error.msg} at character {error.pos}, near {near!r}") from error
    except RecursionError as error:
        raise Unreadable("it is JSON nested too deep to be data") from error
    except InvalidOperation as error:
        raise Unreadable("it has a number whose exponent no decimal can hold") from error


def _whole(text: str) -> int:
    if len(text) > 40:
        raise Unreadable(f"it has a number of {len(text)} digits")
    return int(text)


def at(value: Json, pointer: str) -> Json:
    """Follow a JSON pointer (`/data/0/pricing`); raise `Unreadable` where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[_index(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Unreadable(f"there is nothing at {pointer}") from error
    return value


def _index(key: str) -> int:
    if not key.isdecimal():
        raise ValueError(f"{key!r} is not a place in a list")
    return int(key)


def escape(key: str) -> str:
    """Write a key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def written(value: Json) -> str:
    """Return a JSON value as text, as it was sent."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sent):
        return value.written
    if type(value) is int:
        return str(value)
    return _WRITER.encode(value)


def _as_sent(number: Sent) -> str:
    return number.written


# What was parsed has no circles.
_WRITER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=_as_sent)
