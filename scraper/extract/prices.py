"""One cell of prices as facts: what stands around each amount decides its modality, threshold, unit and dates.

`facts_of(cell, key, scale)` returns one `Fact` for each price that the cell states; every word around an amount must be
understood, else the cell is refused (`Unreadable`) and reported: never half a cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.money import Mark, Price, per, read_money
from scraper.extract.passage import Passage
from scraper.extract.specs import DATE_PATTERN, day_end, day_start
from scraper.extract.vocabulary import threshold_of, tier_of
from scraper.meters import METERS, MODALITIES, RateKey, Unit
from scraper.records import Evidence, Fact, Reason, State, plain

PER_MILLION: Final = Unit(Decimal(1_000_000), "token")
_HOUR: Final = Unit(Decimal(1), "hour")


@dataclass(frozen=True, slots=True)
class Scale:
    """What a table says of all its amounts: the unit of one that names none, the currency, labels such as the tier.

    `clock` is what a price per second, minute or hour runs over where the key does not say it: `audio`, `video`, `gpu`.
    """

    unit: Unit | None = None
    currency: str = "USD"
    labels: tuple[tuple[str, str], ...] = ()
    clock: str = ""

    def in_unit(self, unit: Unit | None) -> Scale:
        """Return this scale with a unit; as it is for none."""
        return self if unit is None else Scale(unit, self.currency, self.labels, self.clock)

    def labelled(self, **labels: str | int | None) -> Scale:
        """Return this scale with further labels; empty ones are left out."""
        given = {name: str(value) for name, value in labels.items() if value not in (None, "")}
        return replace(self, labels=tuple(sorted((dict(self.labels) | given).items()))) if given else self


@dataclass(slots=True)
class Terms:
    """What the words around one amount say."""

    modalities: list[str] = field(default_factory=list)
    resolutions: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    mode: str = ""
    prompt_gt: int | None = None
    tier: str | None = None
    direction: str = ""
    storage: bool = False
    promotional: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    afterwards: bool = False


_MODALITY = r"(?:text|images?|videos?|audio|thinking|reasoning)"
_RESOLUTION = r"(?:\d(?:\.\d)?k|\d{3,4}p|\d{3,4}px|\d{3,4}\s?x\s?\d{3,4})"
_SIGN = r"(?:<=?|≤|>=?|≥|over|above|under|up to)"
_OF_TOKENS = r"(?:\s*(?:(?:input|prompt|context)\s+)?tokens?|\s+context length)?"
_PRICE = r"(?:\s+(?:tokens?|price))?"
_JOIN = r"(?:\s*(?:/|,|&|\band\b|\bor\b)\s*)"
_PHRASES: Final = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("non_thinking", r"non-thinking"),
        ("modality", rf"(?:for\s+)?{_MODALITY}(?:{_JOIN}{_MODALITY})*(?:\s+(?:tokens?|inputs?|outputs?))?(?![\w-])"),
        ("resolution", rf"{_RESOLUTION}(?:{_JOIN}{_RESOLUTION})*(?:\s+images?)?(?![\w-])"),
        ("not_offered", rf"{_RESOLUTION}\s+output not supported"),
        (
            "threshold",
            rf"(?:for\s+)?(?:prompts?|inputs?|context|requests?)?\s*{_SIGN}\s*\d[\d,.]*\s?[km]?{_OF_TOKENS}(?![\w-])",
        ),
        ("until", rf"(?:valid\s+)?(?:through|until|till|ends?(?:ing)?(?: on)?)\s+(?P<date>{DATE_PATTERN})"),
        ("from", rf"(?:starting|from|effective|beginning|as of|after)(?:\s+(?:on|from))?\s+(?P<date>{DATE_PATTERN})"),
        ("afterwards", r"thereafter|afterwards?|after that"),
        ("promotional", r"\d{1,2}%\s*off|discounted|limited[- ]time(?: offer| discount)?"),
        ("promotional", r"(?:promo(?:tion(?:al)?)?|introductory)(?: pric(?:e|ing))?"),
        ("storage", r"storage(?: price)?"),
        ("tier", r"standard|batch(?: api)?|flex|priority|fast(?: mode)?"),
        (
            "direction",
            rf"(?:cached(?: input)?|input caching|cache (?:reads?|hits?)|cache writes?|inputs?|outputs?){_PRICE}(?!\w)",
        ),
        ("nothing", r"same as standard(?:, \w+ pricing not yet implemented)?|default|usd|each|then"),
        ("nothing", r"[a-z ]+ charges also apply"),
    )
)  # fmt: skip
_BETWEEN: Final = re.compile(r"(?:\(\d{1,2}\)|\[\d{1,2}\]|[\s,;:()|*+•·.†‡¹²³]|[-–—](?=\s)|\band\b)+", re.IGNORECASE)
_DIRECTIONS: Final = {"input c": "cache_read", "input": "input", "output": "output", "cached": "cache_read",
                      "cache r": "cache_read", "cache h": "cache_read", "cache w": "cache_write"}  # fmt: skip


def read_terms(*texts: str) -> Terms:
    """Read the words around an amount; raise `Unreadable` for the first that is not understood."""
    terms = Terms()
    for text in filter(None, texts):
        position = 0
        while position < len(text):
            between = _BETWEEN.match(text, position)
            if between:
                position = between.end()
                continue
            found = max(
                ((match.end(), kind, match) for kind, pattern in _PHRASES if (match := pattern.match(text, position))),
                key=lambda item: item[0],
                default=None,
            )
            if found is None or found[0] == position:
                raise Unreadable(f"the words {text[position:].strip()!r} beside a price are not understood")
            position = found[0]
            _note_term(terms, found[1], found[2])
    return terms


def _note_term(terms: Terms, kind: str, match: re.Match[str]) -> None:
    words = match[0].casefold()
    if kind in ("modality", "non_thinking") and words in ("thinking", "reasoning", "non-thinking"):
        terms.mode = "non-thinking" if kind == "non_thinking" else "thinking"
    if kind == "modality":
        terms.modalities.extend(_modality_name(word) for word in re.findall(_MODALITY, words))
    elif kind == "resolution":
        terms.resolutions.extend(found.replace(" ", "") for found in re.findall(_RESOLUTION, match[0], re.IGNORECASE))
    elif kind == "not_offered":
        terms.unsupported.extend(re.findall(_RESOLUTION, match[0], re.IGNORECASE))
    elif kind == "threshold":
        limit = threshold_of(re.sub(r"^for\s+", "", words))
        if limit is None:
            raise Unreadable(f"{match[0]!r} is not a threshold")
        _say_once(terms, "prompt_gt", limit)
    elif kind == "until":
        _say_once(terms, "valid_until", day_end(match["date"]))
        terms.promotional = True
    elif kind == "from":
        day = _day_after(match["date"]) if words.startswith("after") else day_start(match["date"])
        _say_once(terms, "valid_from", day)
    elif kind == "tier":
        _say_once(terms, "tier", tier_of(words))
    elif kind == "direction":
        meter = next(meter for start, meter in _DIRECTIONS.items() if words.startswith(start))
        _say_once(terms, "direction", meter)
    elif kind in ("afterwards", "promotional", "storage"):
        setattr(terms, kind, True)


def _say_once(terms: Terms, name: str, value: object) -> None:
    """Set a term; refuse words that say two things of one price ("Input $1 Output" is cut in the wrong place)."""
    if getattr(terms, name) not in (None, "", value):
        raise Unreadable(f"the words beside a price say {getattr(terms, name)} and {value}")
    setattr(terms, name, value)


def _day_after(date: str) -> datetime:
    return day_end(date) + timedelta(seconds=1)


def _modality_name(word: str) -> str:
    return "text" if word in ("thinking", "reasoning") else word.rstrip("s")


def facts_of(cell: Passage, key: RateKey, scale: Scale) -> tuple[Fact, ...]:
    """Return the facts that a cell states for a key; none for an empty cell.

    Raises `Unreadable` where a part of the cell is not understood.
    """
    if scale.labels:
        key = key.with_labels(**dict(scale.labels))
    money = read_money(cell.text, currency=scale.currency)
    if money.mark is Mark.BLANK:
        return ()
    evidence = cell.evidence()
    if money.mark is not None:
        limited = cell.line.casefold().startswith("limited")
        return (_marked(money.mark, key, evidence, scale.currency, limited=limited),)
    if money.ratio is not None:
        raise Unreadable(f"{cell.line!r} is a multiple of another price")
    facts: list[Fact] = []
    until: dict[str, datetime] = {}
    stated = [
        read_terms(price.before, price.after) if price.before or price.after else Terms() for price in money.prices
    ]
    modes = any(terms.mode == "non-thinking" for terms in stated)
    for price, terms in zip(money.prices, stated, strict=True):
        one = key.with_labels(mode=terms.mode) if modes and terms.mode == "thinking" else key
        # A struck price beside it is what is paid when the offer ends: this one is promotional.
        if cell.struck:
            terms.promotional = terms.promotional or any(re.search(r"\d", struck) for struck in cell.struck)
        for fact in _facts(price, one, terms, scale, evidence):
            ends = until.get(fact.field)
            if terms.afterwards or (ends and terms.valid_from is None and terms.valid_until is None):
                if ends is None:
                    raise Unreadable(f"{cell.line!r} names a later price without its day")
                fact = fact.model_copy(update={"valid_from": ends + timedelta(seconds=1)})
            elif terms.valid_until:
                until[fact.field] = terms.valid_until
            facts.append(fact)
    _check_consistent(facts, cell)
    unsupported = [size for terms in stated for size in terms.unsupported]
    return (*facts, *(_unsupported(facts[0], size, evidence) for size in unsupported))


def _check_consistent(facts: list[Fact], cell: Passage) -> None:
    """Refuse a cell that names two currencies, or two prices that nothing in it tells apart."""
    if len(facts) == 1:
        return
    if len({fact.currency for fact in facts}) > 1:
        raise Unreadable(f"{cell.line!r} names two currencies")
    amounts: dict[tuple[str, datetime | None], Decimal] = {}
    for fact in facts:
        amount = Decimal(fact.value or 0)
        if amounts.setdefault((fact.field, fact.valid_from), amount) != amount:
            raise Unreadable(f"{cell.line!r} names two prices, and nothing in it tells them apart")


def _marked(mark: Mark, key: RateKey, evidence: Evidence, currency: str, *, limited: bool) -> Fact:
    if mark is Mark.FREE:
        return free(key, evidence, currency, promotional=limited)
    if mark is Mark.ON_REQUEST:
        return Fact(field=str(key), state=State.NOT_SOURCED, reason=Reason.ON_REQUEST, evidence=evidence)
    return Fact(field=str(key), state=State.NOT_OFFERED, evidence=evidence)


def _unsupported(beside: Fact, resolution: str, evidence: Evidence) -> Fact:
    """Return the fact that a resolution is not sold: "(4k output not supported)" beside the prices of others."""
    key = RateKey.parse(beside.field).with_labels(resolution=resolution)
    return Fact(field=str(key), state=State.NOT_OFFERED, evidence=evidence)


def free(key: RateKey, evidence: Evidence, currency: str = "USD", *, promotional: bool = False) -> Fact:
    """Return the fact that something is free of charge, as the source says in words."""
    return Fact(
        field=str(key), state=State.SOURCED, value="0", currency=currency, evidence=evidence, promotional=promotional
    )


def _facts(price: Price, key: RateKey, terms: Terms, scale: Scale, evidence: Evidence) -> list[Fact]:
    unit = price.unit or scale.unit
    if terms.valid_from and terms.valid_until and terms.valid_until < terms.valid_from:
        raise Unreadable(f"{price.written!r} ends before it begins")
    if not price.amount:
        raise Unreadable(f"{price.written!r} is 0, and no word says that it is free")
    if unit is None:
        raise Unreadable(f"{price.written!r} has no unit, and its table names none")
    if key.meter == "cache_storage" and unit == _HOUR and scale.unit == PER_MILLION:
        # "$1.00 per hour" in a table of prices per 1M tokens.
        unit = Unit(PER_MILLION.quantity, "token", "hour")
    if terms.direction:
        key = RateKey(terms.direction, key.modality, key.labels)
    key = _of_kind(key, price)
    if terms.storage and (unit.thing, unit.over) != ("token", "hour"):
        raise Unreadable(f"{price.written!r} is a price of storage per {unit}")
    if terms.tier:
        key = key.with_labels(tier=terms.tier)
    if terms.prompt_gt:
        key = key.with_labels(prompt_gt=terms.prompt_gt)
    amount, found = amount_of(price.amount, unit, keys_for(key, terms.modalities), scale.clock)
    if terms.resolutions:
        found = [one.with_labels(resolution=size) for one in found for size in terms.resolutions]
    return [
        Fact.sourced(
            one.written,
            plain(amount),
            evidence,
            currency=price.currency,
            promotional=terms.promotional,
            valid_from=terms.valid_from,
            valid_until=terms.valid_until,
        )
        for one in found
    ]


_OTHER_KINDS: Final = {
    "input": ("output",),
    "output": ("input", "cache_read", "cache_write"),
    "cached": ("input", "output"),
}
"""Meters whose tokens are not of a kind."""


def _of_kind(key: RateKey, price: Price) -> RateKey:
    """Return a key for the kind of tokens that a price's own unit names: "$10 / 1M audio tokens" is no price of text.

    Raises `Unreadable` where they are not the key's.
    """
    kind = price.kind
    if kind and (
        key.meter in _OTHER_KINDS.get(kind, ()) or (kind in ("text", *MODALITIES) and key.modality not in ("", kind))
    ):
        raise Unreadable(f"{price.written!r} is a price of {kind} tokens, and stands where one of {key} should")
    return key.with_modality(kind) if kind in MODALITIES else key


def keys_for(key: RateKey, modalities: list[str]) -> list[RateKey]:
    """Return the keys of a price that is stated for some modalities: with text among them the bare key holds it."""
    if not modalities:
        return [key]
    if "text" in modalities:
        return [key.with_modality("text")]
    return [key.with_modality(modality) for modality in dict.fromkeys(modalities)]


_OTHER_METERS: Final = {
    ("image", "input"): "input_images",
    ("image", "output"): "images",
    ("image", "images"): "images",
    ("frame", "input"): "input_frames",
    ("request", "output"): "requests",
    ("request", "input"): "requests",
    ("page", "input"): "pages",
    ("video", "output"): "videos",
    ("megapixel", "output"): "megapixels",
}
_FREE_STANDING: Final = {"character": "characters", "request": "requests", "page": "pages", "search": "searches"}


def amount_of(amount: Decimal, unit: Unit, keys: list[RateKey], clock: str = "") -> tuple[Decimal, list[RateKey]]:
    """Convert an amount to the unit of its keys; where the unit is of another thing, to the meter of that thing.

    "$4.50 / 1M tokens per hour" in a row of cache prices is `cache_storage`; "$0.04 per image" in a row of output
    prices is `images`; a price per second of `clock` `audio` is `audio_seconds`.
    """
    wanted = keys[0].unit
    if (unit.thing, unit.over) == (wanted.thing, wanted.over):
        return per(amount, unit, wanted), keys
    meters = {_other_meter(key, unit, clock) for key in keys}
    if len(meters) != 1:
        raise Unreadable(f"a price per {unit} does not say what it is for")
    meter = meters.pop()
    return per(amount, unit, METERS[meter]), [RateKey(meter, "", keys[0].labels)]


def _other_meter(key: RateKey, unit: Unit, clock: str) -> str:
    if (unit.thing, unit.over) == ("token", "hour") and key.meter in ("cache_read", "cache_write", "cache_storage"):
        return "cache_storage"
    if key.meter in ("cache_read", "cache_write"):
        raise Unreadable(f"a price per {unit} is not a price of {key.meter}")
    if unit.thing in ("second", "minute", "hour") and not unit.over:
        timed = key.modality or clock
        # The hours of a training are no price of what is sent or made, nor the other way round.
        meter = f"{timed}_{unit.thing}s" if (timed == "training") == (key.meter == "training") else ""
    elif (unit.thing, unit.over) == ("GB", "day"):
        meter = "storage_gb_days"
    else:
        meter = _OTHER_METERS.get((unit.thing, key.meter)) or (
            _FREE_STANDING.get(unit.thing, "") if not unit.over else ""
        )
    if meter not in METERS:
        raise Unreadable(f"a price per {unit} is not a price of {key.meter}")
    return meter
