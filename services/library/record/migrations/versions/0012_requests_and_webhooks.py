"""Requests that are done once; webhooks and their outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "idempotency_keys",
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("running_until", moment, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.JSON),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("account", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
    op.create_table(
        "webhooks",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("disabled", sa.Text),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_webhooks"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(40), nullable=False),
        sa.Column("webhook", sa.String(64), nullable=False),
        sa.Column("video_id", sa.String(32), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", moment, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("lease_expires_at", moment),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("ended_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("message_id", name="uq_webhook_deliveries_message_id"),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhooks.name"], name="fk_webhook_deliveries_webhook", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_webhook_deliveries_webhook_state_id", "webhook_deliveries", ["webhook", "state", "id"])
    op.create_index(
        "ix_webhook_deliveries_webhook_video_id_state_id", "webhook_deliveries", ["webhook", "video_id", "state", "id"]
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("webhook_deliveries", "webhooks", "idempotency_keys"):
        op.drop_table(table)
