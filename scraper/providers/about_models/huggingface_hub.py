"""The Hugging Face hub: the repositories of the organisations that publish their models' weights.

What stands in an organisation's own repository is its word about its model: licence, architecture, parameters, and that
the weights are there for everybody to load. Repositories of others (quantised copies, fine-tunes) are not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, as_text, as_texts, at_path, read_feed, spec_fact
from scraper.extract.jsontext import Json
from scraper.extract.listing import unread
from scraper.extract.offers import Offers
from scraper.extract.rowfacts import licence, spread_fact
from scraper.extract.source import Source, SourceKind
from scraper.extract.specs import listed
from scraper.records import Fact, Reading

_ORGANISATIONS: Final = (
    "CohereLabs",
    "MiniMaxAI",
    "Qwen",
    "deepseek-ai",
    "google",
    "meta-llama",
    "microsoft",
    "mistralai",
    "moonshotai",
    "nvidia",
    "openai",
    "zai-org",
)
"""Organisations whose models are sold by providers. The hub writes them so."""

_MOST: Final = 1000
"""As many as the hub lists at once; it names the following page in a header, which is no part of a capture."""

_PACKED: Final = re.compile(r"[-_](?:gguf|ggml|mlx|onnx|awq|gptq|int4|int8|4bit|8bit|litert|tflite)", re.IGNORECASE)
"""The model again, in another format."""

_PLAIN: Final = frozenset({"F64", "F32", "F16", "BF16"})
"""Types of numbers of which one is one parameter. Of others, one holds several, or scales are counted with them."""


def _licence(row: Row, pointer: str) -> Iterator[Fact]:
    """The licence; one that the hub has no word for has a name of its own."""
    card, stated = row.get("cardData"), at_path(row, "cardData/license")
    if not isinstance(card, dict) or stated is None:
        return
    if stated == "other" and card.get("license_name") is not None:
        named = as_text(card["license_name"])
        yield spread_fact("licence", named, card, ("license", "license_name"), f"{pointer}/cardData")
    elif written := licence(stated):
        yield spec_fact("licence", written, stated, f"{pointer}/cardData/license")


def _weights(row: Row, pointer: str) -> Iterator[Fact]:
    weights = row.get("safetensors")
    if weights is None:
        return
    total, types = at_path(weights, "total"), at_path(weights, "parameters")
    if isinstance(total, bool) or not isinstance(total, int) or total <= 0:
        raise Unreadable(f"{str(weights)[:60]!r} does not count parameters")
    yield spec_fact("open_weights", "yes", weights, f"{pointer}/safetensors")
    if isinstance(types, dict) and types and types.keys() <= _PLAIN:
        yield spec_fact("parameters", str(total), total, f"{pointer}/safetensors/total")


def _gated(flag: Json) -> str:
    if flag not in (False, "auto", "manual"):
        raise Unreadable(f"{str(flag)[:60]!r} does not say whether the repository is gated")
    return "yes" if flag else "no"


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    yield from _licence(row, pointer)
    yield from _weights(row, pointer)
    if "gated" in row:
        yield spec_fact("gated", _gated(row["gated"]), row["gated"], f"{pointer}/gated")
    if (names := at_path(row, "config/architectures")) and (written := listed(as_texts(names))):
        yield spec_fact("architecture", written, names, f"{pointer}/config/architectures")


_FEED: Final = Feed(
    rows="",
    prices=(),
    skip=lambda row: _PACKED.search(str(row.get("id"))) is not None,
    known={
        **unread("read by _more", "cardData config gated safetensors"),
        **unread("the hub's own number of it, or the id again", "_id modelId"),
    },
    more=_more,
)


def read_models(organisation: str, document: Document) -> Reading:
    """Read the list of an organisation's repositories."""
    rows: Any = document.json
    if not isinstance(rows, list):
        raise Unreadable("it is no list of repositories")
    strange = next((row for row in rows if not _is_of(organisation, row)), None)
    if strange is not None:
        raise Unreadable(f"it has {str(strange)[:60]!r}, which is no repository of {organisation}")
    offers = read_feed(document, _FEED)
    if len(rows) >= _MOST:
        offers.note("off_contract", f"it has {len(rows)} repositories, as many as are listed at once; more may follow")
    return offers.reading()


def _is_of(organisation: str, row: object) -> bool:
    return isinstance(row, Mapping) and str(row.get("id")).startswith(f"{organisation}/")


def _address(organisation: str) -> str:
    """Ask for what is read, the newest repositories first."""
    wanted = [("author", organisation), ("sort", "createdAt"), ("direction", "-1"), ("limit", str(_MOST))]
    parts = ("cardData", "config", "gated", "safetensors")
    return f"https://huggingface.co/api/models?{urlencode([*wanted, *(('expand[]', part) for part in parts)])}"


SOURCES = tuple(
    Source(
        name=f"models/{organisation.casefold()}",
        kind=SourceKind.CATALOGUE,
        addresses=(_address(organisation),),
        read=partial(read_models, organisation),
        publishes=frozenset({"licence", "open_weights", "gated", "architecture", "parameters"}),
    )
    for organisation in _ORGANISATIONS
)
