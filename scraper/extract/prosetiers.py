"""Prices by the length of the prompt in one sentence of a feed:
"$1.2 in $6 out $0.24 cached <= 32K, $2.4 in $12 out $0.48 cached > 32K".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.passage import Passage, plain_passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.extract.vocabulary import threshold_of
from scraper.meters import RateKey
from scraper.records import Fact

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
    elif not last and bound is not None and bound <= above:
        bound = None
    if bound is None and not (last and not said["bound"]):
        raise Unreadable(f"the lengths of {said[0]!r} do not follow those before it")
    return bound or 0


def _priced(cell: Passage, key: RateKey) -> tuple[Fact, ...]:
    return facts_of(cell, key, Scale(PER_MILLION))
