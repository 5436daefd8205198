"""Names of meters that are made of words: "gpt 4.1 Batch Inp Data Zone Tokens", "NovaLite-cache-read-input-tokens".

A grammar says of words what they mean; the words that it does not know are the name of the model. What the known words
say is kept by aspect:

- `direction` (input, output), `cache` (read, write), `modality`, `training`: which tokens a price is for;
- `undirected`: the meter of tokens that have no direction, `clock`: what an hour or a second runs over, `reranks`;
- `tier`, `region`, `ttl`, `variant`, `resolution`, `quality`, `mode`: labels;
- `skip`: why the meter is no price of a model; `refuse`: why its price cannot be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scraper.extract import Unreadable
from scraper.meters import RateKey, Unit

Aspects = Mapping[str, str]

_LONGEST: Final = 3
_WORD: Final = re.compile(r"[^\s_-]+")
_HUMPED: Final = re.compile(r"[^\s_-]+?(?:(?<=[a-z])(?=[A-Z][a-z])|(?=[\s_-]|$))")
LABELS: Final = ("tier", "region", "ttl", "variant", "resolution", "quality", "mode")
_COUNTED: Final = {
    ("image", "input"): "input_images",
    ("image", "output"): "images",
    ("page", "output"): "pages",
    ("megapixel", "output"): "megapixels",
    ("request", "output"): "requests",
    ("video", "output"): "videos",
    ("search", "output"): "searches",
}


def says(**aspects: str) -> Aspects:
    r"""Return what words say; a value may take parts of the words in: `\g<1>`, as `re.Match.expand` does."""
    return aspects


KEEP: Final = says(keep="yes")
"""These words are a part of the name, whatever each of them may mean elsewhere."""


@dataclass(frozen=True, slots=True)
class Said:
    """A meter's name as read: the model's name in it, what stands of that after the first known word, the aspects."""

    name: str
    after: str
    aspects: Aspects


@dataclass(frozen=True)
class Grammar:
    """Patterns over one to three (casefolded) words with a blank between, and what they say; `humps` splits "BatchInp".

    The longest phrase counts, and of equal ones the first pattern. `modality` may be said as a default
    (`usual_modality`), for words that name a model and what it is for at once.
    """

    entries: tuple[tuple[str, Aspects], ...]
    humps: bool = False

    def read(self, text: str) -> Said:
        """Read a meter's name; raises `Unreadable` where its words say two things of one aspect."""
        words = list((_HUMPED if self.humps else _WORD).finditer(text))
        aspects: dict[str, str] = {}
        kept: list[tuple[int, int]] = []
        known_from = len(text)
        place = 0
        while place < len(words):
            count, found = self._longest(tuple(word[0].casefold() for word in words[place : place + _LONGEST]))
            start, end = words[place].start(), words[place + count - 1].end()
            if found is None or "keep" in found:
                kept.append((start, end))
            else:
                known_from = min(known_from, start)
            for aspect, value in (found or {}).items():
                if aspects.setdefault(aspect, value) != value:
                    raise Unreadable(f"{text!r} says of its {aspect} both {aspects[aspect]!r} and {value!r}")
            place += count
        aspects.setdefault("modality", aspects.get("usual_modality", ""))
        after = [span for span in kept if span[0] > known_from]
        return Said(_joined(text, kept), _joined(text, after), aspects)

    def _longest(self, words: tuple[str, ...]) -> tuple[int, Aspects | None]:
        for count in range(len(words), 0, -1):
            phrase = " ".join(words[:count])
            if phrase not in self._met:
                self._met[phrase] = _meaning(self._patterns, phrase)
            if (found := self._met[phrase]) is not None:
                return count, found
        return 1, None

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], Aspects], ...]:
        return tuple((re.compile(pattern), aspects) for pattern, aspects in self.entries)

    @cached_property
    def _met(self) -> dict[str, Aspects | None]:
        return {}


def _meaning(patterns: Iterable[tuple[re.Pattern[str], Aspects]], phrase: str) -> Aspects | None:
    for pattern, aspects in patterns:
        match = pattern.fullmatch(phrase)
        if match is not None:
            return {aspect: _filled(match, value) for aspect, value in aspects.items()}
    return None


def _filled(match: re.Match[str], value: str) -> str:
    """Put the words met into a value: a label has no blanks; reasons have no words of the name in them."""
    return match.expand(value).replace(" ", "-") if r"\g<" in value else value


def _joined(text: str, spans: list[tuple[int, int]]) -> str:
    """Join parts of a text: with what stands between them where that is no word, else with a blank."""
    parts: list[str] = []
    for number, (start, end) in enumerate(spans):
        between = text[spans[number - 1][1] : start] if number else ""
        parts.append((" " if _WORD.search(between) else between) + text[start:end])
    return "".join(parts).strip(" -_")


def rate_key(said: Said, unit: Unit) -> RateKey:
    """Return the key of a price per `unit` of something; raises `Unreadable` where the words do not say which."""
    aspects = said.aspects
    if unit.over:
        raise Unreadable(f"a price per {unit} has no meter here")
    meter = _of_tokens(aspects) if unit.thing == "token" else _of_other(aspects, unit.thing)
    modality = aspects["modality"] if unit.thing == "token" and meter != "training" else ""
    labels = {name: aspects.get(name) for name in LABELS}
    if meter.startswith("training") and labels["variant"] == "fine-tuned":
        labels["variant"] = None  # what is trained is the model itself
    return RateKey(meter).with_modality(modality).with_labels(**labels)


def _of_tokens(aspects: Aspects) -> str:
    if aspects.get("training"):
        return "training"
    if aspects.get("cache"):
        return f"cache_{aspects['cache']}"
    meter = aspects.get("direction") or aspects.get("undirected", "")
    if not meter:
        raise Unreadable("it does not say whether its tokens are sent or made")
    return meter


def _of_other(aspects: Aspects, thing: str) -> str:
    if thing == "hour" and aspects.get("training"):
        return "training_hours"
    if thing in ("second", "minute", "hour"):
        meter = f"{aspects.get('clock', '')}_{thing}s"
        if meter not in ("audio_seconds", "audio_minutes", "audio_hours", "video_seconds"):
            raise Unreadable(f"it does not say what its {thing}s are of")
        return meter
    if thing == "search" and aspects.get("reranks"):
        return "search_units"
    found = _COUNTED.get((thing, aspects.get("direction") or "output"))
    if found is None:
        raise Unreadable(f"a price per {thing} has no meter")
    return found
