"""The editors' overlay: decisions, queue, claims, rules, reports, views, bulk actions, taxonomy versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _video_id() -> sa.Column[str]:
    return sa.Column("video_id", sa.String(32), nullable=False)


def _belongs_to_video(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=f"fk_{table}_video_id", ondelete="CASCADE")


def upgrade() -> None:
    """Create the tables, and room for the effective document beside the machine's."""
    with op.batch_alter_table("understandings") as table:
        table.add_column(sa.Column("effective", sa.JSON))
        table.add_column(sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("published_revision", sa.Integer, nullable=False, server_default="0"))
    _decisions()
    _queue()
    _rules()
    _others()


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        _video_id(),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("client_key", sa.String(64), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.Column("machine", sa.JSON),
        sa.Column("cited", sa.JSON, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("undoes", sa.Integer),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.Column("bulk_id", sa.Integer),
        sa.Column("model", sa.Text),
        sa.Column("prompt", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint("account", "client_key", name="uq_decisions_account_client_key"),
        _belongs_to_video("decisions"),
    )
    op.create_index("ix_decisions_video_id_id", "decisions", ["video_id", "id"])
    op.create_index("ix_decisions_at", "decisions", ["at"])
    op.create_index("ix_decisions_bulk_id", "decisions", ["bulk_id"])
    op.create_table(
        "bulk_actions",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("client_key", sa.String(64), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("undone_at", _MOMENT),
        sa.Column("undone_by", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_actions"),
        sa.UniqueConstraint("client_key", name="uq_bulk_actions_client_key"),
    )


def _queue() -> None:
    op.create_table(
        "review_queue",
        _video_id(),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("signals", sa.JSON, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("creator", sa.Text),
        sa.Column("topics", sa.Text, nullable=False),
        sa.Column("models", sa.Text, nullable=False),
        sa.Column("duration_s", sa.Float),
        sa.Column("reach", sa.Integer, nullable=False),
        sa.Column("lot", sa.Float, nullable=False),
        sa.Column("disputed", sa.Boolean, nullable=False),
        sa.Column("finished", sa.Integer, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("video_id", name="pk_review_queue"),
        _belongs_to_video("review_queue"),
    )
    op.create_index("ix_review_queue_state_score", "review_queue", ["state", "score", "video_id"])
    op.create_index("ix_review_queue_created_at", "review_queue", ["created_at"])
    op.create_table(
        "reviews",
        _video_id(),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("claimed_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("video_id", "account", name="pk_reviews"),
        _belongs_to_video("reviews"),
    )
    op.create_index("ix_reviews_account_finished_at", "reviews", ["account", "finished_at"])
    op.create_table(
        "review_labels",
        _video_id(),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("machine", sa.Boolean, nullable=False),
        sa.Column("effective", sa.Boolean, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("video_id", "field", "key", name="pk_review_labels"),
        _belongs_to_video("review_labels"),
    )
    op.create_index("ix_review_labels_field_key", "review_labels", ["field", "key"])


def _rules() -> None:
    op.create_table(
        "label_rules",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("to_key", sa.String(200)),
        sa.Column("to_en", sa.Text),
        sa.Column("to_zh", sa.Text),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("ended_by", sa.String(64)),
        sa.Column("applied_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_label_rules"),
    )
    op.create_table(
        "taxonomy_versions",
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("edits", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("applied_at", _MOMENT),
        sa.PrimaryKeyConstraint("version", name="pk_taxonomy_versions"),
    )


def _others() -> None:
    op.create_table(
        "review_reports",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        _video_id(),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_review_reports"),
        _belongs_to_video("review_reports"),
    )
    op.create_index("ix_review_reports_video_id", "review_reports", ["video_id"])
    op.create_table(
        "review_views",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("filters", sa.JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name="pk_review_views"),
    )


def downgrade() -> None:
    """Drop the tables; the machine's documents are what is left."""
    for table in (
        "review_views", "review_reports", "taxonomy_versions", "label_rules", "review_labels", "reviews",
        "review_queue", "bulk_actions", "decisions",
    ):  # fmt: skip
        op.drop_table(table)
    with op.batch_alter_table("understandings") as understandings:
        for column in ("published_revision", "revision", "effective"):
            understandings.drop_column(column)
