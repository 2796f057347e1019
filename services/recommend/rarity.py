"""How much a shared label says, and videos as vectors of their labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.library.index.port import Collection, IndexPort
from services.recommend.indexed import IndexedVideo
from services.recommend.label_keys import CREATOR, LABEL_FIELDS, NUMBERS, LabelKey


@dataclass(frozen=True, slots=True)
class Cared:
    """A viewer's interest in labels as a vector: interest times rarity by the labels' numbers, 0 at both ends; its
    length is that of the interest alone.
    """

    values: NDArray[np.float64]
    length: float


class Rarity:
    """Inverse document frequency over the index, in [0, 1], the rarest label near 1. Safe to share between threads."""

    def __init__(self, index: IndexPort, *, max_values: int = 10_000) -> None:
        self._total = index.count(Collection.VIDEOS)
        self._counts = {name: index.facet(Collection.VIDEOS, name, limit=max_values) for name in LABEL_FIELDS}
        self._log_total = math.log1p(max(1, self._total))
        self._known = {
            LabelKey(name, value): self._says(count)
            for name, counts in self._counts.items()
            for value, count in counts.items()
        }
        self._alone = self._says(1)
        self._squares = np.zeros(1)

    def of(self, label: LabelKey) -> float:
        """log(1 + N / n), over its value for a label that one video alone carries."""
        return self._known.get(label, self._alone)

    def cared(self, interest: Mapping[LabelKey, float]) -> Cared:
        """Interest in labels, to be matched with videos."""
        numbers = [NUMBERS.of(label) for label in interest]
        values = np.zeros(max(numbers, default=0) + 2)
        values[numbers] = [value * self._weight(label) for label, value in interest.items()]
        return Cared(values, math.hypot(*interest.values()))

    def matches(self, videos: Iterable[IndexedVideo], cared: Cared) -> list[float]:
        """Per video, the cosine in [-1, 1] between what it carries and what is cared for."""
        carried = [video.numbers for video in videos]
        if not carried or not cared.length:
            return [0.0] * len(carried)
        sizes = np.array([len(one) for one in carried])
        starts, numbers = np.cumsum(sizes) - sizes, np.concatenate(carried)
        # What lies beyond the last label that is cared for counts 0, as the last value does.
        sums = np.add.reduceat(cared.values[np.minimum(numbers, len(cared.values) - 1)], starts)
        lengths = np.sqrt(np.add.reduceat(self._squared(int(numbers.max()))[numbers], starts)) * cared.length
        found: list[float] = np.divide(sums, lengths, out=np.zeros(len(carried)), where=lengths > 0).tolist()
        return found

    def _squared(self, most: int) -> NDArray[np.float64]:
        """Squared weights by the labels' numbers, up to `most` at least."""
        squares = self._squares
        if len(squares) <= most:
            new = [self._weight(label) ** 2 for label in NUMBERS.after(len(squares) - 1)]
            squares = self._squares = np.concatenate([squares, new])
        return squares

    def _weight(self, label: LabelKey) -> float:
        return 1.0 if label.field == CREATOR else self.of(label)

    def _says(self, count: int) -> float:
        return math.log1p(self._total / max(1, count)) / self._log_total
