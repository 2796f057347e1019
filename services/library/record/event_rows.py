"""Events as rows and back, and how rows are cut and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Row

from services.library.record.event_tables import EventRow
from services.library.record.events import Event, EventKind

_T = TypeVar("_T")

BATCH = 500
"""Rows a statement: a dozen values each stay below every database's limit of bound values."""


def hourly(
    events: Iterable[tuple[str | None, str, datetime, str | None]],
) -> Counter[tuple[str, str, datetime, str]]:
    """(video id, kind, hour, audience) -> how many of the (video id, kind, time, audience) there are."""
    return Counter(
        (video_id, kind, hour_of(at), audience or "") for video_id, kind, at, audience in events if video_id is not None
    )


def event_of(row: EventRow | Row[Any]) -> Event:
    """The row as a value."""
    return Event(
        id=row.id, user_id=row.user_id, kind=EventKind(row.kind), at=row.at, video_id=row.video_id, creator=row.creator,
        watch_s=row.watch_s, duration_s=row.duration_s, watch_ratio=row.watch_ratio, query=row.query,
        request_id=row.request_id, position=row.position, utc_offset_minutes=row.utc_offset_minutes,
        audience=row.audience,
    )  # fmt: skip


def batches(items: Sequence[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """The items, `size` at a time."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def columns_of(event: Event) -> dict[str, Any]:
    """The value as a row."""
    return {
        "id": event.id, "user_id": event.user_id, "kind": event.kind.value, "at": event.at, "video_id": event.video_id,
        "creator": event.creator, "watch_s": event.watch_s, "duration_s": event.duration_s,
        "watch_ratio": event.watch_ratio, "query": event.query, "request_id": event.request_id,
        "position": event.position, "utc_offset_minutes": event.utc_offset_minutes, "audience": event.audience,
    }  # fmt: skip


def hour_of(at: datetime) -> datetime:
    """The hour that a time lies in."""
    return at.replace(minute=0, second=0, microsecond=0)
