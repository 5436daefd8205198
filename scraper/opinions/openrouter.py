"""OpenRouter's list of models (`/api/v1/models`), saved to a file: prices in US dollars per token, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from scraper.opinions.opinion import PER_TOKEN, Entry, Found, Json, PriceList

NAME: Final = "openrouter"
_PROVIDER: Final = "openrouter"

RATES: Final = {
    "prompt": "input",
    "completion": "output",
    "internal_reasoning": "reasoning",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
    "input_cache_write_1h": "cache_write{ttl=1h}",
}
_SAID: Final = frozenset({*RATES.values(), "context_window", "max_output_tokens"})


def says(field: str) -> bool:
    """Say whether the list has a name for one of our fields."""
    return field in _SAID


def read(data: Json, version: str, at: datetime) -> PriceList:  # noqa: ARG001 - this list has no dates
    """Read the whole answer."""
    entries: list[Entry] = []
    unread: Counter[tuple[str, str]] = Counter()
    for number, row in enumerate(data["data"]):
        found = _model(row)
        unread.update({(_PROVIDER, name): count for name, count in found.unread.items()})
        entries.append(
            Entry(
                provider=_PROVIDER,
                model_id=row["id"],
                key=f"#/data/{number}",
                source=f"https://openrouter.ai/{row['id']}",
                opinions=tuple(found.opinions),
            )
        )
    return PriceList(
        name=NAME, version=version, entries=tuple(entries), says=says, providers=frozenset({_PROVIDER}), unread=unread
    )


def is_this(data: Json) -> bool:
    """Say whether JSON has the shape of this list."""
    rows = data.get("data") if isinstance(data, dict) else None
    return isinstance(rows, list) and bool(rows) and all(isinstance(row, dict) and "pricing" in row for row in rows)


def _model(row: Mapping[str, Json]) -> Found:
    found = Found()
    for name, value in row["pricing"].items():
        if name in RATES:
            # -1 stands for a price that depends on where the request goes: it is no price, and is not compared.
            found.price(RATES[name], value, f"pricing/{name}", shift=PER_TOKEN)
        elif value not in ("0", None):
            found.unread[f"pricing/{name}"] += 1
    host = row.get("top_provider") or {}
    found.tokens("context_window", row.get("context_length"), "context_length")
    found.tokens("max_output_tokens", host.get("max_completion_tokens"), "top_provider/max_completion_tokens")
    return found
