"""An index that holds all that tells who took to a video."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the narrower index: it begins with the same columns."""
    op.create_index("ix_events_video_id_takers", "events", ["video_id", "at", "user_id", "kind", "watch_ratio"])
    op.drop_index("ix_events_video_id_at", "events")


def downgrade() -> None:
    """Put the narrower one back."""
    op.create_index("ix_events_video_id_at", "events", ["video_id", "at"])
    op.drop_index("ix_events_video_id_takers", "events")
