"""AI21: the page of prices, with a heading and a line of prices for each Jamba model, and the API's list with limits.

The page prints names ("Jamba Large"), the list ids of versions.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import Feed, Spec, as_text, read_feed, whole_tokens
from scraper.extract.offers import Named, Offers
from scraper.extract.per_lines import key_by_thing, line_facts
from scraper.extract.source import Source
from scraper.extract.tables import MONEY
from scraper.records import Reading

_THINGS: Final = {"input tokens?": "input", "output tokens?": "output"}


def read_pricing(document: Document) -> Reading:
    """Read the prices that stand under a heading below "Foundation Models"; plans have none of tokens."""
    offers = Offers()
    for text in document.texts:
        path = text.context.path
        below = "foundation models" in (heading.casefold() for heading in path[:-1])
        if below and MONEY.search(text.passage.line):
            facts = line_facts(text.passage, partial(key_by_thing, _THINGS), path[-1], offers)
            offers.add(Named("", path[-1]), facts)
    return offers.reading(needed="prices of models")


_FEED: Final = Feed(
    rows="/data",
    name="name",
    prices=(),
    specs=(
        Spec("context_length", "context_window", whole_tokens),
        Spec("max_completion_tokens", "max_output_tokens", whole_tokens),
        Spec("quantization", "quantization", as_text),
    ),
    known={"updated": "a month, but not whether of the release", "object": "the same in all rows"},
)


def read_models(document: Document) -> Reading:
    """Read the API's list of models, which is empty for callers without a key."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    Source(
        name="pricing",
        addresses=("https://www.ai21.com/pricing/", "https://www.ai21.com/pricing"),
        read=read_pricing,
        publishes=frozenset({"input", "output"}),
    ),
    Source(
        name="v1-models",
        addresses=("https://api.ai21.com/studio/v1/models",),
        read=read_models,
        publishes=frozenset(spec.field for spec in _FEED.specs),
        rank=1,
        key={"Authorization": "Bearer AI21_API_KEY"},
    ),
)
