"""Prices by the length of the prompt: ranges as sources write them ("32K<Token≤128K", "输入长度 (32, 128]"), columns
for short and for long prompts, and tiers in one sentence of a feed ("$1.2 in $6 out <= 32K, $2.4 in $12 out > 32K").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.captions import without_columns
from scraper.extract.document import Document
from scraper.extract.markup import Table
from scraper.extract.offers import Offers
from scraper.extract.passage import Passage, plain_passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.extract.tables import MONEY
from scraper.extract.vocabulary import fold, threshold_of
from scraper.meters import RateKey
from scraper.records import Fact

_SIZE: Final = r"(\d+)\s*([km]?)"
_LENGTHS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_SIZE}[<＜≤](?:tokens?|输入长度|输入|input)(?:[<＜≤]|<=){_SIZE}",
        rf"输入长度[\[(（]{_SIZE},(?:{_SIZE}|\+∞)[\])）]",
        rf"输入长度{_SIZE}\+",
        rf"输入长度[>＞≥]{_SIZE}",
    )
)
_ANY_LENGTH: Final = re.compile(r"[-–—/]|无阶梯计价|不区分阶梯|default|(?:input|输入)<=\d+[km]?", re.IGNORECASE)
_SCALES: Final = {"": 1, "k": 1_000, "m": 1_000_000}


def length_of(text: str, unit: int = 1) -> int:
    """Return from how many tokens of prompt a row's prices hold (0 for the base).

    `unit` is how many tokens a number without a K or an M counts. Raises `Unreadable` for what is no range of prompts
    alone.
    """
    compact = "".join(text.split())
    if _ANY_LENGTH.fullmatch(compact):
        return 0
    for pattern in _LENGTHS:
        match = pattern.fullmatch(compact)
        if match:
            scale = _SCALES[match[2].casefold()]
            return int(match[1]) * (unit if scale == 1 else scale)
    raise Unreadable(f"{text!r} is no range of prompts alone")


_SHORT, _LONG = "short context", "long context"
_LIMIT = re.compile(r"[<>≤≥]=?\s*(?P<number>\d[\d,.]*\s?[km]?)(?= (?:input tokens|context))", re.IGNORECASE)


def stated_limits(document: Document, tables: Iterable[Table]) -> frozenset[int]:
    """Return the thresholds of long context that cells and notes state: ">272K input tokens" is 272000."""
    texts = [text.passage.line for text in document.texts if "context" in text.passage.line.casefold()]
    texts += [cell.line for table in tables for row in table.grid.rows for cell in row]
    found = (threshold_of(f"> {match['number']}") for text in texts for match in _LIMIT.finditer(text))
    return frozenset(limit for limit in found if limit)


def by_context(table: Table, limits: frozenset[int], offers: Offers) -> list[tuple[Table, int | None]]:
    """Return the table without its columns of long context, and one with them and their threshold where it is known.

    Where the document states no threshold, or several, prices of long context are noted and left out.
    """
    paths = table.grid.headers
    short, long = (
        frozenset(n for n, path in enumerate(paths) if path and path[0].casefold().startswith(words))
        for words in (_SHORT, _LONG)
    )
    if not long:
        return [(table, None)]
    if {_leaf(paths[n]) for n in long} != {_leaf(paths[n]) for n in short}:
        # A rendering has cut the header row short: nothing says which column is which.
        offers.note("unreadable", "the columns of short and of long context are not the same", table.locator)
        return []
    base = (without_columns(table, long), None)
    if len(limits) == 1:
        return [base, (without_columns(table, short), next(iter(limits)))]
    cells = (row[n] for row in table.grid.rows[table.grid.header_rows :] for n in long)
    if any(MONEY.search(cell.line) for cell in cells):
        offers.note("unreadable", "the page states no threshold for its prices of long context", table.locator)
    return [base]


def _leaf(path: tuple[str, ...]) -> str:
    return re.sub(f"^(?:{_SHORT}|{_LONG}) ", "", fold(path[-1]))


def read_suffix(name: str) -> tuple[str, int]:
    """Split "gpt-5.5 (>272K context length)" into name and threshold; 0 for the base and for none."""
    match = re.fullmatch(r"(?P<name>.*\S) \((?P<context>[^()]+)\)", name)
    limit = threshold_of(match["context"]) if match else None
    return (match["name"], limit) if match and limit is not None else (name, 0)


_NOISE: Final = Decimal("1e-9")
_TIERED: Final = re.compile(r"(?:<=?|>=?|≤|≥)\s*\d[\d.]*\s?[KM]\b", re.IGNORECASE)
_SEGMENT: Final = re.compile(
    r"(?P<input>\$\s*[\d.]+)\s+in\s+(?P<output>\$\s*[\d.]+)\s+out(?:\s+(?P<cache_read>\$\s*[\d.]+)\s+cached)?"
    r"(?:\s+(?P<sign><=?|>=?|≤|≥)\s*(?P<bound>\d[\d.]*\s?[KM]))?",
    re.IGNORECASE,
)


def prose_tiers(text: str, locator: str) -> Iterator[Fact]:
    """Yield the prices of a sentence in which they depend on the length of the prompt; none where they do not.

    Raises `Unreadable` for a sentence of another form, and where the lengths do not follow one another.
    """
    if not _TIERED.search(text):
        return
    passage, above = plain_passage(text, locator), 0
    segments = [segment.strip() for segment in passage.line.split(",")]
    for number, segment in enumerate(segments):
        said = _SEGMENT.fullmatch(segment)
        if said is None:
            raise Unreadable(f"{segment!r} is not a price by the length of the prompt")
        for meter in ("input", "output", "cache_read"):
            if said[meter]:
                key = RateKey(meter).with_labels(prompt_gt=above or None)
                yield from _priced(passage.with_text(said[meter]), key)
        above = _bound(said, above, last=number == len(segments) - 1)


def tiers_above(text: str, locator: str, base: Mapping[str, Decimal]) -> list[Fact]:
    """Return the prices of such a sentence but for those of the first tier that `base` has (key to amount).

    Raises `Unreadable` where the first tier is not the base: it is then not known what the others are tiers of.
    """
    facts = list(prose_tiers(text, locator))
    for fact in facts:
        amount = base.get(fact.field)
        if amount is not None and abs(amount - Decimal(fact.value or 0)) > amount * _NOISE:
            raise Unreadable(f"the first tier of {text[:100]!r} is not the price of {amount}")
    return [fact for fact in facts if fact.field not in base]


def _bound(said: re.Match[str], above: int, *, last: bool) -> int:
    """Return where the next tier begins; the last one may repeat where it begins itself ("> 128K")."""
    bound = threshold_of(f"> {said['bound']}") if said["bound"] else None
    if said["bound"] and (said["sign"].startswith(">") or said["sign"] == "≥"):
        bound = above if last and bound == above else None
    elif bound is not None and bound <= above:
        bound = None
    if bound is None and not (last and not said["bound"]):
        raise Unreadable(f"the lengths of {said[0]!r} do not follow those before it")
    return bound or 0


def _priced(cell: Passage, key: RateKey) -> tuple[Fact, ...]:
    return facts_of(cell, key, Scale(PER_MILLION))
