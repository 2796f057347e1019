"""Videos, uploads, stage results, understandings and interactions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _video_id() -> sa.Column[str]:
    return sa.Column("video_id", sa.String(32), nullable=False)


def _belongs_to_video(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=f"fk_{table}_video_id", ondelete="CASCADE")


def upgrade() -> None:
    """Create the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "videos",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("blob_key", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("lane", sa.String(16)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", moment),
        sa.Column("dirty", sa.Boolean, nullable=False),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("lease_expires_at", moment),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_videos"),
        sa.UniqueConstraint("sha256", name="uq_videos_sha256"),
    )
    op.create_index("ix_videos_state_created_at", "videos", ["state", "created_at"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        _video_id(),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("blob_key", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("description", sa.Text),
        sa.Column("hashtags", sa.JSON, nullable=False),
        sa.Column("creator", sa.Text),
        sa.Column("language_hint", sa.Text),
        sa.Column("published_at", moment),
        sa.Column("sidecars", sa.JSON, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        _belongs_to_video("uploads"),
    )
    op.create_index("ix_uploads_video_id", "uploads", ["video_id"])
    op.create_table(
        "stage_results",
        _video_id(),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(128), nullable=False),
        sa.Column("output", sa.JSON, nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("video_id", "stage", "fingerprint", name="pk_stage_results"),
        _belongs_to_video("stage_results"),
    )
    op.create_table(
        "understandings",
        _video_id(),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("video_id", name="pk_understandings"),
        _belongs_to_video("understandings"),
    )
    op.create_table(
        "interactions",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        _video_id(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("watch_ratio", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_interactions"),
        sa.UniqueConstraint("user_id", "video_id", "kind", "at", name="uq_interactions_user_id_video_id_kind_at"),
        _belongs_to_video("interactions"),
    )
    op.create_index("ix_interactions_user_id_at", "interactions", ["user_id", "at"])
    op.create_index("ix_interactions_video_id", "interactions", ["video_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("interactions", "understandings", "stage_results", "uploads", "videos"):
        op.drop_table(table)
