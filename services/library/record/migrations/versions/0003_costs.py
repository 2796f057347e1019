"""What each run of a stage cost, and since when a lane has waited for a model that is away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("videos", sa.Column("waiting_since", sa.DateTime(timezone=True)))
    op.create_table(
        "stage_costs",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        # No foreign key: what was spent on a video stays spent when the video goes.
        sa.Column("video_id", sa.String(32), nullable=False),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("made", sa.Boolean, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wall_seconds", sa.Float, nullable=False),
        sa.Column("cpu_seconds", sa.Float, nullable=False),
        sa.Column("gpu_seconds", sa.Float, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("completion_tokens", sa.BigInteger, nullable=False),
        sa.Column("tokens_billed", sa.Boolean, nullable=False),
        sa.Column("bytes_read", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stage_costs"),
    )
    op.create_index("ix_stage_costs_day", "stage_costs", ["day"])
    op.create_index("ix_stage_costs_video_id", "stage_costs", ["video_id"])


def downgrade() -> None:
    """Drop both."""
    op.drop_table("stage_costs")
    op.drop_column("videos", "waiting_since")
