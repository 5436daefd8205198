"""Whether a message that is under way may have arrived already: one that certainly did not can be taken apart.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("maybe_arrived", sa.Boolean(), nullable=False, server_default=sa.true())
    op.add_column("deliveries", column)


def downgrade() -> None:
    op.drop_column("deliveries", "maybe_arrived")
