"""What the record holds, as immutable values. Times are aware UTC datetimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.library.understanding import CopyMatch, VideoState


class Lane(StrEnum):
    """The four lanes, in the order a video passes them. Lanes are the unit of scheduling."""

    PREPARE = "prepare"
    PERCEIVE = "perceive"
    DESCRIBE = "describe"
    PUBLISH = "publish"


class Priority(StrEnum):
    """The class of a submission. An archive that is handed in as `backfill` runs behind fresh uploads."""

    FRESH = "fresh"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class Submission:
    """One upload of one file that already lies in the blob store under `blob_key`.

    `source` says where it came from, in words (a path, a URL, an upload's file name). `sidecars` are blob keys of
    subtitle files. `uploader` is whose turn the work on it takes.
    """

    sha256: str
    size_bytes: int
    blob_key: str
    source: str
    title: str | None = None
    description: str | None = None
    hashtags: tuple[str, ...] = ()
    creator: str | None = None
    language_hint: str | None = None
    published_at: datetime | None = None
    sidecars: tuple[str, ...] = ()
    uploader: str = ""
    priority: Priority = Priority.FRESH


@dataclass(frozen=True, slots=True)
class Video:
    """A video: `id` is the first 32 hex digits of the file's sha256, so the same file twice is one video.

    `lane` is the next lane to run, None in a final state. `not_before` delays a retry. `waiting_since` is when the lane
    first found a model away that it needs, None when it does not wait for one.
    """

    id: str
    sha256: str
    size_bytes: int
    blob_key: str
    state: VideoState
    reason: str | None
    lane: Lane | None
    attempts: int
    not_before: datetime | None
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None = None
    uploader: str = ""
    priority: Priority = Priority.FRESH

    @property
    def point_id(self) -> str:
        """The id of the video's point in the index: the same 128 bits, written as a UUID."""
        from uuid import UUID

        return str(UUID(hex=self.id))


@dataclass(frozen=True, slots=True)
class Upload:
    """One arrival of a video; `submission` is what came with it."""

    id: int
    video_id: str
    submission: Submission
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StageResult:
    """The output of a stage for one fingerprint. `output` is JSON; large things are blob keys inside it."""

    video_id: str
    stage: str
    fingerprint: str
    output: Mapping[str, Any]
    model: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class StageCost:
    """What one run of a stage took. `model` is its engine and weights; `made`: a result came of it.

    `cpu_seconds` are this machine's, all threads and decoder processes included, and `gpu_seconds` the time in engines
    on its GPU. `tokens_billed`: the tokens were a server's, not this machine's. `bytes_read` came from the blob store.
    """

    video_id: str
    stage: str
    model: str | None
    made: bool
    wall_seconds: float
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens_billed: bool = False
    bytes_read: int = 0


class CostKey(StrEnum):
    """What costs are summed by."""

    DAY = "day"
    STAGE = "stage"
    MODEL = "model"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class CostSum:
    """Costs of all runs with one key (a day is an ISO date in UTC); `failed` of the `runs` made no result.

    `billed_*` are those of the tokens that a server counted.
    """

    key: str
    runs: int = 0
    failed: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    billed_prompt_tokens: int = 0
    billed_completion_tokens: int = 0
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run a lane of a video until `expires_at`; `token` tells this holder from any other."""

    video_id: str
    lane: Lane
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claim(Lease):
    """A lease that was just taken; `video` is as it stood from then on."""

    video: Video


@dataclass(frozen=True, slots=True)
class Window:
    """How much the broker is told of: at most `size` messages a lane about fresh videos are under way.

    Back-fill makes up `backfill_share` of a full queue. A message that nobody took up for `again` counts as lost.
    """

    size: int
    backfill_share: float
    again: timedelta

    @property
    def own(self) -> int:
        """Messages a lane that back-fill has, whatever waits."""
        share = self.backfill_share
        return max(1, round(self.size * share / (1 - share))) if share else 0


@dataclass(frozen=True, slots=True)
class Advanced:
    """How a video moved on: to `lane`, or to its end. `told`: a message is to be sent about it, and was noted.

    `fill` names lanes whose window has much room, and something that waits for it.
    """

    lane: Lane | None
    told: bool = False
    fill: frozenset[Lane] = frozenset()


@dataclass(frozen=True, slots=True)
class CopyLink:
    """`copy_id` is a copy of `original_id`, which was uploaded earlier."""

    copy_id: str
    original_id: str
    match: CopyMatch
