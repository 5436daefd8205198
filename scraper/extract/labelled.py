"""Prices as a label and an amount: "Input (/M tokens)" and "$0.5", "Audio Input/min" and "$0.003"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.derived import half_in_batch
from scraper.extract.money import Mark, read_money
from scraper.extract.offers import Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import Scale, facts_of
from scraper.extract.tables import unit_scale
from scraper.extract.vocabulary import Vocabulary
from scraper.meters import RateKey
from scraper.records import Fact

_BATCH: Final = re.compile(r"\+?\s*50% off with batch[- ]APIs?", re.IGNORECASE)
_TWO_INPUTS: Final = re.compile(r"(?P<audio>\$[\d.]+) \(audio\) / (?P<text>\$[\d.]+) \(text\)")


def labelled_facts(label: Passage, amount: Passage, vocabulary: Vocabulary, offers: Offers) -> list[Fact]:
    """Return the facts of an amount whose label says what it is the price of and, perhaps, per what.

    A label that is not known, and an amount that cannot be read, are noted. "+ 50% off with batch-APIs" beside a price
    states the price of batch as well; two amounts for sound and for text are two prices.
    """
    meaning = vocabulary.meaning(label.line)
    if meaning is None:
        offers.note("unknown_heading", f"the price {label.line!r} is not known", label.locator)
    if meaning is None or meaning.key is None:
        return []
    try:
        return list(_priced(label, amount, meaning.key))
    except REFUSALS as problem:
        offers.note("unreadable", f"{label.line}: {problem}", amount.locator)
        return []


def _priced(label: Passage, amount: Passage, rate: RateKey) -> Iterator[Fact]:
    two = _TWO_INPUTS.fullmatch(amount.line)
    if two:
        yield from facts_of(amount.with_text(f"{two['audio']} / minute"), RateKey("input", "audio"), Scale())
        yield from facts_of(amount.with_text(f"{two['text']} / M tokens"), rate, Scale())
        return
    rule = _BATCH.search(amount.text)
    price = _BATCH.sub("", amount.text).strip()
    if re.search(r"\bmin\b", label.line) and "/" not in price:
        price = f"{price} / {'minute' if rate.modality else 'M tokens'}"
    if label.line.casefold().startswith("api endpoint"):
        # "Free" says it of both directions.
        if read_money(price).mark is not Mark.FREE:
            raise Unreadable(f"{price!r} does not say which direction it is of")
        yield from facts_of(amount.with_text(price), RateKey("output"), Scale())
    facts = facts_of(amount.with_text(price), rate, unit_scale(Scale(), label.line))
    yield from facts
    if rule is not None:
        yield from (half_in_batch(fact, rule[0], amount.evidence()) for fact in facts)
