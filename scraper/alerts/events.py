"""What alerts are about; see `scraper.events`, which the store knows as well."""

from __future__ import annotations

from scraper.events import (
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    Corrected,
    Event,
    EventEvidence,
    EventKind,
    Severity,
    Side,
    TypicalRequest,
    event_id,
    percent_of,
)

__all__ = [
    "INPUT_TOKENS",
    "OUTPUT_TOKENS",
    "Corrected",
    "Event",
    "EventEvidence",
    "EventKind",
    "Severity",
    "Side",
    "TypicalRequest",
    "event_id",
    "percent_of",
]
