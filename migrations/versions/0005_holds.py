"""What guards held, and what became of it; and what a source said before, for the guards.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
KEY = ["provider", "source", "model_id", "name", "field"]
RULES = (
    ("named", "model_id <> '' OR name <> ''"),
    ("status_known", "status IN ('open', 'approved', 'rejected', 'released', 'lapsed')"),
    ("decided_dated", "(status = 'open') = (decided_at IS NULL)"),
    ("decided_by_whom", "(status IN ('approved', 'rejected')) = (decided_by <> '')"),
    ("decided_until", "(status IN ('approved', 'rejected')) = (expires_at IS NOT NULL)"),
    ("old_whole", "(old IS NULL) = (old_capture_id IS NULL)"),
    ("offer_whole", "field <> '' OR (old IS NULL AND new IS NULL)"),
    ("counted", "seen >= 1"),
)


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared_id", sa.Boolean(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("valid_from", TIME),
        sa.Column("guard", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("releases_after", sa.Integer()),
        sa.Column("old", sa.Text()),
        sa.Column("old_capture_id", sa.Integer()),
        sa.Column("new", sa.Text()),
        sa.Column("first_capture_id", sa.Integer(), nullable=False),
        sa.Column("last_capture_id", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", TIME),
        sa.Column("decided_note", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.ForeignKeyConstraint(["old_capture_id"], ["captures.id"], name=op.f("fk_holds_old_capture_id")),
        sa.ForeignKeyConstraint(["first_capture_id"], ["captures.id"], name=op.f("fk_holds_first_capture_id")),
        sa.ForeignKeyConstraint(["last_capture_id"], ["captures.id"], name=op.f("fk_holds_last_capture_id")),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_holds_{name}")) for name, rule in RULES),
    )
    partial_index("uq_holds_open", "holds", KEY, "status = 'open' AND valid_from IS NULL", unique=True)
    announced = "status = 'open' AND valid_from IS NOT NULL"
    partial_index("uq_holds_announced", "holds", [*KEY, "valid_from"], announced, unique=True)
    op.create_index(op.f("ix_holds_source"), "holds", ["provider", "source"])
    closed = ["source_id", "last_seen"]
    partial_index("ix_observations_closed_source", "observations", closed, "closed_at IS NOT NULL")


def partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(op.f(name), table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    op.drop_index(op.f("ix_observations_closed_source"), "observations")
    op.drop_table("holds")
