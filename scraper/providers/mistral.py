"""Mistral: the prices of its API, as data of the page (until 2026) or on cards (since), and the models API with limits.

Several products may have one id (`mistral-small-latest`): they are told apart by their names. A price "+ 50% off with
batch-APIs" states the price of batch as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract import REFUSALS, Unreadable
from scraper.extract.derived import half_in_batch
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Spec, as_texts, read_feed, whole_tokens
from scraper.extract.flags import true_flags
from scraper.extract.idcards import cards_with_id
from scraper.extract.money import Mark, read_money
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.priced_objects import PricedObject, priced_objects
from scraper.extract.prices import Scale, facts_of
from scraper.extract.relabel import relabelled
from scraper.extract.source import Source
from scraper.extract.specs import listed
from scraper.extract.tables import unit_scale
from scraper.extract.vocabulary import KNOWN, VOCABULARY, key
from scraper.meters import RateKey
from scraper.records import Fact, Reading

_WORDS: Final = VOCABULARY.extended(
    {
        r"(?:text )?input \(per min\b.*": key("input"),
        r"audio input ?(?:/ ?min|\((?:/|per )min\b.*)": key("input.audio"),
        r"ocr(?: \(per 1k pages\))?": key("pages"),
        r"annotations(?: \(per 1k pages\))?": key("pages{variant=annotations}"),
        "audio generation": key("characters"),
        r"training cost": key("training"),
        "api endpoint": key("input"),
        "storage cost": KNOWN,  # a fee by the month
        "available on": KNOWN,
    }
)
_TOOLS: Final = "tools"  # rows of this type are tools, not models
_BATCH: Final = re.compile(r"\+?\s*50% off with batch[- ]APIs?", re.IGNORECASE)
_TWO_INPUTS: Final = re.compile(r"(?P<audio>\$[\d.]+) \(audio\) / (?P<text>\$[\d.]+) \(text\)")


def read_pricing(document: Document) -> Reading:
    """Read the models that the page has as data, or else those on its cards."""
    offers = Offers()
    for one in priced_objects(document, "price"):
        name = one.text("name")
        if name and one.text("type").casefold() != _TOOLS:
            _read_object(one, Named(one.text("api_endpoint", "api"), name), offers)
    if not offers:
        for card in cards_with_id(document, _WORDS):
            for label, amount in card.rows:
                offers.add(Named(card.model_id, card.name), _facts(label, amount, offers))
    if not offers:
        raise Unreadable("it has no prices of models")
    return offers.reading()


def _read_object(one: PricedObject, named: Named, offers: Offers) -> None:
    for label, amount, row in one.labelled("price", "value", "price_dollar", offers):
        limited = "for a limited period" in str(row.get("detail"))
        facts = _facts(label, amount, offers)
        offers.add(named, [fact.model_copy(update={"promotional": fact.promotional or limited}) for fact in facts])
    for label, amount, _ in one.labelled("fine_tuning", "value", "price_dollar", offers):
        facts = _facts(label, amount, offers)
        # What is paid for using a model tuned from this one; training is what it is.
        used = [fact for fact in facts if not fact.field.startswith("training")]
        offers.add(named, [*relabelled(used, variant="fine-tuned"), *(fact for fact in facts if fact not in used)])


def _facts(label: Passage, amount: Passage, offers: Offers) -> list[Fact]:
    meaning = _WORDS.meaning(label.line)
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


_FEED: Final = Feed(
    rows="/data",
    prices=(),
    specs=(
        Spec("max_context_length", "context_window", whole_tokens),
        Spec("capabilities", "capabilities", true_flags),
        Spec("aliases", "aliases", lambda names: listed(as_texts(names))),
    ),
    known={
        "created": "when the list was asked for",
        "deprecation": "a day, but whether of the notice or of the end is not said",
        **dict.fromkeys(("object", "owned_by", "name", "description", "type"), "no spec of ours"),
        **dict.fromkeys(("default_model_temperature", "deprecation_replacement_model"), "no spec of ours"),
    },
)


def read_models(document: Document) -> Reading:
    """Read the answer of the models API."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    Source(
        name="pricing",
        addresses=("https://mistral.ai/pricing/api/", "https://mistral.ai/pricing/api", "https://mistral.ai/pricing"),
        read=read_pricing,
        publishes=frozenset(
            {"input", "output", "cache_read", "input{variant=fine-tuned}", "output{variant=fine-tuned}", "training"}
            | {"pages", "pages{tier=batch}", "pages{variant=annotations}", "characters", "audio_minutes"}
        ),
    ),
    Source(
        name="v1-models",
        addresses=("https://api.mistral.ai/v1/models",),
        read=read_models,
        publishes=frozenset(spec.field for spec in _FEED.specs),
        rank=1,
    ),
)
