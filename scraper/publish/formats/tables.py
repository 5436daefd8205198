"""Tables that tell unknown and free apart: a row an offer as CSV, a line an offer as JSON, a row a field as Parquet."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from scraper.errors import RatecardError
from scraper.meters import is_rate_key
from scraper.publish.exports import offer_object, safe_cell
from scraper.publish.formats.material import Material
from scraper.records import REFERENCE_FIELDS, iso

_HEAD: Final = ("provider", "model_id", "name", "model", "currency", "first_seen", "last_seen")
OFFER_COLUMNS: Final = (*_HEAD, *(column for name in REFERENCE_FIELDS for column in (name, f"{name} state")))
"""The columns of `offers-csv`: each reference field has its value, and its state where there is none."""

_DIGITS, _SCALE = 38, 18


def offers_csv(material: Material) -> str:
    """Write a row an offer, with the reference fields; prices in several currencies are told by the other formats.

    `currency` is that of the row's prices. A cell without a value has none; the one after it says why.
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(OFFER_COLUMNS)
    for offer in material.offers:
        views = {view.field: view for view in offer.fields}
        prices = [view for view in views.values() if is_rate_key(view.field) and view.currency]
        currency = next((view.currency for view in prices if view.field in REFERENCE_FIELDS), "")
        cells = [offer.provider, offer.model_id, offer.name, offer.model or "", currency or ""]
        cells += [iso(offer.first_seen), iso(offer.last_seen)]
        for name in REFERENCE_FIELDS:
            view = views[name]
            if view.currency and view.currency != currency:
                material.report.leave("in another currency than the row's", f"{offer.provider}/{offer.model_id} {name}")
                cells += ["", f"in {view.currency}"]
            else:
                cells += [view.value or "", view.reason.value if view.reason else view.state.value]
        for name in sorted(views.keys() - set(REFERENCE_FIELDS)):
            material.report.leave("not one of the reference fields", f"{offer.provider}/{offer.model_id} {name}")
        rows.writerow([safe_cell(cell) for cell in cells])
        material.report.written += 1
    return out.getvalue()


def offers_jsonl(material: Material) -> str:
    """Write a line an offer; each is what an item of `offers-json` is."""
    material.report.written = len(material.offers)
    return "".join(json.dumps(offer_object(offer), ensure_ascii=False) + "\n" for offer in material.offers)


def parquet(material: Material) -> bytes:
    """Write a row a field: `value` as text, digit for digit, and a price also as an exact decimal (`amount`).

    An amount that a decimal of 38 digits cannot hold exactly is null. Raises `RatecardError` where pyarrow is missing.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet as files
    except ImportError as error:
        raise RatecardError("Parquet needs pyarrow; run pip install 'ratecard[parquet]'.") from error
    text, time = pa.string(), pa.timestamp("s", tz="UTC")
    types = {
        **dict.fromkeys(("provider", "model_id", "name", "model", "field", "state", "reason", "value"), text),
        "amount": pa.decimal128(_DIGITS, _SCALE),
        **dict.fromkeys(("currency", "unit", "derived"), text),
        **dict.fromkeys(("from", "until"), time),
        "source_url": text,
        "captured_at": time,
        **dict.fromkeys(("capture", "locator", "quote"), text),
        **dict.fromkeys(("first_seen", "last_seen"), time),
        "marks": pa.list_(text),
    }
    columns: dict[str, list[Any]] = {name: [] for name in types}
    for row in _rows(material):
        for name, cell in row.items():
            columns[name].append(cell)
    table = pa.table({name: pa.array(cells, types[name]) for name, cells in columns.items()})
    out = io.BytesIO()
    files.write_table(table, out, compression="zstd")
    material.report.written = len(material.offers)
    return out.getvalue()


def _rows(material: Material) -> list[dict[str, Any]]:
    return [
        {
            "provider": offer.provider,
            "model_id": offer.model_id or None,
            "name": offer.name,
            "model": offer.model,
            "field": view.field,
            "state": view.state.value,
            "reason": view.reason.value if view.reason else None,
            "value": view.value,
            "amount": _amount(view.value) if view.value is not None and is_rate_key(view.field) else None,
            "currency": view.currency,
            "unit": view.unit or None,
            "derived": view.derived or None,
            "from": _seconds(view.valid_from),
            "until": _seconds(view.valid_until),
            "source_url": view.source_url or None,
            "captured_at": _seconds(view.captured_at),
            "capture": view.capture or None,
            "locator": view.locator or None,
            "quote": view.quote or None,
            "first_seen": _seconds(view.first_seen),
            "last_seen": _seconds(view.last_seen),
            "marks": [mark.value for mark in view.marks],
        }
        for offer in material.offers
        for view in offer.fields
    ]


def _amount(value: str) -> Decimal | None:
    digits, exponent = (number := Decimal(value)).as_tuple()[1:]
    small = isinstance(exponent, int) and -exponent <= _SCALE and len(digits) + exponent <= _DIGITS - _SCALE
    return number if small else None


def _seconds(at: datetime | None) -> datetime | None:
    return at.replace(microsecond=0) if at else None
