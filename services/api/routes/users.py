"""A viewer's profile: to be read, corrected, taken along and erased."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse

from services.api.errors import InvalidRequest, error_responses
from services.api.lookup import ServiceOf
from services.api.profile_schemas import (
    EditsAnswer,
    EditsBody,
    EditView,
    ErasedAnswer,
    InterestView,
    OnboardingBody,
    ProfileAnswer,
    SessionView,
    VectorView,
    WishBody,
)
from services.library.jsonable import storable_text
from services.library.record.cleaning import MAX_USER_CHARACTERS
from services.library.record.events import EditKind, Event, ImpressionBatch, ProfileEdit
from services.recommend.evidence import ACTS
from services.recommend.profile_build import build_profile
from services.recommend.profile_edits import UnknownEdit, apply_edits, new_edit, onboard, wish
from services.recommend.rarity import Rarity

router = APIRouter(prefix="/v1/users", tags=["profiles"])

MAX_EVENTS = 500
"""Latest events that a profile is made of."""

_UNKNOWN = "Nothing is known of this viewer: POST /v1/events reports what they do, PUT .../onboarding what they chose."


def _user(user_id: Annotated[str, Path(description="The viewer, as events name them.")]) -> str:
    user = storable_text(user_id).strip()
    if not user or len(user) > MAX_USER_CHARACTERS:
        raise InvalidRequest(
            f"A viewer's id has 1 to {MAX_USER_CHARACTERS} characters.", remedy="Use the id that events name them by."
        )
    return user


User = Annotated[str, Depends(_user)]


@router.get("/{user_id:path}/profile", summary="What is known of a viewer", responses=error_responses(422, 503))
def show_profile(
    service: ServiceOf, user: User, limit: Annotated[int, Query(ge=1, le=1000, description="Most interests.")] = 50
) -> ProfileAnswer:
    """Interests with the events that made them, interest vectors with their videos, the session, and all edits.

    An unknown viewer has an empty profile and a note.
    """
    now, record, index = datetime.now(UTC), service.library.record, service.library.index
    events = record.events(user, limit=MAX_EVENTS, kinds=ACTS)
    edits = record.profile_edits(user)
    profile = build_profile(service.recommender.catalogue, events, now=now, rarity=Rarity(index), edits=edits)
    by_id = {event.id: event for event in events}
    titles = {anchor.video.video_id: anchor.video.title for anchor in profile.anchors}
    missing = {vector.medoid for vector in profile.vectors} - set(titles)
    titles |= {one: document.video.title for one in missing if (document := record.understanding(one)) is not None}
    taxonomy = service.library.taxonomy()
    return ProfileAnswer(
        user=user,
        events_considered=len(events),
        note=None if events or edits else _UNKNOWN,
        interests=tuple(InterestView.of(one, by_id, taxonomy) for one in profile.interests[:limit]),
        interests_left_out=max(0, len(profile.interests) - limit),
        vectors=tuple(VectorView.of(vector, titles) for vector in profile.vectors),
        session=SessionView.of(profile.session) if profile.session else None,
        edits=_views(edits, now),
    )


@router.patch("/{user_id:path}/profile", summary="Correct a profile", responses=error_responses(409, 422, 503))
def edit_profile(service: ServiceOf, user: User, body: EditsBody) -> EditsAnswer:
    """Boost, mute or remove interests, all of the edits or none; the next recommendation heeds them.

    An edit replaces an earlier one of the same kind and interest; a boost lifts a mute, a mute a boost or a wish.
    `remove` forgets the evidence there is, so the interest may come back; `mute` keeps it out.
    """
    now, taxonomy = datetime.now(UTC), service.library.taxonomy()
    edits = [
        new_edit(
            user,
            EditKind(one.action),
            one.field,
            one.value,
            now=now,
            taxonomy=taxonomy,
            weight=one.weight,
            expires_at=one.expires_at,
        )
        for one in body.edits
    ]
    apply_edits(service.library.record, user, edits, now=now)
    return EditsAnswer(edits=_views(edits, now))


@router.delete(
    "/{user_id:path}/profile/edits/{edit_id}",
    status_code=204,
    summary="Take an edit back",
    responses=error_responses(404, 422, 503),
)
def remove_edit(service: ServiceOf, user: User, edit_id: str) -> None:
    """Delete one edit, a wish or an onboarding choice included."""
    if not service.library.record.remove_profile_edit(user, edit_id):
        raise UnknownEdit("This viewer has no edit of that id.", remedy="GET the profile: it lists the edits.")


@router.post(
    "/{user_id:path}/wishes", status_code=201, summary="Say what you want", responses=error_responses(409, 422, 503)
)
def add_wish(service: ServiceOf, user: User, body: WishBody) -> EditsAnswer:
    """Turn words such as 我最近喜欢运动类视频 or "no more football" into dated edits: wishes and mutes.

    Names of topics, moods and occasions count first; where none is named, the nearest in meaning do. No language model
    is asked: the same words always give the same edits, and the answer shows them.
    """
    now = datetime.now(UTC)
    edits = wish(
        service.library.record,
        user,
        body.text,
        now=now,
        days=body.days,
        taxonomy=service.library.taxonomy(),
        engine=service.models.text,
    )
    return EditsAnswer(edits=_views(edits, now))


@router.put("/{user_id:path}/onboarding", summary="Set first choices", responses=error_responses(409, 422, 503))
def set_onboarding(service: ServiceOf, user: User, body: OnboardingBody) -> EditsAnswer:
    """Replace what the viewer chose at the start. It counts as one like each, and fades as a like does."""
    now = datetime.now(UTC)
    edits = onboard(service.library.record, user, body.model_dump(), now=now, taxonomy=service.library.taxonomy())
    return EditsAnswer(edits=_views(edits, now))


@router.get(
    "/{user_id:path}/export",
    summary="Take everything along",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}}, **error_responses(422, 503)},
)
def export_user(service: ServiceOf, user: User) -> StreamingResponse:
    """Everything kept of a viewer: one JSON object a line, whose `type` is `edit`, `event` or `impressions`."""
    return StreamingResponse(_lines(service.library.record.export_user(user)), media_type="application/x-ndjson")


@router.delete("/{user_id:path}", summary="Erase a viewer", responses=error_responses(422, 503))
def erase_user(service: ServiceOf, user: User) -> ErasedAnswer:
    """Delete everything kept of a viewer: events, impressions, edits; their events leave the trends, too.

    Nothing of a viewer is in Qdrant or in logs. Erasing an unknown viewer is no error: all counts are 0.
    """
    erased = service.library.record.erase_user(user)
    return ErasedAnswer(events=erased.events, impression_batches=erased.impression_batches, edits=erased.edits)


def _views(edits: Iterable[ProfileEdit], now: datetime) -> tuple[EditView, ...]:
    return tuple(EditView.of(edit, now) for edit in edits)


def _lines(items: Iterator[ProfileEdit | Event | ImpressionBatch]) -> Iterator[str]:
    kinds = {ProfileEdit: "edit", Event: "event", ImpressionBatch: "impressions"}
    for item in items:
        yield json.dumps({"type": kinds[type(item)], **asdict(item)}, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: object) -> str:
    assert isinstance(value, datetime), f"unexpected {type(value).__name__} in an export"
    return value.isoformat()
