"""Nearness in meaning and in looks: to what the viewer is drawn to, and to what they ask for in words."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.library.index.asks import Ask, Near
from services.library.index.port import Hit, Vector
from services.recommend.alike import rows_of
from services.recommend.indexed import IndexedVideo
from services.recommend.sources.base import Candidates, Scores, SourceRequest, found_in
from services.recommend.taste import Interest

MAX_INTERESTS = 6
"""Interests that count, the strongest."""

MAX_ASKED = 3
"""Directions that a request asks the index about; PinnerSage (Pal et al. 2020) draws as many of a viewer's clusters."""

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

    in_memory: bool = True

    def applies(self, request: SourceRequest) -> bool:
        """Whether there is a direction to look in."""
        return bool(self.directions(request))

    def asks(self, request: SourceRequest) -> Sequence[Ask]:
        """What lies near some directions, drawn by their weights: others with the next request."""
        directions = _drawn(self.directions(request), request.seed)
        each = max(10, math.ceil(request.limit / max(1, len(directions)) * 1.5))
        return [Near(self.using, vector, request.allowed, each) for _, vector in directions]

    def candidates(self, _request: SourceRequest, answers: Sequence[Sequence[Hit]]) -> Candidates:
        """What the index found."""
        return found_in(answers)

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """Nearness of these videos by vectors that are kept: of the text, or the mean frame."""
        kept = request.catalogue.texts(videos) if self.using == "text" else request.catalogue.looks(videos)
        directions = self.directions(request)
        if not kept or not directions:
            return {}
        weights = np.sqrt([weight for weight, _ in directions])
        cosines = rows_of(kept.values()) @ rows_of(vector for _, vector in directions).T
        return dict(zip(kept, (cosines * weights).max(axis=1).tolist(), strict=True))


def _drawn(directions: Directed, seed: int) -> Directed:
    """`MAX_ASKED` of them, the weightier the likelier (Efraimidis and Spirakis 2006)."""
    if len(directions) <= MAX_ASKED:
        return directions
    chance = random.Random(f"directions:{seed}")  # noqa: S311 (no secret)
    keys = [chance.random() ** (1.0 / max(weight, 1e-6)) for weight, _ in directions]
    return [directions[at] for at in sorted(range(len(keys)), key=lambda at: -keys[at])[:MAX_ASKED]]


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
