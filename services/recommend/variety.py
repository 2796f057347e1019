"""A list that is not ten times the same: relevance against likeness, topics as the viewer has them, new videos' places.

Maximal marginal relevance (Carbonell and Goldstein 1998), calibrated recommendations (Steck 2018), a cap per creator,
one of each group of near-duplicates, and places that are kept for newcomers, all in one greedy pass.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.library.index.port import Vector
from services.recommend.alike import rows_of
from services.recommend.indexed import IndexedVideo

_SMOOTHING = 0.01
"""Steck's alpha: the list's topics are mixed with a little of the viewer's, so that a missing one costs finitely."""


@dataclass(frozen=True, slots=True)
class Variety:
    """How a list is varied. `relevance` is MMR's lambda in [0, 1]; `calibration` what the divergence between the
    list's topics and `topics` (shares that add up to 1, empty for a viewer without history) costs. `newcomers` are
    ids by how much they deserve a place, `places` the positions kept for them.
    """

    relevance: float = 0.75
    per_creator: int = 2
    calibration: float = 0.0
    topics: Mapping[str, float] = field(default_factory=dict)
    newcomers: Mapping[str, float] = field(default_factory=dict)
    places: frozenset[int] = frozenset()


def diversify(
    ranked: Sequence[IndexedVideo],
    scores: Mapping[str, float],
    vectors: Mapping[str, Vector],
    *,
    limit: int,
    variety: Variety | None = None,
    groups: Mapping[str, str] | None = None,
) -> list[IndexedVideo]:
    """Pick `limit` of `ranked`; `scores` and `vectors` are by video id, and a video without a vector is like no other.

    Similarities are stretched to [0, 1] over this list, since cosines of sentence vectors lie close together. No
    creator has more than `per_creator` places as long as others are left; a video without a creator is not counted.
    Of videos that `groups` (video id -> group) puts together, one is picked.
    """
    variety = variety or Variety()
    ids = [video.video_id for video in ranked]
    similar = _similarities([vectors.get(one) for one in ids])
    nearest = np.zeros(len(ids))
    relevance = np.array([scores[one] for one in ids]) * variety.relevance
    balance = _Balance(ranked, variety.topics)
    picked: list[int] = []
    creators: dict[str, int] = {}
    taken: set[str] = set()
    left = list(range(len(ranked)))
    while left and len(picked) < limit:
        left = [at for at in left if groups is None or groups.get(ids[at]) not in taken]
        within = [at for at in left if creators.get(ranked[at].creator or "", 0) < variety.per_creator] or left
        if not within:
            break
        best = _newcomer(within, ids, variety) if len(picked) in variety.places else None
        if best is None:
            worth = relevance[within] - (1 - variety.relevance) * nearest[within]
            if variety.calibration and variety.topics:
                worth = worth - variety.calibration * balance.divergence(within)
            best = within[int(np.argmax(worth))]
        picked.append(best)
        left.remove(best)
        nearest = np.maximum(nearest, similar[best])
        balance.add(best)
        if creator := ranked[best].creator:
            creators[creator] = creators.get(creator, 0) + 1
        if groups is not None and (group := groups.get(ids[best])) is not None:
            taken.add(group)
    return [ranked[at] for at in picked]


def newcomer_places(limit: int, share: float, seed: int) -> frozenset[int]:
    """Positions kept for newcomers, `share` of the list on average; never the first, which should please."""
    chance = random.Random(f"places:{seed}")  # noqa: S311 (no secret)
    whole = limit * share
    count = int(whole) + (chance.random() < whole - int(whole))
    open_ = list(range(1, limit))
    return frozenset(chance.sample(open_, min(count, len(open_))))


def topic_divergence(target: Mapping[str, float], videos: Sequence[IndexedVideo]) -> float:
    """Kullback-Leibler divergence of a list's topics from `target` (Steck 2018), nats; 0 when they agree."""
    balance = _Balance(videos, target)
    for at in range(len(videos)):
        balance.add(at)
    return float(balance.of(balance.sum, balance.count))


class _Balance:
    """Topics of a growing list against the viewer's."""

    def __init__(self, videos: Sequence[IndexedVideo], target: Mapping[str, float]) -> None:
        self._target = np.array(list(target.values()))
        column = {topic: at for at, topic in enumerate(target)}
        self._rows = np.zeros((len(videos), len(column)))
        self._counted = np.zeros(len(videos))
        for row, video in enumerate(videos):
            topics = video.values("topics")
            self._counted[row] = bool(topics)
            for topic in topics:
                if topic in column:
                    self._rows[row, column[topic]] += 1.0 / len(topics)
        self.sum = np.zeros(len(column))
        self.count = 0.0

    def add(self, at: int) -> None:
        """Put a video into the list."""
        self.sum = self.sum + self._rows[at]
        self.count += float(self._counted[at])

    def divergence(self, candidates: Sequence[int]) -> NDArray[np.float64]:
        """Of the list with each of the candidates in turn."""
        counts = self.count + self._counted[candidates]
        return self.of(self.sum + self._rows[candidates], counts[:, None])

    def of(self, sums: NDArray[np.float64], counts: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Of lists whose topics add up to `sums` over `counts` videos."""
        shares = sums / np.maximum(counts, 1.0)
        mixed = (1 - _SMOOTHING) * shares + _SMOOTHING * self._target
        result: NDArray[np.float64] = np.sum(self._target * np.log(self._target / mixed), axis=-1)
        return result


def _newcomer(within: Sequence[int], ids: Sequence[str], variety: Variety) -> int | None:
    """The newcomer that deserves this place most; None when none is left."""
    fitting = [at for at in within if variety.newcomers.get(ids[at], 0.0) > 0]
    return max(fitting, key=lambda at: (variety.newcomers[ids[at]], -at)) if fitting else None


def _similarities(vectors: Sequence[Vector | None]) -> NDArray[np.float32]:
    size = len(vectors)
    similar = np.zeros((size, size), dtype=np.float32)
    known = [at for at, vector in enumerate(vectors) if vector is not None]
    if len(known) < 2:
        return similar
    rows = rows_of(vector for vector in vectors if vector is not None)
    cosines = rows @ rows.T
    off_diagonal = cosines[~np.eye(len(known), dtype=bool)]
    low, high = float(off_diagonal.min()), float(off_diagonal.max())
    if high - low > 1e-6:
        cosines = (cosines - low) / (high - low)
    similar[np.ix_(known, known)] = np.clip(cosines, 0.0, 1.0)
    return similar
