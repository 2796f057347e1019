"""A batch of events as it is sent, turned into events of the record; what cannot be read is said item by item."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from services.api.errors import describe_validation
from services.api.event_schemas import DroppedView, EventBody, EventsAnswer
from services.api.lookup import ID_DIGITS, find_video
from services.intake.errors import ServiceError
from services.library.errors import LibraryError
from services.library.index.port import Collection
from services.library.jsonable import storable_text
from services.library.library import Library
from services.library.record.events import DropReason, Event, EventKind
from services.recommend.indexed import IndexedVideo, point_id


class NoUsableEvents(ServiceError):
    """No event of the batch can be read or names a video that is there: the sender is set up wrongly."""

    code = "no_usable_events"
    status = 422


_WHOLE_ID = re.compile(rf"[0-9a-f]{{{ID_DIGITS}}}")
_SENDERS_FAULT = frozenset({DropReason.MALFORMED, DropReason.UNKNOWN_VIDEO})


@dataclass(frozen=True, slots=True)
class _Read:
    """An event that can be read, and its place in the batch."""

    index: int
    body: EventBody


def take_in(library: Library, items: Sequence[object], *, now: datetime | None = None) -> EventsAnswer:
    """Store what can be stored of a batch.

    Raises `NoUsableEvents` when every item is malformed or names an unknown video.
    """
    now = now or datetime.now(UTC)
    dropped: list[DroppedView] = []
    read: list[_Read] = []
    for index, item in enumerate(items):
        try:
            read.append(_Read(index, EventBody.model_validate(item)))
        except ValidationError as error:
            words = storable_text(describe_validation(error.errors(include_input=False, include_url=False)))[:500]
            dropped.append(DroppedView(index=index, id=_id_of(item), reason=DropReason.MALFORMED, message=words))
    unreadable = len(dropped)
    videos = {name: _video_id(library, name) for name in {one.body.video for one in read if one.body.video}}
    known = _indexed(library, set(videos.values()))
    events = [_event(one.body, videos, known, now) for one in read]
    outcome = library.record.add_events(events, unreadable=unreadable)
    dropped += [
        DroppedView(
            index=read[one.index].index,
            id=one.id if read[one.index].body.id is not None else None,
            reason=one.reason,
            message=one.message,
        )
        for one in outcome.dropped
    ]
    dropped.sort(key=lambda view: view.index)
    if dropped and len(dropped) == len(items) and all(view.reason in _SENDERS_FAULT for view in dropped):
        said = "; ".join(f"item {view.index}: {view.message}" for view in dropped[:3])
        raise NoUsableEvents(
            f"None of the {len(items)} events could be stored: {said}{' ...' if len(dropped) > 3 else ''}",
            remedy="See /docs for an event's fields; GET /v1/videos lists the videos there are.",
        )
    reasons = [view.reason for view in dropped]
    return EventsAnswer(
        stored=outcome.stored,
        duplicates=outcome.duplicates,
        dropped=tuple(dropped),
        dropped_by_reason={reason: reasons.count(reason) for reason in DropReason if reason in reasons},
    )


def _event(body: EventBody, videos: Mapping[str, str], known: Mapping[str, IndexedVideo], now: datetime) -> Event:
    at = body.at or now
    video_id = videos[body.video] if body.video else None
    indexed = known.get(video_id) if video_id is not None else None
    offset = body.utc_offset_minutes
    if offset is None and body.at is not None:
        written = body.at.utcoffset()
        offset = None if written is None or not written else round(written.total_seconds() / 60)
    creator = body.creator
    if creator is None and body.kind is EventKind.FOLLOW and indexed is not None:
        creator = indexed.creator
    duration = body.duration_s if body.duration_s is not None else (indexed.duration_s if indexed else None)
    return Event(
        id=body.key(at),
        user_id=body.user,
        kind=body.kind,
        at=at,
        video_id=video_id,
        creator=creator,
        watch_s=body.watch_s,
        duration_s=duration,
        watch_ratio=body.watch_ratio,
        query=body.query,
        request_id=body.request_id,
        position=body.position,
        utc_offset_minutes=offset,
        audience=body.audience,
    )


def _video_id(library: Library, name: str) -> str:
    """The whole id. A name that fits no video stays as it is: the record counts it with the unknown ones."""
    if len(name) == ID_DIGITS:
        return name.lower()
    try:
        return find_video(library.record, name).id
    except ServiceError:
        return name


def _indexed(library: Library, video_ids: set[str]) -> dict[str, IndexedVideo]:
    """What the index says of the videos. Events are taken in without it while it is out of reach."""
    try:
        points = library.index.retrieve(
            Collection.VIDEOS, [point_id(one) for one in sorted(video_ids) if _WHOLE_ID.fullmatch(one)]
        )
    except LibraryError:
        return {}
    found = (IndexedVideo.of(point.id, point.payload) for point in points)
    return {video.video_id: video for video in found}


def _id_of(item: object) -> str | None:
    found = item.get("id") if isinstance(item, Mapping) else None
    return storable_text(found)[:128] if isinstance(found, str) else None
