"""ZenMux: the list of models of its router. Each price is an object of its own that says its unit and its currency and,
perhaps, from how many thousand tokens of prompt on it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import (
    MILLION_TOKENS,
    Feed,
    Price,
    Row,
    Spec,
    at_path,
    conditional_facts,
    number_of,
    read_feed,
    whole_tokens,
)
from scraper.extract.jsontext import Json
from scraper.extract.listing import fields_of, list_of_models, plausible, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import flags, modality_facts
from scraper.extract.tiers import objects
from scraper.meters import RateKey, Unit
from scraper.records import Fact, Reading

_KEYS: Final = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
    "input_cache_write_5_min": "cache_write",  # the lifetime that a write has if nothing is said
    "input_cache_write_1_h": "cache_write{ttl=1h}",
    "internal_reasoning": "reasoning",
    "audio_input": "input.audio",
    "audio_cache_read": "cache_read.audio",
    "completion_audio": "output.audio",
    "web_search": "searches",
}
_UNITS: Final = {"perMTokens": MILLION_TOKENS, "perCount": Unit(Decimal(1), "search")}


def _price(name: str, entry: Row) -> Price:
    key, unit = RateKey.parse(_KEYS[name]), _UNITS.get(str(entry.get("unit")))
    if unit is None or unit.thing != key.unit.thing or entry.get("currency") != "USD":
        raise Unreadable(f"a price of {name} in {entry.get('currency')!r} {entry.get('unit')!r} is not understood")
    return Price("value", str(key), unit, between=plausible(unit) if unit == MILLION_TOKENS else None)


def _from(conditions: Json) -> int | None:
    """Return from how many tokens of prompt on a price holds, None for the price that holds from the first one on."""
    asked = conditions or {}
    if asked and (not isinstance(asked, dict) or asked.keys() != {"prompt_tokens"}):
        raise Unreadable(f"prices that depend on {', '.join(asked)} are not understood")
    if asked and at_path(asked, "prompt_tokens/unit") != "kTokens":
        raise Unreadable("a length of prompts that is not in thousands of tokens")
    return int(number_of(at_path(asked, "prompt_tokens/gte") or 0) * 1000) or None


def _more(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    yield from modality_facts(row, pointer)
    for name, entries in (row.get("pricings") or {}).items():
        place = f"{pointer}/pricings/{name}"
        if name not in _KEYS:
            offers.note("off_contract", f"prices of {name!r} are not read", "#…/pricings", page=0)
            continue
        for number, entry in enumerate(objects(entries)):
            try:
                labels = {"prompt_gt": _from(entry.get("conditions"))}
                yield from conditional_facts(entry, f"{place}/{number}", [_price(name, entry)], labels)
            except Unreadable as problem:
                offers.note("unreadable", f"{row.get('id')} {name}: {problem}", f"#{place}/{number}")


_FEED: Final = Feed(
    rows="/data",
    name="display_name",
    prices=(),
    specs=(
        Spec("context_length", "context_window", whole_tokens),
        Spec("capabilities", "capabilities", flags({"reasoning": "reasoning"})),
    ),
    known={
        **unread("read together", "input_modalities output_modalities pricings"),
        "created": "when the entry was made, which is not the day of release",
        **unread("no spec of ours", "object owned_by"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://zenmux.ai/api/v1/models",),
        read_models,
        publishes=fields_of(_FEED, "modalities", "input", "output", "cache_read", "cache_write", "cache_write{ttl=1h}")
        | {"input{prompt_gt=200000}", "output{prompt_gt=200000}", "searches"},
    ),
)
