"""Videos on their way, as a protocol: whose turn it is, who works on what, how a lane ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from services.library.record.activity import StagePace
from services.library.record.types import Advanced, Claim, Lane, Lease, Priority, Video, Window
from services.library.understanding import VideoState


class LanesPort(Protocol):
    """The part of the record that moves videos through the lanes."""

    def due(self, *, now: datetime, limit: int = 1000) -> list[tuple[str, Lane]]:
        """(video id, lane) of everything queued or processing that nobody holds a live lease of.

        Fresh ones first, then by turn: round-robin over uploaders, each one's oldest first.
        """
        ...

    def announce(
        self,
        *,
        now: datetime,
        window: Window,
        lanes: Collection[Lane] = tuple(Lane),
    ) -> list[tuple[str, Lane]]:
        """(video id, lane) of what the broker is to be told of now, fairly and within the window; noted as told."""
        ...

    def withdraw(self, announced: Sequence[tuple[str, Lane]]) -> None:
        """Messages about these were not sent after all."""
        ...

    def withdraw_all(self) -> None:
        """No message is under way, because the broker that held them is gone."""
        ...

    def on_their_way(self, *, uploader: str | None = None, priority: Priority | None = None) -> int:
        """How many videos are on their way, of one uploader or class or of all."""
        ...

    def finished_count(self, *, since: datetime, uploader: str | None = None) -> int:
        """How many videos came to their end since then."""
        ...

    def claim(self, video_id: str, lane: Lane, *, now: datetime, lease_s: float) -> Claim | None:
        """Take the lease; None when the lane is not due or another holder's lease is alive. Marks `processing`.

        It comes with the video, so that who works on it need not ask for that.
        """
        ...

    def heartbeat(self, lease: Lease, *, now: datetime, lease_s: float) -> Lease | None:
        """Extend; None when the lease was lost (expired and taken, or the video is gone)."""
        ...

    def advance(self, lease: Lease, next_lane: Lane | None, *, window: Window | None = None) -> Advanced | None:
        """Give the lease back and move on; a next lane of None means `ready`. None when the lease was lost.

        With a window, what the broker is to be told of the next lane is noted in the same breath.
        """
        ...

    def release(self, lease: Lease) -> bool:
        """Give the lease back with the lane undone: due at once, no attempt counted. False when it was lost."""
        ...

    def retry_later(self, lease: Lease, *, reason: str, not_before: datetime, max_attempts: int) -> VideoState:
        """Count a failed attempt: back to due after `not_before`, or `failed` with the reason at `max_attempts`."""
        ...

    def wait(self, lease: Lease, *, reason: str, not_before: datetime, give_up_at: datetime) -> VideoState:
        """Back to due after `not_before` without counting an attempt, or `failed` once `give_up_at` has passed."""
        ...

    def reject(self, lease: Lease, reason: str) -> bool:
        """End as `rejected`. False when the lease was lost."""
        ...

    def retry(self, video_id: str) -> Video:
        """Send a final video through the lanes again, attempts at zero; a failed one from the lane that failed.

        Raises `UnknownVideo`.
        """
        ...

    def retry_failed(self) -> int:
        """Send every video that has failed by now through again, as `retry`, each once; how many."""
        ...

    def waiting(self) -> dict[Lane, int]:
        """Videos on their way, by the lane that runs or is next."""
        ...

    def finished(self, *, since: datetime) -> list[tuple[datetime, VideoState]]:
        """When videos came to their end since then, and how; oldest first."""
        ...

    def stage_paces(self, *, since: datetime) -> list[StagePace]:
        """How long each stage took since then, by name."""
        ...
