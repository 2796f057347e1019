"""Events of every kind in place of interactions; impressions, counts, and edits of profiles."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _belongs_to_video(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=f"fk_{table}_video_id", ondelete="CASCADE")


def upgrade() -> None:
    """Create the tables and carry the interactions over."""
    op.create_table(
        "events",
        sa.Column("number", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("video_id", sa.String(32)),
        sa.Column("creator", sa.Text),
        sa.Column("watch_s", sa.Float),
        sa.Column("duration_s", sa.Float),
        sa.Column("watch_ratio", sa.Float),
        sa.Column("query", sa.Text),
        sa.Column("request_id", sa.String(64)),
        sa.Column("position", sa.Integer),
        sa.Column("utc_offset_minutes", sa.Integer),
        sa.Column("audience", sa.String(64)),
        sa.PrimaryKeyConstraint("number", name="pk_events"),
        sa.UniqueConstraint("user_id", "id", name="uq_events_user_id_id"),
        _belongs_to_video("events"),
    )
    op.create_index("ix_events_user_id_at", "events", ["user_id", "at"])
    op.create_index("ix_events_video_id_at", "events", ["video_id", "at"])
    counts = op.create_table(
        "event_counts",
        sa.Column("video_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("hour", _MOMENT, nullable=False),
        sa.Column("audience", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("video_id", "kind", "hour", "audience", name="pk_event_counts"),
        _belongs_to_video("event_counts"),
    )
    op.create_index("ix_event_counts_hour", "event_counts", ["hour"])
    op.create_table(
        "event_quality",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "outcome", name="pk_event_quality"),
    )
    op.create_table(
        "impression_batches",
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("policy", sa.String(128), nullable=False),
        sa.Column("variant", sa.String(128), nullable=False),
        sa.Column("context", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_impression_batches"),
    )
    op.create_index("ix_impression_batches_user_id_at", "impression_batches", ["user_id", "at"])
    op.create_table(
        "impressions",
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("video_id", sa.String(32), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("contributions", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("request_id", "position", name="pk_impressions"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["impression_batches.request_id"], name="fk_impressions_request_id", ondelete="CASCADE"
        ),
        _belongs_to_video("impressions"),
    )
    op.create_index("ix_impressions_video_id", "impressions", ["video_id"])
    op.create_table(
        "profile_edits",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("text", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_profile_edits"),
    )
    op.create_index("ix_profile_edits_user_id_at", "profile_edits", ["user_id", "at"])
    op.execute(
        "INSERT INTO events (id, user_id, kind, at, video_id, watch_ratio) "
        "SELECT 'interaction-' || id, user_id, kind, at, video_id, watch_ratio FROM interactions ORDER BY id"
    )
    _count_hours(counts)
    op.drop_table("interactions")


def _count_hours(counts: sa.Table) -> None:
    """Fill `event_counts`; the hour is cut here because every database cuts times in words of its own."""
    events = sa.table(
        "events", sa.column("video_id", sa.String), sa.column("kind", sa.String), sa.column("at", _MOMENT)
    )
    connection = op.get_bind()
    totals: Counter[tuple[str, str, datetime]] = Counter()
    for video_id, kind, at in connection.execute(sa.select(events.c.video_id, events.c.kind, events.c.at)):
        utc = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        totals[video_id, kind, utc.replace(minute=0, second=0, microsecond=0)] += 1
    rows = [
        {"video_id": video_id, "kind": kind, "hour": hour, "audience": "", "count": count}
        for (video_id, kind, hour), count in totals.items()
    ]
    if rows:
        connection.execute(sa.insert(counts), rows)


def downgrade() -> None:
    """Go back to interactions, which know three kinds."""
    op.create_table(
        "interactions",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("video_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("watch_ratio", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_interactions"),
        sa.UniqueConstraint("user_id", "video_id", "kind", "at", name="uq_interactions_user_id_video_id_kind_at"),
        _belongs_to_video("interactions"),
    )
    op.create_index("ix_interactions_user_id_at", "interactions", ["user_id", "at"])
    op.create_index("ix_interactions_video_id", "interactions", ["video_id"])
    op.execute(
        "INSERT INTO interactions (user_id, video_id, kind, at, watch_ratio) "
        "SELECT user_id, video_id, kind, at, max(watch_ratio) FROM events "
        "WHERE kind IN ('play', 'like', 'skip') AND video_id IS NOT NULL GROUP BY user_id, video_id, kind, at"
    )
    for table in (
        "profile_edits", "impressions", "impression_batches", "event_quality", "event_counts", "events",
    ):  # fmt: skip
        op.drop_table(table)
