"""The store: what sources stated, from when to when, with evidence; on SQLite or PostgreSQL.

Opening (raises `RatecardError` in one sentence where a database cannot be used or is newer than this code):

- `open_store(url) -> Store`; a `Store` is closed by `close()` or a `with` statement; `store.shown` has no password;
- `upgrade(store)` and `downgrade(store, revision)` in `scraper.store.migrating`; `open_store` upgrades by itself.

Writing, one transaction a source (`at` and captures are aware UTC; a provider module's source becomes a `SourceInfo`):

- `begin_run(store, *, started_at, at, replay) -> int`
- `record_reading(store, run, SourceInfo, CaptureInfo, Reading, held=(), *, release=True) -> Recorded`: counts and the
  changes it wrote; what is held does not touch what stands. The capture that was read last touches nothing
  (`repeated`); an older one is refused with `OlderCapture`. Where a source has several pages, the capture is the first
  one with the others in `further`, and each fact is kept with its own
- `preview_reading(store, SourceInfo, CaptureInfo, Reading, held=(), *, release=True) -> Recorded`: the same, undone at
  the end (a dry run)
- `record_failure(store, SourceInfo, at, error, capture=None)`, `record_not_captured(store, SourceInfo, why="")`: only
  the source's status, and that the capture belongs to it

Holds (what guards keep apart until it is settled; they name offers, and outlive a history that is read again):

- `list_holds(store, provider=None, source=None, statuses=(OPEN,)) -> list[HoldView]`, `count_holds(store) -> int`
- `approve_holds(store, ids, *, by, at, note="", days=90) -> Decided` publishes at once, all or nothing;
  `reject_holds` keeps what stands; both are for exactly one old and one new value
- `stood_of_source(store, provider, source) -> list[Stood]`: what the guards compare a reading with

Reading:

- `last_time(store, provider, source) -> datetime | None`: the last capture read or tried; refuse a refresh before it
- `offers_of_source(store, provider, source) -> frozenset[(model_id, name)]`: what the checks compare a reading with
- `list_offers(store, at, provider=None, as_of=None) -> list[OfferView]`: `.fields` has a `FieldView` for every
  reference field and every other that was observed, `.announced` the prices of a later day
- `find_offers(store, provider, id_or_name, at, as_of=None) -> list[OfferView]`: withdrawn ones too
- `list_told(store, at, models=None, as_of=None) -> list[OfferView]`: what sources that sell nothing tell of models.
  Else only `find_offers` and `history` asked for it, `list_changes` with `told` and `published_values` give any of it
- `list_changes(store, since=None, provider=None, run=None, limit=None, *, told=False) -> list[ChangeView]`: newest
  first
- `list_versions(store, at, provider=None) -> {offer_id: [Version]}`: what was published, one version after the other
- `history(store, offer_id, field=None)`, `evidence(store, offer_id, field) -> list[Statement]`: all that was ever
  stated; what every source says now
- `published_values(store, at, provider=None) -> Iterator[PublishedValue]`: every published claim, to be verified
- `list_sources(store, provider=None) -> list[SourceView]`, `list_notes(store, provider=None) -> list[NoteView]`
- `list_captures(store) -> list[CaptureInfo]`: what the archive must have

Fetching: `StoreMemory(store, *, writes=True, one_by_one=False)` is what it remembers from run to run.

Rebuilding (a provider's history anew from its captures, in one transaction, and the older copies that go into it):

- `captures_of(store, provider) -> list[KeptCapture]`: which captures belong to which source, by time
- `rebuilding(store, provider, declared, keep=True)`: a context with a `Rebuild`, see there
- `list_copies`, `remember_copies`, `record_copy`, `record_copy_failure`, `first_own_capture`: what web archives have

A value and its newest quote may differ by float noise (one part in a billion), which is no change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scraper.store.asking import HEAD
    from scraper.store.copies import (
        first_own_capture,
        list_copies,
        record_copy,
        record_copy_failure,
        remember_copies,
    )
    from scraper.store.deciding import DECISION_DAYS, Decide, Decided, approve_holds, reject_holds
    from scraper.store.holding import count_holds, list_holds
    from scraper.store.memory import StoreMemory
    from scraper.store.opening import Store, open_store
    from scraper.store.past import evidence, history, list_changes
    from scraper.store.reading import find_offers, list_offers, list_told, published_values
    from scraper.store.rebuild import Rebuild, captures_of, rebuilding
    from scraper.store.sourcing import list_captures, list_notes, list_sources
    from scraper.store.standing import last_time, offers_of_source, stood_of_source
    from scraper.store.versions import Version, list_versions
    from scraper.store.views import (
        CaptureInfo,
        CaptureOutcome,
        ChangeView,
        CopyInfo,
        CopyState,
        CopyView,
        HoldView,
        KeptCapture,
        NoteView,
        OfferView,
        Proof,
        PublishedValue,
        Recorded,
        SourceInfo,
        SourceView,
        Statement,
        Status,
    )
    from scraper.store.writing import begin_run, preview_reading, record_failure, record_not_captured, record_reading

__all__ = [
    "DECISION_DAYS",
    "HEAD",
    "CaptureInfo",
    "CaptureOutcome",
    "ChangeView",
    "CopyInfo",
    "CopyState",
    "CopyView",
    "Decide",
    "Decided",
    "HoldView",
    "KeptCapture",
    "NoteView",
    "OfferView",
    "Proof",
    "PublishedValue",
    "Rebuild",
    "Recorded",
    "SourceInfo",
    "SourceView",
    "Statement",
    "Status",
    "Store",
    "StoreMemory",
    "Version",
    "approve_holds",
    "begin_run",
    "captures_of",
    "count_holds",
    "evidence",
    "find_offers",
    "first_own_capture",
    "history",
    "last_time",
    "list_captures",
    "list_changes",
    "list_copies",
    "list_holds",
    "list_notes",
    "list_offers",
    "list_sources",
    "list_told",
    "list_versions",
    "offers_of_source",
    "open_store",
    "preview_reading",
    "published_values",
    "rebuilding",
    "record_copy",
    "record_copy_failure",
    "record_failure",
    "record_not_captured",
    "record_reading",
    "reject_holds",
    "remember_copies",
    "stood_of_source",
]

_PARTS: Final = {
    "asking": ("HEAD",),
    "copies": ("first_own_capture", "list_copies", "record_copy", "record_copy_failure", "remember_copies"),
    "deciding": ("DECISION_DAYS", "Decide", "Decided", "approve_holds", "reject_holds"),
    "holding": ("count_holds", "list_holds"),
    "memory": ("StoreMemory",),
    "opening": ("Store", "open_store"),
    "past": ("evidence", "history", "list_changes"),
    "reading": ("find_offers", "list_offers", "list_told", "published_values"),
    "rebuild": ("Rebuild", "captures_of", "rebuilding"),
    "sourcing": ("list_captures", "list_notes", "list_sources"),
    "standing": ("last_time", "offers_of_source", "stood_of_source"),
    "versions": ("Version", "list_versions"),
    "views": (
        "CaptureInfo", "CaptureOutcome", "ChangeView", "CopyInfo", "CopyState", "CopyView", "HoldView", "KeptCapture",
        "NoteView", "OfferView", "Proof", "PublishedValue", "Recorded", "SourceInfo", "SourceView", "Statement",
        "Status",
    ),
    "writing": ("begin_run", "preview_reading", "record_failure", "record_not_captured", "record_reading"),
}  # fmt: skip


if not TYPE_CHECKING:  # else no name would be wrong any more

    def __getattr__(name: str) -> Any:
        """Load the part that has a name when it is asked for: who only reads is spared what writes."""
        part = next((part for part, names in _PARTS.items() if name in names), None)
        if part is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{part}"), name)
        globals()[name] = found
        return found
