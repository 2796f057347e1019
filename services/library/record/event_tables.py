"""The tables of viewers: events, what was shown, counts, and edits of profiles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.library.record.tables import Base, UtcDateTime

_SERIAL = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER


class EventRow(Base):
    """One thing a viewer did. The same id of the same user is one event."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("user_id", "id"),
        Index("ix_events_user_id_at", "user_id", "at"),
        # Holds all that tells who took to a video, so that no row has to be looked up.
        Index("ix_events_video_id_takers", "video_id", "at", "user_id", "kind", "watch_ratio"),
    )

    number: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(128))
    user_id: Mapped[str] = mapped_column(String(256))
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    video_id: Mapped[str | None] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    creator: Mapped[str | None] = mapped_column(Text)
    watch_s: Mapped[float | None] = mapped_column(Float)
    duration_s: Mapped[float | None] = mapped_column(Float)
    watch_ratio: Mapped[float | None] = mapped_column(Float)
    query: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(64))
    position: Mapped[int | None] = mapped_column(Integer)
    utc_offset_minutes: Mapped[int | None] = mapped_column(Integer)
    audience: Mapped[str | None] = mapped_column(String(64))


class EventCountRow(Base):
    """Events a video got in an hour, by kind and audience ('' for none): what trends are read from. Names nobody."""

    __tablename__ = "event_counts"
    __table_args__ = (Index("ix_event_counts_hour", "hour"),)

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    audience: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)


class EventQualityRow(Base):
    """How many events that arrived on a day (UTC) were stored, duplicates, or dropped for which reason."""

    __tablename__ = "event_quality"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(32), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)


class ImpressionBatchRow(Base):
    """One answer of the recommender."""

    __tablename__ = "impression_batches"
    __table_args__ = (Index("ix_impression_batches_user_id_at", "user_id", "at"),)

    request_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(256))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    policy: Mapped[str] = mapped_column(String(128))
    variant: Mapped[str] = mapped_column(String(128))
    context: Mapped[dict[str, Any]] = mapped_column(JSON)


class ImpressionRow(Base):
    """One item of an answer."""

    __tablename__ = "impressions"

    request_id: Mapped[str] = mapped_column(
        ForeignKey("impression_batches.request_id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    score: Mapped[float] = mapped_column(Float)
    contributions: Mapped[dict[str, float]] = mapped_column(JSON)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class ProfileEditRow(Base):
    """A correction of a profile by its viewer."""

    __tablename__ = "profile_edits"
    __table_args__ = (Index("ix_profile_edits_user_id_at", "user_id", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(256))
    kind: Mapped[str] = mapped_column(String(16))
    field: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(Text)
    weight: Mapped[float] = mapped_column(Float)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    text: Mapped[str | None] = mapped_column(Text)
