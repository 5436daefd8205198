"""How fields, states and marks are called on a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from scraper.meters import RateKey, is_rate_key
from scraper.publish.text import REASONS
from scraper.records import REFERENCE_FIELDS, Mark, Reason, State
from scraper.states import FieldView, Observed
from scraper.store import Statement

REFERENCE: Final = {
    "input": "Input",
    "output": "Output",
    "cache_read": "Cache read",
    "cache_write": "Cache write",
    "input{tier=batch}": "Batch input",
    "output{tier=batch}": "Batch output",
    "context_window": "Context window",
    "max_output_tokens": "Max output",
    "knowledge_cutoff": "Knowledge cutoff",
    "released": "Released",
    "modalities": "Modalities",
    "capabilities": "Capabilities",
}

PRICES: Final = tuple(name for name in REFERENCE_FIELDS if is_rate_key(name))
"""The reference fields that are prices."""

SPEC_FIELDS: Final = tuple(name for name in REFERENCE_FIELDS if not is_rate_key(name))

_METERS: Final = {
    "reasoning": "Reasoning",
    "training": "Training",
    "tokens": "Tokens (no direction named)",
    "cache_storage": "Cache storage",
    "images": "Image made",
    "input_images": "Image sent",
    "input_frames": "Frame sent",
    "gpu_seconds": "GPU time",
    "gpu_hours": "GPU time",
    "storage_gb_days": "Storage",
}

_SPECS: Final = {
    "hugging_face_id": "Hugging Face id",
    "training_cutoff": "Training cutoff",
    "retires": "Retires",
    "gated": "Gated repository",
}

_LABELS: Final = {
    "tier": "{} tier",
    "ttl": "kept for {}",
    "region": "region {}",
    "window": "{} hours",
    "currency": "price list in {}",
    "upstream": "served by {}",
    "resolution": "resolution {}",
    "quality": "quality {}",
    "hardware": "on {}",
    "mode": "{} mode",
    "variant": "{}",
}

MARKS: Final = {
    Mark.PROMOTIONAL: "a promotion: it does not last",
    Mark.STALE: "not confirmed within the time in which its source counts as fresh",
    Mark.DISPUTED: "two sources of equal rank disagree; both are shown",
    Mark.HELD: "a newer value looks wrong and waits for a review; this one stood before",
    Mark.UNCONFIRMED: "the newest reading of its source did not show it",
}

CODES: Final = (Reason.NO_SOURCE, Reason.NOT_ON_PAGE, Reason.SOURCE_FAILING, Reason.ON_REQUEST)
"""The reasons in the order by which data on a page numbers them."""


@lru_cache(maxsize=8192)
def label(field: str) -> str:
    """Return what a field is called, without its conditions: `Cache read`, `Input, audio`."""
    if field in REFERENCE and "{" not in field:
        return REFERENCE[field]
    if not is_rate_key(field):
        return _SPECS.get(field, field.replace("_", " ").capitalize())
    key = RateKey.parse(field)
    meter = REFERENCE.get(key.meter) or _METERS.get(key.meter) or key.meter.replace("_", " ").capitalize()
    return f"{meter}, {key.modality}" if key.modality else meter


@lru_cache(maxsize=8192)
def conditions(field: str) -> str:
    """Return the conditions of a price in words: `batch tier, prompts above 200,000 tokens`; "" where it has none."""
    if not is_rate_key(field):
        return ""
    said = []
    labels = dict(RateKey.parse(field).labels)
    for name, value in labels.items():
        if name == "prompt_gt":
            said.append(f"prompts above {int(value):,} tokens")
        elif name == "scope":
            said.append("only the tokens above")
        else:
            said.append(_LABELS[name].format(value))
    return ", ".join(said)


@lru_cache(maxsize=8192)
def full_label(field: str) -> str:
    """Return a field with its conditions."""
    if field in REFERENCE:
        return REFERENCE[field]
    told = conditions(field)
    return f"{label(field)} ({told})" if told else label(field)


def reason(view: FieldView | Statement | Observed) -> str:
    """Return why a field is not sourced, as a clause."""
    return REASONS[view.reason] if view.state is State.NOT_SOURCED and view.reason else ""


def marks(view: FieldView) -> list[tuple[str, str]]:
    """Return the marks of a field, each with what it means here."""
    found = []
    for mark in view.marks:
        meaning = MARKS[mark]
        if mark is Mark.PROMOTIONAL and view.valid_until:
            meaning = f"a promotion until {day(view.valid_until)}"
        elif mark is Mark.STALE and view.valid_until and view.last_seen and view.valid_until <= view.last_seen:
            meaning = f"it ended on {day(view.valid_until)}"
        elif mark in (Mark.STALE, Mark.UNCONFIRMED) and view.last_seen:
            meaning += f"; last confirmed {day(view.last_seen)}"
        found.append((mark.value, meaning))
    return found


@lru_cache(maxsize=8192)
def day(at: datetime | None) -> str:
    """Return the day of a time, "" for none."""
    return f"{at:%Y-%m-%d}" if at else ""


@lru_cache(maxsize=8192)
def when(at: datetime | None) -> str:
    """Return a time to the minute in UTC, "" for none."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


@lru_cache(maxsize=8192)
def key_of(field: str) -> RateKey | None:
    """Return a field's rate key, None where it is no price."""
    return RateKey.parse(field) if is_rate_key(field) else None


def listed(things: Sequence[str]) -> str:
    """Write things as a sentence has them: `a, b and c`."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


def counted(number: int, thing: str) -> str:
    """Write `1 offer`, `2,000 offers`, `no offers`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}" if number else f"no {thing}s"
