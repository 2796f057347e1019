"""The record's public face, as a protocol, so that its users can be written against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.library.record.port_copies import CopiesPort
from services.library.record.port_lanes import LanesPort
from services.library.record.port_results import ResultsPort
from services.library.record.port_viewers import ViewersPort
from services.library.record.types import Submission, Upload, Video
from services.library.understanding import VideoState


class RecordPort(LanesPort, ResultsPort, ViewersPort, CopiesPort, Protocol):
    """The SQL record. Every method is one transaction; safe to call from many threads and processes."""

    def submit(self, submission: Submission) -> tuple[Video, bool]:
        """Store an upload; (video, whether it is new).

        A known video in a final state becomes `queued` again at lane prepare: the lanes find every result that is
        still fresh and redo only what is stale (a changed title re-runs describe and publish). A video that is
        already queued or processing only gets the upload, and is sent through again when its metadata changed.
        """
        ...

    def video(self, video_id: str) -> Video | None:
        """The video of that whole id, None when there is none."""
        ...

    def find(self, prefix: str) -> list[Video]:
        """Videos whose id starts with `prefix` (at least 4 hex digits)."""
        ...

    def videos(self, *, state: VideoState | None = None, limit: int = 100, offset: int = 0) -> list[Video]:
        """Newest first, a page at a time."""
        ...

    def counts(self) -> dict[VideoState, int]:
        """How many videos are in each state."""
        ...

    def uploads(self, video_id: str) -> list[Upload]:
        """Oldest first."""
        ...

    def uploads_of(self, video_ids: Sequence[str]) -> dict[str, list[Upload]]:
        """Of each of these videos, oldest first."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
