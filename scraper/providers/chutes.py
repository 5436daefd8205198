"""Chutes: the list of models of its API. The names are OpenRouter's, but prices are dollars for a million tokens."""

from __future__ import annotations

from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Spec, as_text, read_feed
from scraper.extract.listing import list_of_models, listing, unread
from scraper.records import Reading

_FEED: Final = listing(
    MILLION_TOKENS,
    specs=(Spec("root", "hugging_face_id", as_text),),
    known={
        "price": "the same in dollars and in another currency",
        "max_model_len": "what the weights allow; context_length is what is served",
        **unread("no spec of ours", "chute_id confidential_compute"),
    },
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://llm.chutes.ai/v1/models",),
        read_models,
        publishes=frozenset(
            {"input", "output", "cache_read", "context_window", "max_output_tokens"}
            | {"modalities", "capabilities", "quantization", "hugging_face_id"}
        ),
    ),
)
