"""The outbox of events, what is told of them to whom, and what is silenced.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("routed", sa.Boolean(), nullable=False),
        sa.Column("retracted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("event", name=op.f("uq_events_event")),
    )
    partial_index("ix_events_unrouted", "events", ["id"], "NOT routed")
    op.create_index(op.f("ix_events_at"), "events", ["at"])
    op.create_index(op.f("ix_events_provider"), "events", ["provider"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("give_up_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dead')", name=op.f("ck_deliveries_state_known")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_deliveries_ended_dated")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_counted")),
    )
    mine = ["subscriber", "channel", "id"]
    partial_index("ix_deliveries_waiting", "deliveries", mine, "state = 'waiting'")
    op.create_index(op.f("ix_deliveries_state"), "deliveries", ["state"])
    op.create_table(
        "queued_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("delivery_id", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queued_events")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_queued_events_event_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_queued_events_delivery_id")),
        sa.UniqueConstraint(
            "subscriber", "channel", "event_id", name=op.f("uq_queued_events_subscriber_channel_event_id")
        ),
    )
    partial_index("ix_queued_events_waiting", "queued_events", mine, "delivery_id IS NULL")
    op.create_index(op.f("ix_queued_events_delivery"), "queued_events", ["delivery_id"])
    op.create_table(
        "alert_channels",
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME),
        sa.Column("disabled_why", sa.Text(), nullable=False),
        sa.Column("lease_holder", sa.Text()),
        sa.Column("lease_until", TIME),
        sa.PrimaryKeyConstraint("subscriber", "channel", name=op.f("pk_alert_channels")),
        sa.CheckConstraint(
            "(lease_holder IS NULL) = (lease_until IS NULL)", name=op.f("ck_alert_channels_lease_whole")
        ),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
        sa.CheckConstraint("pattern <> '' AND made_by <> ''", name=op.f("ck_silences_whole")),
    )


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(op.f(name), table, columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for table in ("silences", "alert_channels", "queued_events", "deliveries", "events"):
        op.drop_table(table)
