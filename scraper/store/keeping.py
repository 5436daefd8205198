"""The rows of sources and captures: made where they are new, brought to what is declared and was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from scraper.diff import Captured
from scraper.store.rows import by_id, each, insert_rows
from scraper.store.tables import captures, reading_pages, source_captures, source_fields, sources
from scraper.store.views import CaptureInfo, CaptureOutcome, SourceInfo, Status

# The statements of every reading.
_SOURCE: Final = (
    select(
        sources.c.id,
        sources.c.url,
        sources.c.rank,
        sources.c.fresh_days,
        sources.c.sells,
        sources.c.last_at,
        captures.c.sha256,
        sources.c.last_success_at,
        sources.c.last_pages,
        sources.c.identified_by,
    )
    .join_from(sources, captures, sources.c.last_capture_id == captures.c.id, isouter=True)
    .where(sources.c.provider == bindparam("provider"), sources.c.name == bindparam("name"))
)
_RULES: Final = select(sources.c.identified_by).where(sources.c.provider == bindparam("of_provider")).limit(1)
_PUBLISHED: Final = select(source_fields.c.field).where(source_fields.c.source_id == bindparam("source"))
_CAPTURE: Final = select(captures.c.id).where(
    captures.c.sha256 == bindparam("sha256"),
    captures.c.url == bindparam("url"),
    captures.c.captured_at == bindparam("captured_at"),
)
_OUTCOME: Final = select(source_captures.c.outcome).where(
    source_captures.c.source_id == bindparam("source"),
    source_captures.c.capture_id == bindparam("capture"),
    source_captures.c.pages == bindparam("list"),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """The row of a source as it is before a reading."""

    id: int
    last_at: datetime | None
    last_read: Captured | None
    identified_by: str = ""


def source_row(connection: Connection, source: SourceInfo) -> Stored:
    """Return the row of a source, made or brought to what its module now declares."""
    declared = {
        "url": source.url,
        "rank": source.rank,
        "fresh_days": source.fresh_days,
        "sells": source.sells,
    }
    found = connection.execute(_SOURCE, {"provider": source.provider, "name": source.name}).first()
    if found is None:
        # All offers of a provider are identified together: a source that is new to it asks for nothing of that.
        rules = connection.execute(_RULES, {"of_provider": source.provider}).scalar() or ""
        row = {"provider": source.provider, "name": source.name, "status": Status.OK, "error": "", **declared}
        stored = Stored(insert_rows(connection, sources, [{**row, "identified_by": rules}])[0], None, None, rules)
    else:
        if (found.url, found.rank, found.fresh_days, found.sells) != tuple(declared.values()):
            each(connection, by_id(sources), [{"row": found.id, **declared}])
        last_read = None
        if found.sha256 is not None:
            last_read = Captured(found.sha256, found.last_success_at, found.last_pages)
        stored = Stored(found.id, found.last_at, last_read, found.identified_by)
    published = set(connection.scalars(_PUBLISHED, {"source": stored.id}).all())
    if published != source.fields:
        connection.execute(delete(source_fields).where(source_fields.c.source_id == stored.id))
        insert_rows(connection, source_fields, [{"source_id": stored.id, "field": f} for f in sorted(source.fields)])
    return stored


def capture_row(connection: Connection, capture: CaptureInfo) -> int:
    """Return the row of a capture, made where it is new."""
    key = {"sha256": capture.sha256, "url": capture.url, "captured_at": capture.captured_at}
    found = connection.execute(_CAPTURE, key).scalar()
    if found is not None:
        return int(found)
    row = {**key, "content_type": capture.content_type, "size": capture.size}
    return insert_rows(connection, captures, [row])[0]


def keep_capture(
    connection: Connection,
    source_id: int,
    capture: CaptureInfo,
    outcome: CaptureOutcome,
    error: str = "",
    *,
    but: CaptureOutcome | None = None,
) -> list[int]:
    """Remember that a capture with its pages belongs to a source, and how reading it went; return the row of each page.

    One that went as `but` says stays so.
    """
    ids = [capture_row(connection, page) for page in capture.pages]
    key = {"source_id": source_id, "capture_id": ids[0], "pages": capture.pages_sha256}
    values = {"outcome": outcome, "error": error}
    known = connection.execute(
        _OUTCOME, {"source": source_id, "capture": ids[0], "list": capture.pages_sha256}
    ).scalar()
    if known is None:
        insert_rows(connection, source_captures, [{**key, **values}])
        further = enumerate(ids[1:], start=1)
        insert_rows(connection, reading_pages, [{**key, "page": page, "page_capture_id": row} for page, row in further])
    elif known != but:
        mine = [source_captures.c[name] == value for name, value in key.items()]
        connection.execute(update(source_captures).where(*mine).values(values))
    return ids
