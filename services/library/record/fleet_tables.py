"""The table of workers that say that they live."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Float, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.library.record.tables import Base, UtcDateTime


class WorkerRow(Base):
    """A worker process from its start to its end; `run` is random, and `seen_at` when it last said that it lives."""

    __tablename__ = "workers"

    run: Mapped[str] = mapped_column(String(32), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int] = mapped_column(Integer)
    lanes: Mapped[list[str]] = mapped_column(JSON)
    at_once: Mapped[int] = mapped_column(Integer)
    running: Mapped[int] = mapped_column(Integer)
    beat_s: Mapped[float] = mapped_column(Float)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
