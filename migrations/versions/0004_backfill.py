"""Which captures belong to which source, and the copies that web archives have.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

# What was read is known by what it was read for.
QUOTED = """
    INSERT INTO source_captures (source_id, capture_id, outcome, error)
    SELECT source_id, capture_id, 'ok', '' FROM observations
    UNION SELECT source_id, last_capture_id, 'ok', '' FROM observations
    UNION SELECT id, last_capture_id, 'ok', '' FROM sources WHERE last_capture_id IS NOT NULL
"""

# A capture that neither said something first nor said anything last is quoted nowhere. It is of the same address.
OF_THE_SAME_ADDRESSES = """
    INSERT INTO source_captures (source_id, capture_id, outcome, error)
    SELECT DISTINCT known.source_id, other.id, 'ok', ''
    FROM source_captures AS known
    JOIN captures AS quoted ON quoted.id = known.capture_id
    JOIN captures AS other ON other.url = quoted.url
    WHERE NOT EXISTS (
        SELECT 1 FROM source_captures AS had WHERE had.source_id = known.source_id AND had.capture_id = other.id
    )
"""


def upgrade() -> None:
    op.create_table(
        "source_captures",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "capture_id", name=op.f("pk_source_captures")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_source_captures_source_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_source_captures_capture_id")),
        sa.CheckConstraint(
            "outcome IN ('ok', 'failed', 'unread', 'passed_over')", name=op.f("ck_source_captures_outcome_known")
        ),
    )
    op.create_table(
        "copies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("captured_at", TIME, nullable=False),
        sa.Column("mimetype", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copies")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_copies_source_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_copies_capture_id")),
        sa.UniqueConstraint(
            "source_id", "original", "captured_at", name=op.f("uq_copies_source_id_original_captured_at")
        ),
        sa.CheckConstraint("state IN ('found', 'fetched', 'gone')", name=op.f("ck_copies_state_known")),
        sa.CheckConstraint(
            "(state = 'fetched') = (capture_id IS NOT NULL)", name=op.f("ck_copies_capture_where_fetched")
        ),
    )
    op.create_index(op.f("ix_copies_capture"), "copies", ["capture_id"])
    op.create_index(op.f("ix_changes_offer"), "changes", ["offer_id"])
    op.create_index(op.f("ix_changes_before"), "changes", ["before_observation_id"])
    op.create_index(op.f("ix_changes_after"), "changes", ["after_observation_id"])
    op.execute(QUOTED)
    op.execute(OF_THE_SAME_ADDRESSES)


def downgrade() -> None:
    for index in ("ix_changes_after", "ix_changes_before", "ix_changes_offer"):
        op.drop_index(op.f(index), "changes")
    for table in ("copies", "source_captures"):
        op.drop_table(table)
