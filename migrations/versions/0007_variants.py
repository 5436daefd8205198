"""How an offer of a model differs from the plain model; which model it is, offers have had a column for.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offers", sa.Column("variant", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_offers_model", "offers", ["model"])


def downgrade() -> None:
    op.drop_index("ix_offers_model", "offers")
    op.drop_column("offers", "variant")
