"""Fireworks: the page of serverless prices of the docs, which prints names, and two lists of its API (with a key).

A cell of the page has three prices whose order a sentence states; a dash is not offered. Older pages have a column for
each price. Batch is half of serverless prices, in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract.derived import in_batch
from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Row, Spec, read_feed, row_facts, rows_at
from scraper.extract.feed import whole_tokens as tokens
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import PER_MILLION, Scale
from scraper.extract.reshaped import reworded
from scraper.extract.rowfacts import supports
from scraper.extract.source import Source
from scraper.extract.specs import day_of_epoch
from scraper.extract.tables import price_tables, read_table
from scraper.extract.ticks import two_modalities
from scraper.extract.triples import stated_order, tier_columns
from scraper.extract.typed_prices import sku_facts
from scraper.extract.vocabulary import NAME, VOCABULARY, key, tier_of
from scraper.records import Fact, Reading

_IGNORED: Final = {"other base models": "rows are sizes of models, not models"}
_WORDS: Final = VOCABULARY.extended({"base model.*": NAME, r"\$ / 1m (?:input )?tokens|\$": key("input")})
_SIZE: Final = r"(?i)^(?:(?:up to|less than|more than) )?[\d.]+[MB]\b"
_BATCH: Final = "Batch inference is billed at 50% of serverless pricing on both input and output"
_OTHER_PATH: Final = re.compile(r".* (?:Fast|US)")  # beside the plain serverless path of a model


def read_pricing(document: Document) -> Reading:
    """Read the tables of models, and those of embeddings."""
    offers = Offers()
    order = stated_order(document)
    rule = next((text.passage for text in document.texts if _BATCH in text.passage.line), None)
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        if any(path and tier_of(path[-1]) is not None for path in table.grid.headers):
            for named, facts in tier_columns(table, order, offers):
                offers.add(named, facts)
                if rule is not None and not _OTHER_PATH.fullmatch(named.name):
                    offers.add(named, in_batch(facts, rule, _BATCH))
        else:
            models = reworded(table, {}, left_out=_SIZE)
            read_table(models, offers, scale=Scale(PER_MILLION), vocabulary=_WORDS)
    return offers.reading(needed="table of models with prices")


_SKUS: Final = {
    "LLM input tokens (uncached)": "input",
    "LLM input tokens (cached)": "cache_read",
    "LLM output tokens": "output",
}
_TIERS: Final = {"default": "", "standard": "", "priority": "priority", "fast": ""}


def _skus(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    yield from two_modalities(row, pointer, "input_modalities", "output_modalities")
    mode = str(row.get("service_tier") or row.get("serverless_mode") or "default")
    if mode in _TIERS:
        yield from sku_facts(row, pointer, _SKUS, {"1M tokens": MILLION_TOKENS}, _TIERS[mode], offers)
    else:
        offers.note("off_contract", f"the mode {mode!r} is not known", f"#{pointer}")


_KNOWN: Final = (
    "object",
    "kind",
    "owned_by",
    "description",
    "display_name",
    "aliases",
    "serverless_mode",
    "service_tier",
)
_SERVERLESS: Final = Feed(
    rows="/data",
    prices=(),
    specs=(Spec("context_length", "context_window", tokens), Spec("created", "released", day_of_epoch)),
    known={
        **dict.fromkeys((*_KNOWN, "usage_identifier"), "names and modes"),
        **dict.fromkeys(("pricing", "input_modalities", "output_modalities"), "read by _skus"),
    },
    more=_skus,
)


def read_serverless(document: Document) -> Reading:
    """Read the list of serverless models; what is sold as fast has an id of its own (`usage_identifier`)."""
    offers = Offers()
    for pointer, row in rows_at(document, _SERVERLESS.rows):
        fast = row.get("serverless_mode") == "fast" and row.get("usage_identifier")
        model_id = str(fast or row.get("id") or "")
        if model_id:
            offers.add(Named(model_id, model_id), row_facts(row, _SERVERLESS, pointer, offers))
    return offers.reading()


_MODELS: Final = Feed(
    rows="/data",
    prices=(),
    specs=_SERVERLESS.specs,
    known=dict.fromkeys((*_KNOWN, "supports_chat", "supports_tools", "supports_image_input"), "read by `supports`"),
    more=supports,
)


def read_models(document: Document) -> Reading:
    """Read the list of models, with limits and without prices."""
    return read_feed(document, _MODELS).reading()


_DOCS: Final = "https://docs.fireworks.ai/serverless/pricing"
_API: Final = "https://api.fireworks.ai"
_KEY: Final = {"Authorization": "Bearer FIREWORKS_API_KEY"}
_SPECS: Final = {"context_window", "released"}

SOURCES = (
    Source(
        name="docs-pricing",
        addresses=(f"{_DOCS}.md", _DOCS),
        read=read_pricing,
        publishes=frozenset(
            {f"{meter}{tier}" for meter in ("input", "output", "cache_read") for tier in ("", "{tier=priority}")}
            | {"input{tier=batch}", "output{tier=batch}"}
        ),
    ),
    Source(
        name="serverless-models",
        addresses=(f"{_API}/v1/serverless/models",),
        read=read_serverless,
        publishes=frozenset(_SPECS | {"input", "output", "cache_read", "modalities", "input{tier=priority}"}),
        rank=1,
        key=_KEY,
    ),
    Source(
        name="v1-models",
        addresses=(f"{_API}/inference/v1/models",),
        read=read_models,
        publishes=frozenset(_SPECS | {"capabilities"}),
        rank=2,
        key=_KEY,
    ),
)
