"""What fetching remembers: pages, hosts, robots.txt files.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "fetched_pages",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("since_full", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_fetched_pages")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_fetched_pages_sha256_whole")),
    )
    op.create_table(
        "fetched_hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_fetched_hosts")),
    )
    op.create_table(
        "robots_files",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_robots_files")),
        sa.CheckConstraint("decision IN ('rules', 'allow', 'disallow')", name=op.f("ck_robots_files_decision_known")),
    )


def downgrade() -> None:
    for table in ("robots_files", "fetched_hosts", "fetched_pages"):
        op.drop_table(table)
