"""What is due: when each source was refreshed, how that went, and which process has it now.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "due",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("last_start_at", TIME, nullable=True),
        sa.Column("last_success_at", TIME, nullable=True),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("lease_holder", sa.Text(), nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("provider", "source", name=op.f("pk_due")),
        sa.CheckConstraint("(lease_holder IS NULL) = (lease_until IS NULL)", name=op.f("ck_due_lease_whole")),
        sa.CheckConstraint(
            "starts >= 0 AND successes >= 0 AND failed >= 0 AND failures >= 0", name=op.f("ck_due_counts")
        ),
    )


def downgrade() -> None:
    op.drop_table("due")
