"""What one event says about a viewer's taste: how much, for how long, and at which time of their day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.library.record.events import Event, EventKind

ACTS = tuple(kind for kind in EventKind if kind is not EventKind.IMPRESSION)
"""Kinds that a viewer did by choice: having been shown a video is no act."""

LIKES = frozenset({EventKind.LIKE, EventKind.COMMENT, EventKind.SHARE, EventKind.FAVOURITE})
"""Kinds by which a viewer says that a video was good."""

DISLIKES = frozenset({EventKind.NOT_INTERESTED, EventKind.REPORT})
"""Kinds by which a viewer says that a video was not."""


@dataclass(frozen=True, slots=True)
class ProfileParameters:
    """How events count; a like is the unit.

    A play counts by its watch ratio over the ratio that is expected for the video's duration: nothing up to
    `min_relative_watch`, `play` from `full_relative_watch` on. One that was left before `left_early` of the expected
    ratio counts as a skip.
    """

    half_life_days: float = 21.0
    like: float = 1.0
    favourite: float = 1.2
    share: float = 1.2
    comment: float = 0.8
    follow: float = 1.5
    search: float = 0.5
    play: float = 0.6
    play_unknown: float = 0.3
    skip: float = -0.15
    not_interested: float = -1.0
    report: float = -1.5
    min_relative_watch: float = 0.5
    full_relative_watch: float = 1.5
    left_early: float = 0.2
    session_minutes: float = 30.0
    max_anchors: int = 12
    max_clustered: int = 40
    max_vectors: int = 5
    alike: float = 0.89
    boost: float = 2.0
    wish: float = 3.0
    onboarding: float = 1.0


class DayPart(StrEnum):
    """Parts of a viewer's day, by their local hour: from 5, 11, 14, 18 and 22 o'clock."""

    MORNING = "morning"
    MIDDAY = "midday"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"


class Moment(NamedTuple):
    """A part of the day, on a weekend (Saturday, Sunday) or on a weekday. A night belongs to the day it began on.

    A tuple, as `LabelKey` is, for the same reason.
    """

    part: DayPart
    weekend: bool

    @classmethod
    def of(cls, local: datetime) -> Moment:
        """The moment of a local time."""
        hour = local.hour
        starts = ((5, DayPart.MORNING), (11, DayPart.MIDDAY), (14, DayPart.AFTERNOON), (18, DayPart.EVENING))
        part = DayPart.NIGHT
        for start, name in starts:
            if start <= hour < 22:
                part = name
        day = local.weekday() if hour >= 5 else (local.weekday() - 1) % 7
        return cls(part, day >= 5)

    @property
    def name(self) -> str:
        """As it is written: `weekday evening`."""
        return f"{'weekend' if self.weekend else 'weekday'} {self.part.value}"


def moment_of(event: Event) -> Moment | None:
    """The viewer's local moment of an event, None where their offset from UTC is not known."""
    if event.utc_offset_minutes is None:
        return None
    return Moment.of(event.at.astimezone(UTC) + timedelta(minutes=event.utc_offset_minutes))


def expected_watch_ratio(duration_s: float | None) -> float:
    """The watch ratio at which a play of this length says nothing: short videos are watched to the end anyway.

    0.75 at 15 s, 0.12 less with every doubling, within [0.2, 0.95]; 0.6 for an unknown length. An assumed curve, after
    the observation that watch ratio falls with duration (Zhan et al. 2022, "Deconfounding duration bias in watch-time
    prediction for video recommendation"); fit it to your own plays.
    """
    if duration_s is None or not duration_s > 0:
        return 0.6
    return min(0.95, max(0.2, 0.75 - 0.12 * math.log2(duration_s / 15.0)))


def weight_of(event: Event, parameters: ProfileParameters) -> float:
    """What the event says of its video, undecayed: above 0 for it, below 0 against it, 0 for nothing."""
    if event.kind is not EventKind.PLAY:
        known = {
            EventKind.LIKE: parameters.like, EventKind.FAVOURITE: parameters.favourite,
            EventKind.SHARE: parameters.share, EventKind.COMMENT: parameters.comment,
            EventKind.FOLLOW: parameters.follow, EventKind.SEARCH: parameters.search, EventKind.SKIP: parameters.skip,
            EventKind.NOT_INTERESTED: parameters.not_interested, EventKind.REPORT: parameters.report,
        }  # fmt: skip
        return known.get(event.kind, 0.0)
    if event.watch_ratio is None:
        return parameters.play_unknown
    relative = event.watch_ratio / expected_watch_ratio(event.duration_s)
    if relative < parameters.left_early:
        return parameters.skip
    span = parameters.full_relative_watch - parameters.min_relative_watch
    return parameters.play * min(1.0, max(0.0, relative - parameters.min_relative_watch) / span)


def is_skip(event: Event, weight: float) -> bool:
    """Whether the event is a skip, said or shown by leaving early: it can take interest away, never make a dislike."""
    return weight < 0 and event.kind not in DISLIKES


def decay(at: datetime, now: datetime, half_life_days: float) -> float:
    """1 for now, half of it after `half_life_days`; what lies ahead counts as now."""
    age_days = max(0.0, (now - at).total_seconds() / 86_400)
    return float(0.5 ** (age_days / half_life_days))
