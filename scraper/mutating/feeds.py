"""Mutations of JSON feeds: the order of keys and rows, unknown keys; scaled, renamed and swapped prices."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_PRICED: Final = re.compile(r"pric|cost", re.IGNORECASE)
_NUMBER: Final = "\0"


def _altered(page: str, kind: str, change: Callable[[Any], Any]) -> str:
    """Change a JSON document as a whole; numbers keep their digits."""
    if kind != "json":
        return page
    value = json.loads(page.removeprefix("\ufeff"), parse_float=lambda digits: f"{_NUMBER}{digits}")
    changed = change(value)
    if changed == value and list(_order(changed)) == list(_order(value)):
        return page
    written = json.dumps(changed, ensure_ascii=False, indent=1)
    return re.sub(r'"\\u0000([^"]*)"', r"\1", written)


def _order(value: Any) -> Any:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _order(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _order(inner)


def _objects(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return change({key: _objects(inner, change) for key, inner in value.items()})
    if isinstance(value, list):
        return [_objects(inner, change) for inner in value]
    return value


def keys_reordered(page: str, kind: str, rng: random.Random) -> str:
    """The keys of each object stand in another order."""

    def shuffled(found: dict[str, Any]) -> dict[str, Any]:
        keys = list(found)
        rng.shuffle(keys)
        return {key: found[key] for key in keys}

    return _altered(page, kind, lambda value: _objects(value, shuffled))


def unknown_keys(page: str, kind: str, rng: random.Random) -> str:
    """Each row has keys that were not there before."""

    def more(value: Any) -> Any:
        rows = value.get("data") if isinstance(value, dict) else value
        if isinstance(rows, dict):
            rows = [rows]
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                row["x_rank"], row["x_labels"] = rng.randrange(100), {"colour": "blue"}
        return value

    return _altered(page, kind, lambda value: more(copy.deepcopy(value)))


def feed_rows_reordered(page: str, kind: str, rng: random.Random) -> str:
    """The rows of the list stand in another order."""

    def shuffled(value: Any) -> Any:
        rows = value.get("data") if isinstance(value, dict) else value
        if not isinstance(rows, list) or len(rows) < 2:
            return value
        order = rng.sample(rows, len(rows))
        return {**value, "data": order} if isinstance(value, dict) else order

    return _altered(page, kind, shuffled)


def _of_prices(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]], *, inside: bool = False) -> Any:
    """Change the objects that stand under a key about prices."""
    if isinstance(value, dict):
        inner = {key: _of_prices(one, change, inside=inside or bool(_PRICED.search(key))) for key, one in value.items()}
        return change(inner) if inside else inner
    if isinstance(value, list):
        return [_of_prices(one, change, inside=inside) for one in value]
    return value


def feed_unit_scaled(page: str, kind: str, rng: random.Random) -> str:
    """Prices are a thousand or a million times what they were, or a part of it, as after a change of unit."""
    power = rng.choice((3, 6, -3, -6))

    def scaled(found: dict[str, Any]) -> dict[str, Any]:
        return {key: _scaled(one, power) for key, one in found.items()}

    return _altered(page, kind, lambda value: _of_prices(value, scaled))


def _scaled(value: Any, power: int) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    number = str(value)
    try:
        amount = Decimal(number.removeprefix(_NUMBER))
    except InvalidOperation:
        return value
    if amount <= 0 or not amount.is_finite():
        return value
    moved = format(amount.scaleb(power), "f")
    return f"{_NUMBER}{moved}" if number.startswith(_NUMBER) or isinstance(value, int) else moved


_INPUTS: Final = ("input", "prompt")
_OUTPUTS: Final = ("output", "completion")


def feed_key_renamed(page: str, kind: str, rng: random.Random) -> str:
    """The key of a price has another name."""
    name = rng.choice((_INPUTS, _OUTPUTS))

    def renamed(found: dict[str, Any]) -> dict[str, Any]:
        return {f"{key}_price" if key in name else key: one for key, one in found.items()}

    return _altered(page, kind, lambda value: _of_prices(value, renamed))


def feed_keys_swapped(page: str, kind: str, rng: random.Random) -> str:
    """The prices of input and output have changed places."""
    names = dict(zip(_INPUTS, _OUTPUTS, strict=True)) | dict(zip(_OUTPUTS, _INPUTS, strict=True))

    def swapped(found: dict[str, Any]) -> dict[str, Any]:
        return {names.get(key, key): one for key, one in found.items()}

    return _altered(page, kind, lambda value: _of_prices(value, swapped))


HARMLESS: Final = (keys_reordered, unknown_keys, feed_rows_reordered)
HARMFUL: Final = (feed_unit_scaled, feed_key_renamed, feed_keys_swapped)
