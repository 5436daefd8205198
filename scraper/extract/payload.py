"""Data that pages embed for their own scripts: Astro island props, Next data and flight chunks, JSON scripts."""

from __future__ import annotations

import json
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
        if "<" not in text and "&" not in text:
            return plain_passage(text, locator)
        try:
            return text_of_html(text, locator)
        except RecursionError as error:
            raise Unreadable(f"{locator} is markup nested too deep to be a text") from error

    @cached_property
    def places(self) -> dict[str, list[str]]:
        """Every key of every object in the payload, with the pointers of the objects that have it."""
        found: dict[str, list[str]] = {}
        for pointer, value in _objects(self.value):
            for key in value:
                found.setdefault(key, []).append(pointer)
        return found


def _objects(value: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield the objects in a value in reading order, however deep they are, with their pointers."""
    waiting: list[tuple[str, Json]] = [("", value)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, dict):
            yield pointer, value
            waiting.extend((f"{pointer}/{escape(key)}", value[key]) for key in reversed(value))
        elif isinstance(value, list):
            waiting.extend((f"{pointer}/{number}", value[number]) for number in reversed(range(len(value))))


def from_astro(props: str) -> Json:
    """Undo the wrapping of Astro island props: `[0, value]` is a value, `[1, [...]]` a list."""
    raw = jsontext.loads(props)
    if not isinstance(raw, dict):
        raise Unreadable("island props are not an object")
    try:
        return {key: _unwrapped(value) for key, value in raw.items()}
    except RecursionError as error:
        raise Unreadable("island props are nested too deep to be data") from error


def _unwrapped(pair: Json) -> Json:
    if not (isinstance(pair, list) and pair and type(pair[0]) is int):
        raise Unreadable(f"island props hold {str(pair)[:60]!r} where a wrapped value must stand")
    kind = pair[0]
    if len(pair) == 1:
        return None  # [0] is undefined
    value = pair[1]
    if kind == 0:
        return {key: _unwrapped(inner) for key, inner in value.items()} if isinstance(value, dict) else value
    if kind == 1 and isinstance(value, str):
        value = jsontext.loads(value)  # older versions write lists as texts
    if kind == 1 and isinstance(value, list):
        return [_unwrapped(inner) for inner in value]
    if kind in (3, 6, 7):  # dates, bigints, addresses: kept as their text
        return value
    raise Unreadable(f"island props hold a value of kind {kind}, which is not known")


_PUSH = re.compile(r"self\.__next_f\.push\(\s*(?=\[)")
# What a page hands to its scripts under a name of its own: globalThis.__MODELS__={…};
_ASSIGNED = re.compile(r"\s*(?:globalThis|window|self)\.(?P<name>\w+)\s*=\s*(?=[{\[])")
_ROW = re.compile(r"(?P<id>[0-9a-f]+):(?P<tag>T[0-9a-f]+,|[A-Z]*)")


def pushed(script: str) -> Iterator[str]:
    """Yield the chunks of a Next flight stream that a script pushes; calls that push anything else are left out."""
    for call in _PUSH.finditer(script):
        try:
            pair, _ = json.JSONDecoder().raw_decode(script, call.end())
        except (ValueError, RecursionError):
            continue
        if len(pair) == 2 and pair[0] == 1 and isinstance(pair[1], str):
            yield pair[1]


def assigned(script: str) -> tuple[str, Json] | None:
    """Return the name and the value of the JSON that a script assigns to a global name; None for other scripts."""
    start = _ASSIGNED.match(script)
    if start is None:
        return None
    try:
        _, end = json.JSONDecoder().raw_decode(script, start.end())
        return start["name"], jsontext.loads(script[start.end() : end])
    except (ValueError, RecursionError, Unreadable):
        return None  # an expression, not data


def flight_rows(pushes: Sequence[str]) -> dict[str, Json]:
    """Join the chunks of a Next flight stream and return its rows by id; rows that are not JSON are left out."""
    # A character may be cut in two halves (surrogates) at the end of a chunk.
    joined = "".join(pushes).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    stream = joined.encode()
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
    """Return the payloads of a page; what is not data is left out.

    They are numbered in reading order, then the flight stream, then what scripts assign to names.
    """
    found: list[Payload] = []
    pushes: list[str] = []
    named: list[tuple[str, Json, Context]] = []
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
        elif chunks := list(pushed(island.content)):
            pushes.extend(chunks)
            flight_context = flight_context or island.context
        elif pair := assigned(island.content):
            named.append((*pair, island.context))
    if pushes and flight_context is not None:
        add("flight", "__next_f", flight_rows(pushes), flight_context)
    for name, value, context in named:
        add("json", name, value, context)
    return tuple(found)
