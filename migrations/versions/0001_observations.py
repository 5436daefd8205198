"""Runs, captures, sources, offers, observations, changes, notes.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("replay", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_table(
        "captures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("captured_at", TIME, nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
        sa.UniqueConstraint("sha256", "url", "captured_at", name=op.f("uq_captures_sha256_url_captured_at")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_captures_sha256_whole")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("fresh_days", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("last_at", TIME),
        sa.Column("last_success_at", TIME),
        sa.Column("last_capture_id", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("provider", "name", name=op.f("uq_sources_provider_name")),
        sa.ForeignKeyConstraint(["last_capture_id"], ["captures.id"], name=op.f("fk_sources_last_capture_id")),
        sa.CheckConstraint("status IN ('ok', 'failed', 'not_captured')", name=op.f("ck_sources_status_known")),
    )
    op.create_table(
        "source_fields",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "field", name=op.f("pk_source_fields")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_source_fields_source_id")),
    )
    create_offers()
    create_observations()
    create_changes()
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_notes_source_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_notes_capture_id")),
    )
    op.create_index(op.f("ix_notes_source"), "notes", ["source_id"])


def create_offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared_id", sa.Boolean(), nullable=False),
        sa.Column("model", sa.Text()),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.CheckConstraint("model_id <> '' OR name <> ''", name=op.f("ck_offers_named")),
    )
    partial_index(
        "uq_offers_by_id", "offers", ["provider", "model_id"], "model_id <> '' AND NOT shared_id", unique=True
    )
    partial_index(
        "uq_offers_by_name", "offers", ["provider", "model_id", "name"], "model_id = '' OR shared_id", unique=True
    )


def create_observations() -> None:
    op.create_table(
        "observations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("currency", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("derived", sa.Text(), nullable=False),
        sa.Column("promotional", sa.Boolean(), nullable=False),
        sa.Column("valid_from", TIME),
        sa.Column("valid_until", TIME),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("last_capture_id", sa.Integer(), nullable=False),
        sa.Column("last_locator", sa.Text(), nullable=False),
        sa.Column("last_quote", sa.Text(), nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("missed_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_observations_offer_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_observations_source_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_observations_capture_id")),
        sa.ForeignKeyConstraint(["last_capture_id"], ["captures.id"], name=op.f("fk_observations_last_capture_id")),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_observations_{name}"))
            for name, rule in (
                ("field_named", "field <> ''"),
                ("state_known", "state IN ('sourced', 'not_offered', 'not_sourced')"),
                ("value_where_sourced", "(state = 'sourced') = (value IS NOT NULL)"),
                ("reason_where_not_sourced", "(state = 'not_sourced') = (reason IS NOT NULL)"),
                ("reason_stated", "reason IS NULL OR reason = 'on_request'"),
                ("value_not_empty", "trim(value) <> ''"),
                ("evidence_whole", "trim(locator) <> '' AND trim(quote) <> ''"),
                ("last_evidence_whole", "trim(last_locator) <> '' AND trim(last_quote) <> ''"),
                ("interval", "last_seen >= first_seen AND (closed_at IS NULL OR closed_at >= last_seen)"),
                ("misses_dated", "misses >= 0 AND (misses = 0) = (missed_at IS NULL)"),
            )
        ),
    )
    key = ["offer_id", "field", "source_id"]
    partial_index("uq_observations_open", "observations", key, "closed_at IS NULL AND valid_from IS NULL", unique=True)
    partial_index(
        "uq_observations_announced",
        "observations",
        [*key, "valid_from"],
        "closed_at IS NULL AND valid_from IS NOT NULL",
        unique=True,
    )
    partial_index("ix_observations_open_offer", "observations", ["offer_id"], "closed_at IS NULL")
    partial_index("ix_observations_open_source", "observations", ["source_id"], "closed_at IS NULL")
    op.create_index(op.f("ix_observations_history"), "observations", ["offer_id", "field", "first_seen"])


def create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before_observation_id", sa.Integer()),
        sa.Column("after_observation_id", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_changes_run_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_changes_source_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_changes_offer_id")),
        sa.ForeignKeyConstraint(
            ["before_observation_id"], ["observations.id"], name=op.f("fk_changes_before_observation_id")
        ),
        sa.ForeignKeyConstraint(
            ["after_observation_id"], ["observations.id"], name=op.f("fk_changes_after_observation_id")
        ),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_changes_{name}"))
            for name, rule in (
                (
                    "kind_known",
                    "kind IN ('offer_added', 'offer_withdrawn', 'changed', 'terms', 'field_added', 'field_removed')",
                ),
                ("field_where_not_of_offer", "(field = '') = (kind IN ('offer_added', 'offer_withdrawn'))"),
                (
                    "before_whole",
                    "(before_observation_id IS NOT NULL) = (kind IN ('changed', 'terms', 'field_removed'))",
                ),
                ("after_whole", "(after_observation_id IS NOT NULL) = (kind IN ('changed', 'terms', 'field_added'))"),
            )
        ),
    )
    op.create_index(op.f("ix_changes_at"), "changes", ["at"])
    op.create_index(op.f("ix_changes_run"), "changes", ["run_id"])


def partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(op.f(name), table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for table in (
        "notes",
        "changes",
        "observations",
        "offers",
        "source_fields",
        "sources",
        "captures",
        "runs",
    ):
        op.drop_table(table)
