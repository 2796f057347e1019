"""What the record knows: what is taken up at the moment, what is new, and what has not been tried yet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice

import numpy as np

from services.library.index.asks import Ask
from services.library.index.port import Hit
from services.recommend.indexed import IndexedVideo
from services.recommend.newcomers import LEAST_FIT, drawn
from services.recommend.sources.base import Candidates, Scores, SourceRequest
from services.recommend.sources.fit import fit_scores

_HALF_LIFE_S = 14 * 86_400.0

NEWEST, NEWCOMERS = 2, 5
"""How many times as many as are wanted are looked at, since some do not pass the filter."""


def looked_at(trends: Iterable[str], newest: Iterable[str], newcomers: Iterable[str], limit: int) -> tuple[str, ...]:
    """Ids of all that the sources of this module may answer with, if they pass the filter."""
    looked = (islice(trends, limit), islice(newest, limit * NEWEST), islice(newcomers, limit * NEWCOMERS))
    return tuple(dict.fromkeys(chain.from_iterable(looked)))


class Trending:
    """What the audience takes to now; the logarithm of decayed counts over that of the most taken up."""

    name = "trending"
    relative = False
    in_memory = True

    def applies(self, request: SourceRequest) -> bool:
        """Whether anything was taken up."""
        return bool(request.trends)

    def asks(self, _request: SourceRequest) -> Sequence[Ask]:
        """Nothing: the record knows."""
        return ()

    def candidates(self, request: SourceRequest, _answers: Sequence[Sequence[Hit]]) -> Candidates:
        """The most taken up."""
        passing = request.passing()
        return dict.fromkeys(one for one in islice(request.trends, request.limit) if one in passing)

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """What is not taken up scores 0."""
        most = request.most_taken_up
        return {
            one: max(0.0, math.log1p(max(0.0, request.trends[one].score)) / most)
            if one in request.trends and most
            else 0.0
            for one in videos
        }


class Fresh:
    """Newness: 1 for now, half of it after two weeks."""

    name = "fresh"
    relative = False
    in_memory = True

    def applies(self, request: SourceRequest) -> bool:
        """Always: every video has an age."""
        return True

    def asks(self, _request: SourceRequest) -> Sequence[Ask]:
        """Nothing: the record knows."""
        return ()

    def candidates(self, request: SourceRequest, _answers: Sequence[Sequence[Hit]]) -> Candidates:
        """The newest that pass."""
        passing = request.passing()
        newest = (one for one in request.newest[: request.limit * NEWEST] if one in passing)
        return dict.fromkeys(islice(newest, request.limit))

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """Newness of each; nothing of a video whose age nobody knows."""
        times = {one: when for one, video in videos.items() if (when := known_since(request, video)) is not None}
        ages = np.maximum(request.now.timestamp() - np.array(list(times.values())), 0.0)
        return dict(zip(times, (0.5 ** (ages / _HALF_LIFE_S)).tolist(), strict=True))


def known_since(request: SourceRequest, video: IndexedVideo) -> float | None:
    """When a video was published or else became known here (Unix seconds)."""
    if video.published_at is not None:
        return video.published_at
    newcomer = request.newcomers.get(video.video_id)
    return newcomer.since.timestamp() if newcomer is not None else None


class Unexplored:
    """New videos within their budget whose content fits: a draw from the belief in each, times the fit."""

    name = "unexplored"
    relative = False
    in_memory = True

    def applies(self, request: SourceRequest) -> bool:
        """Whether there are newcomers."""
        return bool(request.newcomers)

    def asks(self, _request: SourceRequest) -> Sequence[Ask]:
        """Nothing: the record knows."""
        return ()

    def candidates(self, request: SourceRequest, _answers: Sequence[Sequence[Hit]]) -> Candidates:
        """The best draws."""
        passing = request.passing()
        new = (one for one in islice(request.newcomers, request.limit * NEWCOMERS) if one in passing)
        scores = self.score(request, request.catalogue.videos(new))
        best = sorted(scores, key=lambda one: (-scores[one], one))[: request.limit]
        return {one: scores[one] for one in best}

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """The draw of each newcomer; other videos are left out."""
        new = {one: video for one, video in videos.items() if one in request.newcomers}
        return drawn({one: request.newcomers[one] for one in new}, newcomer_fits(request, new), request.seed)


def newcomer_fits(request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> dict[str, float]:
    """How well each newcomer's content fits, in [0, 1], 0.5 where nothing is known to fit it to.

    Labels that the viewer cares for raise it above `LEAST_FIT`, labels they are turned away by lower it; a context
    counts for a viewer of whom nothing is known.
    """
    if request.taste.labels:
        matches = request.rarity.matches(videos.values(), request.cared)
        return {
            one: LEAST_FIT * (1.0 + min(1.0, 3.0 * match)) if match > 0 else LEAST_FIT * max(0.0, 0.9 + match)
            for one, match in zip(videos, matches, strict=True)
        }
    if not request.context.empty:
        fits = fit_scores(videos, request.context, request.taxonomy)
        return {one: LEAST_FIT * (1.0 + fit) for one, fit in fits.items()}
    return dict.fromkeys(videos, LEAST_FIT)
