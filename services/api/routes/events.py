"""What viewers did."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import WithJsonSchema

from services.api.errors import error_responses
from services.api.event_intake import take_in
from services.api.event_schemas import EventBody, EventsAnswer, QualityAnswer, QualityDay
from services.api.forms import inline_schema
from services.api.lookup import ServiceOf
from services.library.record.events import DropReason
from services.library.record.viewers import DUPLICATE, STORED

router = APIRouter(prefix="/v1", tags=["recommendations"])

MAX_EVENTS = 1000
"""Most events of one batch."""

_EXAMPLE = [
    {"id": "a1", "user": "amy", "video": "3f2a9c", "kind": "play", "watch_s": 18.0, "at": "2026-11-23T08:00:00+08:00"}
]

_Item = Annotated[Any, WithJsonSchema(inline_schema(EventBody))]
"""Read one by one in the handler: a bad item must not fail the batch."""


@router.post("/events", status_code=202, summary="Report what viewers did", responses=error_responses(413, 422))
def add_events(
    service: ServiceOf,
    events: Annotated[list[_Item], Body(min_length=1, max_length=MAX_EVENTS, examples=[_EXAMPLE])],
) -> EventsAnswer:
    """Store a batch of up to 1,000 events; safe to send again.

    Good events are stored and bad ones reported one by one with the reason, so a sender needs to repeat nothing after
    202. The next recommendation knows of them. 422 `no_usable_events` only when every item is malformed or names an
    unknown video.
    """
    return take_in(service.library, events)


@router.get("/events/quality", summary="What became of the events that arrived", responses=error_responses(422))
def quality(service: ServiceOf, days: Annotated[int, Query(ge=1, le=366)] = 30) -> QualityAnswer:
    """Per day of arrival (UTC): how many events were stored, were duplicates, or were dropped for which reason."""
    by_day: dict[str, dict[str, int]] = {}
    for one in service.library.record.event_quality(days=days):
        by_day.setdefault(one.day, {})[one.outcome] = one.count
    return QualityAnswer(
        days=tuple(
            QualityDay(
                day=day,
                stored=counts.get(STORED, 0),
                duplicates=counts.get(DUPLICATE, 0),
                dropped={reason: counts[reason.value] for reason in DropReason if reason.value in counts},
            )
            for day, counts in by_day.items()
        )
    )
