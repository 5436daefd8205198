"""The words that need no checking: what can be said of a field, which fields there are, how both are written.

`scraper.records` has them too, with the records that are checked. Who only shows what is stored needs no more than
this, and is spared the time that it takes to load what checks.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What can be said of a field."""

    SOURCED = "sourced"
    NOT_OFFERED = "not_offered"
    NOT_SOURCED = "not_sourced"


class Reason(StrEnum):
    """Why a field is not sourced."""

    NO_SOURCE = "no_source"
    NOT_ON_PAGE = "not_on_page"
    SOURCE_FAILING = "source_failing"
    ON_REQUEST = "on_request"


class Mark(StrEnum):
    """What is said beside the state."""

    PROMOTIONAL = "promotional"
    STALE = "stale"
    DISPUTED = "disputed"
    HELD = "held"
    UNCONFIRMED = "unconfirmed"


ABOUT_MODELS: Final = ("open_weights", "gated", "licence", "architecture", "parameters", "family")
"""The specs that are facts about a model and never about one offer of it, whoever states them."""

REFERENCE_FIELDS: Final = (
    "input",
    "output",
    "cache_read",
    "cache_write",
    "input{tier=batch}",
    "output{tier=batch}",
    "context_window",
    "max_output_tokens",
    "knowledge_cutoff",
    "released",
    "modalities",
    "capabilities",
)
"""The fields for which every offer always has a state."""

SPECS: Final[dict[str, str]] = {
    "context_window": "tokens",
    "max_output_tokens": "tokens",
    "knowledge_cutoff": "date",
    "training_cutoff": "date",
    "released": "date",
    "modalities": "text",
    "capabilities": "list",
    "status": "text",
    "retires": "date",
    "aliases": "list",
    "free_tier": "text",
    "free_allowance": "text",
    "price_windows": "text",
    "hugging_face_id": "text",
    "quantization": "text",
    "family": "text",
    "open_weights": "flag",
    "gated": "flag",
    "licence": "text",
    "architecture": "text",
    "parameters": "count",
}
"""The specs, with the kind of their value: `tokens` and `count` are whole numbers, `flag` is `yes` or `no`, `date` an
ISO date (also `2025-01`), `list` items joined by ", " in alphabetical order, `text` as the source writes it.
`modalities` reads `text+image->text`."""


def plain(amount: Decimal) -> str:
    """Write a decimal without an exponent and with all of its digits: `2.50`, `0.0000001`."""
    return format(amount, "f")


def iso(at: datetime) -> str:
    """Write a time as the project prints it everywhere: UTC, to the second, with a Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
