"""What a source restates word for word is known by a digest; by which rules offers have been resolved to models.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0008"
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
    op.add_column("sources", sa.Column("identified_by", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("sources", "identified_by")
    op.drop_table("restated")
