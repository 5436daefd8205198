"""Tables that have a column of types ("Input (text, image)", "Audio Input", "1M output audio tokens") beside prices by
length of prompt and tier: what a type and a column of prices mean, and cells that list prices after labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.markup import Table
from scraper.extract.money import find_unit
from scraper.extract.passage import Passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.extract.vocabulary import threshold_of, without_marks
from scraper.meters import MILLION, RateKey, Unit
from scraper.records import Fact, clean

_PRICE: Final = re.compile(
    r"(?P<what>price|pricing|storage)(?: per (?P<per>[\d,a-z ]+?)|\s*\((?P<unit>[^()<>]*)\))?"
    r"(?:\s*\(?\s*(?P<sign><=|=<|≤|>=|>|≥|<)\s*(?P<limit>\d+k)(?P<cached> cached)?(?: input)? tokens\)?)?"
    r"(?: with (?P<tier>[a-z/ ]+?)(?: api)?)?"
)
_TIERS: Final = {"": ("",), "standard": ("",), "priority": ("priority",), "batch": ("batch",), "flex": ("flex",)}
_LEAST: Final = Decimal("0.001")
_LISTED: Final = re.compile(
    r"\$ ?[\d.,]+(?: ?(?:/|per) ?(?:1?[km]|1,000|thousand|million)? ?[a-z]+)?(?: \(or [^()]*\))?|no charge|free|n/?a|-",
    re.IGNORECASE,
)
"""A price in a list of prices."""
_STORED: Final = Unit(Decimal(1_000_000), "token", "hour")
_MODALITY: Final = r"(?:text|images?|audio|video)"
_LIST: Final = rf"{_MODALITY}(?:\s*(?:,|/|and|&)\s*{_MODALITY})*"
_TYPES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<direction>input|output)(?: \((?P<modalities>{_LIST})\))?:?",
        rf"(?P<modalities>{_LIST}) (?P<direction>input|output)(?: \([a-z ]+\))?",
        rf"1m (?P<direction>input|output)(?: (?P<modalities>{_LIST}))? tokens",
        rf"(?P<direction>input|output) (?P<modalities>{_LIST}) \((?P<unit>\$/.+)\)",
    )
)
_TRAINING: Final = re.compile(r"(?:supervised fine-tuning|preference tuning|tuning for 1m training tokens| )+")


@dataclass(frozen=True, slots=True)
class PriceColumn:
    """What a column of prices says of all of them: `unit` is None where it names none."""

    unit: Unit | None
    prompt_gt: int | None
    tiers: tuple[str, ...]
    cached: bool = False
    storage: bool = False
    training: bool = False


def price_column(heading: str) -> PriceColumn | None:
    """Read "Price (/1M tokens) > 200K cached input tokens with Flex/Batch"; None for a heading that is no price."""
    folded = clean(heading).casefold()
    match = _PRICE.fullmatch(folded)
    if match is None:
        return None
    tiers: tuple[str, ...] = ()
    for name in (match["tier"] or "").split("/"):
        if name.strip() not in _TIERS:
            return None
        tiers += _TIERS[name.strip()]
    said = match["unit"] or match["per"] or ""
    training = bool(re.search(r"training tokens", said))
    if "training" in said and not training:
        return None
    unit = _STORED if match["what"] == "storage" else unit_said(said.replace("training ", ""))
    above = (match["sign"] or "").startswith((">", "≥"))
    limit = threshold_of(f"> {match['limit']}") if above else None
    return PriceColumn(unit, limit, tiers, bool(match["cached"]), match["what"] == "storage", training)


def unit_said(text: str) -> Unit | None:
    """Return the unit that the words in brackets after a heading or a type name: "/1M tokens", "$/per frame"."""
    return find_unit("per " + re.sub(r"^[$/ ]*(?:per )?", "", text))


def tiers_of(heading: str) -> tuple[str, ...] | None:
    """Return the tiers that a heading names ("Flex/Batch"), None where it names none."""
    names = [name.strip() for name in clean(heading).casefold().split("/")]
    return sum((_TIERS[name] for name in names), ()) if all(name and name in _TIERS for name in names) else None


def typed_keys(label: str, *, cached: bool = False) -> tuple[tuple[RateKey, ...], str]:
    """Return the keys that a type names, and the unit that it names ("$/image"), or "".

    With text among its modalities it is the bare key; in a column of cached tokens only what is sent has keys.
    Raises `Unreadable` for a type that is not known.
    """
    folded = without_marks(clean(label).casefold())
    if _TRAINING.fullmatch(folded):
        return ((RateKey("training"),), "")
    match = next((match for pattern in _TYPES if (match := pattern.fullmatch(folded))), None)
    if match is None:
        raise Unreadable(f"the type {label!r} is not known")
    said = match.groupdict()
    meter = said["direction"]
    if cached and meter == "output":
        return ((), "")  # what is made is never cached: the cell is a filler
    named = [name.removesuffix("s") for name in re.findall(_MODALITY, said.get("modalities") or "")]
    meter = "cache_read" if cached else meter
    keys = [RateKey(meter)] if "text" in named or not named else [RateKey(meter, name) for name in dict.fromkeys(named)]
    return tuple(keys), said.get("unit") or ""


def labelled_parts(cell: Passage, labels: Mapping[str, RateKey]) -> Iterator[tuple[RateKey, Passage]]:
    """Yield the prices of a cell that lists them after labels: "Input: $5.00 Batch Input: $2.50 Cache Hit: $0.50".

    `labels` maps patterns over (casefolded) labels to keys. Raises `Unreadable` where a part of the cell has no label
    that is known.
    """
    known = "|".join(f"(?:{label})" for label in labels)
    found = list(re.finditer(rf"(?<![\w-])({known})\s*:\s*", cell.text, re.IGNORECASE))
    if not found or cell.text[: found[0].start()].strip():
        raise Unreadable(f"{cell.line[:80]!r} does not begin with a label that is known")
    ends = [*(match.start() for match in found[1:]), len(cell.text)]
    for match, end in zip(found, ends, strict=True):
        price = cell.text[match.end() : end].strip()
        if not _LISTED.fullmatch(price):
            # What stands between a price and the next label may be the beginning of a longer label: "Image Input".
            raise Unreadable(f"{price[:80]!r} is not a price and nothing else")
        folded = match[1].casefold()
        key = next(key for label, key in labels.items() if re.fullmatch(label, folded))
        yield key, cell.with_text(price)


_SCOPED: Final = re.compile(r"(?P<price>[^()]+?)\s*\((?P<scope>global|non-global)\)[\s*]*", re.IGNORECASE)
_PER_STORED: Final = re.compile(r"\(/M Tok/hr\)", re.IGNORECASE)
_BY_REQUEST: Final = {"online requests": "", "batch requests": "batch"}


def typed_facts(
    kind: Passage, cell: Passage, column: PriceColumn, heading: str, *, stored: bool = False, caches: bool = False
) -> Iterator[Fact]:
    """Yield what a cell states for a type: for each length, tier and scope ("$0.25 (Global)") that it has.

    `heading` may name the tier of the table; `stored` says that the prices are of storing caches, `caches` that they
    are of caches (storing and reading). A cell of types, one a line, goes with a cell of as many prices.
    Raises `Unreadable` for what is not understood.
    """
    headed = tiers_of(heading)
    if column.tiers and headed and set(column.tiers) != set(headed):
        raise Unreadable(f"its column and its heading {heading!r} name different tiers")
    types, prices = _marked_off(kind), _marked_off(cell)
    several = len(types) > 1 and not _TRAINING.fullmatch(" ".join(types).casefold())
    if several and len(types) != len(prices):
        raise Unreadable(f"{len(prices)} prices do not go with {len(types)} types")
    pairs = zip(types, prices, strict=True) if several else [(" ".join(types), "\n".join(prices))]
    for label, text in pairs:
        batch = re.match(r"batch ", label, re.IGNORECASE)
        named = label[batch.end() if batch else 0 :]
        keys, unit_text = typed_keys(named, cached=column.cached or column.storage or caches)
        if column.storage or stored:
            keys = tuple(RateKey("cache_storage") for _ in keys)
        if column.training != (RateKey("training") in keys) and not re.match("tuning", named, re.IGNORECASE):
            raise Unreadable(f"{named!r} stands in a column of other prices")
        unit = (
            column.unit
            or unit_said(unit_text)
            or (PER_MILLION if re.match(r"1m |tuning", named, re.IGNORECASE) else None)
        )
        for part, labels in _parts(cell, text):
            tiers = (labels.pop("tier"),) if "tier" in labels else column.tiers or headed or ("",)
            for key in dict.fromkeys(keys):
                for tier in ("batch",) if batch else tiers:
                    full = key.with_labels(prompt_gt=column.prompt_gt, tier=tier, **labels)
                    yield from likely(facts_of(part, full, Scale(unit)))


def _marked_off(cell: Passage) -> list[str]:
    """Return the lines of a cell but for those with nothing but marks of footnotes, which may stand in a line alone."""
    return [line for line in cell.lines if without_marks(line)]


def _parts(cell: Passage, text: str) -> Iterator[tuple[Passage, dict[str, str]]]:
    """Split a cell by scopes and by kinds of requests; a cell without them is one part."""
    text = _PER_STORED.sub(" / 1M tokens per hour", text)
    requests = list(
        re.finditer(
            rf"({'|'.join(_BY_REQUEST)}):\s*([^:\n]+?)(?=\s*(?:{'|'.join(_BY_REQUEST)}|$))", text, re.IGNORECASE
        )
    )
    scopes = list(_SCOPED.finditer(text))
    if requests:
        for match in requests:
            yield cell.with_text(match[2]), {"tier": _BY_REQUEST[match[1].casefold()]}
    elif scopes and not _SCOPED.sub("", text).strip():
        for match in scopes:
            region = "" if match["scope"].casefold() == "global" else "non-global"
            yield cell.with_text(match["price"]), {"region": region}
    else:
        yield cell.with_text(text), {}


def labelled_facts(cell: Passage, labels: Mapping[str, str], column: PriceColumn, region: str) -> Iterator[Fact]:
    """Yield the prices of a cell that lists them after labels, under the length of prompt of their column."""
    keys = {label: RateKey.parse(key) for label, key in labels.items()}
    for key, part in labelled_parts(cell, keys):
        full = key.with_labels(prompt_gt=column.prompt_gt, region=region)
        yield from likely(facts_of(part, full, Scale(column.unit)))


def likely(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Refuse prices that cannot be of a million tokens: those of a page or an image, under the wrong unit."""
    for fact in facts:
        tokens = RateKey.parse(fact.field).unit.quantity == MILLION and fact.value
        if tokens and 0 < Decimal(fact.value or 0) < _LEAST:
            raise Unreadable(f"{fact.evidence.quote[:80]!r} cannot be a price of 1M tokens")
    return facts


def heads_of(table: Table) -> list[str]:
    """Return the headings of the columns, case folded, without marks of footnotes."""
    return [without_marks(" ".join(path).casefold()) for path in table.grid.headers]


def model_lines(table: Table, heading: str) -> Iterator[tuple[Passage, dict[str, Passage]]]:
    """Yield the lines of a table: the cell of the model, under a heading that fits, and all cells by their headings."""
    heads = heads_of(table)
    place = next((n for n, head in enumerate(heads) if re.fullmatch(heading, head)), None)
    for line in table.grid.lines if place is not None else ():
        yield line.cells[place or 0], dict(zip(heads, line.cells, strict=True))
