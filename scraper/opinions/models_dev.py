"""The `api.json` of models.dev: an object of providers with models, prices in US dollars per million tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from scraper.meters import RateKey
from scraper.opinions.opinion import Entry, Found, Json, PriceList

NAME: Final = "models.dev"

PROVIDERS: Final = {
    "alibaba": "alibaba",
    "amazon-bedrock": "aws-bedrock",
    "anthropic": "anthropic",
    "azure": "azure",
    "baseten": "baseten",
    "cerebras": "cerebras",
    "cloudflare-workers-ai": "cloudflare",
    "cohere": "cohere",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "fireworks-ai": "fireworks",
    "github-models": "github-models",
    "google": "google",
    "google-vertex": "vertex-ai",
    "google-vertex-anthropic": "vertex-ai",
    "groq": "groq",
    "huggingface": "huggingface",
    "minimax": "minimax",
    "minimax-cn": "minimax-cn",
    "mistral": "mistral",
    "moonshotai": "moonshot",
    "moonshotai-cn": "moonshot-cn",
    "nebius": "nebius",
    "novita-ai": "novita",
    "nvidia": "nvidia",
    "openai": "openai",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "requesty": "requesty",
    "togetherai": "together",
    "venice": "venice",
    "vercel": "vercel",
    "xai": "xai",
    "zai": "zai",
    "zhipuai": "zhipu",
}
RATES: Final = {
    "input": "input",
    "output": "output",
    "reasoning": "reasoning",
    "cache_read": "cache_read",
    "cache_write": "cache_write",
    "input_audio": "input.audio",
    "output_audio": "output.audio",
}
_LONG: Final = "context_over_200k"
_LIMITS: Final = {"context": "context_window", "output": "max_output_tokens"}
_SAID: Final = frozenset(
    {
        *_LIMITS.values(),
        *RATES.values(),
        *(str(RateKey.parse(key).with_labels(prompt_gt=200_000)) for key in RATES.values()),
    }
)


def says(field: str) -> bool:
    """Say whether the list has a name for one of our fields."""
    return field in _SAID


def read(data: Json, version: str, at: datetime) -> PriceList:  # noqa: ARG001 - this list has no dates
    """Read the whole object."""
    entries: list[Entry] = []
    unread: Counter[tuple[str, str]] = Counter()
    for theirs, about in data.items():
        provider = PROVIDERS.get(theirs)
        if provider is None:
            continue
        for key, model in about["models"].items():
            found = _model(model)
            unread.update({(provider, name): count for name, count in found.unread.items()})
            entries.append(
                Entry(
                    provider=provider,
                    model_id=key,
                    key=f"{theirs}/models/{key}",
                    source=about.get("doc") or "",
                    opinions=tuple(found.opinions),
                )
            )
    return PriceList(
        name=NAME,
        version=version,
        entries=tuple(entries),
        says=says,
        providers=frozenset(PROVIDERS.values()),
        unread=unread,
    )


def is_this(data: Json) -> bool:
    """Say whether JSON has the shape of this list."""
    return (
        isinstance(data, dict)
        and bool(data)
        and all(isinstance(one, dict) and "models" in one for one in data.values())
    )


def _model(model: Mapping[str, Json]) -> Found:
    found = Found()
    cost = model.get("cost") or {}
    _prices(cost, found, "cost.", None)
    _prices(cost.get(_LONG) or {}, found, f"cost.{_LONG}.", 200_000)
    for name, spec in _LIMITS.items():
        found.tokens(spec, (model.get("limit") or {}).get(name), f"limit.{name}")
    return found


def _prices(cost: Mapping[str, Json], found: Found, before: str, above: int | None) -> None:
    for name, value in cost.items():
        if name in RATES:
            found.price(str(RateKey.parse(RATES[name]).with_labels(prompt_gt=above)), value, before + name)
        elif name != _LONG:
            found.unread[before + name] += 1
