"""Reading what sources are and how they stand: their contracts, their captures, the notes of their latest readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, true

from scraper.states import SourceState
from scraper.store.asking import captures_of_rows, source_state
from scraper.store.opening import Store
from scraper.store.tables import captures, notes, observations, reading_pages, source_fields, sources
from scraper.store.views import CaptureInfo, NoteView, SourceView, Status

_o = observations.c


def list_sources(store: Store, provider: str | None = None) -> list[SourceView]:
    """Return the sources that were ever refreshed, by provider and name."""
    with store.reading() as connection:
        return sources_on(connection, provider)


def sources_on(connection: Connection, provider: str | None = None) -> list[SourceView]:
    """Do what `list_sources` does, on the connection of a transaction."""
    rows = connection.execute(_where(select(sources), sources.c.provider, provider)).all()
    fields = _contracts(connection)
    kept = captures_by_id(connection, captures.c.id.in_(select(sources.c.last_capture_id)))
    further = further_pages(connection, reading_pages.c.pages == sources.c.last_pages)
    counted = select(_o.source_id, func.count(_o.offer_id.distinct())).where(_o.closed_at.is_(None))
    count = {row[0]: row[1] for row in connection.execute(counted.group_by(_o.source_id))}
    views = [
        SourceView(
            provider=row.provider,
            name=row.name,
            url=row.url,
            rank=row.rank,
            fresh_days=row.fresh_days,
            fields=fields.get(row.id, frozenset()),
            status=Status(row.status),
            error=row.error,
            last_at=row.last_at,
            last_success_at=row.last_success_at,
            last_capture=(
                replace(
                    kept[row.last_capture_id], further=further.get((row.id, row.last_capture_id, row.last_pages), ())
                )
                if row.last_capture_id is not None
                else None
            ),
            offers=count.get(row.id, 0),
            sells=row.sells,
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: (view.provider, view.name))


def source_states(connection: Connection, wanted: Collection[str] | None = None) -> dict[str, dict[str, SourceState]]:
    """Return the sources as they stand now, by provider and name; those of some providers, or of all."""
    # Many providers are most of them: then all of them are read.
    few = select(sources.c.id).where(sources.c.provider.in_(wanted)) if wanted is not None and len(wanted) < 4 else None
    fields = _contracts(connection, few)
    known: dict[str, dict[str, SourceState]] = defaultdict(dict)
    for row in connection.execute(select(sources) if few is None else select(sources).where(sources.c.id.in_(few))):
        known[row.provider][row.name] = source_state(row, fields.get(row.id, frozenset()))
    return known


def _contracts(connection: Connection, of: Select[Any] | None = None) -> dict[int, frozenset[str]]:
    fields: dict[int, set[str]] = defaultdict(set)
    query = select(source_fields) if of is None else select(source_fields).where(source_fields.c.source_id.in_(of))
    for row in connection.execute(query):
        fields[row.source_id].add(row.field)
    return {source: frozenset(names) for source, names in fields.items()}


def list_notes(store: Store, provider: str | None = None) -> list[NoteView]:
    """Return the notes of the latest reading of each source, in the order in which they were made."""
    with store.reading() as connection:
        query = select(notes, sources.c.provider, sources.c.name).join_from(
            notes, sources, notes.c.source_id == sources.c.id
        )
        rows = connection.execute(_where(query.order_by(notes.c.id), sources.c.provider, provider)).all()
        kept = captures_by_id(connection, captures.c.id.in_(select(notes.c.capture_id)))
    views = [
        NoteView(
            provider=row.provider,
            source=row.name,
            capture=kept[row.capture_id],
            kind=row.kind,
            text=row.text,
            locator=row.locator,
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: (view.provider, view.source))


def _where(query: Select[Any], column: ColumnElement[str], provider: str | None) -> Select[Any]:
    return query if provider is None else query.where(column == provider)


# Captures.


def list_captures(store: Store) -> list[CaptureInfo]:
    """Return every capture that anything refers to, in the order in which they came."""
    with store.reading() as connection:
        found = captures_by_id(connection, true())
    return [found[number] for number in sorted(found)]


def captures_by_id(connection: Connection, where: ColumnElement[bool]) -> dict[int, CaptureInfo]:
    """Return captures by the number of their row."""
    return captures_of_rows(connection.execute(select(captures).where(where)))


def further_pages(
    connection: Connection, where: ColumnElement[bool]
) -> dict[tuple[int, int, str], tuple[CaptureInfo, ...]]:
    """Return the pages after the first one, of what was read of sources, by source, first capture and `pages`."""
    p = reading_pages.c
    rows = connection.execute(
        select(p.source_id, p.capture_id, p.pages, p.page_capture_id)
        .join_from(reading_pages, sources, p.source_id == sources.c.id)
        .where(where)
        .order_by(p.page)
    ).all()
    kept = captures_by_id(connection, captures.c.id.in_(select(p.page_capture_id))) if rows else {}
    found: dict[tuple[int, int, str], tuple[CaptureInfo, ...]] = defaultdict(tuple)
    for row in rows:
        found[row.source_id, row.capture_id, row.pages] += (kept[row.page_capture_id],)
    return found
