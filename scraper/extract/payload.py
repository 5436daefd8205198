"""Data that pages embed for their own scripts: Astro island props, Next data and flight chunks, JSON scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from scraper.extract import Unreadable, jsontext
from scraper.extract.jsontext import Json, escape
from scraper.extract.markup import Context, Island, Table, text_of_html
from scraper.extract.passage import Passage, plain_passage


@dataclass(frozen=True)
class Payload:
    """One piece of embedded data. `kind` is `astro`, `next`, `flight` or `json`; `name` what the page calls it."""

    kind: str
    name: str
    value: Json
    locator: str
    context: Context
    tables: tuple[Table, ...] = ()

    def passage(self, pointer: str) -> Passage:
        """Return the value at a pointer as a passage; markup in it is read as text."""
        value = jsontext.at(self.value, pointer)
        locator = f"{self.locator}#{pointer}"
        if isinstance(value, dict):
            # A cell may hold its text as markup under one key, beside nothing else that is text.
            texts = [key for key, inner in value.items() if isinstance(inner, str)]
            if len(texts) == 1 and len(value) == 1:
                return self.passage(f"{pointer}/{escape(texts[0])}")
            raise Unreadable(f"{locator} holds {sorted(value)}, not a text")
        if value is None:
            return Passage("", "", locator)
        text = jsontext.written(value)
        return text_of_html(text, locator) if "<" in text or "&" in text else plain_passage(text, locator)

    @cached_property
    def places(self) -> dict[str, list[str]]:
        """Every key of every object in the payload, with the pointers of the objects that have it."""
        found: dict[str, list[str]] = {}
        for pointer, value in _objects(self.value, ""):
            for key in value:
                found.setdefault(key, []).append(pointer)
        return found


def _objects(value: Json, pointer: str) -> Iterator[tuple[str, dict[str, Json]]]:
    if isinstance(value, dict):
        yield pointer, value
        for key, inner in value.items():
            yield from _objects(inner, f"{pointer}/{escape(key)}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _objects(inner, f"{pointer}/{number}")


def from_astro(props: str) -> Json:
    """Undo the wrapping of Astro island props: `[0, value]` is a value, `[1, [...]]` a list."""
    raw = jsontext.loads(props)
    if not isinstance(raw, dict):
        raise Unreadable("island props are not an object")
    return {key: _unwrapped(value) for key, value in raw.items()}


def _unwrapped(pair: Json) -> Json:
    if not (isinstance(pair, list) and pair and isinstance(pair[0], int)):
        raise Unreadable(f"island props hold {str(pair)[:60]!r} where a wrapped value must stand")
    kind = pair[0]
    if len(pair) == 1:
        return None  # [0] is undefined
    value = pair[1]
    if kind == 0:
        return {key: _unwrapped(inner) for key, inner in value.items()} if isinstance(value, dict) else value
    if kind == 1:
        return [_unwrapped(inner) for inner in value]
    if kind in (3, 6, 7):  # dates, bigints, addresses: kept as their text
        return value
    raise Unreadable(f"island props hold a value of kind {kind}, which is not known")


_PUSH = re.compile(r"self\.__next_f\.push\((?P<pair>\[.*\])\)\s*;?\s*\Z", re.DOTALL)
_ROW = re.compile(r"(?P<id>[0-9a-f]+):(?P<tag>T[0-9a-f]+,|[A-Z]*)")


def flight_rows(pushes: Sequence[str]) -> dict[str, Json]:
    """Join the chunks of a Next flight stream and return its rows by id; rows that are not JSON are left out."""
    stream = "".join(pushes).encode()
    rows: dict[str, Json] = {}
    position = 0
    while position < len(stream):
        match = _ROW.match(stream[position : position + 40].decode("utf-8", "replace"))
        if match is None:
            position = (stream.find(b"\n", position) + 1) or len(stream)
            continue
        start = position + match.end()
        if match["tag"].startswith("T"):
            # A text row has its length in bytes and no line end; it may hold line ends.
            position = start + int(match["tag"][1:-1], 16)
            rows[match["id"]] = stream[start:position].decode("utf-8", "replace")
            continue
        end = stream.find(b"\n", start)
        end = len(stream) if end < 0 else end
        position = end + 1
        if match["tag"] in ("", "J"):
            try:
                rows[match["id"]] = jsontext.loads(stream[start:end].decode("utf-8", "replace"))
            except Unreadable:
                continue  # a row of code or of a reference, not data
    return rows


def payloads_of(islands: Sequence[Island]) -> tuple[Payload, ...]:
    """Return the payloads of a page, numbered in reading order; what is not data is left out."""
    found: list[Payload] = []
    pushes: list[str] = []
    flight_context: Context | None = None

    def add(kind: str, name: str, value: Json, island_context: Context, tables: tuple[Table, ...] = ()) -> None:
        found.append(Payload(kind, name, value, f"payload[{len(found) + 1}]", island_context, tables))

    for island in islands:
        if island.tag == "astro-island":
            if island.attributes.get("props"):
                export = island.attributes.get("component-export", "")
                add("astro", export, from_astro(island.attributes["props"]), island.context, island.tables)
            continue
        kind = island.attributes.get("type", "")
        if island.attributes.get("id") == "__NEXT_DATA__":
            add("next", "__NEXT_DATA__", jsontext.loads(island.content), island.context)
        elif kind in ("application/json", "application/ld+json"):
            try:
                value = jsontext.loads(island.content)
            except Unreadable:
                continue  # a broken script of some widget is not ours to judge
            add("json", island.attributes.get("id", "") or kind, value, island.context)
        elif push := _PUSH.search(island.content):
            try:
                pair = jsontext.loads(push["pair"])
            except Unreadable:
                continue
            if isinstance(pair, list) and len(pair) == 2 and pair[0] == 1 and isinstance(pair[1], str):
                pushes.append(pair[1])
                flight_context = flight_context or island.context
    if pushes and flight_context is not None:
        add("flight", "__next_f", flight_rows(pushes), flight_context)
    return tuple(found)
