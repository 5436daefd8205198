"""The copies of sources that web archives have: which are known, which were fetched, which cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from scraper.store.keeping import keep_capture, source_row
from scraper.store.opening import Store
from scraper.store.tables import captures, copies, source_captures, sources
from scraper.store.views import CaptureInfo, CaptureOutcome, CopyInfo, CopyState, CopyView, SourceInfo, Status

_c = copies.c


def list_copies(store: Store, provider: str, source: str) -> list[CopyView]:
    """Return the copies of a source that are known, by time."""
    query = (
        select(copies)
        .join_from(copies, sources, _c.source_id == sources.c.id)
        .where(sources.c.provider == provider, sources.c.name == source)
        .order_by(_c.captured_at, _c.id)
    )
    with store.reading() as connection:
        return [
            CopyView(
                id=row.id,
                copy=CopyInfo(
                    address=row.address,
                    original=row.original,
                    captured_at=row.captured_at,
                    mimetype=row.mimetype,
                    digest=row.digest,
                ),
                state=CopyState(row.state),
                error=row.error,
            )
            for row in connection.execute(query)
        ]


def remember_copies(store: Store, source: SourceInfo, found: Sequence[CopyInfo]) -> int:
    """Remember copies that an index lists, to be fetched, and return how many of them are new."""
    with store.writing(source.provider) as connection:
        source_id = _source(connection, source)
        known = {
            (row.original, row.captured_at)
            for row in connection.execute(select(_c.original, _c.captured_at).where(_c.source_id == source_id))
        }
        rows = [
            {
                "source_id": source_id,
                "address": copy.address,
                "original": copy.original,
                "captured_at": copy.captured_at,
                "mimetype": copy.mimetype,
                "digest": copy.digest,
                "state": CopyState.FOUND,
                "error": "",
            }
            for copy in found
            if (copy.original, copy.captured_at) not in known
        ]
        if rows:
            connection.execute(insert(copies), rows)
        return len(rows)


def record_copy(store: Store, source: SourceInfo, copy: CopyView, capture: CaptureInfo) -> None:
    """Write down that a copy was fetched and archived; its source's history has yet to be read with it."""
    with store.writing(source.provider) as connection:
        source_id = source_row(connection, source).id
        [capture_id] = keep_capture(connection, source_id, capture, CaptureOutcome.UNREAD)
        values = {"state": CopyState.FETCHED, "error": "", "capture_id": capture_id}
        connection.execute(update(copies).where(_c.id == copy.id).values(values))


def record_copy_failure(store: Store, source: SourceInfo, copy: CopyView, error: str, *, gone: bool) -> None:
    """Write down why a copy could not be fetched; one that is `gone` is not asked for again."""
    values = {"state": CopyState.GONE if gone else CopyState.FOUND, "error": error}
    with store.writing(source.provider) as connection:
        connection.execute(update(copies).where(_c.id == copy.id).values(values))


def _source(connection: Connection, source: SourceInfo) -> int:
    """Return the id of a source; one that was never refreshed has not been captured yet."""
    mine = (sources.c.provider == source.provider, sources.c.name == source.name)
    new = connection.execute(select(sources.c.id).where(*mine)).first() is None
    stored = source_row(connection, source)
    if new:
        connection.execute(update(sources).where(sources.c.id == stored.id).values(status=Status.NOT_CAPTURED))
    return stored.id


def first_own_capture(store: Store, provider: str, source: str) -> datetime | None:
    """Return the time of the first capture of a source that is no copy from a web archive, None where there is none."""
    s = source_captures.c
    from_archive = select(_c.capture_id).where(_c.source_id == s.source_id, _c.capture_id == s.capture_id)
    query = (
        select(func.min(captures.c.captured_at))
        .join_from(source_captures, captures, s.capture_id == captures.c.id)
        .join(sources, s.source_id == sources.c.id)
        .where(sources.c.provider == provider, sources.c.name == source, ~from_archive.exists())
    )
    with store.reading() as connection:
        return connection.execute(query).scalar()
