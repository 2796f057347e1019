"""Submissions, uploads and videos as rows, and back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from services.library.errors import InvalidValue
from services.library.jsonable import storable_text
from services.library.record.tables import UploadRow, VideoRow
from services.library.record.types import Lane, Priority, Submission, Upload, Video
from services.library.understanding import VideoState


def stored_form(submission: Submission) -> Submission:
    """The submission as every database takes it. Raises `InvalidValue`."""
    sha256 = submission.sha256.lower()
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise InvalidValue(f"{submission.sha256!r} is not a sha256: a submission names its file by 64 hex digits.")
    published_at = submission.published_at
    if published_at is not None and published_at.tzinfo is None:
        raise InvalidValue(f"published_at {published_at} has no time zone: write it as 2026-01-31T18:00:00+08:00.")

    def text(value: str | None) -> str | None:
        return None if value is None else storable_text(value)

    return replace(
        submission,
        sha256=sha256,
        source=storable_text(submission.source),
        title=text(submission.title),
        description=text(submission.description),
        hashtags=tuple(storable_text(tag) for tag in submission.hashtags),
        creator=text(submission.creator),
        language_hint=text(submission.language_hint),
        uploader=storable_text(submission.uploader),
    )


def upload_columns(submission: Submission) -> dict[str, Any]:
    """What an upload's row keeps of the submission."""
    return {
        "size_bytes": submission.size_bytes, "blob_key": submission.blob_key, "source": submission.source,
        "title": submission.title, "description": submission.description, "hashtags": list(submission.hashtags),
        "creator": submission.creator, "language_hint": submission.language_hint,
        "published_at": submission.published_at, "sidecars": list(submission.sidecars),
        "uploader": submission.uploader, "priority": submission.priority.value,
    }  # fmt: skip


def said_of_content(submission: Submission) -> Submission:
    """The submission without what says nothing about the content: source, place, and whose turn it takes."""
    return replace(submission, source="", blob_key="", size_bytes=0, uploader="", priority=Priority.FRESH)


VIDEO_COLUMNS = tuple(
    VideoRow.__table__.c[name]
    for name in (
        "id", "sha256", "size_bytes", "blob_key", "state", "reason", "lane", "attempts", "not_before", "created_at",
        "updated_at", "waiting_since", "uploader", "priority",
    )
)  # fmt: skip
"""What `video_of` reads of a row."""


def upload_of(row: UploadRow | Row[Any], sha256: str) -> Upload:
    """The row as a value."""
    submission = Submission(
        sha256=sha256, size_bytes=row.size_bytes, blob_key=row.blob_key, source=row.source, title=row.title,
        description=row.description, hashtags=tuple(row.hashtags), creator=row.creator,
        language_hint=row.language_hint, published_at=row.published_at, sidecars=tuple(row.sidecars),
        uploader=row.uploader, priority=Priority(row.priority),
    )  # fmt: skip
    return Upload(row.id, row.video_id, submission, row.created_at)


def video_of(row: VideoRow | Row[Any]) -> Video:
    """The row as a value."""
    return Video(
        id=row.id, sha256=row.sha256, size_bytes=row.size_bytes, blob_key=row.blob_key, state=VideoState(row.state),
        reason=row.reason, lane=None if row.lane is None else Lane(row.lane), attempts=row.attempts,
        not_before=row.not_before, created_at=row.created_at, updated_at=row.updated_at,
        waiting_since=row.waiting_since, uploader=row.uploader, priority=Priority(row.priority),
    )  # fmt: skip
