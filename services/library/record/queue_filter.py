"""Which videos of the review queue an editor asks for, as a value and as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement

from services.library.record.review_tables import QueueRow


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """All conditions hold together; None and empty let everything through. Dates are of the upload."""

    state: str | None = "open"
    language: str | None = None
    topic: str | None = None
    creator: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    signal: str | None = None


def conditions(where: QueueFilter) -> list[ColumnElement[bool]]:
    """The filter as SQL."""
    found: list[ColumnElement[bool]] = []
    if where.state is not None:
        found.append(QueueRow.state == where.state)
    if where.language is not None:
        found.append(QueueRow.language == where.language)
    if where.creator is not None:
        found.append(QueueRow.creator == where.creator)
    if where.topic is not None:
        found.append(QueueRow.topics.contains(f"|{where.topic}|", autoescape=True))
    if where.model is not None:
        found.append(QueueRow.models.contains(where.model, autoescape=True))
    if where.since is not None:
        found.append(QueueRow.created_at >= where.since)
    if where.until is not None:
        found.append(QueueRow.created_at < where.until)
    if where.signal is not None:
        found.append(QueueRow.signals[where.signal].as_float() > 0)
    return found
