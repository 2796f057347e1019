"""How a profile is made of events and edits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from services.library.index.port import Collection, Stored
from services.library.record.events import EditKind, Event, EventKind, ProfileEdit
from services.library.taxonomy import load_taxonomy
from services.recommend.evidence import (
    LIKES,
    Moment,
    ProfileParameters,
    decay,
    is_skip,
    moment_of,
    weight_of,
)
from services.recommend.indexed import IndexedVideo, LabelKey, point_id
from services.recommend.interest_vectors import direction, interest_vectors
from services.recommend.profile import CREATOR, LANGUAGE, Anchor, Interest, Profile, Rarity, SessionIntent
from services.recommend.query_labels import labels_in

EDIT_FIELDS = {
    "topics": "topics",
    "tags": "tags",
    "moods": "moods",
    "occasions": "occasions",
    "creators": CREATOR,
    "languages": LANGUAGE,
}
"""Fields that a viewer can edit, and what they are called in the index."""


class PointReader(Protocol):
    """What a profile needs of an index, or of a cache in front of one."""

    def retrieve(
        self, collection: Collection, ids: Sequence[str], *, with_vectors: bool | Sequence[str] = False
    ) -> list[Stored]:
        """In the order of `ids`; unknown ids are left out."""
        ...


@dataclass(slots=True)
class _Evidence:
    """What speaks for and against one label. `skips` can take interest away, `against` can make it a dislike."""

    taken: float = 0.0
    asked: float = 0.0
    skips: float = 0.0
    against: float = 0.0
    by_event: dict[str, float] = field(default_factory=dict)
    by_video: dict[str, float] = field(default_factory=dict)
    moments: dict[Moment, float] = field(default_factory=lambda: defaultdict(float))
    edits: list[str] = field(default_factory=list)
    muted: bool = False

    @property
    def balance(self) -> float:
        return max(0.0, self.taken - self.skips) + self.asked - self.against

    def add(self, event: Event, weight: float) -> None:
        self.by_event[event.id] = self.by_event.get(event.id, 0.0) + weight
        if weight > 0:
            self.taken += weight
            if event.video_id is not None:
                self.by_video[event.video_id] = self.by_video.get(event.video_id, 0.0) + weight
            moment = moment_of(event)
            if moment is not None:
                self.moments[moment] += weight
        elif is_skip(event, weight):
            self.skips -= weight
        else:
            self.against -= weight


def build_profile(
    index: PointReader,
    events: Sequence[Event],
    *,
    now: datetime,
    rarity: Rarity,
    edits: Sequence[ProfileEdit] = (),
    parameters: ProfileParameters | None = None,
) -> Profile:
    """The profile of one viewer; of nobody known, an empty one. Videos that left the index only count as seen.

    `events` are in any order. Edits that expired do not count.
    """
    parameters = parameters or ProfileParameters()
    live = [edit for edit in edits if edit.at <= now and (edit.expires_at is None or edit.expires_at > now)]
    forgotten = _forgotten(live)
    newest_first = sorted(events, key=lambda event: event.at, reverse=True)
    acts = [event for event in newest_first if event.kind is not EventKind.IMPRESSION]
    seen = tuple(dict.fromkeys(event.video_id for event in acts if event.video_id is not None))
    points = index.retrieve(Collection.VIDEOS, [point_id(video_id) for video_id in seen])
    videos = {video.video_id: video for video in (IndexedVideo.of(point.id, point.payload) for point in points)}
    weighed = [
        (event, weight * decay(event.at, now, parameters.half_life_days))
        for event in acts
        if (weight := weight_of(event, parameters))
    ]
    evidence = _evidence(weighed, videos, forgotten)
    _add_edits(evidence, live, now, parameters)
    interests = _interests(evidence, rarity, parameters)

    positive = _positive_videos(weighed, videos)
    best = sorted(positive, key=lambda one: (-positive[one], one))[: parameters.max_clustered]
    stored = {
        point.id: point
        for point in index.retrieve(Collection.VIDEOS, [point_id(one) for one in best], with_vectors=True)
    }
    liked = {event.video_id for event in acts if event.kind in LIKES}
    anchors = tuple(
        Anchor(videos[one], positive[one], one in liked, stored[point_id(one)])
        for one in best
        if point_id(one) in stored
    )
    causes: dict[str, list[str]] = defaultdict(list)
    for event, weight in sorted(weighed, key=lambda pair: -pair[1]):
        if weight > 0 and event.video_id is not None:
            causes[event.video_id].append(event.id)
    moments: dict[Moment, float] = defaultdict(float)
    for event, weight in weighed:
        moment = moment_of(event)
        if weight > 0 and moment is not None:
            moments[moment] += weight
    used = {interest.label: interest for interest in interests if not interest.muted and interest.score}
    content = {label: one for label, one in used.items() if label.field not in (CREATOR, LANGUAGE)}
    return Profile(
        seen=seen,
        anchors=anchors[: parameters.max_anchors],
        labels={label: interest.score for label, interest in content.items()},
        support={label: interest.videos for label, interest in content.items() if interest.videos},
        interests=interests,
        vectors=interest_vectors(anchors, causes, alike=parameters.alike, most=parameters.max_vectors),
        session=_session(weighed, acts, videos, stored, rarity, now, parameters, forgotten),
        moments=dict(moments),
    )


def _forgotten(edits: Iterable[ProfileEdit]) -> dict[LabelKey, datetime]:
    """Label -> until when its evidence was removed by the viewer."""
    times: dict[LabelKey, datetime] = {}
    for edit in edits:
        if edit.kind is EditKind.REMOVE:
            for label in edited_labels(edit):
                times[label] = max(edit.at, times.get(label, edit.at))
    return times


def edited_labels(edit: ProfileEdit) -> tuple[LabelKey, ...]:
    """What an edit is about: a topic of the first level stands for its leaves as well."""
    name = EDIT_FIELDS.get(edit.field, edit.field)
    taxonomy = load_taxonomy()
    leaves: tuple[str, ...] = ()
    if name == "topics" and any(topic.slug == edit.value for topic in taxonomy.first_level):
        leaves = tuple(leaf.slug for leaf in taxonomy.leaves_of(edit.value))
    return tuple(LabelKey(name, value) for value in dict.fromkeys((edit.value, *leaves)))


def _evidence(
    weighed: Sequence[tuple[Event, float]],
    videos: Mapping[str, IndexedVideo],
    forgotten: Mapping[LabelKey, datetime],
) -> dict[LabelKey, _Evidence]:
    taxonomy = load_taxonomy()
    found: dict[LabelKey, _Evidence] = defaultdict(_Evidence)
    for event, weight in weighed:
        labels: list[LabelKey] = []
        video = videos.get(event.video_id) if event.video_id is not None else None
        if event.kind is EventKind.FOLLOW:
            labels = [LabelKey(CREATOR, event.creator)] if event.creator else []
        elif event.kind is EventKind.SEARCH:
            labels = list(labels_in(event.query or "", taxonomy))
        elif video is not None:
            labels = list(video.labels)
            labels += [LabelKey(CREATOR, video.creator)] if video.creator else []
            labels += [LabelKey(LANGUAGE, video.language)] if video.language else []
        for label in labels:
            until = forgotten.get(label)
            if until is None or event.at > until:
                found[label].add(event, weight)
    return found


def _add_edits(
    evidence: dict[LabelKey, _Evidence], edits: Iterable[ProfileEdit], now: datetime, parameters: ProfileParameters
) -> None:
    for edit in edits:
        for label in edited_labels(edit):
            known = evidence[label]
            known.edits.append(edit.id)
            if edit.kind is EditKind.MUTE:
                known.muted = True
            elif edit.kind is EditKind.ONBOARDING:  # a first guess, which what the viewer does outgrows
                known.asked += edit.weight * decay(edit.at, now, parameters.half_life_days)
            elif edit.kind is not EditKind.REMOVE:
                known.asked += edit.weight


def _interests(
    evidence: Mapping[LabelKey, _Evidence], rarity: Rarity, parameters: ProfileParameters
) -> tuple[Interest, ...]:
    raw = {label: known.balance * _says(label, rarity) for label, known in evidence.items()}
    strongest: dict[str, float] = defaultdict(float)
    for label, value in raw.items():
        if not evidence[label].muted:
            strongest[_group(label)] = max(strongest[_group(label)], abs(value))
    interests = []
    for label, known in evidence.items():
        heaviest = sorted(known.by_event, key=lambda one: (-abs(known.by_event[one]), one))
        share = raw[label] / (strongest[_group(label)] or 1.0)
        interests.append(
            Interest(
                label=label,
                score=max(-1.0, min(1.0, share)),
                positive=known.taken + known.asked,
                negative=known.skips + known.against,
                events=tuple(heaviest[: parameters.max_named_events]),
                event_count=len(heaviest),
                videos=tuple(sorted(known.by_video, key=lambda one: (-known.by_video[one], one))),
                edits=tuple(known.edits),
                moments=dict(known.moments),
                muted=known.muted,
            )
        )
    return tuple(sorted(interests, key=lambda one: (-abs(one.score), one.label.field, one.label.value)))


def _says(label: LabelKey, rarity: Rarity) -> float:
    return 1.0 if label.field in (CREATOR, LANGUAGE) else rarity.of(label)


def _group(label: LabelKey) -> str:
    return label.field if label.field in (CREATOR, LANGUAGE) else "labels"


def _positive_videos(weighed: Sequence[tuple[Event, float]], videos: Mapping[str, IndexedVideo]) -> dict[str, float]:
    """Videos that the viewer took to and did not turn down, with their weight."""
    totals: dict[str, float] = defaultdict(float)
    for event, weight in weighed:
        if event.video_id is not None and not is_skip(event, weight):
            totals[event.video_id] += weight
    return {one: weight for one, weight in totals.items() if weight > 0 and one in videos}


def _session(
    weighed: Sequence[tuple[Event, float]],
    acts: Sequence[Event],
    videos: Mapping[str, IndexedVideo],
    stored: Mapping[str, Stored],
    rarity: Rarity,
    now: datetime,
    parameters: ProfileParameters,
    forgotten: Mapping[LabelKey, datetime],
) -> SessionIntent | None:
    since = now - timedelta(minutes=parameters.session_minutes)
    current = [event for event in acts if event.at >= since]
    if not current:
        return None
    recent = [(event, weight) for event, weight in weighed if event.at >= since]
    interests = _interests(_evidence(recent, videos, forgotten), rarity, parameters)
    taken = _positive_videos(recent, videos)
    directions = [
        (weight, vector)
        for one, weight in taken.items()
        if (point := stored.get(point_id(one))) is not None and (vector := direction(point, "text")) is not None
    ]
    mean = sum((weight * vector for weight, vector in directions), np.zeros(1, np.float32)) if directions else None
    norm = 0.0 if mean is None else float(np.linalg.norm(mean))
    return SessionIntent(
        since=since,
        events=tuple(event.id for event in current),
        videos=tuple(sorted(taken, key=lambda one: (-taken[one], one))),
        labels={one.label: one.score for one in interests if one.score and one.label.field not in (CREATOR, LANGUAGE)},
        text=None if mean is None or norm == 0 else (mean / norm).astype(np.float32),
    )
