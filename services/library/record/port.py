"""The record's public face, as a protocol, so that its users can be written against it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from services.library.preference import Reaction
from services.library.record.activity import StagePace
from services.library.record.events import (
    Erased,
    Event,
    EventCount,
    EventKind,
    EventsOutcome,
    ImpressionBatch,
    ProfileEdit,
    QualityCount,
)
from services.library.record.feeds import ViewerState
from services.library.record.types import (
    Advanced,
    Claim,
    CopyLink,
    CostKey,
    CostSum,
    Lane,
    Lease,
    Priority,
    StageCost,
    StageResult,
    Submission,
    Upload,
    Video,
    Window,
)
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

    def uploads_of(self, video_ids: Sequence[str]) -> dict[str, list[Upload]]:
        """Of each of these videos, oldest first."""
        ...

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

    def stage_result(self, video_id: str, stage: str, fingerprint: str) -> StageResult | None:
        """The stored result for exactly this fingerprint."""
        ...

    def stage_results(self, video_id: str, fingerprints: Mapping[str, str]) -> dict[str, StageResult]:
        """By stage, what is stored for exactly these fingerprints (stage -> fingerprint)."""
        ...

    def put_stage_result(self, result: StageResult, cost: StageCost | None = None) -> None:
        """Idempotent: the first result of a fingerprint stays. The cost is added in any case.

        Raises `UnknownVideo`, and then adds no cost.
        """
        ...

    def add_cost(self, cost: StageCost) -> None:
        """Remember what a run cost that made no result."""
        ...

    def costs(self, by: CostKey, *, first: date, last: date, limit: int | None = None) -> list[CostSum]:
        """Sums of the runs of these days in UTC, both included."""
        ...

    def stored_bytes(self) -> int:
        """Bytes of all video files."""
        ...

    def newest_stage_results(self, video_ids: Sequence[str], stage: str) -> dict[str, StageResult]:
        """Per video the result of the stage that was stored last, whatever its fingerprint."""
        ...

    def understanding(self, video_id: str) -> Understanding | None:
        """What readers see: the newest document with the editors' decisions; None before there is one."""
        ...

    def machine_understanding(self, video_id: str) -> Understanding | None:
        """The newest document as the models wrote it, None before there is one."""
        ...

    def understandings(self, video_ids: Iterable[str]) -> dict[str, Understanding]:
        """The newest understandings of these videos, by id; those that have none are left out."""
        ...

    def put_understanding(self, understanding: Understanding) -> None:
        """Replace the video's understanding."""
        ...

    def add_events(self, events: Sequence[Event], *, unreadable: int = 0) -> EventsOutcome:
        """Store what is new and can have happened; the outcome names every event that was dropped, and why.

        The same id of the same user twice is one event. `unreadable` ones only count as malformed.
        """
        ...

    def events(
        self,
        user_id: str,
        *,
        limit: int = 500,
        since: datetime | None = None,
        kinds: Iterable[EventKind] | None = None,
    ) -> list[Event]:
        """A viewer's events, newest first."""
        ...

    def events_of_video(
        self,
        video_id: str,
        *,
        limit: int = 500,
        since: datetime | None = None,
        kinds: Iterable[EventKind] | None = None,
    ) -> list[Event]:
        """A video's events, newest first."""
        ...

    def event_counts(
        self, *, since: datetime, kinds: Iterable[EventKind] | None = None, audience: str | None = None
    ) -> list[EventCount]:
        """Events per video, kind and hour since then, oldest first; of one audience or of all together."""
        ...

    def event_quality(self, *, days: int = 30) -> list[QualityCount]:
        """What became of the events that arrived in the last days (UTC), newest day first."""
        ...

    def put_impressions(self, batch: ImpressionBatch) -> None:
        """Store what an answer showed. Idempotent by request id. Raises `InvalidValue`."""
        ...

    def impressions(self, request_id: str) -> ImpressionBatch | None:
        """What the answer with this id showed, in its order."""
        ...

    def viewer_state(
        self, user_id: str, *, kinds: Iterable[EventKind], events: int, shown_since: datetime, shown: int
    ) -> ViewerState:
        """What a feed needs of its viewer: latest acts, edits, what was shown since then."""
        ...

    def impression_counts(self, video_ids: Iterable[str]) -> dict[str, int]:
        """How often the recommender showed each of the videos, zeros included."""
        ...

    def profile_edits(self, user_id: str) -> list[ProfileEdit]:
        """A viewer's edits, oldest first, expired ones included."""
        ...

    def add_profile_edits(self, edits: Sequence[ProfileEdit], *, instead_of: Iterable[str] = ()) -> None:
        """Store edits, and delete those with the ids `instead_of` of the same users, in one transaction."""
        ...

    def remove_profile_edit(self, user_id: str, edit_id: str) -> bool:
        """Delete one edit; False when the viewer has none of this id."""
        ...

    def export_user(self, user_id: str) -> Iterator[ProfileEdit | Event | ImpressionBatch]:
        """Everything kept of a viewer, as it was stored: edits, events, impressions. Reads a page at a time."""
        ...

    def erase_user(self, user_id: str) -> Erased:
        """Delete everything kept of a viewer, and take their events out of the counts."""
        ...

    def reactions(self) -> Iterator[Reaction]:
        """Events of all viewers that say something of a preference, put together per viewer, video and kind; a
        viewer's stand together.
        """
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

    def waiting(self) -> dict[Lane, int]:
        """Videos on their way, by the lane that runs or is next."""
        ...

    def finished(self, *, since: datetime) -> list[tuple[datetime, VideoState]]:
        """When videos came to their end since then, and how; oldest first."""
        ...

    def stage_paces(self, *, since: datetime) -> list[StagePace]:
        """How long each stage took since then, by name."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
