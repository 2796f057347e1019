"""Fit to the moment: the mood that is asked for, the occasion that is asked for or likely at this hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.library.index.port import Collection
from services.library.taxonomy import Taxonomy
from services.recommend.catalogue import video_id
from services.recommend.context import ResolvedContext
from services.recommend.filters import also
from services.recommend.indexed import IndexedVideo
from services.recommend.sources.base import Scores, SourceRequest

_NEAR_MOOD = 0.6
"""Distance on the valence/arousal plane up to which another mood counts a little."""


class Fit:
    """In [0, 1]: what is labelled with the mood or occasion counts most, a neighbouring mood or a hint a little."""

    name = "fit"
    relative = False

    def applies(self, request: SourceRequest) -> bool:
        """Whether the context says anything of mood or occasion."""
        return not request.context.empty

    def candidates(self, request: SourceRequest) -> Scores:
        """Videos labelled so: near the viewer's strongest interest, or drawn at random where there is none."""
        wanted = {"moods": request.context.mood, "occasions": request.context.occasion}
        aim = next((one.text for one in request.taste.interests if one.text is not None), None)
        found: list[str] = []
        for name, entry in wanted.items():
            if entry is None:
                continue
            where = also(request.allowed, name, [entry.slug])
            found += request.index.sample(Collection.VIDEOS, where=where, limit=request.limit // 2)
            if aim is not None:
                hits = request.index.query(
                    Collection.VIDEOS, using="text", vector=aim, where=where, limit=request.limit // 2, fields=()
                )
                found += [hit.id for hit in hits]
        ids = dict.fromkeys(video_id(point) for point in found)
        return self.score(request, request.catalogue.videos(ids))

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """How well each video fits."""
        return {one: fit_score(video, request.context, request.taxonomy) for one, video in videos.items()}


def fit_score(video: IndexedVideo, context: ResolvedContext, taxonomy: Taxonomy) -> float:
    """How well the video fits the mood and the occasion, in [0, 1]."""
    parts = []
    if context.mood is not None:
        parts.append((1.0, _mood_fit(context.mood.slug, video.values("moods"), taxonomy)))
    if context.occasion is not None:
        parts.append((context.certainty, _occasion_fit(context, video, taxonomy)))
    weight = sum(weight for weight, _ in parts)
    return sum(w * fit for w, fit in parts) / weight * max(w for w, _ in parts) if weight else 0.0


def hints_met(video: IndexedVideo, context: ResolvedContext, taxonomy: Taxonomy) -> tuple[bool, bool, bool]:
    """Whether the video has a mood, a topic and a length that the taxonomy says suit the occasion."""
    if context.occasion is None:
        return False, False, False
    hints = context.occasion.hints
    return (
        any(mood in hints.moods for mood in video.values("moods")),
        not taxonomy.hinted_topics[context.occasion.slug].isdisjoint(video.values("topics")),
        video.duration_s is not None and video.duration_s <= hints.max_duration_s,
    )


def _mood_fit(wanted: str, moods: Sequence[str], taxonomy: Taxonomy) -> float:
    if wanted in moods:
        return 1.0
    distances = taxonomy.mood_distances[wanted]
    return 0.4 if any(distances.get(slug, _NEAR_MOOD + 1) <= _NEAR_MOOD for slug in moods) else 0.0


def _occasion_fit(context: ResolvedContext, video: IndexedVideo, taxonomy: Taxonomy) -> float:
    assert context.occasion is not None, "the caller has one"
    if context.occasion.slug in video.values("occasions"):
        return 1.0
    mood, topic, short = hints_met(video, context, taxonomy)
    return 0.2 * mood + 0.2 * topic + 0.1 * short
