"""What headings, row labels and the words around a price mean: one vocabulary for all pages.

A heading is looked up as a whole, with blanks collapsed and case folded; a text that no entry matches is unknown, and
unknown headings of price tables are reported, never skipped. A provider with words of its own extends the vocabulary
(`VOCABULARY.extended(...)`) instead of reading columns by their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache, partial
from typing import Final

from scraper.extract import Unreadable
from scraper.meters import MODALITIES, RateKey
from scraper.records import SPECS, clean


class Role(StrEnum):
    """What a column or a row is, when it is not a price."""

    NAME = "name"
    ID = "id"
    MODALITY = "modality"
    RESOLUTION = "resolution"
    QUALITY = "quality"
    UNIT = "unit"
    KNOWN = "known"  # understood, and nothing that we keep


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading means: the price of a key, a spec, a role, or labels that hold for what stands under it."""

    key: RateKey | None = None
    spec: str = ""
    role: Role | None = None
    labels: tuple[tuple[str, str], ...] = ()


def key(text: str) -> Meaning:
    """Return the meaning "this is the price of that rate key"."""
    return Meaning(key=RateKey.parse(text))


def spec(name: str) -> Meaning:
    """Return the meaning "this is that spec"; raise `ValueError` where there is no such spec."""
    if name not in SPECS:
        raise ValueError(f"{name!r} is not a spec; the specs are listed in scraper/records.py")
    return Meaning(spec=name)


def labelled(**labels: str | int) -> Meaning:
    """Return the meaning "what stands here has these labels"."""
    return Meaning(labels=tuple(sorted((name, str(value)) for name, value in labels.items())))


NAME: Final = Meaning(role=Role.NAME)
ID: Final = Meaning(role=Role.ID)
KNOWN: Final = Meaning(role=Role.KNOWN)
MODALITY: Final = Meaning(role=Role.MODALITY)
RESOLUTION: Final = Meaning(role=Role.RESOLUTION)
QUALITY: Final = Meaning(role=Role.QUALITY)
UNIT: Final = Meaning(role=Role.UNIT)

_TIERS: Final = {
    "standard": "",
    "batch": "batch",
    "batch api": "batch",
    "batches": "batch",
    "flex": "flex",
    "flex processing": "flex",
    "priority": "priority",
    "priority processing": "priority",
    "fast": "fast",
    "fast mode": "fast",
    "ultrafast": "ultrafast",
    "ultrafast mode": "ultrafast",
}
TIER_NAMES: Final = frozenset(_TIERS)
"""Names (casefolded) that a tab or a heading gives to a tier."""


def modality_of(text: str) -> str:
    """Return the modality that a cell of a modality column names; "" for text, and for several with text among them.

    Raises `Unreadable` for anything else.
    """
    parts = {part.rstrip("s") for part in re.split(r"\s*(?:/|,|&|\band\b)\s*", clean(text).casefold()) if part}
    if not parts <= {"text", *MODALITIES}:
        raise Unreadable(f"{text!r} is not a modality")
    if not parts or "text" in parts:
        return ""
    if len(parts) > 1:
        raise Unreadable(f"{text!r} names several modalities")
    return parts.pop()


def tier_of(text: str) -> str | None:
    """Return the tier that a tab's or a heading's text names: "" for standard, None where it names none.

    Marks of footnotes at its end count for nothing.
    """
    return _TIERS.get(without_marks(clean(text)).casefold())


_UNITLESS = r"(?: tokens?| price| token price| pricing)?"
_CACHED = r"(?:cached?|prompt cach(?:e|ing))"

# Headings as regular expressions over the folded text; the first that matches the whole text counts.
_HEADINGS: Final[tuple[tuple[str, Meaning], ...]] = (
    (r"models?|model name|model variant|name", NAME),
    (r"model ?ids?|api (?:id|name|model name)|model code|model string|claude api id", ID),
    (r"modality|type|token type", MODALITY),
    (r"size|resolution|output resolution", RESOLUTION),
    (r"quality", QUALITY),
    (r"(?:billing |pricing )?unit", UNIT),
    (rf"(?:base |text |standard )?(?:input|prompt){_UNITLESS}(?: \(text(?:, image, video)?\))?", key("input")),
    (
        rf"(?:text )?(?:output|completion)(?:{_UNITLESS}| / cost)(?: \((?:text|including [a-z]+ tokens)\))?",
        key("output"),
    ),
    (rf"(?:text )?{_CACHED} (?:input|reads?|hits?|prompt){_UNITLESS}(?: \(text\))?", key("cache_read")),
    (r"cache hits? (?:&|and) refreshes|input \(cached?\)|context caching price|cached", key("cache_read")),
    (r"(?:input tokens? |input )?\(?cache hit\)?(?: price)?", key("cache_read")),
    (r"(?:input tokens? |input )?\(?cache miss\)?(?: price)?", key("input")),
    (rf"(?:5m |5-minute )?(?:prompt )?cach(?:e|ing) writes?(?:{_UNITLESS}| \(5m\))", key("cache_write")),
    (r"(?:1h|1-hour|1 hour) (?:prompt )?cach(?:e|ing) writes?|cache writes? \(1h\)", key("cache_write{ttl=1h}")),
    (r"context caching \(storage\)|(?:context )?cach(?:e|ing) storage(?: price)?", key("cache_storage")),
    (rf"batch input{_UNITLESS}", key("input{tier=batch}")),
    (rf"batch output{_UNITLESS}", key("output{tier=batch}")),
    (rf"reasoning{_UNITLESS}", key("reasoning")),
    (r"training(?: price| tokens?)?|tuning price", key("training")),
    (r"(?:max(?:imum)? )?context(?: window| length)?(?: \(tokens\))?", spec("context_window")),
    (r"max(?:imum)? (?:output|completion)(?: tokens| length)?(?: \(tokens\))?", spec("max_output_tokens")),
    (r"(?:reliable )?knowledge cut-?off(?: date)?", spec("knowledge_cutoff")),
    (r"training data cut-?off", spec("training_cutoff")),
    (r"release(?:d| date)|launch(?:ed| date)", spec("released")),
    (r"short context|short-context|standard context", labelled()),
    (r"standard|standard pricing", labelled()),
    (r"batch", labelled(tier="batch")),
    (r"flex", labelled(tier="flex")),
    (r"priority", labelled(tier="priority")),
    (r"notes?|description|details|use case|category|speed.*|(?:comparative )?latency|strengths", KNOWN),
    (r"rate limits?.*|max file size|tooltip|free tier.*|used to improve our products|estimated cost", KNOWN),
)
_DIRECTED: Final = re.compile(
    r"(?P<modality>audio|image|video)s? (?P<direction>input|output)(?: price| tokens?)?"
    r"|(?P<direction2>input|output) \((?P<modality2>audio|image|video)s?\)(?: price)?",
)
_THRESHOLD: Final = re.compile(
    r"(?:prompts?|inputs?|requests?|context)?\s*(?P<sign><=?|≤|>=?|≥|over|above|under|up to|exceeding)\s*"
    r"(?P<number>\d[\d,.]*)\s?(?P<scale>k|m)?\s*"
    r"(?:(?:input|prompt|context)?\s*tokens?|context length|context)?(?: in length)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Vocabulary:
    """A set of headings with their meanings; `extra` comes before the common ones."""

    extra: tuple[tuple[str, Meaning], ...] = field(default=())

    def extended(self, entries: Mapping[str, Meaning]) -> Vocabulary:
        """Return a vocabulary that knows these patterns (over the folded text, the whole of it) as well."""
        return Vocabulary((*entries.items(), *self.extra))

    def meaning(self, heading: str) -> Meaning | None:
        """Return what a heading means; None where it is not known."""
        return self._look_up(heading)

    @cached_property
    def _look_up(self) -> Callable[[str], Meaning | None]:
        return lru_cache(maxsize=8192)(partial(_meaning, self.extra))

    def meaning_of_path(self, path: Iterable[str]) -> Meaning | None:
        """Return what a header path means: its last part, or the price above it, with the labels of all other parts."""
        parts = tuple(path)
        if not parts:
            return None
        last, *above = (self.meaning(part) for part in reversed(parts))
        if last is None or last.spec or last.role:
            return last
        # Labels may stand below the price that they are of: "1M output tokens" above "Off-peak".
        found = last.key or next((meaning.key for meaning in above if meaning and meaning.key), None)
        if found is None:
            return last
        for meaning in (last, *above):
            if meaning is None:
                return None
            found = found.with_labels(**dict(meaning.labels))
        return Meaning(key=found)


def without_marks(text: str) -> str:
    """Return a heading without the marks of footnotes at its end."""
    return re.sub(r"(?:\s*(?:\(\d+\)|\[\d+\]|[*†‡¹²³]))+$", "", text)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Prepare a heading for look-up: one line, case folded, without footnote marks, units and currency."""
    folded = without_marks(clean(text).casefold().replace("“", '"').replace("”", '"'))
    folded = re.sub(r"^1m (?=(?:input|output) tokens)", "", folded)
    unit = r"(?:\$|usd)?\s*(?:/|per)\s*(?:1?\s?m(?:illion)?|1,000,000)\s*tok(?:ens)?"
    return re.sub(rf"[\s,]*\(?{unit}(?: in usd)?\)?$", "", folded).strip() or folded


def _meaning(extra: tuple[tuple[str, Meaning], ...], heading: str) -> Meaning | None:
    folded = fold(heading)
    for pattern, meaning in extra:
        if re.fullmatch(pattern, folded):
            return meaning
    directed = _DIRECTED.fullmatch(folded)
    if directed:
        direction = directed["direction"] or directed["direction2"]
        return Meaning(key=RateKey(direction, directed["modality"] or directed["modality2"]))
    for pattern, meaning in _HEADINGS:
        if re.fullmatch(pattern, folded):
            return meaning
    threshold = threshold_of(folded)
    if threshold is not None:
        return labelled() if threshold == 0 else labelled(prompt_gt=threshold)
    return None


def threshold_of(text: str) -> int | None:
    """Read "prompts > 200k tokens" as 200000 and "prompts <= 200k tokens" as 0 (the base); None for other text."""
    match = _THRESHOLD.fullmatch(clean(text))
    if match is None:
        return None
    if match["sign"].casefold() in ("<", "<=", "≤", "under", "up to"):
        return 0
    number = match["number"].rstrip(".,")
    if "," in number and not re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        return None  # "1,5k" is not fifteen thousand
    digits = number.replace(",", "")
    scale = {"k": 1_000, "m": 1_000_000}.get((match["scale"] or "").casefold(), 1)
    whole, _, fraction = digits.partition(".")
    if fraction and scale == 1:
        return None
    return int(whole) * scale + (int(fraction) * scale // 10 ** len(fraction) if fraction else 0)


VOCABULARY: Final = Vocabulary()
"""The common vocabulary."""
