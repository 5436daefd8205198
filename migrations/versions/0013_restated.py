"""What a source restates is known by a digest, and by which rules offers were resolved to models.

An index counts what stands of each offer of a source without a look at the observations.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restated",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_restated_digest_whole")),
        sa.CheckConstraint("page >= 0 AND facts > 0", name=op.f("ck_restated_counts")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_restated_source_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_restated_offer_id")),
        sa.PrimaryKeyConstraint("source_id", "offer_id", name=op.f("pk_restated")),
    )
    op.create_index("ix_restated_offer", "restated", ["offer_id"])
    _replace_index("source_id", "offer_id", "misses")
    op.add_column("sources", sa.Column("identified_by", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("sources", "identified_by")
    _replace_index("source_id")
    op.drop_table("restated")


def _replace_index(*columns: str) -> None:
    still_open = sa.text("closed_at IS NULL")
    op.drop_index("ix_observations_open_source", "observations")
    op.create_index(
        "ix_observations_open_source",
        "observations",
        list(columns),
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
