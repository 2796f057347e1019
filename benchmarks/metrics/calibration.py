"""Do confidences mean what they say? Reliability by bins (Naeini et al. 2015; Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Confidences in [low, high): how many, their mean, and the share that was right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """`ece` is the expected calibration error: the gap between confidence and right share, weighed by the bins' counts.

    `base_rate` is the share that was right of all; `brier` the mean squared error, `brier_of_base` that of
    always saying the base rate.
    """

    ece: float
    brier: float
    brier_of_base: float
    base_rate: float
    count: int
    bins: tuple[Bin, ...]


def calibration(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> Calibration:
    """Reliability in bins of equal width; empty bins are left out. No confidence at all has no error."""
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences for {len(right)} answers")
    if not confidences:
        return Calibration(0.0, 0.0, 0.0, 0.0, 0, ())
    groups: dict[int, list[tuple[float, bool]]] = {}
    for confidence, good in zip(confidences, right, strict=True):
        groups.setdefault(min(bins - 1, int(confidence * bins)), []).append((confidence, good))
    found = []
    for number, members in sorted(groups.items()):
        mean = sum(confidence for confidence, _ in members) / len(members)
        share = sum(good for _, good in members) / len(members)
        found.append(Bin(number / bins, (number + 1) / bins, len(members), mean, share))
    total = len(confidences)
    base = sum(right) / total
    return Calibration(
        ece=sum(one.count * abs(one.confidence - one.right) for one in found) / total,
        brier=sum((confidence - good) ** 2 for confidence, good in zip(confidences, right, strict=True)) / total,
        brier_of_base=base * (1 - base),
        base_rate=base,
        count=total,
        bins=tuple(found),
    )
