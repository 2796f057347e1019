"""Where candidates come from. Every source applies the hard filter itself and keeps its own score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.library.index.port import Collection, Filter, Hit, IndexPort, Stored
from services.library.record.port import RecordPort
from services.library.taxonomy import Taxonomy
from services.library.understanding import VideoState
from services.recommend.context import ResolvedContext
from services.recommend.indexed import IndexedVideo, point_id
from services.recommend.interest_vectors import direction
from services.recommend.profile import Anchor, Profile, Rarity
from services.recommend.search import also

_TOP_LABELS = 20
_NEAR_MOOD = 0.6
"""Distance on the valence/arousal plane up to which another mood counts a little."""


@dataclass(frozen=True, slots=True)
class Near:
    """A candidate near a video that the viewer took to; `score` is the cosine weighted by how much they took to it."""

    score: float
    cosine: float
    anchor: Anchor


def near_anchors(
    index: IndexPort, anchors: Sequence[Anchor], using: str, where: Filter, limit: int
) -> tuple[dict[str, Near], dict[str, Hit]]:
    """Videos whose vector `using` is near an anchor's; the best (weight times cosine) anchor of each.

    An anchor's frames are compared by their mean direction.
    """
    best: dict[str, Near] = {}
    hits: dict[str, Hit] = {}
    heaviest = max((anchor.weight for anchor in anchors), default=1.0)
    for anchor in anchors:
        vector = direction(anchor.vectors, using)
        if vector is None:
            continue
        for hit in index.query(Collection.VIDEOS, using=using, vector=vector, where=where, limit=limit):
            score = hit.score * math.sqrt(anchor.weight / heaviest)
            hits[hit.id] = hit
            if hit.id not in best or score > best[hit.id].score:
                best[hit.id] = Near(score, hit.score, anchor)
    return best, hits


def with_liked_labels(index: IndexPort, profile: Profile, where: Filter, limit: int) -> list[Stored]:
    """Videos that carry one of the labels the viewer cares for most."""
    wanted: dict[str, list[str]] = {}
    strongest = sorted(((value, label) for label, value in profile.labels.items() if value > 0), key=lambda p: -p[0])
    for _, label in strongest[:_TOP_LABELS]:
        wanted.setdefault(label.field, []).append(label.value)
    return [
        stored
        for field, values in wanted.items()
        for stored in index.scroll(Collection.VIDEOS, where=also(where, field, values), limit=limit)
    ]


def fitting(index: IndexPort, context: ResolvedContext, where: Filter, limit: int) -> list[Stored]:
    """Videos labelled with the mood or the occasion that is asked for."""
    wanted = {"moods": context.mood, "occasions": context.occasion}
    return [
        stored
        for field, entry in wanted.items()
        if entry is not None
        for stored in index.scroll(Collection.VIDEOS, where=also(where, field, [entry.slug]), limit=limit)
    ]


def newest(index: IndexPort, record: RecordPort, where: Filter, limit: int) -> list[Stored]:
    """The videos that became known last and pass the filter; fewer than `limit` when many of them do not."""
    videos = record.videos(state=VideoState.READY, limit=limit * 2)
    passing = Filter(
        equals=where.equals,
        excludes=where.excludes,
        ranges=where.ranges,
        ids=[video.point_id for video in videos],
        not_ids=where.not_ids,
    )
    return index.scroll(Collection.VIDEOS, where=passing, limit=limit) if videos else []


def label_score(video: IndexedVideo, profile: Profile, rarity: Rarity) -> float:
    """Cosine between the viewer's interest in labels and the video's labels weighted by rarity, in [-1, 1]."""
    rare = {label: rarity.of(label) for label in video.labels}
    dot = sum(profile.labels.get(label, 0.0) * weight for label, weight in rare.items())
    norms = math.hypot(*rare.values()) * math.hypot(*profile.labels.values())
    return dot / norms if norms else 0.0


def fit_score(video: IndexedVideo, context: ResolvedContext, taxonomy: Taxonomy) -> float:
    """How well the video fits the mood and the occasion, in [0, 1]: what is labelled so counts most.

    A neighbouring mood, or what the taxonomy's hints say of an occasion (moods, topics, length), counts a little.
    """
    parts = []
    moods = video.values("moods")
    if context.mood is not None:
        parts.append((1.0, _mood_fit(context.mood.slug, moods, taxonomy)))
    if context.occasion is not None:
        parts.append((context.certainty, _occasion_fit(context, video, taxonomy)))
    weight = sum(weight for weight, _ in parts)
    return sum(w * fit for w, fit in parts) / weight * max(w for w, _ in parts) if weight else 0.0


def fresh_score(published: float, now: datetime, half_life_days: float = 14.0) -> float:
    """1 for now, half of it after `half_life_days`."""
    return float(0.5 ** (max(0.0, now.timestamp() - published) / 86_400 / half_life_days))


def published_times(record: RecordPort, videos: Iterable[IndexedVideo]) -> Mapping[str, float]:
    """Point id -> when the video was published, or else became known here (Unix seconds)."""
    times = {}
    for video in videos:
        known = None if video.published_at is not None else record.video(video.video_id)
        if video.published_at is not None:
            times[video.point_id] = video.published_at
        elif known is not None:
            times[video.point_id] = known.created_at.timestamp()
    return times


def seen_filter(profile: Profile, context: ResolvedContext, unsafe: Sequence[str]) -> Filter:
    """What no source may answer with: seen videos, another language than the one asked for, severe risks."""
    return Filter(
        equals={"language": [context.language]} if context.language else {},
        excludes={"safety": list(unsafe)} if unsafe else {},
        not_ids=[point_id(video_id) for video_id in profile.seen],
    )


def _mood_fit(wanted: str, moods: Sequence[str], taxonomy: Taxonomy) -> float:
    if wanted in moods:
        return 1.0
    known = {mood.slug: mood for mood in taxonomy.moods}
    target = known[wanted]
    distances = [
        math.hypot(target.valence - known[slug].valence, target.arousal - known[slug].arousal)
        for slug in moods
        if slug in known
    ]
    return 0.4 if distances and min(distances) <= _NEAR_MOOD else 0.0


def _occasion_fit(context: ResolvedContext, video: IndexedVideo, taxonomy: Taxonomy) -> float:
    assert context.occasion is not None, "the caller has one"
    if context.occasion.slug in video.values("occasions"):
        return 1.0
    hints = context.occasion.hints
    topics = set(video.values("topics"))
    wanted = {leaf.slug for slug in hints.topics for leaf in taxonomy.leaves_of(slug)} | set(hints.topics)
    short = video.duration_s is not None and video.duration_s <= hints.max_duration_s
    return 0.2 * bool(set(hints.moods) & set(video.values("moods"))) + 0.2 * bool(wanted & topics) + 0.1 * short
