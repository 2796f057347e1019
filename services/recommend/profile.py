"""What a viewer's interactions say: decayed interest in labels, and the videos that carry it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.library.index.port import Collection, IndexPort, Stored
from services.library.record.events import Event, EventKind
from services.recommend.indexed import LABEL_FIELDS, IndexedVideo, LabelKey, point_id

_LIKES = frozenset({EventKind.LIKE, EventKind.COMMENT, EventKind.SHARE, EventKind.FAVOURITE})
_DISLIKES = frozenset({EventKind.NOT_INTERESTED, EventKind.REPORT})


@dataclass(frozen=True, slots=True)
class ProfileParameters:
    """How interactions count. A play counts by how much was watched, from nothing below `min_watch_ratio` up to
    `play` for the whole; a skip is not a dislike of the video, it only weighs a little against its labels.
    """

    half_life_days: float = 21.0
    like: float = 1.0
    play: float = 0.6
    play_unknown: float = 0.3
    min_watch_ratio: float = 0.25
    skip: float = -0.15
    dislike: float = -1.0
    max_anchors: int = 12


@dataclass(frozen=True, slots=True)
class Anchor:
    """A video that the viewer took to: `weight` is above 0, `liked` tells a like from a play."""

    video: IndexedVideo
    weight: float
    liked: bool
    vectors: Stored


@dataclass(frozen=True, slots=True)
class Profile:
    """`labels` holds interest in [-1, 1] per label, the strongest 1; `anchors` the heaviest videos, best first.

    `seen` are the ids of all videos that the viewer interacted with. `support` lists, per label, the videos whose
    positive interactions it comes from.
    """

    seen: tuple[str, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    labels: Mapping[LabelKey, float] = field(default_factory=dict)
    support: Mapping[LabelKey, tuple[str, ...]] = field(default_factory=dict)

    @property
    def cold(self) -> bool:
        """Whether nothing is known of what the viewer takes to."""
        return not self.anchors


class Rarity:
    """How much a shared label says: inverse document frequency over the index, in [0, 1], the rarest label near 1."""

    def __init__(self, index: IndexPort, *, max_values: int = 10_000) -> None:
        self._total = index.count(Collection.VIDEOS)
        self._counts = {name: index.facet(Collection.VIDEOS, name, limit=max_values) for name in LABEL_FIELDS}

    def of(self, label: LabelKey) -> float:
        """log(1 + N / n), over its value for a label that one video alone carries."""
        count = max(1, self._counts[label.field].get(label.value, 1))
        return math.log1p(self._total / count) / math.log1p(max(1, self._total))


def build_profile(
    index: IndexPort,
    events: Sequence[Event],
    *,
    now: datetime,
    rarity: Rarity,
    parameters: ProfileParameters | None = None,
) -> Profile:
    """The profile of one viewer; of nobody known, an empty one. Videos that left the index only count as seen."""
    parameters = parameters or ProfileParameters()
    weights: dict[str, float] = {}
    skips: dict[str, float] = {}
    liked: set[str] = set()
    for event in events:
        if event.video_id is None:
            continue
        weight = _weight(event, parameters) * _decay(event.at, now, parameters.half_life_days)
        into = skips if weight < 0 else weights
        into[event.video_id] = into.get(event.video_id, 0.0) + weight
        if event.kind is EventKind.LIKE:
            liked.add(event.video_id)
    seen = tuple(
        dict.fromkeys(
            event.video_id for event in events if event.video_id is not None and event.kind is not EventKind.IMPRESSION
        )
    )
    points = index.retrieve(Collection.VIDEOS, [point_id(video_id) for video_id in seen])
    videos = {video.video_id: video for video in (IndexedVideo.of(point.id, point.payload) for point in points)}

    best = sorted(
        (video_id for video_id, weight in weights.items() if weight > 0 and video_id in videos),
        key=lambda video_id: (-weights[video_id], video_id),
    )
    stored = {
        point.id: point
        for point in index.retrieve(
            Collection.VIDEOS, [point_id(video_id) for video_id in best[: parameters.max_anchors]], with_vectors=True
        )
    }
    anchors = tuple(
        Anchor(videos[video_id], weights[video_id], video_id in liked, stored[point_id(video_id)])
        for video_id in best[: parameters.max_anchors]
        if point_id(video_id) in stored
    )
    labels: dict[LabelKey, float] = {}
    support: dict[LabelKey, list[str]] = {}
    for video_id, video in videos.items():
        weight = weights.get(video_id, 0.0) + skips.get(video_id, 0.0)
        for label in video.labels if weight else ():
            labels[label] = labels.get(label, 0.0) + weight * rarity.of(label)
            if video_id in best:
                support.setdefault(label, []).append(video_id)
    strongest = max((abs(value) for value in labels.values()), default=1.0)
    return Profile(
        seen=seen,
        anchors=anchors,
        labels={label: value / strongest for label, value in labels.items()},
        support={label: tuple(ids) for label, ids in support.items()},
    )


def _weight(event: Event, parameters: ProfileParameters) -> float:
    if event.kind in _LIKES:
        return parameters.like
    if event.kind is EventKind.SKIP:
        return parameters.skip
    if event.kind in _DISLIKES:
        return parameters.dislike
    if event.kind is not EventKind.PLAY:
        return 0.0
    if event.watch_ratio is None:
        return parameters.play_unknown
    watched = min(1.0, event.watch_ratio)
    span = 1.0 - parameters.min_watch_ratio
    return parameters.play * max(0.0, watched - parameters.min_watch_ratio) / span


def _decay(at: datetime, now: datetime, half_life_days: float) -> float:
    age_days = max(0.0, (now - at).total_seconds() / 86_400)
    return float(0.5 ** (age_days / half_life_days))
