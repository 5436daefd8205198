"""Rows of the Retail Prices API of Azure: one meter a row, whose name says in short words what it counts and where.

    {"productName": "Azure OpenAI", "meterName": "gpt 4.1 Batch Inp glbl Tokens", "unitOfMeasure": "1K",
     "retailPrice": 0.001, "armRegionName": "eastus2", "currencyCode": "USD", "type": "Consumption", …}

Global prices hold everywhere; those of a data zone and of one region have their label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.feed import Price, Row, conditional_facts, number_of
from scraper.extract.meterwords import KEEP, Grammar, Said, rate_key, says
from scraper.extract.offers import Named, Offers
from scraper.meters import Unit
from scraper.records import Fact

_NO_THRESHOLD: Final = "the list does not say from how many tokens on a context is long"
METERS: Final = Grammar(
    (
        ("1m tokens|tokens?|tkn", says(counts="token")),
        ("images", says(counts="image")),
        ("pages", says(counts="page")),
        ("search", says(counts="search")),
        ("megapixel", says(counts="megapixel")),
        ("second", says(counts="second", clock="video")),
        ("video", says(clock="video")),
        ("units?|ep|mp", says()),
        ("inpt?|input|in", says(direction="input")),
        ("outpt?|output|out|opt", says(direction="output")),
        ("c?cchd|cc?hed|cached?|cd|ch(?= )", says(cache="read")),
        ("ch inp", says(cache="read", direction="input")),
        ("cd wr", says(cache="write")),
        ("glbl?|gl|global", says(region="global")),
        ("dzone|dzn?|datazone|data zone", says(region="datazone")),
        ("regnl?|rgnl|regional", says(region="one")),
        ("batch", says(tier="batch")),
        ("pp|prty|priority", says(tier="priority")),
        ("std|short co|shortco", says()),
        ("long co|longco|(?:glbl|gl|dzone|dz) l", says(refuse=_NO_THRESHOLD)),
        ("ft|finetuned", says(variant="fine-tuned")),
        ("rft", says(variant="rft")),
        ("dev ft", says(tier="developer", variant="fine-tuned")),
        ("dev rft", says(tier="developer", variant="rft")),
        ("ft (?:model|mdl|mdel) gra?de?r|model ft grader|grader", says(variant="grader")),
        ("training|trng", says(training="yes")),
        ("audio|aud", says(modality="audio")),
        (r"aud\d{4}", says(modality="audio")),
        (r"te?xt(?:\d{4})?", says(modality="text")),
        ("image|img", says(modality="image")),
        # Names in which these words are not what is sent or made.
        (r"gpt (?:img|image)|image \d\w*|image dall", KEEP),
        (r"gpt (?:4o )?aud|gpt4omini aud\d{4}", says(keep="yes", usual_modality="audio")),
        ("(?:text )?embed(?:ding)?", says(keep="yes", undirected="tokens")),
        ("rerank", says(keep="yes", reranks="yes")),
        ("gpt latest", says(keep="yes", refuse="it does not say of what its tokens are")),
        ("speech to text", says(clock="audio")),
        (r"\d{3,4}p", says(resolution=r"\g<0>")),
        (r"(\d{3,4}p) sq", says(resolution=r"\g<1>-square")),
        (r"\d+ \d+s", says(variant=r"\g<0>")),
        ("high res", says(resolution=r"\g<0>")),
        ("(hd|std) ((?:high|low) res)", says(quality=r"\g<1>", resolution=r"\g<2>")),
        ("annot", says(variant="annotations")),
        ("ref|initial", says(variant=r"\g<0>")),
        ("provisioned|mngd", says(skip="capacity by the hour")),
        ("hosting|hstng|deployment hosting", says(skip="a deployment by the hour")),
        ("assistants|code interpreter|file search", says(skip="a tool")),
    ),
    humps=True,
)
"""What the words of the meters of models mean."""

_MEASURE: Final = re.compile(r"(?P<count>\d+)(?P<scale>[KM]?)(?:(?: |/)(?P<clock>Hour|Second))?")
_SCALES: Final = {"": 1, "K": 1_000, "M": 1_000_000}


@dataclass(frozen=True)
class Meters:
    """The meters of a list: their names read once, and models whose names are spelt in several ways under one name.

    `family` shortens the name of a product, `same` are rewritings after which two spellings are one model's.
    """

    rows: Iterable[Row]
    family: Callable[[str], str]
    same: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spelt: dict[tuple[str, str], set[str]] = {}
        for row in self.rows:
            try:
                said = METERS.read(_text(row, "meterName"))
            except Unreadable:
                continue
            spelt.setdefault(self._key(row, said), set()).add(said.name)
        object.__setattr__(self, "_names", {key: min(names, key=_fullest) for key, names in spelt.items()})

    _names: Mapping[tuple[str, str], str] = field(init=False, default_factory=dict)

    def named(self, row: Row) -> Named:
        """Return the offer of a row."""
        said = METERS.read(_text(row, "meterName"))
        family, key = self._key(row, said)
        return Named("", f"{family} {self._names[family, key]}".strip())

    def _key(self, row: Row, said: Said) -> tuple[str, str]:
        folded = said.name.casefold()
        for pattern, replacement in self.same.items():
            folded = re.sub(pattern, replacement, folded)
        return self.family(_text(row, "productName")), re.sub(r"[\s_-]+", "", folded)


def _fullest(name: str) -> tuple[bool, str]:
    """Order spellings: one that begins with letters says more than "5.4 mini"."""
    return name[:1].isdigit(), name


def is_meter(row: Row) -> bool:
    """Say whether a row is a price of use of a model: not of capacity, hosting or a tool, and not charged elsewhere."""
    if row.get("type") != "Consumption" or row.get("isPrimaryMeterRegion") is False:
        return False
    try:
        return "skip" not in METERS.read(str(row.get("meterName"))).aspects
    except Unreadable:
        return True  # noted when it is read


def meter_facts(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    """Yield the price of a row; what is not understood is noted, once for all meters of a model."""
    said = METERS.read(_text(row, "meterName"))
    who = f"{row.get('productName')} {said.name}"
    if refusal := said.aspects.get("refuse"):
        offers.note("unreadable", f"{who}: {refusal}")
        return
    try:
        if row.get("currencyCode") != "USD" or number_of(row.get("tierMinimumUnits", 0)):
            raise Unreadable("its price is in another currency than USD, or depends on how much is used")
        unit = _unit(_text(row, "unitOfMeasure"), said)
        key = rate_key(said, unit).with_labels(region=_region(row, said))
    except REFUSALS as problem:
        offers.note("unreadable", f"a meter of {row.get('productName')}: {problem}")
        return
    yield from conditional_facts(row, pointer, [Price(path="retailPrice", key=str(key), unit=unit)], {})


def _region(row: Row, said: Said) -> str | None:
    scope = said.aspects.get("region", "one")
    return {"global": None, "datazone": "datazone"}.get(scope, _text(row, "armRegionName"))


def _unit(measure: str, said: Said) -> Unit:
    match = _MEASURE.fullmatch(measure)
    thing = (match["clock"] or "").casefold() if match else ""
    if match is None or not (thing or said.aspects.get("counts")):
        raise Unreadable(f"it does not say what {measure!r} of it are")
    return Unit(Decimal(match["count"]) * _SCALES[match["scale"]], thing or said.aspects["counts"])


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"it has no text {key!r}")
    return value
