"""What the uploaders said of a video, merged over its uploads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.library.record.types import Upload


class Metadata(BaseModel):
    """The newest word on each field; hashtags and sidecar subtitles of all uploads."""

    model_config = ConfigDict(frozen=True)

    source: str
    title: str | None = None
    description: str | None = None
    hashtags: tuple[str, ...] = ()
    creator: str | None = None
    language_hint: str | None = None
    published_at: datetime | None = None
    sidecars: tuple[str, ...] = ()


def merge_uploads(uploads: Sequence[Upload]) -> Metadata:
    """Merge uploads, oldest first: the same file may arrive again with a better title. Raises `ValueError` on none."""
    if not uploads:
        raise ValueError("a video without an upload has no metadata")
    merged: dict[str, object] = {"source": uploads[0].submission.source}
    for upload in uploads:
        said = upload.submission
        for name in ("title", "description", "creator", "language_hint", "published_at"):
            if getattr(said, name):
                merged[name] = getattr(said, name)
    hashtags = [tag.lstrip("#＃").strip() for upload in uploads for tag in upload.submission.hashtags]
    merged["hashtags"] = tuple(dict.fromkeys(tag for tag in hashtags if tag))
    merged["sidecars"] = tuple(dict.fromkeys(key for upload in uploads for key in upload.submission.sidecars))
    return Metadata.model_validate(merged)
