"""One linear blend: every source's score times its weight, kept apart, adding up to an item's score."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.recommend.scores import SourceScore
from services.recommend.sources.base import Scores

_SAME = 1e-9

REPEAT = "repeat"
"""The contribution, 0 or less, of having been shown before without being taken up."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a relative source's scores are stretched: `low` becomes 0 and `high` 1."""

    low: float
    high: float

    def of(self, score: float) -> float:
        """The score in [0, 1]; where all candidates are equal, what reaches them is 1."""
        if self.high <= self.low:
            return 1.0 if score >= self.low else 0.0
        return min(1.0, max(0.0, (score - self.low) / (self.high - self.low)))


@dataclass(frozen=True, slots=True)
class Blended:
    """What every source adds to every video. `totals` are the sums; `weights` the shares that sources had, `scales`
    how their scores are read, `repeats` what is left of a score that was shown before.
    """

    totals: Mapping[str, float]
    scores: Mapping[str, Scores]
    weights: Mapping[str, float]
    scales: Mapping[str, Scale]
    repeats: Mapping[str, float]

    def parts(self, video: str) -> dict[str, SourceScore]:
        """What each source adds to a video; it adds up to its total."""
        found: dict[str, SourceScore] = {}
        for name, values in self.scores.items():
            if video in values:
                value = read(values[video], self.scales.get(name))
                found[name] = SourceScore(values[video], value, self.weights.get(name, 0.0) * value)
        left = self.repeats.get(video, 1.0)
        if left < 1.0:
            whole = sum(score.contribution for score in found.values())
            found[REPEAT] = SourceScore(left, left - 1.0, min(0.0, (left - 1.0) * whole))
        return found

    def without_own(self, video: str, sources: Collection[str]) -> Blended:
        """The blend where this video, and no other, has nothing of these sources."""
        scores = {
            name: {one: value for one, value in values.items() if one != video} if name in sources else values
            for name, values in self.scores.items()
        }
        return blend(self.totals, scores, self.weights, self.scales, self.repeats)

    def ranked(self) -> list[str]:
        """Ids, best first."""
        return sorted(self.totals, key=lambda one: (-self.totals[one], one))

    def place(self, video: str) -> int:
        """A video's place, from 1: behind all that score higher, and in the middle of those that score the same."""
        mine = self.totals[video]
        higher = sum(total > mine + _SAME for total in self.totals.values())
        same = sum(abs(total - mine) <= _SAME for total in self.totals.values())
        return higher + (same + 1) // 2


def read(score: float, scale: Scale | None) -> float:
    """A source's score as the blend takes it."""
    return min(1.0, max(-1.0, score)) if scale is None else scale.of(score)


def read_all(scores: Sequence[float], scale: Scale | None) -> NDArray[np.float64]:
    """`read` of many scores at once."""
    values = np.asarray(scores, dtype=np.float64)
    if scale is None:
        return np.clip(values, -1.0, 1.0)
    if scale.high <= scale.low:
        return np.where(values >= scale.low, 1.0, 0.0)
    return np.clip((values - scale.low) / (scale.high - scale.low), 0.0, 1.0)


def scales_of(scores: Mapping[str, Scores], relative: frozenset[str]) -> dict[str, Scale]:
    """Min-max within one source and one request (Lee 1997), for the sources whose scores need it."""
    return {
        name: Scale(min(values.values()), max(values.values()))
        for name, values in scores.items()
        if name in relative and values
    }


def shares_of(weights: Mapping[str, float], scores: Mapping[str, Scores]) -> dict[str, float]:
    """The weights of sources that said anything, scaled to add up to 1: the others' weight is shared out."""
    answered = {name: weights.get(name, 0.0) for name, values in scores.items() if values}
    whole = sum(answered.values()) or 1.0
    return {name: weight / whole for name, weight in answered.items()}


def blend(
    videos: Mapping[str, object],
    scores: Mapping[str, Scores],
    weights: Mapping[str, float],
    scales: Mapping[str, Scale],
    repeats: Mapping[str, float] | None = None,
) -> Blended:
    """Add up. `weights` add up to 1; `repeats` is what is left, in [0, 1], of a score that was shown before."""
    ids = list(videos)
    sums = np.zeros(len(ids))
    for name, values in scores.items():
        weight, scale = weights.get(name, 0.0), scales.get(name)
        if list(values) == ids:  # as most sources answer
            sums += weight * read_all(list(values.values()), scale)
        elif known := [at for at, one in enumerate(ids) if one in values]:
            sums[known] += weight * read_all([values[ids[at]] for at in known], scale)
    totals = dict(zip(ids, sums.tolist(), strict=True))
    for one, left in (repeats or {}).items():
        if one in totals and totals[one] > 0:
            totals[one] *= left
    return Blended(totals, scores, weights, scales, repeats or {})
