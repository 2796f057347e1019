"""Nearness in meaning and in looks: to what the viewer is drawn to, and to what they ask for in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.library.index.port import Collection, Filter, Vector
from services.recommend.alike import products
from services.recommend.catalogue import video_id
from services.recommend.indexed import IndexedVideo, point_id
from services.recommend.sources.base import Scores, SourceRequest
from services.recommend.taste import Interest

MAX_INTERESTS = 6
"""Interests that the index is asked about, the strongest."""

SESSION_WEIGHT = 1.0
"""What the current session counts beside the strongest long-term interest."""

Directed = Sequence[tuple[float, Vector]]


@dataclass(frozen=True, slots=True)
class Nearness:
    """A source of what lies near vectors. The score is the best of cosine times the square root of the weight."""

    name: str
    using: str
    directions: Callable[[SourceRequest], Directed]
    relative: bool = True

    @property
    def in_memory(self) -> bool:
        """Text vectors are kept; frames are the index's."""
        return self.using == "text"

    def applies(self, request: SourceRequest) -> bool:
        """Whether there is a direction to look in."""
        return bool(self.directions(request))

    def candidates(self, request: SourceRequest) -> Scores:
        """What the index finds near each direction."""
        directions = self.directions(request)
        each = max(10, math.ceil(request.limit / max(1, len(directions)) * 1.5))
        return self._best(request, directions, request.allowed, each)

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """Nearness of these videos: of texts by vectors that are kept; of frames, which are many, by the index."""
        if not videos:
            return {}
        if self.using == "text":
            return self._near_texts(request, videos)
        asked = Filter(ids=[point_id(one) for one in videos])
        within = Filter(within=request.index.prepare(Collection.VIDEOS, asked))
        return self._best(request, self.directions(request), within, len(videos))

    def _near_texts(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        texts = request.catalogue.texts(videos)
        directions = self.directions(request)
        if not texts or not directions:
            return {}
        weights = np.sqrt([weight for weight, _ in directions])
        cosines = products(np.stack(list(texts.values())), np.stack([vector for _, vector in directions]))
        return dict(zip(texts, (cosines * weights).max(axis=1).tolist(), strict=True))

    def _best(self, request: SourceRequest, directions: Directed, where: Filter, limit: int) -> Scores:
        best: Scores = {}
        for weight, vector in directions:
            hits = request.index.query(
                Collection.VIDEOS, using=self.using, vector=vector, where=where, limit=limit, fields=(), quick=True
            )
            for hit in hits:
                one, score = video_id(hit.id), hit.score * math.sqrt(weight)
                if score > best.get(one, -math.inf):
                    best[one] = score
        return best


def interests_of(request: SourceRequest) -> list[tuple[float, Interest]]:
    """The strongest interests and the session's, each with its weight."""
    taste = request.taste
    found = [(interest.weight, interest) for interest in taste.interests[:MAX_INTERESTS]]
    return [(SESSION_WEIGHT, taste.session), *found] if taste.session is not None else found


def _text(request: SourceRequest) -> Directed:
    return [(weight, one.text) for weight, one in interests_of(request) if one.text is not None]


def _looks(request: SourceRequest) -> Directed:
    # Comparing frames costs several times what comparing texts does, so only the strongest two are asked about.
    found = [(weight, one.looks) for weight, one in interests_of(request) if one.looks is not None]
    return sorted(found, key=lambda pair: -pair[0])[:2]


def _wish(request: SourceRequest) -> Directed:
    return [] if request.wish is None else [(1.0, request.wish.vector)]


MEANING = Nearness("meaning", "text", _text)
LOOKS = Nearness("looks", "visual", _looks)
WISH = Nearness("wish", "text", _wish)
