"""The editors' queue and their decisions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from services.api.caller import CallerOf
from services.api.errors import error_responses
from services.api.lookup import NamedVideo, ServiceOf
from services.api.review_schemas import (
    ClaimAnswer,
    DecisionsAnswer,
    DecisionsBody,
    DoneAnswer,
    HistoryAnswer,
    NextAnswer,
    ProgressAnswer,
    QueueItem,
    QueuePage,
    RedescribeAnswer,
    RedescribeView,
    RefreshAnswer,
    ReviewView,
)
from services.api.service import Service
from services.library.overlay.attention import Signal
from services.library.record.queue_filter import QueueFilter
from services.library.record.review_claims import NotQueued
from services.library.record.reviews import Laid
from services.library.record.types import Video
from services.review import decide, disputed, redescribe, seen_by, undescribed

router = APIRouter(prefix="/v1/review", tags=["review"])


def queue_filter(
    state: Annotated[str | None, Query(pattern=r"^(open|done)$", description="open or done; all if null.")] = "open",
    language: Annotated[str | None, Query(max_length=20)] = None,
    topic: Annotated[str | None, Query(max_length=100, description="Slug of a topic.")] = None,
    creator: Annotated[str | None, Query(max_length=200)] = None,
    model: Annotated[str | None, Query(max_length=200, description="Part of a model's name and version.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Uploaded at or after.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Uploaded before.")] = None,
    signal: Annotated[Signal | None, Query(description="Only videos with this signal.")] = None,
) -> QueueFilter:
    """The filter that a request's parameters make."""
    return QueueFilter(state, language, topic, creator, model, since, until, signal.value if signal else None)


FilterOf = Annotated[QueueFilter, Depends(queue_filter)]


@router.get("/queue", summary="The review queue", responses=error_responses(401, 403, 422))
def show_queue(
    service: ServiceOf,
    where: FilterOf,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> QueuePage:
    """Videos that need eyes, most urgent first, each with the reasons in words."""
    settings = service.library.settings
    found, total = service.library.record.queue(where, share=settings.double_review, limit=limit, offset=offset)
    return QueuePage(items=tuple(QueueItem.of(one) for one in found), total=total, limit=limit, offset=offset)


@router.get("/progress", summary="How much is left, and what I did", responses=error_responses(401, 403))
def show_progress(service: ServiceOf, caller: CallerOf) -> ProgressAnswer:
    """Counts of the queue and of the caller's finished reviews."""
    return ProgressAnswer.of(service.library.record.review_progress(caller.name))


@router.post("/refresh", summary="Count reach anew", responses=error_responses(401, 403))
def refresh(service: ServiceOf) -> RefreshAnswer:
    """Count again how often viewers met each open video, and sort by it."""
    return RefreshAnswer(changed=service.library.record.refresh_reach())


@router.post("/next", summary="Claim the next video", responses=error_responses(401, 403, 422))
def claim_next(service: ServiceOf, caller: CallerOf, where: FilterOf) -> NextAnswer:
    """The most urgent video that fits and that nobody else is at, claimed for the caller.

    A caller who holds a claim that fits gets that video again. The claim ends with `done`, with DELETE `claim`, or
    after REELWISE_REVIEW_CLAIM_S seconds without a decision.
    """
    settings = service.library.settings
    record = service.library.record
    found = record.claim_next(caller.name, where, share=settings.double_review, lease_s=settings.review_claim_s)
    if found is None:
        return NextAnswer(item=None)
    return NextAnswer(item=QueueItem.of(record.queued(found, share=settings.double_review)))


@router.post("/videos/{video_id}/claim", summary="Claim a video", responses=error_responses(401, 403, 404, 409))
def claim(service: ServiceOf, caller: CallerOf, video: NamedVideo) -> ClaimAnswer:
    """Claim this video or extend the claim; 409 `claimed` when another editor is at it."""
    settings = service.library.settings
    blind = service.library.record.claim_review(
        video.id, caller.name, share=settings.double_review, lease_s=settings.review_claim_s
    )
    return ClaimAnswer(video_id=video.id, blind=blind, lease_s=settings.review_claim_s)


@router.delete(
    "/videos/{video_id}/claim", status_code=204, summary="Release a video", responses=error_responses(401, 403, 404)
)
def release(service: ServiceOf, caller: CallerOf, video: NamedVideo) -> Response:
    """Give the caller's claim back."""
    service.library.record.release_review(video.id, caller.name)
    return Response(status_code=204)


@router.get("/videos/{video_id}", summary="A video to review", responses=error_responses(401, 403, 404, 409))
def show_review(service: ServiceOf, caller: CallerOf, video: NamedVideo) -> ReviewView:
    """The document, its items with machine's and editor's words, and the history."""
    return _view(service, video, caller.name, service.library.record.laid(video.id))


@router.get("/videos/{video_id}/history", summary="Who decided what", responses=error_responses(401, 403, 404))
def show_history(service: ServiceOf, caller: CallerOf, video: NamedVideo) -> HistoryAnswer:
    """The log, oldest first; in a blind review the caller's own part of it."""
    record = service.library.record
    blind = record.blind_review(video.id, caller.name)
    return HistoryAnswer(
        decisions=tuple(one for one in record.history(video.id) if not blind or one.account == caller.name)
    )


@router.post("/videos/{video_id}/decisions", summary="Decide", responses=error_responses(401, 403, 404, 409, 422))
def add_decisions(service: ServiceOf, caller: CallerOf, video: NamedVideo, body: DecisionsBody) -> DecisionsAnswer:
    """Save decisions, all or none, and publish what readers see; no model runs.

    409 `changed_meanwhile` when an item moved on since `version`. Sending the same keys again saves nothing twice.
    """
    record = service.library.record
    record.extend_claim(video.id, caller.name, lease_s=service.library.settings.review_claim_s)
    blind = record.blind_review(video.id, caller.name)
    done = decide(service.library, video.id, caller.name, [one.draft() for one in body.decisions], blind=blind)
    return DecisionsAnswer(saved=done.saved, view=_view(service, video, caller.name, done.laid, done.published))


@router.post(
    "/videos/{video_id}/redescribe",
    status_code=202,
    summary="Describe again from the corrected lines",
    responses=error_responses(401, 403, 404, 409),
)
def describe_again(service: ServiceOf, caller: CallerOf, video: NamedVideo) -> RedescribeAnswer:
    """Run what reads speech and text on screen again, with the lines as editors corrected them.

    Corrections that were taken back since are taken back there as well. Nothing is queued where nothing changed.
    `GET /v1/videos/{video_id}` says how far it is. 409 `blind_review` while the caller reviews the video blind.
    """
    done = redescribe(service.library, video.id, caller.name)
    now = service.library.record.video(video.id) or video
    if done.changes and now.lane is not None:
        service.dispatcher.notify(now.id, now.lane)
    return RedescribeAnswer.of(now, done)


@router.post("/videos/{video_id}/done", summary="Finish a review", responses=error_responses(401, 403, 404))
def finish(service: ServiceOf, caller: CallerOf, video: NamedVideo) -> DoneAnswer:
    """The caller is done with the video. Where two editors were to look and differ, a third is asked for."""
    record = service.library.record
    differ = disputed(record, video.id, caller.name)
    record.close_reports(video.id)
    done = record.finish_review(video.id, caller.name, share=service.library.settings.double_review, disputed=differ)
    return DoneAnswer(done=done, disputed=differ and not done)


def _view(service: Service, video: Video, account: str, laid: Laid, published: bool | None = None) -> ReviewView:
    record = service.library.record
    blind = record.blind_review(video.id, account)
    shown = seen_by(laid, account) if blind else laid
    try:
        queue = QueueItem.of(record.queued(video.id, share=service.library.settings.double_review))
    except NotQueued:
        queue = None
    return ReviewView(
        document=shown.overlay.document,
        items=shown.overlay.items,
        history=shown.decisions,
        reviewed=shown.overlay.reviewed,
        blind=blind,
        revision=laid.revision,
        published=laid.published if published is None else published,
        redescribe=None if blind else RedescribeView(changes=undescribed(service.library, laid)),
        queue=queue,
    )
