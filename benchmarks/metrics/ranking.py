"""How good a list of recommendations is: hits and their places, and what accuracy alone does not see.

Nothing is sampled: a list is the best of the whole catalogue. Sampled metrics do not keep the order of systems
(Krichene and Rendle 2020).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def recall(listed: Sequence[int], relevant: Set[int]) -> float:
    """Share of the relevant items that are listed.

    >>> recall([4, 7, 9], {7, 1})
    0.5
    """
    return len(relevant & set(listed)) / len(relevant)


def ndcg(listed: Sequence[int], relevant: Set[int]) -> float:
    """Normalised discounted cumulative gain with gains of 0 and 1 (Järvelin and Kekäläinen 2002); the best is 1.

    >>> round(ndcg([4, 7, 9], {7}), 4)  # one hit at the second place: 1 / log2(3)
    0.6309
    """
    gain = sum(1.0 / np.log2(place + 2) for place, item in enumerate(listed) if item in relevant)
    ideal = sum(1.0 / np.log2(place + 2) for place in range(min(len(listed), len(relevant))))
    return float(gain / ideal) if ideal else 0.0


def novelty(listed: Sequence[int], share_of_users: Numbers) -> float:
    """Mean self-information of the items in bits, -log2 of the share of users who had them (Vargas and Castells 2011).

    >>> novelty([0, 1], np.array([0.5, 0.125]))
    2.0
    """
    return float(np.mean(-np.log2(share_of_users[list(listed)]))) if listed else 0.0


def intra_list_distance(vectors: Numbers) -> float:
    """Mean of 1 - cosine over the pairs of a list (Ziegler et al. 2005); `vectors` has shape (items, dim).

    A row of zeros has no direction and counts as unlike every other. A list of one has no pair: 0.
    """
    count = len(vectors)
    if count < 2:
        return 0.0
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    cosines = unit @ unit.T
    off_diagonal = float(cosines.sum() - np.trace(cosines)) / (count * (count - 1))
    return 1.0 - off_diagonal


def calibration_error(taste: Numbers, shown: Numbers, smoothing: float = 0.01) -> float:
    """Kullback-Leibler divergence of what is shown from the taste, in nats (Steck 2018); 0 when they are alike.

    Both are shares over categories. `shown` is mixed with a little of `taste` so that a category that is not shown
    costs much but not infinitely much.
    """
    mixed = (1 - smoothing) * shown + smoothing * taste
    present = taste > 0
    return float(np.sum(taste[present] * np.log(taste[present] / mixed[present])))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: Sequence[float] | Numbers, *, seed: int = 0, resamples: int = 2000) -> Interval:
    """Mean over users with a percentile bootstrap interval over users (Efron 1979).

    For the difference of two systems give the differences per user: users who are hard for both then cancel.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size == 0:
        raise ValueError("no user was asked, so there is nothing to average")
    drawn = np.random.default_rng(seed).integers(0, numbers.size, (resamples, numbers.size))
    means = numbers[drawn].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(numbers.mean()), float(low), float(high))


def mean_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each figure over users."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
