"""The data of `genai-prices`: providers with models, prices in US dollars per million (`_mtok`) or thousand things.

An entry is matched by its id and by the ids that its match rule names whole (`equals`). A price with a start date
holds at the time asked for or not; models whose price depends on the hour are not compared, since the list does not
say which hours are which window of the provider.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from scraper.meters import RateKey, is_rate_key
from scraper.opinions.opinion import Entry, Found, Json, PriceList

NAME: Final = "genai-prices"
MODULE: Final = "genai_prices.data"

PROVIDERS: Final = {
    "anthropic": "anthropic",
    "aws": "aws-bedrock",
    "azure": "azure",
    "baseten": "baseten",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "google": "google",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshotai": "moonshot",
    "novita": "novita",
    "openai": "openai",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "together": "together",
    "voyageai": "voyage",
    "x-ai": "xai",
    "zai": "zai",
    "zhipuai": "zhipu",
}
RATES: Final = {
    "input_mtok": "input",
    "output_mtok": "output",
    "output_reasoning_mtok": "reasoning",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write{ttl=1h}",
    "input_audio_mtok": "input.audio",
    "output_audio_mtok": "output.audio",
    "cache_audio_read_mtok": "cache_read.audio",
    "input_image_mtok": "input.image",
    "output_image_mtok": "output.image",
    "cache_image_read_mtok": "cache_read.image",
    "input_video_mtok": "input.video",
    "output_video_mtok": "output.video",
}
VARIANTS: Final = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("speed", "fast"): "fast",
}


def says(field: str) -> bool:
    """Say whether the list has a name for one of our fields."""
    if not is_rate_key(field):
        return field == "context_window"
    key = RateKey.parse(field)
    tier = dict(key.labels).get("tier", "")
    base = str(key.with_labels(tier=None, prompt_gt=None))
    return base in RATES.values() and tier in ("", *VARIANTS.values())


def read(data: Json, version: str, at: datetime) -> PriceList:
    """Read the list of providers, as JSON or as the objects of the package, with the prices of a time."""
    entries: list[Entry] = []
    unread: Counter[tuple[str, str]] = Counter()
    for theirs in _tree(data):
        provider = PROVIDERS.get(theirs["id"])
        if provider is None:
            continue
        urls = theirs.get("pricing_urls") or ()
        for model in theirs.get("models", ()):
            found = _model(model, at)
            unread.update({(provider, name): count for name, count in found.unread.items()})
            entries += (
                Entry(
                    provider=provider,
                    model_id=model_id,
                    key=f"{theirs['id']}:{model['id']}",
                    source=" ".join(urls),
                    opinions=tuple(found.opinions),
                )
                for model_id in sorted({model["id"], *_equals(model.get("match"))})
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
    return isinstance(data, list) and bool(data) and all(isinstance(one, dict) and "models" in one for one in data)


def _tree(value: object) -> Json:
    """Return objects of the package as the mappings and lists that the list's JSON has; scalars stay as they are."""
    if isinstance(value, Mapping):
        return {key: _tree(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_tree(one) for one in value]
    if hasattr(value, "__dict__"):
        kept = ((name, one) for name, one in vars(value).items() if one is not None and not name.startswith("_"))
        return {name.rstrip("_"): _tree(one) for name, one in kept if name != "extractors"}
    return value


def _equals(clause: Json) -> Iterator[str]:
    """Yield the ids that a match rule names whole; rules by a beginning or a part are likeness."""
    if isinstance(clause, dict):
        if isinstance(clause.get("equals"), str):
            yield clause["equals"]
        for one in clause.get("or") or ():
            yield from _equals(one)


def _model(model: Mapping[str, Json], at: datetime) -> Found:
    found = Found()
    found.tokens("context_window", model.get("context_window"), "context_window")
    prices = model.get("prices")
    if isinstance(prices, list) and any(_is_daily(one) for one in prices):
        found.unread["prices by the hour"] += 1
        return found
    if isinstance(prices, list):
        holding = [one["prices"] for one in prices if _holds(one, at)]
        prices = holding[-1] if holding else {}
    _prices(prices or {}, found, "prices.", "")
    taken = set()
    for variant in model.get("price_variants") or ():
        when = tuple(variant["when"].items())
        tier = VARIANTS.get(when[0]) if len(when) == 1 else None
        name = "price_variants." + ",".join(f"{key}={value}" for key, value in when)
        if tier is None or _is_daily(variant):
            found.unread[name] += 1
        elif _holds(variant, at):
            # The first variant that holds is the one that counts, for each of its prices.
            fresh = {key: value for key, value in variant["prices"].items() if (tier, key) not in taken}
            taken |= {(tier, key) for key in fresh}
            _prices(fresh, found, f"{name}.", tier)
    return found


def _prices(prices: Mapping[str, Json], found: Found, before: str, tier: str) -> None:
    for name, value in prices.items():
        if value is None:
            continue
        if name not in RATES:
            found.unread[before + name] += 1
            continue
        key = RateKey.parse(RATES[name]).with_labels(tier=tier)
        if not isinstance(value, dict):
            found.price(str(key), value, before + name)
            continue
        found.price(str(key), value["base"], f"{before}{name}.base")
        for number, step in enumerate(value["tiers"]):
            above = str(key.with_labels(prompt_gt=step["start"]))
            found.price(above, step["price"], f"{before}{name}.tiers[{number}]")


def _is_daily(conditional: Mapping[str, Json]) -> bool:
    return "start_time" in (conditional.get("constraint") or {})


def _holds(conditional: Mapping[str, Json], at: datetime) -> bool:
    start = (conditional.get("constraint") or {}).get("start_date")
    if isinstance(start, str):
        start = date.fromisoformat(start)
    return start is None or start <= at.date()
