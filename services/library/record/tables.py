"""The record's tables. Portable SQL: SQLite and PostgreSQL take the same statements."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC out, also on SQLite, which stores no zone. A naive one is a `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC on the way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone: pass an aware datetime, e.g. datetime.now(UTC).")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say UTC on the way out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of the tables. Constraints have names, so that migrations can speak of them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _where(condition: str) -> dict[str, Any]:
    """An index of the rows that fulfil the condition, on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def table_of(row: type[Base]) -> Table:
    """The table of a class, for statements that are asked of a connection and not of the mapper."""
    table = row.__table__
    assert isinstance(table, Table)
    return table


class VideoRow(Base):
    """A video, where it is on its way, and the lease of whoever works on it.

    The lease is part of the row, so that claiming is one conditional UPDATE, atomic on every database. `dirty` means
    that the metadata changed during a pass: when that pass ends, the video goes through again. `turn` is its place in
    the fair order of its priority class (`turns.py`), `announced_at` when a message about its lane was sent that
    nobody has taken up yet, `failed_lane` where a retry goes on.
    """

    __tablename__ = "videos"
    __table_args__ = (
        Index("ix_videos_state_created_at", "state", "created_at"),
        # Of the videos on their way alone, so that what has to be looked up often stays small beside an archive.
        Index("ix_videos_due", "lane", "priority", "turn", "created_at", "id", **_where("lane IS NOT NULL")),
        Index("ix_videos_turn", "priority", "turn", **_where("lane IS NOT NULL")),
        Index("ix_videos_uploader", "uploader", "priority", "turn", **_where("lane IS NOT NULL")),
        Index("ix_videos_announced", "lane", "announced_at", **_where("announced_at IS NOT NULL")),
        Index("ix_videos_finished", "updated_at", **_where("lane IS NULL")),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    blob_key: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    lane: Mapped[str | None] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dirty: Mapped[bool]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    uploader: Mapped[str] = mapped_column(String(200), server_default=text("''"))
    priority: Mapped[str] = mapped_column(String(16), server_default="fresh")
    turn: Mapped[int] = mapped_column(BigInteger, server_default="0")
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_lane: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UploadRow(Base):
    """One arrival of a video, with what came along."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    blob_key: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    hashtags: Mapped[list[str]] = mapped_column(JSON)
    creator: Mapped[str | None] = mapped_column(Text)
    language_hint: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sidecars: Mapped[list[str]] = mapped_column(JSON)
    uploader: Mapped[str] = mapped_column(String(200), server_default=text("''"))
    priority: Mapped[str] = mapped_column(String(16), server_default="fresh")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StageResultRow(Base):
    """A stage's output for one fingerprint; written once."""

    __tablename__ = "stage_results"

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(128), primary_key=True)
    output: Mapped[dict[str, Any]] = mapped_column(JSON)
    model: Mapped[str | None] = mapped_column(Text)
    seconds: Mapped[float] = mapped_column(Float)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StageCostRow(Base):
    """What one run of a stage cost; only ever added to. It outlives its video: what was spent stays spent."""

    __tablename__ = "stage_costs"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    video_id: Mapped[str] = mapped_column(String(32), index=True)
    stage: Mapped[str] = mapped_column(String(64))
    model: Mapped[str | None] = mapped_column(Text)
    made: Mapped[bool]
    day: Mapped[date] = mapped_column(Date, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    wall_seconds: Mapped[float] = mapped_column(Float)
    cpu_seconds: Mapped[float] = mapped_column(Float)
    gpu_seconds: Mapped[float] = mapped_column(Float)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    tokens_billed: Mapped[bool]
    bytes_read: Mapped[int] = mapped_column(BigInteger)


class UnderstandingRow(Base):
    """The latest document of a video: as the models wrote it, and with the editors' decisions laid over it.

    `revision` counts changes of either; `published_revision` is the one that the index holds.
    """

    __tablename__ = "understandings"

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    effective: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    revision: Mapped[int] = mapped_column(Integer, server_default="0")
    published_revision: Mapped[int] = mapped_column(Integer, server_default="0")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignatureRow(Base):
    """What a video's copies are told by. `number` is short, because the words repeat it."""

    __tablename__ = "signatures"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own way

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), unique=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class SignatureWordRow(Base):
    """One word of one signature: the inverted index by which candidates are found."""

    __tablename__ = "signature_words"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own way

    word: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(
        ForeignKey("signatures.number", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class StopWordRow(Base):
    """A word that too many videos have (a dark frame, a plain wall) to tell any of them."""

    __tablename__ = "signature_stop_words"

    word: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class CopyRow(Base):
    """A video and an earlier one that it is a copy of. Chains are followed when they are read."""

    __tablename__ = "copies"

    copy_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    original_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True, index=True)
    match: Mapped[dict[str, Any]] = mapped_column(JSON)
