"""Portkey's prices, as its files `pricing/PROVIDER.json` have them: US cents per token. An object for each provider"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from scraper.publish.formats.material import Material, Sold, json_text, no_place, sold, times

_IDS: Final = {
    "ai21": "ai21",
    "anthropic": "anthropic",
    "aws-bedrock": "bedrock",
    "azure": "azure-openai",
    "baseten": "baseten",
    "cerebras": "cerebras",
    "cloudflare": "workers-ai",
    "cohere": "cohere",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "fireworks": "fireworks-ai",
    "friendli": "friendli",
    "github-models": "github",
    "google": "google",
    "groq": "groq",
    "mistral": "mistral-ai",
    "moonshot": "moonshot",
    "nebius": "nebius",
    "novita": "novita-ai",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity-ai",
    "replicate": "replicate",
    "together": "together-ai",
    "vertex-ai": "vertex-ai",
    "voyage": "voyage",
    "xai": "x-ai",
    "zai": "z-ai",
    "zhipu": "zhipu",
}
"""Portkey's names of our providers."""

_CENTS_PER_TOKEN: Final = Decimal("0.0001")
_TOKENS: Final = {
    "input": "request_token",
    "output": "response_token",
    "cache_read": "cache_read_input_token",
    "cache_write": "cache_write_input_token",
    "input.audio": "request_audio_token",
    "output.audio": "response_audio_token",
    "cache_read.audio": "cache_read_audio_input_token",
}
_UNITS: Final = {"reasoning": ("thinking_token", _CENTS_PER_TOKEN), "searches": ("web_search", Decimal("0.1"))}


def portkey(material: Material) -> str:
    """Write an object of providers, each with what its file has."""
    found: dict[str, dict[str, Any]] = {}
    for one in sold(material, _IDS):
        found.setdefault(_IDS[one.offer.provider], {})[one.offer.model_id] = {"pricing_config": _config(one, material)}
    material.report.written = sum(len(models) for models in found.values())
    return json_text(dict(sorted(found.items())))


def _config(one: Sold, material: Material) -> dict[str, Any]:
    paid: dict[str, Any] = {
        field: {"price": times(one.rates[name], _CENTS_PER_TOKEN)}
        for name, field in _TOKENS.items()
        if name in one.rates
    }
    units = {
        field: {"price": times(one.rates[name], factor)}
        for name, (field, factor) in _UNITS.items()
        if name in one.rates
    }
    if units:
        paid["additional_units"] = units
    no_place(material.report, one, {*_TOKENS, *_UNITS})
    return {"pay_as_you_go": paid, "currency": "USD"}
