"""OpenRouter: the JSON list of all models, and the lists of hosts (endpoints) of a dozen open models.

One row is one id that a caller sends; ids that end in `:free` and `:batch` are offers of their own.
"""

from __future__ import annotations

from typing import Final

from scraper.extract import Unreadable, jsontext, router
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Spec, as_text, at_path, read_feed, whole_tokens
from scraper.extract.hosts import host_facts
from scraper.extract.offers import Named, Offers
from scraper.extract.source import Source, SourceKind
from scraper.extract.specs import day_of_epoch, read_date
from scraper.records import Reading, clean

_MODELS: Final = Feed(
    rows="/data",
    name="name",
    prices=router.PRICES,
    specs=(
        Spec("context_length", "context_window", whole_tokens),
        Spec("top_provider/max_completion_tokens", "max_output_tokens", whole_tokens),
        Spec("knowledge_cutoff", "knowledge_cutoff", lambda day: read_date(as_text(day))),
        Spec("created", "released", day_of_epoch),
        Spec("architecture", "modalities", router.modalities_of),
        Spec("supported_parameters", "capabilities", router.capabilities),
        Spec("hugging_face_id", "hugging_face_id", as_text),
        Spec("expiration_date", "retires", router.expiry),
    ),
    free=router.is_free,
    promotional=router.is_discounted,
    known={
        **router.KNOWN,
        "canonical_slug": "the dated name behind the id; it is not what a caller sends",
        "alias_target": "where a `~…-latest` id points today; an alias inherits nothing",
        "top_provider/context_length": "the limit of one host, which may be below the model's",
        "top_provider/is_moderated": "no spec of ours",
        "description": "prose",
        "per_request_limits": "always null",
        "default_parameters": "sampling",
        "supported_voices": "no spec of ours",
        "reasoning": "settings of reasoning; whether a model reasons is in supported_parameters",
        "benchmarks": "scores",
        "links": "addresses",
    },
    more=router.overrides,
)

_ENDPOINT: Final = Feed(
    rows="/data/endpoints",
    model_id="tag",
    prices=router.PRICES,
    promotional=router.is_discounted,
    known={
        **router.KNOWN,
        **dict.fromkeys(("name", "provider_name", "model_name", "model_id"), "names; routing goes by the tag"),
        **dict.fromkeys(
            ("quantization", "context_length", "max_completion_tokens", "max_prompt_tokens", "supported_parameters"),
            "a spec of one host: specs have no upstream",
        ),
        "supports_implicit_caching": "a spec of one host: specs have no upstream",
        **dict.fromkeys(("status", "uptime_last_30m", "uptime_last_5m", "uptime_last_1d"), "health"),
        **dict.fromkeys(("latency_last_30m", "throughput_last_30m"), "speed"),
    },
    more=router.overrides,
)


def read_models(document: Document) -> Reading:
    """Read the list of models."""
    return read_feed(document, _MODELS).reading()


def read_endpoints(document: Document) -> Reading:
    """Read the hosts of one model: each has its prices under the label `upstream`, by the tag that routing uses."""
    offers = Offers()
    model = jsontext.at(document.json, "/data")
    rows = at_path(model, "endpoints")
    if not isinstance(rows, list) or not isinstance(at_path(model, "id"), str):
        raise Unreadable("it is not the list of endpoints of a model")
    named = Named(clean(model["id"]), clean(str(model.get("name") or model["id"])))
    offers.add(named, host_facts(rows, _ENDPOINT, _ENDPOINT.rows, offers))
    return offers.reading()


_HOSTED: Final = (
    "deepseek/deepseek-v3.2",
    "deepseek/deepseek-v4-flash",
    "deepseek/deepseek-v4-pro",
    "google/gemma-4-31b-it",
    "meta-llama/llama-3.3-70b-instruct",
    "minimax/minimax-m2.7",
    "moonshotai/kimi-k2.6",
    "openai/gpt-oss-120b",
    "openai/gpt-oss-20b",
    "qwen/qwen3-235b-a22b-2507",
    "qwen/qwen3.5-397b-a17b",
    "z-ai/glm-5.2",
)
"""Open models whose hosts differ most in price. Each has an address of its own, and no answer names the next one."""

SOURCES = (
    Source(
        name="models",
        kind=SourceKind.CATALOGUE,
        addresses=("https://openrouter.ai/api/v1/models",),
        read=read_models,
        publishes=frozenset({price.key for price in router.PRICES} | {spec.field for spec in _MODELS.specs}),
    ),
    *(
        Source(
            name=f"endpoints/{model}",
            kind=SourceKind.CATALOGUE,
            addresses=(f"https://openrouter.ai/api/v1/models/{model}/endpoints",),
            read=read_endpoints,
            publishes=frozenset(),
            rank=1,
        )
        for model in _HOSTED
    ),
)
