"""LiteLLM's `model_prices_and_context_window.json`: an object of model keys, prices in US dollars per token.

A key is the provider's id with LiteLLM's own prefix before it, which some providers go without.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from scraper.meters import RateKey, is_rate_key
from scraper.opinions.opinion import PER_TOKEN, Entry, Found, Json, PriceList, whole

NAME: Final = "litellm"
FILE: Final = "litellm/model_prices_and_context_window_backup.json"

BARE: Final = {
    "openai": "openai",
    "text-completion-openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "deepseek": "deepseek",
    "bedrock": "aws-bedrock",
    "bedrock_converse": "aws-bedrock",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "ai21": "ai21",
    "volcengine": "volcengine",
    "vertex_ai-language-models": "vertex-ai",
}
"""Providers whose keys may also be bare ids, with our names."""

PREFIXED: Final = {
    "azure": "azure",
    "baseten": "baseten",
    "bigmodel": "zhipu",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "dashscope": "alibaba",
    "deepgram": "deepgram",
    "deepinfra": "deepinfra",
    "fireworks_ai": "fireworks",
    "groq": "groq",
    "hyperbolic": "hyperbolic",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "nebius": "nebius",
    "novita": "novita",
    "nvidia_nim": "nvidia",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "replicate": "replicate",
    "sambanova": "sambanova",
    "tencent": "tencent",
    "together_ai": "together",
    "vercel_ai_gateway": "vercel",
    "vertex_ai": "vertex-ai",
    "vertex_ai-anthropic_models": "vertex-ai",
    "voyage": "voyage",
    "xai": "xai",
    "zai": "zai",
}
"""Providers whose keys always have the prefix, with our names; a key without it is no id."""

PREFIXES: Final = {
    "vertex_ai-language-models": "vertex_ai/",
    "vertex_ai-anthropic_models": "vertex_ai/",
    "text-completion-openai": "openai/",
    "cohere_chat": "cohere/",
    "bedrock_converse": "bedrock/",
}
"""Prefixes that are not the provider's name."""

_UNSLASHED: Final = frozenset({"openai", "anthropic", "google", "deepseek", "aws-bedrock"})
"""Providers whose ids have no slash: a key that still has one ("low/1024-x-1024/gpt-image-1") names a setting."""

_TUNED: Final = "ft:"
"""Before an OpenAI id: using a model tuned from it."""

RATES: Final = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write{ttl=1h}",
    "input_cost_per_audio_token": "input.audio",
    "output_cost_per_audio_token": "output.audio",
    "cache_read_input_audio_token_cost": "cache_read.audio",
    "cache_creation_input_audio_token_cost": "cache_write.audio",
    "input_cost_per_image_token": "input.image",
    "output_cost_per_image_token": "output.image",
    "cache_read_input_image_token_cost": "cache_read.image",
    "input_cost_per_video_token": "input.video",
    "output_cost_per_video_token": "output.video",
}
TIERS: Final = {"batches": "batch", "flex": "flex", "priority": "priority"}
_FIELD: Final = re.compile(
    rf"(?P<rate>{'|'.join(sorted(RATES, key=len, reverse=True))})(?:_above_(?P<thousands>[0-9]+)k_tokens)?"
    rf"(?:_(?P<tier>{'|'.join(TIERS)}))?"
)
_PRICE: Final = re.compile("cost|pricing")


def rate_key(name: str) -> str | None:
    """Return the rate key that a price field of the list has with us; None for one that is not compared."""
    match = _FIELD.fullmatch(name)
    if match is None:
        return None
    thousands = match["thousands"]
    labels = {"prompt_gt": int(thousands) * 1000 if thousands else None, "tier": TIERS.get(match["tier"])}
    return str(RateKey.parse(RATES[match["rate"]]).with_labels(**labels))


def says(field: str) -> bool:
    """Say whether the list has a name for one of our fields."""
    if not is_rate_key(field):
        return field in ("context_window", "max_output_tokens")
    key = RateKey.parse(field)
    labels = dict(key.labels)
    base = key.with_labels(tier=None, prompt_gt=None, window=None, variant=None)
    return (
        str(base) in RATES.values()
        and labels.get("tier", "") in ("", *TIERS.values())
        and labels.get("window", "") in ("", "peak", "off-peak")
        and labels.get("variant", "") in ("", "fine-tuned")
        and int(labels.get("prompt_gt", 0)) % 1000 == 0
    )


def read(data: Json, version: str, at: datetime) -> PriceList:  # noqa: ARG001 - this list has no dates
    """Read the whole object."""
    entries: list[Entry] = []
    unread: Counter[tuple[str, str]] = Counter()
    for key, row in data.items():
        place = _identified(key, row.get("litellm_provider") if isinstance(row, dict) else None)
        if place is None:
            continue
        provider, model_id, variant = place
        found = _row(row, variant)
        source = row.get("source")
        entries.append(
            Entry(
                provider=provider,
                model_id=model_id,
                key=key,
                source=source if isinstance(source, str) else "",
                opinions=tuple(found.opinions),
            )
        )
        unread.update({(provider, name): count for name, count in found.unread.items()})
    return PriceList(
        name=NAME,
        version=version,
        entries=tuple(entries),
        says=says,
        providers=frozenset({*BARE.values(), *PREFIXED.values()}),
        unread=unread,
    )


def is_this(data: Json) -> bool:
    """Say whether JSON has the shape of this list."""
    return isinstance(data, dict) and any(isinstance(row, dict) and "litellm_provider" in row for row in data.values())


def _identified(key: str, theirs: Json) -> tuple[str, str, str] | None:
    """Return our provider, the id and the variant of a key; None where it is no id of a declared provider."""
    if not isinstance(theirs, str):
        return None
    provider = BARE.get(theirs) or PREFIXED.get(theirs)
    prefix = PREFIXES.get(theirs, f"{theirs}/")
    if provider is None or (theirs in PREFIXED and not key.startswith(prefix)):
        return None
    model_id, variant = key.removeprefix(prefix), ""
    if provider == "openai" and model_id.startswith(_TUNED):
        model_id, variant = model_id.removeprefix(_TUNED), "fine-tuned"
    if provider in _UNSLASHED and "/" in model_id:
        return None
    return provider, model_id, variant


def _row(row: Mapping[str, Json], variant: str) -> Found:
    found = Found()
    off_peak = row.get("off_peak_pricing")
    # Where there is a price for the hours off peak, the plain one is that of the peak.
    _prices(row, found, "", variant=variant, window="peak" if isinstance(off_peak, dict) else "")
    if isinstance(off_peak, dict):
        _prices(off_peak, found, "off_peak_pricing.", variant=variant, window="off-peak")
    if not variant:
        most, out = whole(row.get("max_input_tokens")), whole(row.get("max_output_tokens"))
        # The largest input, which some providers state as what is left of the context window beside the output.
        found.tokens("context_window", most, "max_input_tokens", equally=most + out if most and out else None)
        found.tokens("max_output_tokens", out, "max_output_tokens")
    return found


def _prices(row: Mapping[str, Json], found: Found, before: str, **labels: str) -> None:
    for name, value in row.items():
        key = rate_key(name)
        if key is not None:
            labelled = str(RateKey.parse(key).with_labels(**labels))
            found.price(labelled, value, before + name, shift=PER_TOKEN)
        elif _PRICE.search(name) and name != "off_peak_pricing" and _is_there(value):
            found.unread[before + name] += 1


def _is_there(value: Json) -> bool:
    return not (isinstance(value, (int, Decimal)) and value == 0) and value not in (None, {}, [])
