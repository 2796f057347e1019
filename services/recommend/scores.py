"""Scores of different sources made comparable and kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceScore:
    """What one source says of one candidate: its own score, the same within [0, 1] for this request, its share."""

    raw: float
    normalised: float
    contribution: float


def normalise(scores: Mapping[str, float]) -> dict[str, float]:
    """Min-max within one source and one request (Lee 1997, CombSUM's usual normalisation): best 1, worst 0.

    Equal scores all become 1: they were all found, and nothing tells them apart.
    """
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high <= low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}


def fuse(sources: Mapping[str, Mapping[str, float]], weights: Mapping[str, float]) -> dict[str, dict[str, SourceScore]]:
    """Per candidate, what every source that found it contributes: weight times normalised score."""
    fused: dict[str, dict[str, SourceScore]] = {}
    for source, scores in sources.items():
        for key, value in normalise(scores).items():
            fused.setdefault(key, {})[source] = SourceScore(scores[key], value, weights[source] * value)
    return fused


def total(scores: Iterable[SourceScore]) -> float:
    """The score of a candidate: the sum of its contributions."""
    return sum(score.contribution for score in scores)
