"""Fit to the moment: the mood that is asked for, the occasion that is asked for or likely at this hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.library.index.asks import Ask, Drawn, Near
from services.library.index.port import Hit
from services.library.taxonomy import Taxonomy
from services.recommend.context import ResolvedContext
from services.recommend.filters import also
from services.recommend.indexed import IndexedVideo
from services.recommend.sources.base import Candidates, Scores, SourceRequest, found_in

_NEAR_MOOD = 0.6
"""Distance on the valence/arousal plane up to which another mood counts a little."""


class Fit:
    """In [0, 1]: what is labelled with the mood or occasion counts most, a neighbouring mood or a hint a little."""

    name = "fit"
    relative = False
    in_memory = True

    def applies(self, request: SourceRequest) -> bool:
        """Whether the context says anything of mood or occasion."""
        return not request.context.empty

    def asks(self, request: SourceRequest) -> Sequence[Ask]:
        """Videos labelled so: near the viewer's strongest interest, and some drawn at random."""
        wanted = {"moods": request.context.mood, "occasions": request.context.occasion}
        aim = next((one.text for one in request.taste.interests if one.text is not None), None)
        each, asks = request.limit // 2, list[Ask]()
        for name, entry in wanted.items():
            if entry is None:
                continue
            where = also(request.allowed, name, [entry.slug])
            asks.append(Drawn(where, each))
            if aim is not None:
                asks.append(Near("text", aim, where, each))
        return asks

    def candidates(self, _request: SourceRequest, answers: Sequence[Sequence[Hit]]) -> Candidates:
        """What was found."""
        return found_in(answers)

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """How well each video fits."""
        return fit_scores(videos, request.context, request.taxonomy)


def fit_scores(videos: Mapping[str, IndexedVideo], context: ResolvedContext, taxonomy: Taxonomy) -> dict[str, float]:
    """How well each video fits the mood and the occasion, in [0, 1]."""
    mood = None if context.mood is None else _mood_fits(context.mood.slug, videos, taxonomy)
    occasion = None if context.occasion is None else _occasion_fits(context, videos, taxonomy)
    if mood is None or occasion is None:
        certainty = 1.0 if occasion is None else context.certainty
        return {one: fit * certainty for one, fit in (mood or occasion or {}).items()}
    weight, most = 1.0 + context.certainty, max(1.0, context.certainty)
    return {one: (mood[one] + context.certainty * occasion[one]) / weight * most for one in videos}


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


def _mood_fits(wanted: str, videos: Mapping[str, IndexedVideo], taxonomy: Taxonomy) -> dict[str, float]:
    """1 for the mood itself, 0.4 for a neighbour."""
    near = {slug for slug, distance in taxonomy.mood_distances[wanted].items() if distance <= _NEAR_MOOD}
    moods = {one: video.values("moods") for one, video in videos.items()}
    return {one: 1.0 if wanted in has else 0.0 if near.isdisjoint(has) else 0.4 for one, has in moods.items()}


def _occasion_fits(
    context: ResolvedContext, videos: Mapping[str, IndexedVideo], taxonomy: Taxonomy
) -> dict[str, float]:
    """1 for the occasion itself, less for a mood, a topic and a length that suit it."""
    assert context.occasion is not None, "the caller has one"
    slug = context.occasion.slug
    fits: dict[str, float] = {}
    for one, video in videos.items():
        if slug in video.values("occasions"):
            fits[one] = 1.0
            continue
        mood, topic, short = hints_met(video, context, taxonomy)
        fits[one] = 0.2 * mood + 0.2 * topic + 0.1 * short
    return fits
