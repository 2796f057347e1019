"""The record's public face, as a protocol, so that its users can be written against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.library.record.types import CopyLink, Interaction, Lane, Lease, StageResult, Submission, Upload, Video
from services.library.understanding import DuplicateOf, Understanding, VideoState


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
        """The newest understanding, None before there is one."""
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

    def put_signature(self, video_id: str, data: bytes, words: Iterable[int]) -> bool:
        """Store what a video's copies are told by; whether it is new. A new one takes the old one's links with it."""
        ...

    def signatures(self, video_ids: Sequence[str]) -> Mapping[str, bytes]:
        """The stored signatures by video."""
        ...

    def sharing_words(self, words: Iterable[int], *, but: str, limit: int) -> list[str]:
        """Ids of the videos, other than `but`, that share most words, most first."""
        ...

    def put_copies(self, links: Sequence[CopyLink]) -> list[str]:
        """Store links; ids of the copies for which something changed."""
        ...

    def duplicate_of(self, video_id: str) -> DuplicateOf | None:
        """What the video is a copy of: the root of its chain of links. None for a video that is no copy."""
        ...

    def originals_of(self, video_ids: Sequence[str]) -> list[str]:
        """Ids of the videos that some of these are linked to as copies, the earliest first."""
        ...

    def copies_of(self, video_id: str) -> list[CopyLink]:
        """Links of the videos that were found to be copies of this very video, earliest copy first."""
        ...

    def revisit(self, video_id: str) -> None:
        """See to it that a video is published once more, because what is known of its copies has changed."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
