"""What no reading shows: sources that fail or are not read, promotions that end soon. Pure but for what it reads.

Their ids name the period that they are of, so that looking twice tells once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from scraper import providers
from scraper.alerts.rules import Watch
from scraper.errors import RatecardError
from scraper.events import Event, EventKind, Severity, event_id
from scraper.records import iso
from scraper.store import SourceView, Status, Store, list_sources
from scraper.store.events import promotions_ending
from scraper.store.leases import read_due


def watched(store: Store, watch: Watch, at: datetime) -> list[Event]:
    """Return the events of how things stand at a time."""
    known_at = {(key.provider, key.source): view.row.known_at for key, view in read_due(store).items()}
    found = []
    for source in list_sources(store):
        if _is_declared(source):
            begun = source.last_success_at or known_at.get((source.provider, source.name))
            found += list(_of_source(source, begun, watch, at))
    return found + promotions_ending(store, at, at + watch.promotion_ends_in)


def _of_source(source: SourceView, begun: datetime | None, watch: Watch, at: datetime) -> Iterator[Event]:
    if begun is None:
        return
    age = at - begun
    if source.status is Status.FAILED:
        if age >= watch.failing_after:
            period = (age - watch.failing_after) // watch.remind
            said = f"not read since {iso(begun)[:10]}: {source.error}"
            yield _event(EventKind.SOURCE_FAILING, source, begun, period, at, said)
        return
    stale_after = watch.stale_after or timedelta(days=source.fresh_days)
    if source.last_success_at is not None and age >= stale_after:
        period = (age - stale_after) // watch.remind
        said = f"not read since {iso(begun)[:10]}; nothing has confirmed what it states for {age.days} days"
        yield _event(EventKind.SOURCE_STALE, source, begun, period, at, said)


def _event(kind: EventKind, source: SourceView, begun: datetime, period: int, at: datetime, note: str) -> Event:
    return Event(
        id=event_id(kind, source.provider, source.name, begun.isoformat(), str(period)),
        kind=kind,
        at=at,
        provider=source.provider,
        source=source.name,
        severity=Severity.WARNING,
        note=note,
        links=(source.url,),
    )


def _is_declared(source: SourceView) -> bool:
    try:
        return any(one.name == source.name for one in providers.sources(source.provider))
    except RatecardError:
        return False
