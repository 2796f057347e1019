"""How a profile is made of events and edits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection as Container
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from services.library.index.port import Vector
from services.library.record.events import Event, EventKind, ProfileEdit
from services.recommend.evidence import LIKES, Moment, ProfileParameters, decay, is_skip, moment_of, weight_of
from services.recommend.indexed import IndexedVideo, LabelKey
from services.recommend.interest_vectors import interest_vectors, unit
from services.recommend.interests import add_edits, forgotten_until, gather, weigh
from services.recommend.profile import CREATOR, LANGUAGE, Anchor, Profile, SessionIntent
from services.recommend.rarity import Rarity


class VideoReader(Protocol):
    """What a profile needs to know of videos, by their ids; unknown ones are left out. `Catalogue` is one."""

    def videos(self, ids: Iterable[str]) -> dict[str, IndexedVideo]:
        """The videos."""
        ...

    def texts(self, ids: Iterable[str]) -> dict[str, Vector]:
        """Their text vectors."""
        ...

    def looks(self, ids: Iterable[str]) -> dict[str, Vector]:
        """Their mean frames, unit length."""
        ...


def build_profile(
    catalogue: VideoReader,
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
    forgotten = forgotten_until(live)
    newest_first = sorted(events, key=lambda event: event.at, reverse=True)
    acts = [event for event in newest_first if event.kind is not EventKind.IMPRESSION]
    seen = tuple(dict.fromkeys(event.video_id for event in acts if event.video_id is not None))
    videos = catalogue.videos(seen)
    weighed = [
        (event, weight * decay(event.at, now, parameters.half_life_days))
        for event in acts
        if (weight := weight_of(event, parameters))
    ]
    evidence = gather(weighed, videos, forgotten)
    add_edits(evidence, live, now, parameters)
    interests = weigh(evidence, rarity)

    muted = {interest.label for interest in interests if interest.muted}
    weighed = [(event, weight) for event, weight in weighed if not _taken_back(event, videos, muted, forgotten)]
    positive = _positive_videos(weighed, videos)
    best = sorted(positive, key=lambda one: (-positive[one], one))[: parameters.max_clustered]
    texts = {one: unit(vector) for one, vector in catalogue.texts(best).items()}
    liked = {event.video_id for event in acts if event.kind in LIKES}
    anchors = tuple(Anchor(videos[one], positive[one], one in liked, texts.get(one)) for one in best)
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
        vectors=interest_vectors(anchors, causes, catalogue.looks, alike=parameters.alike, most=parameters.max_vectors),
        session=_session(weighed, acts, videos, texts, rarity, now, parameters),
        moments=dict(moments),
    )


def _taken_back(
    event: Event,
    videos: Mapping[str, IndexedVideo],
    muted: Container[LabelKey],
    forgotten: Mapping[LabelKey, datetime],
) -> bool:
    """Whether an event is about what the viewer muted, or removed later: it leads to no other video either."""
    video = videos.get(event.video_id) if event.video_id is not None else None
    if video is None or not (muted or forgotten):
        return False
    return any(label in muted or (label in forgotten and event.at <= forgotten[label]) for label in video.interests)


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
    texts: Mapping[str, Vector | None],
    rarity: Rarity,
    now: datetime,
    parameters: ProfileParameters,
) -> SessionIntent | None:
    since = now - timedelta(minutes=parameters.session_minutes)
    current = [event for event in acts if event.at >= since]
    if not current:
        return None
    recent = [(event, weight) for event, weight in weighed if event.at >= since]
    interests = weigh(gather(recent, videos, {}), rarity)
    taken = _positive_videos(recent, videos)
    directions = [(weight, vector) for one, weight in taken.items() if (vector := texts.get(one)) is not None]
    mean = sum((weight * vector for weight, vector in directions), np.zeros(1, np.float32)) if directions else None
    norm = 0.0 if mean is None else float(np.linalg.norm(mean))
    return SessionIntent(
        since=since,
        events=tuple(event.id for event in current),
        videos=tuple(sorted(taken, key=lambda one: (-taken[one], one))),
        labels={one.label: one.score for one in interests if one.score and one.label.field not in (CREATOR, LANGUAGE)},
        text=None if mean is None or norm == 0 else (mean / norm).astype(np.float32),
    )
