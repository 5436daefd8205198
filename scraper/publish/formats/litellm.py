"""LiteLLM's object of model keys (`litellm.register_model`): prices in US dollars per token.

The prices' names are those that `scraper.opinions.litellm` reads; what is written here is read there, value for value.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from scraper.meters import RateKey
from scraper.opinions.litellm import RATES, TIERS
from scraper.publish.formats.material import Material, Sold, items, json_text, no_place, per_token, sold

_BARE: Final = {"openai": "openai", "anthropic": "anthropic", "aws-bedrock": "bedrock", "ai21": "ai21"}
"""Providers whose keys are the bare id, with LiteLLM's names."""

_PREFIXED: Final = {
    "azure": "azure",
    "baseten": "baseten",
    "cerebras": "cerebras",
    "chutes": "chutes",
    "cloudflare": "cloudflare",
    "cohere": "cohere",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "digitalocean": "gradient_ai",
    "fireworks": "fireworks_ai",
    "friendli": "friendliai",
    "github-models": "github",
    "google": "gemini",
    "groq": "groq",
    "huggingface": "huggingface",
    "hyperbolic": "hyperbolic",
    "inception": "inception",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "nebius": "nebius",
    "novita": "novita",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "parasail": "parasail",
    "perplexity": "perplexity",
    "replicate": "replicate",
    "sambanova": "sambanova",
    "together": "together_ai",
    "vercel": "vercel_ai_gateway",
    "vertex-ai": "vertex_ai",
    "voyage": "voyage",
    "wandb": "wandb",
    "xai": "xai",
    "zai": "zai",
}
"""Providers whose keys are LiteLLM's name, a slash and the id."""

_NAMES: Final = {key: name for name, key in RATES.items()}
_SUFFIXES: Final = {tier: name for name, tier in TIERS.items()}
_SUPPORTS: Final = {
    "tools": "supports_function_calling",
    "function calling": "supports_function_calling",
    "parallel tool calls": "supports_parallel_function_calling",
    "structured outputs": "supports_response_schema",
    "reasoning": "supports_reasoning",
    "vision": "supports_vision",
}


def litellm(material: Material) -> str:
    """Write the object."""
    written: dict[str, dict[str, Any]] = {}
    for one in sold(material, _BARE | _PREFIXED):
        provider = one.offer.provider
        theirs = _BARE.get(provider) or _PREFIXED[provider]
        key = one.offer.model_id if provider in _BARE else f"{theirs}/{one.offer.model_id}"
        if key in written:
            material.report.leave("another offer has the same key", one.shown)
            continue
        written[key] = {"litellm_provider": theirs, **_prices(material, one), **_specs(one), "source": one.source_url}
    material.report.written = len(written)
    return json_text(dict(sorted(written.items())))


def field_of(name: str) -> str | None:
    """Return LiteLLM's name of a rate key; None where it has none."""
    key = RateKey.parse(name)
    labels = dict(key.labels)
    base = str(key.with_labels(tier=None, prompt_gt=None))
    threshold, tier = labels.get("prompt_gt"), labels.get("tier", "")
    if base not in _NAMES or (tier and tier not in _SUFFIXES) or (threshold and int(threshold) % 1000):
        return None
    above = f"_above_{int(threshold) // 1000}k_tokens" if threshold else ""
    return _NAMES[base] + above + (f"_{_SUFFIXES[tier]}" if tier else "")


def _prices(material: Material, one: Sold) -> dict[str, Decimal]:
    named = {name: field for name in one.rates if (field := field_of(name)) is not None}
    no_place(material.report, one, set(named))
    return {field: per_token(one.rates[name]) for name, field in sorted(named.items(), key=lambda pair: pair[1])}


def _specs(one: Sold) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "context_window" in one.specs:
        found["max_input_tokens"] = int(one.specs["context_window"])
    if "max_output_tokens" in one.specs:
        found["max_output_tokens"] = int(one.specs["max_output_tokens"])
    for capability in sorted(items(one.specs, "capabilities") or ()):
        if capability in _SUPPORTS:
            found[_SUPPORTS[capability]] = True
    return found
