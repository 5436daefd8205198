"""Sources that are sent in several pages: which captures were read together.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("last_pages", sa.Text(), nullable=False, server_default=""))
    # The key changes, and a table that SQLite rebuilds loses its constraints: it is made anew.
    op.execute("CREATE TABLE kept_captures AS SELECT * FROM source_captures")
    op.drop_table("source_captures")
    make_source_captures(sa.Column("pages", sa.Text(), nullable=False))
    op.execute(
        "INSERT INTO source_captures (source_id, capture_id, pages, outcome, error) "
        "SELECT source_id, capture_id, '', outcome, error FROM kept_captures"
    )
    op.drop_table("kept_captures")
    op.create_table(
        "reading_pages",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("page_capture_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "capture_id", "pages", "page", name=op.f("pk_reading_pages")),
        sa.ForeignKeyConstraint(["page_capture_id"], ["captures.id"], name=op.f("fk_reading_pages_page_capture_id")),
        sa.ForeignKeyConstraint(
            ["source_id", "capture_id", "pages"],
            ["source_captures.source_id", "source_captures.capture_id", "source_captures.pages"],
            name=op.f("fk_reading_pages_source_id"),
        ),
        sa.CheckConstraint("page > 0", name=op.f("ck_reading_pages_page_after_first")),
        sa.CheckConstraint("length(pages) = 64", name=op.f("ck_reading_pages_pages_whole")),
    )


def downgrade() -> None:
    op.drop_table("reading_pages")
    op.execute("CREATE TABLE kept_captures AS SELECT * FROM source_captures")
    op.drop_table("source_captures")
    make_source_captures()
    # The first page alone must not be taken for all that was read.
    op.execute(
        "INSERT INTO source_captures (source_id, capture_id, outcome, error) "
        "SELECT source_id, capture_id, outcome, error FROM kept_captures WHERE pages = ''"
    )
    op.drop_table("kept_captures")
    op.drop_column("sources", "last_pages")


def make_source_captures(*key: sa.Column[str]) -> None:
    op.create_table(
        "source_captures",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        *key,
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source_id", "capture_id", *(column.name for column in key), name=op.f("pk_source_captures")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_source_captures_source_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_source_captures_capture_id")),
        sa.CheckConstraint(
            "outcome IN ('ok', 'failed', 'unread', 'passed_over')", name=op.f("ck_source_captures_outcome_known")
        ),
    )
