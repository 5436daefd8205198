"""Notes under a table that say how its images are paid: by the image, or in tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from scraper.extract import Unreadable
from scraper.extract.passage import Passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.meters import RateKey
from scraper.records import Fact

_SENT = re.compile(r"Image input is (?:set|priced) at [\d,]+ tokens or \$[\d.]+ per image")
_MADE = re.compile(r"Image output is priced at (?P<price>\$[\d.]+ per 1,000,000 tokens)")
_MARKED = re.compile(r"\$[\d.]+ \(images?\)(?=\s*(?:\[\*+\]|\*))")


def with_image_unit(cell: Passage, key: RateKey, notes: Iterable[Passage]) -> Passage:
    """Return an input's cell with "$0.0006 (image)*" as "$0.0006 per image", where a note says so of images sent."""
    if key.meter == "input" and _MARKED.search(cell.quote) and any(_SENT.search(note.line) for note in notes):
        return cell.with_text(re.sub(r"(\$[\d.]+) \(images?\)\**", r"\1 per image", cell.text))
    return cell


def plausible(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Refuse "$1.00 (text), $0.0006 (image)" per 1M tokens: without a note it cannot be told what the image's price is.

    Images cost about as much a token as text, or more; less than a tenth of it is no price of tokens.
    """
    amounts = [(RateKey.parse(fact.field), Decimal(fact.value)) for fact in facts if fact.value]
    least = max((amount for key, amount in amounts if not key.modality), default=Decimal("0.1")) / 10
    if any(key.modality == "image" and amount < least for key, amount in amounts):
        raise Unreadable(f"{facts[0].evidence.quote!r} has a price of images that is not per 1M tokens")
    return facts


def image_output(notes: Iterable[Passage], facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Read the note "Image output is priced at $30 per 1,000,000 tokens", where the table prices images made."""
    meters = {fact.field.partition("{")[0] for fact in facts if fact.value}
    for note in notes:
        said = _MADE.search(note.line)
        if said and meters & {"images", "output.image"}:
            return facts_of(note.with_text(said["price"]), RateKey("output", "image"), Scale(PER_MILLION))
    return ()
