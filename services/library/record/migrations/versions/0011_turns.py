"""Whose turn it is: uploader, priority class, place in the fair order, messages under way, where a retry goes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_videos_due": (["lane", "priority", "turn", "created_at", "id"], "lane IS NOT NULL"),
    "ix_videos_turn": (["priority", "turn"], "lane IS NOT NULL"),
    "ix_videos_uploader": (["uploader", "priority", "turn"], "lane IS NOT NULL"),
    "ix_videos_announced": (["lane", "announced_at"], "announced_at IS NOT NULL"),
    "ix_videos_finished": (["updated_at"], "lane IS NULL"),
}


def upgrade() -> None:
    """Add the columns; videos that were queued before keep their order, by age."""
    for table in ("videos", "uploads"):
        op.add_column(table, sa.Column("uploader", sa.String(200), nullable=False, server_default=sa.text("''")))
        op.add_column(table, sa.Column("priority", sa.String(16), nullable=False, server_default="fresh"))
    op.add_column("videos", sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("videos", sa.Column("announced_at", sa.DateTime(timezone=True)))
    op.add_column("videos", sa.Column("failed_lane", sa.String(16)))
    for name, (columns, condition) in _INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, "videos", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Drop them."""
    for name in _INDEXES:
        op.drop_index(name, "videos")
    for table, columns in (
        ("videos", ("uploader", "priority", "turn", "announced_at", "failed_lane")),
        ("uploads", ("uploader", "priority")),
    ):
        for column in columns:
            op.drop_column(table, column)
