"""The formats that other programs read, `rates-csv` and `offers-json`: the same store gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from scraper.states import FieldView
from scraper.store.views import OfferView
from scraper.words import iso

COLUMNS: Final = (
    "provider", "model_id", "name", "model", "field", "state", "reason", "value", "currency", "unit", "derived", "from",
    "until", "source_url", "captured_at", "capture", "locator", "quote", "first_seen", "last_seen", "marks",
)  # fmt: skip
"""The columns of `rates-csv`; one row per offer and rate key or spec."""


def rates_csv(offers: Iterable[OfferView]) -> str:
    """Write offers as CSV, a row a field; prices that are only announced are in `offers-json`."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for offer in _ordered(offers):
        for view in offer.fields:
            row = {
                "provider": offer.provider,
                "model_id": offer.model_id,
                "name": offer.name,
                "model": offer.model or "",
            }
            rows.writerow([safe_cell((row | field_row(view))[column]) for column in COLUMNS])
    return out.getvalue()


def field_row(view: FieldView) -> dict[str, str]:
    """Return a field as the exports show it: every part as text, an empty one for what is not there."""
    return {
        "field": view.field,
        "state": view.state.value,
        "reason": view.reason.value if view.reason else "",
        "value": view.value or "",
        "currency": view.currency or "",
        "unit": view.unit,
        "derived": view.derived,
        "from": _time(view.valid_from),
        "until": _time(view.valid_until),
        "source_url": view.source_url,
        "captured_at": _time(view.captured_at),
        "capture": view.capture,
        "locator": view.locator,
        "quote": view.quote,
        "first_seen": _time(view.first_seen),
        "last_seen": _time(view.last_seen),
        "marks": " ".join(view.marks),
    }


def offers_json(offers: Iterable[OfferView]) -> str:
    """Write offers as one JSON list; amounts are text, so that no reader makes floats of them."""
    return json.dumps([offer_object(offer) for offer in _ordered(offers)], indent=1, ensure_ascii=False) + "\n"


def offer_object(offer: OfferView) -> dict[str, Any]:
    """Return an offer as JSON has it: its fields by name, and the prices announced for a later day."""
    return {
        "provider": offer.provider,
        "model_id": offer.model_id,
        "name": offer.name,
        "model": offer.model,
        "variant": offer.variant or None,
        "shared_id": offer.shared_id,
        "first_seen": iso(offer.first_seen),
        "last_seen": iso(offer.last_seen),
        "missed_at": _time(offer.missed_at) or None,
        "withdrawn_at": _time(offer.withdrawn_at) or None,
        "fields": {view.field: _object(view) for view in offer.fields},
        "announced": [{"field": view.field, **_object(view)} for view in offer.announced],
    }


def _object(view: FieldView) -> dict[str, Any]:
    row: Mapping[str, str] = field_row(view) | {"missed_at": _time(view.missed_at)}
    return {key: value for key, value in row.items() if value and key not in ("field", "marks")} | (
        {key: value for key, value in others_object(view).items() if value}
    )


def others_object(view: FieldView) -> dict[str, Any]:
    """Return the marks of a field, the sources that agree, and what those say that dispute it, with their evidence."""
    return {
        "marks": [mark.value for mark in view.marks],
        "agreeing": list(view.agreeing),
        "disputing": [
            {
                "source": one.source,
                "state": one.state.value,
                "value": one.value,
                "currency": one.currency,
                "source_url": one.source_url,
                "captured_at": iso(one.captured_at),
                "capture": one.capture,
                "locator": one.locator,
                "quote": one.quote,
            }
            for one in view.disputing
        ],
    }


def _ordered(offers: Iterable[OfferView]) -> list[OfferView]:
    return sorted(offers, key=lambda offer: (offer.provider, offer.model_id, offer.name))


def _time(at: datetime | None) -> str:
    return iso(at) if at else ""


_FORMULA: Final = tuple("=+-@\t\r＝＋－＠'")


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe before it, where it begins like one.

    One that begins with an apostrophe gets another, so that `cell_text` always gives back what it was.
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell_text(cell: str) -> str:
    """Return the text of a cell that `safe_cell` made."""
    return cell.removeprefix("'")


FORMATS: Final[Mapping[str, Callable[[Iterable[OfferView]], str]]] = {
    "rates-csv": rates_csv,
    "offers-json": offers_json,
}
"""Every format by the name that `ratecard export` knows it by."""
