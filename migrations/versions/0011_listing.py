"""An index for listing offers page by page, and for finding one by its name.

Revision ID: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_offers_listed", "offers", ["provider", "model_id", "name", "id"])


def downgrade() -> None:
    op.drop_index("ix_offers_listed", "offers")
