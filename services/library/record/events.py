"""What viewers did, what they were shown, and how they corrected their profile, as immutable values.

Times are aware UTC datetimes. A user id is the caller's name for a viewer; it stays in the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What a viewer did. Every kind is about a video, but `follow` (a creator) and `search` (a query)."""

    IMPRESSION = "impression"
    PLAY = "play"
    LIKE = "like"
    COMMENT = "comment"
    SHARE = "share"
    FOLLOW = "follow"
    FAVOURITE = "favourite"
    SKIP = "skip"
    NOT_INTERESTED = "not_interested"
    REPORT = "report"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a viewer did.

    `id` is the caller's idempotency key: the same id of the same user twice is one event. `watch_ratio` is watch time
    over duration, above 1 for a video that was watched again; it is derived where `watch_s` and `duration_s` (seconds)
    are given. `request_id` and `position` point back to the impression batch. `utc_offset_minutes` is the viewer's
    local time minus UTC. `audience` is the group that the caller counts the viewer to (a market, a language), for
    trends.
    """

    id: str
    user_id: str
    kind: EventKind
    at: datetime
    video_id: str | None = None
    creator: str | None = None
    watch_s: float | None = None
    duration_s: float | None = None
    watch_ratio: float | None = None
    query: str | None = None
    request_id: str | None = None
    position: int | None = None
    utc_offset_minutes: int | None = None
    audience: str | None = None

    def __post_init__(self) -> None:
        if self.watch_s is not None and self.duration_s is not None and self.duration_s > 0:
            object.__setattr__(self, "watch_ratio", self.watch_s / self.duration_s)


class DropReason(StrEnum):
    """Why an event was not stored."""

    MALFORMED = "malformed"
    UNKNOWN_VIDEO = "unknown_video"
    IMPOSSIBLE_WATCH = "impossible_watch"
    FROM_THE_FUTURE = "from_the_future"
    TOO_OLD = "too_old"
    BOT_RATE = "bot_rate"


@dataclass(frozen=True, slots=True)
class DroppedEvent:
    """An event that was not stored: its place in the batch that was handed over, the reason, and that in words."""

    index: int
    id: str
    reason: DropReason
    message: str


@dataclass(frozen=True, slots=True)
class EventsOutcome:
    """What became of a batch: every event is stored, a duplicate (of one stored before or of the batch) or dropped."""

    stored: int = 0
    duplicates: int = 0
    dropped: tuple[DroppedEvent, ...] = ()

    def dropped_by_reason(self) -> dict[DropReason, int]:
        """How many were dropped for which reason; reasons that did not occur are left out."""
        reasons = [dropped.reason for dropped in self.dropped]
        return {reason: reasons.count(reason) for reason in DropReason if reason in reasons}


@dataclass(frozen=True, slots=True)
class EventCount:
    """How many events of a kind a video got in the hour that begins at `hour`, over all viewers of one audience."""

    video_id: str
    kind: EventKind
    hour: datetime
    count: int


@dataclass(frozen=True, slots=True)
class QualityCount:
    """What happened to the events that arrived on a day (UTC): `outcome` is stored, duplicate or a `DropReason`."""

    day: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class ShownReason:
    """A reason as it was shown: its source, the sentence in both languages, and what it rested on.

    `evidence` are ids of the video's understanding, `labels` are `field:value`, `events` ids of the viewer's events.
    """

    source: str
    en: str
    zh: str
    contribution: float
    evidence: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Impression:
    """One item of an answer. `position` counts from 0; `contributions` is what every source added to `score`."""

    position: int
    video_id: str
    score: float
    contributions: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[ShownReason, ...] = ()


@dataclass(frozen=True, slots=True)
class ImpressionBatch:
    """One answer of the recommender: what was shown to whom, in which order, by which policy and variant, and when.

    `request_id` is what events point back to. `context` is what the request said of the moment (mood, hour, ...).
    """

    request_id: str
    user_id: str
    at: datetime
    policy: str
    variant: str
    items: tuple[Impression, ...]
    context: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


class EditKind(StrEnum):
    """How a viewer corrects a profile by hand."""

    BOOST = "boost"
    MUTE = "mute"
    REMOVE = "remove"
    WISH = "wish"
    ONBOARDING = "onboarding"


@dataclass(frozen=True, slots=True)
class ProfileEdit:
    """A dated, visible edit of one interest.

    `field` is topics, tags, moods, occasions, creators or languages. `boost`, `wish` and `onboarding` add `weight`;
    `mute` keeps the interest out of use for as long as the edit lives; `remove` forgets what came before `at`.
    `text` is what the viewer said (of a wish). After `expires_at` an edit no longer counts.
    """

    id: str
    user_id: str
    kind: EditKind
    field: str
    value: str
    weight: float
    at: datetime
    expires_at: datetime | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased of a viewer; all zero for one that nobody knew."""

    events: int
    impression_batches: int
    edits: int
