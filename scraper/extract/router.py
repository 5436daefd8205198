"""Rows in the format of OpenRouter, which other feeds copy: `pricing.prompt` and its siblings, texts in USD for one
token, request or search; conditional prices in `pricing.overrides`.

A feed that looks like this and sends prices per million is not in this format and must not use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

from scraper.extract.feed import (
    Price,
    Row,
    as_text,
    as_texts,
    at_path,
    conditional_facts,
    number_of,
    spec_fact,
    whole_tokens,
)
from scraper.extract.hours import window_names, window_of, written_windows
from scraper.extract.jsontext import Json
from scraper.extract.offers import Offers
from scraper.extract.specs import listed, modalities, read_date
from scraper.meters import Unit
from scraper.records import Fact

_ONE: Final = partial(Unit, Decimal(1))
_ZERO: Final = Decimal(0)


def _by_second(row: Row) -> bool:
    """Audio of some rows is paid by the second; only the description says so."""
    return bool(re.search(r"audio is priced at \$[\d.]+ per million seconds", str(row.get("description"))))


_PRICES: Final = (
    Price(path="prompt", key="input", may_be_free=True),
    Price(path="completion", key="output", may_be_free=True),
    Price(path="input_cache_read", key="cache_read", may_be_free=True),
    Price(path="input_cache_reads", key="cache_read", may_be_free=True),
    Price(path="input_cache_write", key="cache_write", may_be_free=True),
    Price(path="input_cache_writes", key="cache_write", may_be_free=True),
    Price(path="input_cache_write_1h", key="cache_write{ttl=1h}", may_be_free=True),
    Price(path="internal_reasoning", key="reasoning"),
    # Above any price of an audio token it is the price of a second whose description was cut off: noted, not read.
    Price(path="audio", key="input.audio", when=lambda row: not _by_second(row), between=(_ZERO, Decimal("0.00009"))),
    Price(path="audio", key="audio_seconds", unit=_ONE("second"), when=_by_second),
    Price(path="audio_output", key="output.audio"),
    Price(path="input_audio_cache", key="cache_read.audio"),
    # Documented as a price per image, but each one sent is the lab's price of an image token: never above $0.001.
    Price(path="image_output", key="output.image", between=(_ZERO, Decimal("0.001"))),
    Price(path="request", key="requests", unit=_ONE("request")),
    Price(path="web_search", key="searches", unit=_ONE("search"), between=(Decimal("0.0001"), Decimal("0.5"))),
)
PRICES: Final = tuple(replace(price, path=f"pricing/{price.path}") for price in _PRICES)
"""The prices of a row."""

KNOWN: Final = {
    "pricing/image": "per image until 2025, per token since 2026 under one name: the row does not say which",
    "pricing/image_token": "does not say whether of an image sent or made",
    "pricing/overrides": "read by `overrides`",
    "pricing/discount": "the prices have it already; it makes them promotional",
}
"""Keys of `pricing` that are no prices of the table above, with the reason."""

# Parameters that are things a model can do; the others (temperature, stop, seed …) steer sampling.
_CAPABILITIES: Final = {
    "tools": "tools",
    "parallel_tool_calls": "parallel tool calls",
    "structured_outputs": "structured outputs",
    "response_format": "json mode",
    "reasoning": "reasoning",
    "web_search_options": "web search",
    "prediction": "predicted outputs",
}


def is_free(row: Row) -> bool:
    """Say whether a row is free of charge: its id ends in `:free`, or its name says so."""
    return str(row.get("id")).endswith((":free", "/free")) or bool(
        re.search(r"\bfree\b", str(row.get("name")), re.IGNORECASE)
    )


def is_discounted(row: Row) -> bool:
    """Say whether the prices of a row have a discount taken off."""
    discount = at_path(row, "pricing/discount")
    return discount is not None and number_of(discount) != 0


def capabilities(parameters: Json) -> str:
    """Write what the supported parameters say that a model can do."""
    return listed(_CAPABILITIES[one] for one in as_texts(parameters) if one in _CAPABILITIES)


def modalities_of(architecture: Json) -> str:
    """Write the modalities of an architecture: from its two lists, else from its text (`text+image->text`)."""
    before, after = at_path(architecture, "input_modalities"), at_path(architecture, "output_modalities")
    if before is not None and after is not None:
        return modalities(as_texts(before), as_texts(after))
    said = as_text(at_path(architecture, "modality") or "")
    if "->" not in said:
        return ""  # early rows name one side only: "text", "multimodal"
    sent, made = said.split("->", 1)
    return modalities(sent.split("+"), made.split("+"))


def expiry(day: Json) -> str:
    """Read a day of retirement; the year 2098 stands for "some day" in this format."""
    written = read_date(as_text(day))
    return "" if written >= "2090" else written


def overrides(row: Row, pointer: str, offers: Offers) -> Iterator[Fact]:
    """Read prices that hold from a number of prompt tokens on (for the whole request), or at some hours (UTC)."""
    entries, discounted = at_path(row, "pricing/overrides"), is_discounted(row)
    if not isinstance(entries, list) or not entries:
        return
    place = f"{pointer}/pricing/overrides"
    prices = [price for price in _PRICES if price.when(row)]
    labelled = partial(conditional_facts, prices=prices, promotional=discounted)
    timed: dict[str, Row] = {}
    for number, entry in enumerate(entries):
        where = f"{place}/{number}"
        conditions = set(entry) - {price.path for price in prices} - {"image"} if isinstance(entry, dict) else set()
        if conditions == {"min_prompt_tokens"} and whole_tokens(entry["min_prompt_tokens"]):
            yield from labelled(entry, where, labels={"prompt_gt": entry["min_prompt_tokens"]})
        elif conditions == {"utc_start", "utc_end"}:
            timed[where] = entry
        else:
            asked = ", ".join(sorted(conditions)) or "none"
            offers.note("unreadable", f"{row.get('id')}: conditions of a price not understood: {asked}", f"#{where}")
    if timed:
        windows = [window_of(entry["utc_start"], entry["utc_end"]) for entry in timed.values()]
        names = window_names(windows, [_amounts(entry) for entry in timed.values()], _amounts(row["pricing"]))
        yield spec_fact("price_windows", written_windows(windows, names), entries, place)
        # Windows of one name have the same prices: the first of each is the evidence.
        for name in dict.fromkeys(names):
            where = [*timed][names.index(name)]
            yield from labelled(timed[where], where, labels={"window": name})


def _amounts(prices: Mapping[str, Json]) -> dict[str, Decimal]:
    paths = {price.path for price in _PRICES}
    return {key: number_of(value) for key, value in prices.items() if key in paths}
