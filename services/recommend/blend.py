"""One linear blend: every source's score times its weight, kept apart, adding up to an item's score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.recommend.scores import SourceScore
from services.recommend.sources.base import Scores

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
    """Per video id and source what it adds; `weights` are the shares that sources had, `scales` how they were read."""

    scores: Mapping[str, Mapping[str, SourceScore]]
    weights: Mapping[str, float]
    scales: Mapping[str, Scale]

    def total(self, video: str) -> float:
        """A video's score: the sum of its contributions."""
        return sum(score.contribution for score in self.scores[video].values())

    def ranked(self) -> list[str]:
        """Ids, best first."""
        totals = {one: self.total(one) for one in self.scores}
        return sorted(totals, key=lambda one: (-totals[one], one))


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
    kept: dict[str, dict[str, SourceScore]] = {one: {} for one in videos}
    for name, values in scores.items():
        scale, weight = scales.get(name), weights.get(name, 0.0)
        for one, value in values.items():
            if one in kept:
                read = min(1.0, max(-1.0, value)) if scale is None else scale.of(value)
                kept[one][name] = SourceScore(value, read, weight * read)
    for one, left in (repeats or {}).items():
        if one in kept and left < 1.0:
            whole = sum(score.contribution for score in kept[one].values())
            kept[one][REPEAT] = SourceScore(left, left - 1.0, min(0.0, (left - 1.0) * whole))
    return Blended(kept, weights, scales)
