"""The offers of a provider are found without a look at those of all others.

Revision ID: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_offers_provider", "offers", ["provider"])


def downgrade() -> None:
    op.drop_index("ix_offers_provider", "offers")
