"""Videos: hand one in, watch it being understood, read what was understood."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from services.api.caller import CallerOf
from services.api.documents import FINAL_STATES, understanding_of
from services.api.errors import NotFinal, error_responses
from services.api.forms import FormSubmission, parse_submission, request_body_schema, room_for_the_body
from services.api.idempotency import IdempotencyKey, once
from services.api.lookup import NamedVideo, ServiceOf
from services.api.schemas import (
    CopyView,
    DuplicatesAnswer,
    Links,
    ProgressView,
    RetriedAnswer,
    SubmissionAnswer,
    SubmissionBody,
    UploadView,
    VideoDetail,
    VideoPage,
    VideoView,
)
from services.api.service import Service
from services.intake import Metadata, Receipt, admit, submit_path, submit_upload, submit_url
from services.library.library import Library
from services.library.understanding import Understanding, VideoState

router = APIRouter(prefix="/v1/videos", tags=["videos"])


@router.post(
    "",
    status_code=202,
    summary="Hand in a video",
    dependencies=[Depends(room_for_the_body)],  # before the body is read
    responses=error_responses(403, 404, 409, 413, 415, 422, 429, 502, 507),
    openapi_extra=request_body_schema(),
)
def submit(
    service: ServiceOf,
    caller: CallerOf,
    response: Response,
    submission: Annotated[SubmissionBody | FormSubmission, Depends(parse_submission)],
    key: IdempotencyKey = None,
) -> SubmissionAnswer:
    """Take in a video by `path` or `url` (JSON), or as an upload (multipart form with `file`).

    The answer comes as soon as the bytes are stored; the work goes on behind it. The same bytes are always the same
    video: handing them in again adds an upload, and redoes only what a changed title or subtitle makes stale.

    Where too much is on its way, or the disk is full, the answer is 429 or 507 with `Retry-After`.
    """

    def act() -> SubmissionAnswer:
        return _submit(service, caller.name, submission)

    return once(service, caller, key, submission.fingerprint, response, SubmissionAnswer, act)


def _submit(service: Service, account: str, submission: SubmissionBody | FormSubmission) -> SubmissionAnswer:
    fields = submission.fields if isinstance(submission, FormSubmission) else submission
    metadata = fields.metadata(account)
    admit(service.library, uploader=metadata.uploader, priority=metadata.priority)
    receipt = _take_in(service.library, submission, metadata)
    if receipt.video.lane is not None:
        service.dispatcher.notify(receipt.video.id, receipt.video.lane)
    return _answer(receipt)


@router.post("/retry-failed", status_code=202, summary="Work on all failed videos again")
def retry_failed(service: ServiceOf) -> RetriedAnswer:
    """Send every failed video on from the lane that failed, behind what its uploader handed in since."""
    return RetriedAnswer(retried=service.library.record.retry_failed())


@router.get("", summary="List videos")
def list_videos(
    service: ServiceOf,
    state: Annotated[VideoState | None, Query(description="Only videos in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> VideoPage:
    """One page of the videos, with the number of videos in each state."""
    record = service.library.record
    videos = record.videos(state=state, limit=limit, offset=offset)
    uploads = record.uploads_of([video.id for video in videos])
    return VideoPage(
        videos=tuple(VideoView.of(video, uploads[video.id]) for video in videos),
        counts=record.counts(),
        limit=limit,
        offset=offset,
    )


@router.get("/{video_id}", summary="Where a video is", responses=error_responses(404, 409, 422))
def show(service: ServiceOf, video: NamedVideo) -> VideoDetail:
    """The video's state, the reason if it failed or was rejected, how far the work is, and all its uploads."""
    uploads = service.library.record.uploads(video.id)
    progress = service.dispatcher.progress(video.id)
    return VideoDetail(
        **VideoView.of(video, uploads).model_dump(exclude={"links"}),
        links=Links.of(video.id),
        progress=ProgressView(stage=progress.stage, fraction=progress.fraction) if progress else None,
        uploads=tuple(UploadView.of(upload) for upload in uploads),
    )


@router.get(
    "/{video_id}/understanding", summary="What is understood of a video", responses=error_responses(404, 409, 422)
)
def understanding(
    service: ServiceOf,
    video: NamedVideo,
    as_: Annotated[
        Literal["effective", "machine"],
        Query(alias="as", description="With the editors' decisions, or as the models wrote it."),
    ] = "effective",
) -> Understanding:
    """Everything believed about the video, each label with the evidence it cites, editors' decisions laid over it.

    A video that failed or was rejected answers with a document that says why. One that is still on its way answers
    409 `not_ready`. `GET /v1/schema/understanding` has the JSON Schema.
    """
    return understanding_of(service.library.record, video, machine=as_ == "machine")


@router.get("/{video_id}/duplicates", summary="Copies of a video", responses=error_responses(404, 409, 422))
def duplicates(service: ServiceOf, video: NamedVideo) -> DuplicatesAnswer:
    """What the video is a copy of, and its own copies: re-encoded, cropped, mirrored, captioned, trimmed, sped up.

    Known once the video has been prepared, whatever its state. The earliest upload is the original.
    """
    record = service.library.record
    return DuplicatesAnswer(
        video_id=video.id,
        duplicate_of=record.duplicate_of(video.id),
        copies=tuple(CopyView(video_id=link.copy_id, match=link.match) for link in record.copies_of(video.id)),
    )


@router.post(
    "/{video_id}/retry", status_code=202, summary="Work on a video again", responses=error_responses(404, 409, 422)
)
def retry(service: ServiceOf, video: NamedVideo) -> SubmissionAnswer:
    """Send a ready or rejected video through the lanes again, and a failed one on from the lane that failed.

    What is still fresh is not redone. Attempts are counted anew, and a video that fails as often again is failed again.
    """
    if video.state not in FINAL_STATES:
        raise NotFinal(f"Video {video.id} is {video.state} already.", remedy="Wait until it is done.")
    again = service.library.record.retry(video.id)
    if again.lane is not None:
        service.dispatcher.notify(again.id, again.lane)
    return _answer(Receipt(again, created=False))


def _take_in(library: Library, submission: SubmissionBody | FormSubmission, metadata: Metadata) -> Receipt:
    if isinstance(submission, FormSubmission):
        return submit_upload(library, submission.file, metadata, submission.subtitles)
    if submission.path is not None:
        return submit_path(library, submission.path, metadata)
    assert submission.url is not None, "SubmissionBody has exactly one source"
    return submit_url(library, submission.url, metadata)


def _answer(receipt: Receipt) -> SubmissionAnswer:
    video = receipt.video
    return SubmissionAnswer(id=video.id, state=video.state, created=receipt.created, links=Links.of(video.id))
