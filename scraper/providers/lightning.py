"""Lightning AI: the public list of models, with prices as numbers in dollars for one token.

It lists applications of its users under the id of the model that they wrap: an id with several prices is not unique.
"""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import read_feed
from scraper.extract.listing import list_of_models, listing, unread
from scraper.records import Reading

_FEED: Final = listing(
    name="name",
    paths={"pricing/input_cost_per_token": "input", "pricing/output_cost_per_token": "output"},
    known={"max_tokens": "0 in most rows", **unread("no spec of ours", "provider architecture")},
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://lightning.ai/api/v1/models",), read_models, publishes=frozenset({"input", "output", "context_window"})
    ),
)
