"""Specs of a feed's row that stand under several keys: modalities in two lists, capabilities as flags.

The evidence is the part of the row from the first of these keys to the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from scraper.extract import Unreadable, jsontext
from scraper.extract.feed import Row, as_text, as_texts, at_path, spec_fact
from scraper.extract.jsontext import Json
from scraper.extract.offers import Offers
from scraper.extract.specs import listed, modalities
from scraper.records import MAX_QUOTE, Evidence, Fact, clean

_WORDS: Final = {
    **dict.fromkeys(("tools", "tool_call", "tool_calling", "tool_use", "function_calling"), "tools"),
    **dict.fromkeys(("parallel_tool_call", "parallel_tool_calls"), "parallel tool calls"),
    **dict.fromkeys(("structured_output", "structured_outputs", "output_json_schema"), "structured outputs"),
    **dict.fromkeys(("json", "json_mode"), "json mode"),
}


def capability(word: str) -> str:
    """Write a feature as feeds name it ("function-calling", "json_mode") in our words; others keep theirs."""
    folded = clean(word).casefold().replace("-", "_").replace(" ", "_")
    return _WORDS.get(folded, folded.replace("_", " "))


def features(value: Json) -> str:
    """Write a list of features as capabilities; raises `Unreadable` for what is no list of texts."""
    return listed(capability(one) for one in as_texts(value))


_TAGS: Final = {
    **{tag: capability(tag) for tag in ("tools", "json", "structured_output", "structured_outputs", "reasoning")},
    **dict.fromkeys(("multimodal", "vision"), "vision"),
    "prompt_cache": "prompt caching",
}


def tagged(value: Json) -> str:
    """Write those of a list of tags that say what a model can do; others group models for a website."""
    tags = (tag.casefold().replace("-", "_") for tag in as_texts(value))
    return listed(_TAGS[tag] for tag in tags if tag in _TAGS)


def licence(value: Json) -> str:
    """Write the licence of a model as it is named, several as a list; one that is only said to be another is none."""
    written = listed(as_texts(value)) if isinstance(value, list) else as_text(value)
    return "" if written.casefold() in ("other", "unknown", "none") else written


def has(row: Row, key: str, item: str) -> bool:
    """Say whether a list of the row has an item; what is no list has none."""
    value = row.get(key)
    return isinstance(value, list) and item in value


def flags(names: Mapping[str, str]) -> Callable[[Json], str]:
    """Return a way to write an object of flags as capabilities: `names` maps a key that may be true to one."""

    def written(value: Json) -> str:
        if not isinstance(value, dict):
            raise Unreadable(f"{str(value)[:60]!r} is no object of flags")
        return listed(name for key, name in names.items() if value.get(key) is True)

    return written


def said_if(status: str) -> Callable[[Json], str]:
    """Return a way to write a flag as a status: the word where the flag is true, nothing where it is not."""
    return lambda value: status if value is True else ""


def span(row: Row, keys: Collection[str]) -> str:
    """Return the part of an object's text that holds these keys with their values, from the first to the last.

    Only the first of them where all would be longer than a quote may be.
    """
    whole = clean(jsontext.written(row))
    places = []
    for key in keys:
        pair = clean(jsontext.written({key: row[key]})[1:-1])
        start = whole.find(pair)
        if start >= 0:
            places.append((start, start + len(pair)))
    first, last = min(places), max(end for _, end in places)
    end = last if last - first[0] <= MAX_QUOTE else min(first[1], first[0] + MAX_QUOTE)
    return whole[first[0] : end].rstrip()


def spread_fact(field: str, value: str, row: Row, keys: Collection[str], pointer: str) -> Fact:
    """Return the fact of a spec that several keys of the object at a pointer state together."""
    return Fact.sourced(field, value, Evidence.of(f"#{pointer}", span(row, keys)))


def modality_facts(
    row: Row, pointer: str, *, before: str = "input_modalities", after: str = "output_modalities"
) -> Iterator[Fact]:
    """Yield the modalities that two lists of a row state; nothing where one of them is missing or empty."""
    sent, made = at_path(row, before), at_path(row, after)
    if sent and made:
        yield spread_fact("modalities", modalities(as_texts(sent), as_texts(made)), row, (before, after), pointer)


def flag_facts(row: Row, pointer: str, names: Mapping[str, str]) -> Iterator[Fact]:
    """Yield the capabilities that flags of a row state: `names` maps a key that may be true to the capability."""
    keys = [key for key in names if row.get(key) is True]
    if keys:
        yield spread_fact("capabilities", listed(names[key] for key in keys), row, keys, pointer)


def true_flags(flags: Json, *, prefix: str = "") -> str:
    """Write the names (after the prefix) of what is true, with blanks for "_"; "" where nothing is.

    Raises `Unreadable` for what is no object.
    """
    if not isinstance(flags, dict):
        raise Unreadable(f"{str(flags)[:60]!r} does not list capabilities")
    names = (name for name, has in flags.items() if has is True and name.startswith(prefix))
    return listed(re.sub("_", " ", name.removeprefix(prefix)) for name in names)


def supports(row: Mapping[str, Any], pointer: str, _: Offers) -> Iterator[Fact]:
    """Yield the capabilities of a row that has a key for each: `"supports_tools": true`; the evidence is the row."""
    written = true_flags(row, prefix="supports_")
    if written:
        yield spec_fact("capabilities", written, row, pointer)
