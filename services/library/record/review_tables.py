"""Tables of the editors' work: the log of decisions, the queue, who looks at what, and rules for all videos."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.library.record.tables import Base, UtcDateTime


class DecisionRow(Base):
    """One entry of the log; rows are only ever added. `client_key` makes sending it twice one entry."""

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("account", "client_key"),
        Index("ix_decisions_video_id_id", "video_id", "id"),
        Index("ix_decisions_at", "at"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    account: Mapped[str] = mapped_column(String(64))
    client_key: Mapped[str] = mapped_column(String(64))
    field: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    machine: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    cited: Mapped[dict[str, str]] = mapped_column(JSON)
    comment: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    undoes: Mapped[int | None] = mapped_column(Integer)
    blind: Mapped[bool]
    bulk_id: Mapped[int | None] = mapped_column(Integer, index=True)
    model: Mapped[str | None] = mapped_column(Text)
    prompt: Mapped[str | None] = mapped_column(Text)


class LineCorrectionRow(Base):
    """A corrected line that the video is described with; `place` is its number among the video's."""

    __tablename__ = "line_corrections"

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(String(16))
    machine: Mapped[str] = mapped_column(Text)
    corrected: Mapped[str] = mapped_column(Text)
    start: Mapped[float | None] = mapped_column(Float)
    end: Mapped[float | None] = mapped_column(Float)
    account: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class QueueRow(Base):
    """A video as the queue sorts and filters it; written whenever its document changes.

    `topics` and `models` are lists within bars (`|cats|dogs|`), for LIKE. `lot` in [0, 1) follows from the id: below
    the share of double reviews, two editors are to look at it; three when it is `disputed`. `finished` have.
    """

    __tablename__ = "review_queue"
    __table_args__ = (
        Index("ix_review_queue_state_score", "state", "score", "video_id"),
        Index("ix_review_queue_created_at", "created_at"),
    )

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    score: Mapped[float] = mapped_column(Float)
    signals: Mapped[dict[str, float]] = mapped_column(JSON)
    title: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    creator: Mapped[str | None] = mapped_column(Text)
    topics: Mapped[str] = mapped_column(Text)
    models: Mapped[str] = mapped_column(Text)
    duration_s: Mapped[float | None] = mapped_column(Float)
    reach: Mapped[int] = mapped_column(Integer)
    lot: Mapped[float] = mapped_column(Float)
    disputed: Mapped[bool]
    finished: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReviewRow(Base):
    """An editor at a video: a claim until `expires_at`, or a finished review."""

    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_account_finished_at", "account", "finished_at"),)

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    blind: Mapped[bool]


class ReviewLabelRow(Base):
    """A label that a video carries: as the models gave it (`machine`), as readers see it (`effective`), or both."""

    __tablename__ = "review_labels"
    __table_args__ = (Index("ix_review_labels_field_key", "field", "key"),)

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    field: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    machine: Mapped[bool]
    effective: Mapped[bool]
    confidence: Mapped[float] = mapped_column(Float)


class LabelRuleRow(Base):
    """A label suppressed or renamed wherever it occurs, until `ended_at`.

    `applied_at` is when every document had been brought in step; null means that this is under way.
    """

    __tablename__ = "label_rules"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    field: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(16))
    to_key: Mapped[str | None] = mapped_column(String(200))
    to_en: Mapped[str | None] = mapped_column(Text)
    to_zh: Mapped[str | None] = mapped_column(Text)
    account: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(64))
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReportRow(Base):
    """Somebody said that something is wrong with a video."""

    __tablename__ = "review_reports"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    account: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SavedViewRow(Base):
    """A filter of the queue under a name of an editor's own."""

    __tablename__ = "review_views"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BulkRow(Base):
    """Decisions made together and undone together."""

    __tablename__ = "bulk_actions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column(String(64))
    client_key: Mapped[str] = mapped_column(String(64), unique=True)
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    decisions: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(64))


class TaxonomyVersionRow(Base):
    """A published version of the taxonomy: all edits since the one that ships, in order."""

    __tablename__ = "taxonomy_versions"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    edits: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
