"""The tables, the same on SQLite and PostgreSQL.

Decimals are kept as text, digit for digit (SQLite would make them floats). Times are aware UTC on both databases. The
rules that must hold whatever the code does are constraints: no value without evidence, no field open twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.sql.expression import text
from sqlalchemy.types import TypeDecorator

from scraper.store.asking import utc_of

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases; a time without a zone is refused with `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time as the database keeps it: SQLite has no zones and gets plain UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return what reads a column: few times stand in many rows, so SQLite's texts are read once each."""
        return utc_of if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    condition: TextClause = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


runs: Final = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("replay", Boolean, nullable=False),
)

captures: Final = Table(
    "captures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("url", Text, nullable=False),
    Column("captured_at", UtcTime, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    UniqueConstraint("sha256", "url", "captured_at"),
    CheckConstraint("length(sha256) = 64", name="sha256_whole"),
)

sources: Final = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("fresh_days", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("last_at", UtcTime),
    Column("last_success_at", UtcTime),
    Column("last_capture_id", ForeignKey(captures.c.id)),
    Column("last_pages", Text, nullable=False, server_default=""),
    # What a source only tells of models is kept like offers, and is none.
    Column("sells", Boolean, nullable=False, server_default=true()),
    Column("identified_by", Text, nullable=False, server_default=""),
    UniqueConstraint("provider", "name"),
    CheckConstraint("status IN ('ok', 'failed', 'not_captured')", name="status_known"),
)

source_fields: Final = Table(
    "source_fields",
    metadata,
    Column("source_id", ForeignKey(sources.c.id), primary_key=True),
    Column("field", Text, primary_key=True),
)

offers: Final = Table(
    "offers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("shared_id", Boolean, nullable=False),
    Column("model", Text),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
    Column("variant", Text, nullable=False, server_default=""),
    CheckConstraint("model_id <> '' OR name <> ''", name="named"),
    Index("ix_offers_model", "model"),
    Index("ix_offers_listed", "provider", "model_id", "name", "id"),
    _partial("uq_offers_by_id", "provider", "model_id", where="model_id <> '' AND NOT shared_id", unique=True),
    _partial("uq_offers_by_name", "provider", "model_id", "name", where="model_id = '' OR shared_id", unique=True),
)

_OPEN: Final = "closed_at IS NULL"

observations: Final = Table(
    "observations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("offer_id", ForeignKey(offers.c.id), nullable=False),
    Column("source_id", ForeignKey(sources.c.id), nullable=False),
    Column("field", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("value", Text),
    Column("currency", Text),
    Column("reason", Text),
    Column("derived", Text, nullable=False),
    Column("promotional", Boolean, nullable=False),
    Column("valid_from", UtcTime),
    Column("valid_until", UtcTime),
    Column("capture_id", ForeignKey(captures.c.id), nullable=False),
    Column("locator", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("last_capture_id", ForeignKey(captures.c.id), nullable=False),
    Column("last_locator", Text, nullable=False),
    Column("last_quote", Text, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("misses", Integer, nullable=False),
    Column("missed_at", UtcTime),
    CheckConstraint("field <> ''", name="field_named"),
    CheckConstraint("state IN ('sourced', 'not_offered', 'not_sourced')", name="state_known"),
    CheckConstraint("(state = 'sourced') = (value IS NOT NULL)", name="value_where_sourced"),
    CheckConstraint("(state = 'not_sourced') = (reason IS NOT NULL)", name="reason_where_not_sourced"),
    CheckConstraint("reason IS NULL OR reason = 'on_request'", name="reason_stated"),
    CheckConstraint("trim(value) <> ''", name="value_not_empty"),
    CheckConstraint("trim(locator) <> '' AND trim(quote) <> ''", name="evidence_whole"),
    CheckConstraint("trim(last_locator) <> '' AND trim(last_quote) <> ''", name="last_evidence_whole"),
    CheckConstraint("last_seen >= first_seen AND (closed_at IS NULL OR closed_at >= last_seen)", name="interval"),
    CheckConstraint("misses >= 0 AND (misses = 0) = (missed_at IS NULL)", name="misses_dated"),
    # Two indexes, since a missing `valid_from` is never equal to another in a unique index.
    _partial(
        "uq_observations_open", "offer_id", "field", "source_id", where=f"{_OPEN} AND valid_from IS NULL", unique=True
    ),
    _partial(
        "uq_observations_announced",
        "offer_id",
        "field",
        "source_id",
        "valid_from",
        where=f"{_OPEN} AND valid_from IS NOT NULL",
        unique=True,
    ),
    _partial("ix_observations_open_offer", "offer_id", where=_OPEN),
    _partial("ix_observations_open_source", "source_id", "offer_id", "misses", where=_OPEN),
    Index("ix_observations_history", "offer_id", "field", "first_seen"),
    _partial("ix_observations_closed_source", "source_id", "last_seen", where="closed_at IS NOT NULL"),
)

changes: Final = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", ForeignKey(runs.c.id), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("provider", Text, nullable=False),
    Column("source_id", ForeignKey(sources.c.id), nullable=False),
    Column("offer_id", ForeignKey(offers.c.id), nullable=False),
    Column("field", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("before_observation_id", ForeignKey(observations.c.id)),
    Column("after_observation_id", ForeignKey(observations.c.id)),
    CheckConstraint(
        "kind IN ('offer_added', 'offer_withdrawn', 'changed', 'terms', 'field_added', 'field_removed')",
        name="kind_known",
    ),
    CheckConstraint("(field = '') = (kind IN ('offer_added', 'offer_withdrawn'))", name="field_where_not_of_offer"),
    CheckConstraint(
        "(before_observation_id IS NOT NULL) = (kind IN ('changed', 'terms', 'field_removed'))", name="before_whole"
    ),
    CheckConstraint(
        "(after_observation_id IS NOT NULL) = (kind IN ('changed', 'terms', 'field_added'))", name="after_whole"
    ),
    Index("ix_changes_at", "at"),
    Index("ix_changes_run", "run_id"),
)

# Offers that a source may restate: a digest of its last word on one, of which all stood in the end, on one page. What
# stood were so many `facts`, and the `newest` of them; see `scraper.store.restating`.

restated: Final = Table(
    "restated",
    metadata,
    Column("source_id", ForeignKey(sources.c.id), primary_key=True),
    Column("offer_id", ForeignKey(offers.c.id), primary_key=True),
    Column("digest", String(32), nullable=False),
    Column("page", Integer, nullable=False),
    Column("facts", Integer, nullable=False),
    Column("newest", Integer, nullable=False),
    CheckConstraint("length(digest) = 32", name="digest_whole"),
    CheckConstraint("page >= 0 AND facts > 0", name="counts"),
    Index("ix_restated_offer", "offer_id"),
)

notes: Final = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", ForeignKey(sources.c.id), nullable=False),
    Column("capture_id", ForeignKey(captures.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("locator", Text, nullable=False),
    Index("ix_notes_source", "source_id"),
)

# What fetching remembers from run to run. It refers to nothing: a page may be fetched long before it is read.

fetched_pages: Final = Table(
    "fetched_pages",
    metadata,
    Column("address", Text, primary_key=True),
    Column("etag", Text, nullable=False),
    Column("last_modified", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content_type", Text, nullable=False),
    Column("since_full", Integer, nullable=False),
    CheckConstraint("length(sha256) = 64", name="sha256_whole"),
)

fetched_hosts: Final = Table(
    "fetched_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("not_before", UtcTime, nullable=False),
)

robots_files: Final = Table(
    "robots_files",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
    CheckConstraint("decision IN ('rules', 'allow', 'disallow')", name="decision_known"),
)

# Older copies of sources, and which captures belong to which source, so that a history can be read again. Where several
# pages were read together, the capture is the first of them, and `pages` the hash of their list; else it is empty.

source_captures: Final = Table(
    "source_captures",
    metadata,
    Column("source_id", ForeignKey(sources.c.id), primary_key=True),
    Column("capture_id", ForeignKey(captures.c.id), primary_key=True),
    Column("pages", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("error", Text, nullable=False),
    CheckConstraint("outcome IN ('ok', 'failed', 'unread', 'passed_over')", name="outcome_known"),
)

reading_pages: Final = Table(
    "reading_pages",
    metadata,
    Column("source_id", Integer, primary_key=True),
    Column("capture_id", Integer, primary_key=True),
    Column("pages", Text, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("page_capture_id", ForeignKey(captures.c.id), nullable=False),
    ForeignKeyConstraint(
        ["source_id", "capture_id", "pages"],
        [source_captures.c.source_id, source_captures.c.capture_id, source_captures.c.pages],
    ),
    CheckConstraint("page > 0", name="page_after_first"),
    CheckConstraint("length(pages) = 64", name="pages_whole"),
)

copies: Final = Table(
    "copies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", ForeignKey(sources.c.id), nullable=False),
    Column("address", Text, nullable=False),
    Column("original", Text, nullable=False),
    Column("captured_at", UtcTime, nullable=False),
    Column("mimetype", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("capture_id", ForeignKey(captures.c.id)),
    UniqueConstraint("source_id", "original", "captured_at"),
    CheckConstraint("state IN ('found', 'fetched', 'gone')", name="state_known"),
    CheckConstraint("(state = 'fetched') = (capture_id IS NOT NULL)", name="capture_where_fetched"),
    Index("ix_copies_capture", "capture_id"),
)

# A history that is rebuilt is deleted first, and the database looks for what still refers to each deleted row.
Index("ix_changes_offer", changes.c.offer_id)
Index("ix_changes_before", changes.c.before_observation_id)
Index("ix_changes_after", changes.c.after_observation_id)


# What is due: one row for each source that was ever scheduled or refreshed (see `scraper.due` and `leases`).

due: Final = Table(
    "due",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("cadence", Text, nullable=False),
    Column("known_at", UtcTime, nullable=False),
    Column("last_start_at", UtcTime),
    Column("last_success_at", UtcTime),
    Column("starts", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("lease_holder", Text),
    Column("lease_until", UtcTime),
    CheckConstraint("(lease_holder IS NULL) = (lease_until IS NULL)", name="lease_whole"),
    CheckConstraint("starts >= 0 AND successes >= 0 AND failed >= 0 AND failures >= 0", name="counts"),
)


# What guards held, and what became of it. Offers are named, not referred to: a history that is read again numbers them
# anew, and what people decided is kept. `old` and `new` are facts as JSON.

_HELD_OPEN: Final = "status = 'open'"
_HELD_KEY: Final = ("provider", "source", "model_id", "name", "field")

holds: Final = Table(
    "holds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("shared_id", Boolean, nullable=False),
    Column("field", Text, nullable=False),
    Column("valid_from", UtcTime),
    Column("guard", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("releases_after", Integer),
    Column("old", Text),
    Column("old_capture_id", ForeignKey(captures.c.id)),
    Column("new", Text),
    Column("first_capture_id", ForeignKey(captures.c.id), nullable=False),
    Column("last_capture_id", ForeignKey(captures.c.id), nullable=False),
    Column("seen", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_note", Text, nullable=False),
    Column("expires_at", UtcTime),
    CheckConstraint("model_id <> '' OR name <> ''", name="named"),
    CheckConstraint("status IN ('open', 'approved', 'rejected', 'released', 'lapsed')", name="status_known"),
    CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided_dated"),
    CheckConstraint("(status IN ('approved', 'rejected')) = (decided_by <> '')", name="decided_by_whom"),
    CheckConstraint("(status IN ('approved', 'rejected')) = (expires_at IS NOT NULL)", name="decided_until"),
    CheckConstraint("(old IS NULL) = (old_capture_id IS NULL)", name="old_whole"),
    CheckConstraint("field <> '' OR (old IS NULL AND new IS NULL)", name="offer_whole"),
    CheckConstraint("seen >= 1", name="counted"),
    _partial("uq_holds_open", *_HELD_KEY, where=f"{_HELD_OPEN} AND valid_from IS NULL", unique=True),
    _partial(
        "uq_holds_announced", *_HELD_KEY, "valid_from", where=f"{_HELD_OPEN} AND valid_from IS NOT NULL", unique=True
    ),
    Index("ix_holds_source", "provider", "source"),
)


# The outbox: what happened, told to nobody yet where it is not `routed`; written in the transaction of the change. What
# a history that was read again does not have any more is `retracted`. Events name offers and sources, refer to none.

events: Final = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("provider", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("routed", Boolean, nullable=False),
    Column("retracted", Boolean, nullable=False),
    UniqueConstraint("event"),
    _partial("ix_events_unrouted", "id", where="NOT routed"),
    Index("ix_events_at", "at"),
    Index("ix_events_provider", "provider"),
)

# A message of a subscriber that goes through one channel: made once, and sent until it has arrived or is given up.

_WAITING: Final = "state = 'waiting'"

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("digest", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("give_up_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("maybe_arrived", Boolean, nullable=False, server_default=true()),
    CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="state_known"),
    CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended_dated"),
    CheckConstraint("attempts >= 0", name="counted"),
    _partial("ix_deliveries_waiting", "subscriber", "channel", "id", where=_WAITING),
    Index("ix_deliveries_state", "state"),
)

_QUEUED: Final = "delivery_id IS NULL"

queued_events: Final = Table(
    "queued_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("event_id", ForeignKey(events.c.id), nullable=False),
    Column("queued_at", UtcTime, nullable=False),
    Column("delivery_id", ForeignKey(deliveries.c.id)),
    UniqueConstraint("subscriber", "channel", "event_id"),
    _partial("ix_queued_events_waiting", "subscriber", "channel", "id", where=_QUEUED),
    Index("ix_queued_events_delivery", "delivery_id"),
)

alert_channels: Final = Table(
    "alert_channels",
    metadata,
    Column("subscriber", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("known_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
    Column("disabled_why", Text, nullable=False),
    Column("lease_holder", Text),
    Column("lease_until", UtcTime),
    CheckConstraint("(lease_holder IS NULL) = (lease_until IS NULL)", name="lease_whole"),
)

silences: Final = Table(
    "silences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pattern", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    CheckConstraint("pattern <> '' AND made_by <> ''", name="whole"),
)
