"""The objects that `--json` prints. Times are ISO 8601 in UTC, amounts are text, what is not there is null."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scraper.publish.exports import field_row, others_object
from scraper.publish.text import gaps_of
from scraper.states import FieldView
from scraper.store.views import ChangeView, NoteView, OfferView, SourceView, Statement
from scraper.words import iso

Object = dict[str, Any]


def field_object(view: FieldView) -> Object:
    """Return a field with its state and evidence."""
    return {key: value or None for key, value in field_row(view).items() if key != "marks"} | {
        "missed_at": iso(view.missed_at) if view.missed_at else None,
        **others_object(view),
    }


def statement_object(one: Statement | None) -> Object | None:
    """Return what a source stated, with its first and its newest evidence."""
    if one is None:
        return None
    return {
        "source": one.source,
        "field": one.field,
        "state": one.state.value,
        "reason": one.reason.value if one.reason else None,
        "value": one.value,
        "currency": one.currency,
        "unit": one.unit or None,
        "derived": one.derived or None,
        "promotional": one.promotional,
        "from": iso(one.valid_from) if one.valid_from else None,
        "until": iso(one.valid_until) if one.valid_until else None,
        "first_seen": iso(one.first_seen),
        "last_seen": iso(one.last_seen),
        "missed_at": iso(one.missed_at) if one.missed_at else None,
        "closed_at": iso(one.closed_at) if one.closed_at else None,
        "evidence": {
            "url": one.last.capture.url,
            "captured_at": iso(one.last.capture.captured_at),
            "capture": one.last.capture.sha256,
            "locator": one.last.locator,
            "quote": one.last.quote,
        },
    }


def change_object(change: ChangeView) -> Object:
    """Return a change with what was before and after."""
    return {
        "at": iso(change.at),
        "kind": change.kind.value,
        "provider": change.provider,
        "source": change.source,
        "model_id": change.model_id or None,
        "name": change.name,
        "field": change.field or None,
        "before": statement_object(change.before),
        "after": statement_object(change.after),
    }


def gaps_object(offers: Sequence[OfferView]) -> Object:
    """Return every reference field that is not sourced, by offer, and the sums by provider, field and reason."""
    gaps = [
        {
            "provider": offer.provider,
            "model_id": offer.model_id or None,
            "name": offer.name,
            "field": view.field,
            "reason": view.reason.value if view.reason else None,
        }
        for offer in offers
        for view in gaps_of(offer)
    ]
    sums: dict[tuple[str, str, str | None], int] = {}
    for gap in gaps:
        key = (str(gap["provider"]), str(gap["field"]), gap["reason"])
        sums[key] = sums.get(key, 0) + 1
    counted = [
        {"provider": provider, "field": name, "reason": reason, "offers": count}
        for (provider, name, reason), count in sorted(sums.items(), key=str)
    ]
    return {"offers": len(offers), "gaps": gaps, "sums": counted}


def source_object(source: SourceView, notes: Iterable[NoteView] = ()) -> Object:
    """Return a source as it stands, with the notes of its latest reading."""
    return {
        "provider": source.provider,
        "source": source.name,
        "url": source.url,
        "status": source.status.value,
        "error": source.error or None,
        "last_at": iso(source.last_at) if source.last_at else None,
        "last_success_at": iso(source.last_success_at) if source.last_success_at else None,
        "offers": source.offers,
        "notes": [
            {"kind": note.kind, "text": note.text, "url": note.capture.url, "locator": note.locator or None}
            for note in notes
        ],
    }
