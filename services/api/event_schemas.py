"""What `POST /v1/events` takes and answers."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, Field, WithJsonSchema

from services.api.schemas import Body, Text
from services.library.record.events import DropReason, EventKind


class EventBody(Body):
    """Something a viewer did.

    `id` makes sending again safe. Without one, user, video, kind and `at` together are the id; without `at` as well,
    every sending is a new event of this moment.
    """

    id: Annotated[Text, Field(max_length=128, description="The sender's id of the event.")] | None = None
    user: Annotated[Text, Field(max_length=200)]
    kind: Annotated[EventKind, WithJsonSchema({"type": "string", "enum": [kind.value for kind in EventKind]})]
    video: str | None = Field(None, max_length=64, description="Id, or a unique beginning of it.")
    at: AwareDatetime | None = Field(None, description="When it happened, with a zone; default: now.")
    watch_s: float | None = Field(None, description="Seconds watched.")
    duration_s: float | None = Field(None, description="Length of the video in seconds; default: what is known here.")
    watch_ratio: float | None = Field(None, description="Watch time over duration, where watch_s is not known.")
    creator: Annotated[Text, Field(max_length=200)] | None = Field(
        None, description="Who is followed; default: the video's creator."
    )
    query: Annotated[Text, Field(max_length=500)] | None = Field(None, description="What was searched for.")
    request_id: Annotated[Text, Field(max_length=64)] | None = Field(
        None, description="The answer of the recommender that the viewer reacted to."
    )
    position: int | None = Field(None, ge=0, description="Place of the video in that answer, from 0.")
    utc_offset_minutes: int | None = Field(
        None, description="The viewer's local time minus UTC, minutes; default: the offset that `at` is written with."
    )
    audience: Annotated[Text, Field(max_length=64)] | None = Field(
        None, description="A group that the viewer belongs to (market, language), for trends."
    )

    def key(self, at: datetime) -> str:
        """The event's id, made up where the sender gave none."""
        if self.id is not None:
            return self.id
        if self.at is None:
            return uuid4().hex
        said = "\x1f".join([self.kind.value, self.video or self.creator or self.query or "", at.isoformat()])
        return hashlib.sha256(said.encode()).hexdigest()[:32]


class DroppedView(BaseModel):
    """An event that was not stored: its place in the batch (from 0), its id if it had one, and why."""

    index: int
    id: str | None
    reason: DropReason
    message: str


class EventsAnswer(BaseModel):
    """What became of the batch. Events that were sent before are `duplicates`."""

    stored: int
    duplicates: int
    dropped: tuple[DroppedView, ...]
    dropped_by_reason: dict[DropReason, int]


class QualityDay(BaseModel):
    """The events that arrived on a day (UTC)."""

    day: str
    stored: int
    duplicates: int
    dropped: dict[DropReason, int]


class QualityAnswer(BaseModel):
    """What became of the events of the last days, newest first; days without events are left out."""

    days: tuple[QualityDay, ...]
