"""Venice: the list of text models of its API, with prices in dollars (and in its own units) for a million tokens.

Prices of long prompts are an object beside the plain ones, with the number of tokens from which they hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scraper.extract.document import Document
from scraper.extract.feed import (
    MILLION_TOKENS,
    Feed,
    Row,
    Spec,
    as_text,
    at_path,
    conditional_facts,
    read_feed,
    whole_tokens,
)
from scraper.extract.listing import fields_of, list_of_models, token_prices, unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import flags, said_if
from scraper.extract.specs import day_of_epoch, read_date
from scraper.records import Fact, Reading

_NAMES: Final = {"input": "input", "output": "output", "cache_input": "cache_read", "cache_write": "cache_write"}
_LONG: Final = token_prices({f"{name}/usd": key for name, key in _NAMES.items()}, MILLION_TOKENS)
_FLAGS: Final = {
    "supportsFunctionCalling": "tools",
    "supportsResponseSchema": "structured outputs",
    "supportsReasoning": "reasoning",
    "supportsReasoningEffort": "reasoning effort",
    "supportsVision": "vision",
    "supportsAudioInput": "audio input",
    "supportsVideoInput": "video input",
    "supportsWebSearch": "web search",
}
_HUB: Final = "https://huggingface.co/"


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    extended = at_path(row, "model_spec/pricing/extended")
    if extended is not None:
        labels = {"prompt_gt": at_path(extended, "context_token_threshold") or "missing"}
        yield from conditional_facts(extended, f"{pointer}/model_spec/pricing/extended", _LONG, labels)


_FEED: Final = Feed(
    rows="/data",
    name="model_spec/name",
    prices=token_prices({f"model_spec/pricing/{name}/usd": key for name, key in _NAMES.items()}, MILLION_TOKENS),
    specs=(
        Spec("model_spec/availableContextTokens", "context_window", whole_tokens),
        Spec("model_spec/maxCompletionTokens", "max_output_tokens", whole_tokens),
        Spec("model_spec/capabilities", "capabilities", flags(_FLAGS)),
        Spec(
            "model_spec/capabilities/quantization", "quantization", lambda q: "" if q == "not-available" else as_text(q)
        ),
        Spec("model_spec/modelSource", "hugging_face_id", lambda url: as_text(url).partition(_HUB)[2]),
        Spec("model_spec/deprecation/date", "retires", lambda moment: read_date(as_text(moment)[:10])),
        Spec("model_spec/betaModel", "status", said_if("beta")),
        Spec("created", "released", day_of_epoch),  # documented as the day of release on this API
    ),
    known={
        **{f"model_spec/pricing/{name}/{unit}": "not dollars" for name in _NAMES for unit in ("diem", "vcu")},
        **unread("read together", " ".join([*_FLAGS, "optimizedForCode"]), under="model_spec/capabilities"),
        **unread("settings", "reasoningEffortOptions defaultReasoningEffort", under="model_spec/capabilities"),
        **unread("limits", "supportsMultipleImages maxImages", under="model_spec/capabilities"),
        **unread("privacy", "supportsTeeAttestation supportsE2EE", under="model_spec/capabilities"),
        **unread("no spec of ours", "supportsLogProbs supportsXSearch", under="model_spec/capabilities"),
        **unread("the same day, and what comes after", "removesAt startsAt", under="model_spec/deprecation"),
        **unread("no spec of ours", "autoRemap replacementModelId", under="model_spec/deprecation"),
        **unread("no spec of ours", "constraints traits offline beta privacy description", under="model_spec"),
        **unread("no spec of ours", "regionRestrictions model_sets", under="model_spec"),
        "model_spec/pricing/extended": "read by _more",
        **unread("the context again, and no spec of ours", "context_length object owned_by type"),
    },
    more=_more,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _FEED).reading()


SOURCES = (
    list_of_models(
        ("https://api.venice.ai/api/v1/models?type=text", "https://api.venice.ai/api/v1/models"),
        read_models,
        publishes=fields_of(_FEED),
    ),
)
