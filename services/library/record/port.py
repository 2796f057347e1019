"""The record's public face, as a protocol, so that its users can be written against it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.library.record.types import Interaction, Lane, Lease, StageResult, Submission, Upload, Video
from services.library.understanding import Understanding, VideoState


class RecordPort(Protocol):
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

    def due(self, *, now: datetime, limit: int = 1000) -> list[tuple[str, Lane]]:
        """(video id, lane) of everything queued or processing that nobody holds a live lease of, oldest first."""
        ...

    def claim(self, video_id: str, lane: Lane, *, now: datetime, lease_s: float) -> Lease | None:
        """Take the lease; None when the lane is not due or another holder's lease is alive. Marks `processing`."""
        ...

    def heartbeat(self, lease: Lease, *, now: datetime, lease_s: float) -> Lease | None:
        """Extend; None when the lease was lost (expired and taken, or the video is gone)."""
        ...

    def advance(self, lease: Lease, next_lane: Lane | None) -> bool:
        """Give the lease back and move on; None means the video is `ready`. False when the lease was lost."""
        ...

    def retry_later(self, lease: Lease, *, reason: str, not_before: datetime, max_attempts: int) -> VideoState:
        """Count a failed attempt: back to due after `not_before`, or `failed` with the reason at `max_attempts`."""
        ...

    def reject(self, lease: Lease, reason: str) -> bool:
        """End as `rejected`. False when the lease was lost."""
        ...

    def retry(self, video_id: str) -> Video:
        """Send a final video through the lanes again, attempts at zero. Raises `UnknownVideo`."""
        ...

    def stage_result(self, video_id: str, stage: str, fingerprint: str) -> StageResult | None:
        """The stored result for exactly this fingerprint."""
        ...

    def put_stage_result(self, result: StageResult) -> None:
        """Idempotent: the first result of a fingerprint stays."""
        ...

    def understanding(self, video_id: str) -> Understanding | None:
        """What readers see: the newest document with the editors' decisions; None before there is one."""
        ...

    def machine_understanding(self, video_id: str) -> Understanding | None:
        """The newest document as the models wrote it, None before there is one."""
        ...

    def put_understanding(self, understanding: Understanding) -> None:
        """Replace the video's understanding."""
        ...

    def add_interactions(self, interactions: Sequence[Interaction]) -> int:
        """How many were new; the same (user, video, kind, at) twice is one. Raises `UnknownVideo`."""
        ...

    def interactions(self, user_id: str, *, limit: int = 500) -> list[Interaction]:
        """Newest first."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
