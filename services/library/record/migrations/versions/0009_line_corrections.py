"""The corrected lines that a video is described with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "line_corrections",
        sa.Column("video_id", sa.String(32), nullable=False),
        sa.Column("place", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("corrected", sa.Text, nullable=False),
        sa.Column("start", sa.Float),
        sa.Column("end", sa.Float),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("video_id", "place", name="pk_line_corrections"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_line_corrections_video_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Drop it; videos are described with the machine's words at their next run."""
    op.drop_table("line_corrections")
