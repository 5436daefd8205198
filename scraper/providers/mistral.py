"""Mistral: prices as data of the page (until 2026) or on its cards (since), in tables of the docs, and the models API.

Several products may have one id (`mistral-small-latest`): they are told apart by their names. A price "+ 50% off with
batch-APIs" states the price of batch as well.
"""

from __future__ import annotations

from typing import Final

from scraper.extract.cards import cards_with_id
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Spec, as_texts, read_feed, whole_tokens
from scraper.extract.labelled import labelled_facts
from scraper.extract.offers import Named, Offers
from scraper.extract.price_pages import read_price_tables
from scraper.extract.priced_objects import PricedObject, priced_objects
from scraper.extract.prices import Scale
from scraper.extract.relabel import relabelled
from scraper.extract.rowfacts import true_flags
from scraper.extract.source import Source
from scraper.extract.specs import listed
from scraper.extract.tables import LineFacts
from scraper.extract.vocabulary import KNOWN, VOCABULARY, key
from scraper.records import Reading

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
                offers.add(Named(card.model_id, card.name), labelled_facts(label, amount, _WORDS, offers))
            for amount in card.unread:
                offers.note("unreadable", f"{card.name}: {amount.line!r} has no known label", amount.locator)
    return offers.reading(needed="prices of models")


def _read_object(one: PricedObject, named: Named, offers: Offers) -> None:
    for label, amount, row in one.labelled("price", "value", "price_dollar", offers):
        limited = "for a limited period" in str(row.get("detail"))
        facts = labelled_facts(label, amount, _WORDS, offers)
        offers.add(named, [fact.model_copy(update={"promotional": fact.promotional or limited}) for fact in facts])
    for label, amount, _ in one.labelled("fine_tuning", "value", "price_dollar", offers):
        facts = labelled_facts(label, amount, _WORDS, offers)
        # What is paid for using a model tuned from this one; training is what it is.
        used = [fact for fact in facts if not fact.field.startswith("training")]
        offers.add(named, [*relabelled(used, variant="fine-tuned"), *(fact for fact in facts if fact not in used)])


def read_docs(document: Document) -> Reading:
    """Read the tables of the docs, which print names with an arrow and have cached input as well."""
    return read_price_tables(
        document.tables, scale=Scale(clock="audio"), vocabulary=_WORDS, naming=_named, ignored={}
    ).reading()


def _named(line: LineFacts) -> list[Named]:
    return [Named("", line.name.line.rstrip(" ↗"))] if line.name else []


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
    """Read the answer of the models API, which needs a key."""
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
        name="docs-pricing",
        addresses=("https://docs.mistral.ai/inference/pricing",),
        read=read_docs,
        publishes=frozenset({"input", "output", "cache_read", "pages", "audio_minutes", "characters"}),
        rank=1,
    ),
    Source(
        name="v1-models",
        addresses=("https://api.mistral.ai/v1/models",),
        read=read_models,
        publishes=frozenset(spec.field for spec in _FEED.specs),
        rank=2,
        key={"Authorization": "Bearer MISTRAL_API_KEY"},
    ),
)
