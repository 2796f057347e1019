"""What viewers did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body

from services.api.errors import error_responses
from services.api.lookup import ServiceOf, find_video
from services.api.schemas import EventBody, EventsAnswer
from services.library.record.types import Interaction

router = APIRouter(prefix="/v1", tags=["recommendations"])

_EXAMPLE = [{"user": "amy", "video": "3f2a9c", "kind": "play", "watch_ratio": 0.9}]


@router.post("/events", status_code=202, summary="Report what viewers did", responses=error_responses(404, 409, 422))
def add_events(
    service: ServiceOf,
    events: Annotated[list[EventBody], Body(min_length=1, max_length=1000, examples=[_EXAMPLE])],
) -> EventsAnswer:
    """Store plays, likes and skips; all of the batch or, when one names an unknown video, none.

    The same user, video, kind and time twice is one event, so a batch can be sent again after a failure.
    """
    now = datetime.now(UTC)
    record = service.library.record
    ids = {name: find_video(record, name).id for name in {event.video for event in events}}
    stored = record.add_interactions(
        [
            Interaction(
                user_id=event.user,
                video_id=ids[event.video],
                kind=event.kind,
                at=(event.at or now).astimezone(UTC),
                watch_ratio=event.watch_ratio,
            )
            for event in events
        ]
    )
    return EventsAnswer(stored=stored)
