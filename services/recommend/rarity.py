"""How much a shared label says, and videos as vectors of their labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from services.library.index.port import Collection, IndexPort
from services.recommend.indexed import CREATOR, LABEL_FIELDS, IndexedVideo, LabelKey

_CARRIED_CAPACITY = 100_000
"""Videos whose weights are kept, about 0.3 KB each."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A video's labels and creator as a vector: the places of `video.carried`, 0 before them, and its length."""

    video: IndexedVideo
    places: NDArray[np.intp]
    length: float


@dataclass(frozen=True, slots=True)
class Cared:
    """A viewer's interest in labels as a vector: interest times rarity by place, 0 at both ends; its length is that
    of the interest alone.
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
        self._carried: dict[str, Carried] = {}
        self._numbers = count(1)
        self._places: dict[LabelKey, int] = {}

    def of(self, label: LabelKey) -> float:
        """log(1 + N / n), over its value for a label that one video alone carries."""
        return self._known.get(label, self._alone)

    def cared(self, interest: Mapping[LabelKey, float]) -> Cared:
        """Interest in labels, to be matched with videos."""
        places = [self._place(label) for label in interest]
        values = np.zeros(max(places, default=0) + 2)
        values[places] = [value * self._weight(label) for label, value in interest.items()]
        return Cared(values, math.hypot(*interest.values()))

    def matches(self, videos: Iterable[IndexedVideo], cared: Cared) -> list[float]:
        """Per video, the cosine in [-1, 1] between what it carries and what is cared for."""
        carried = [self._carry(video) for video in videos]
        if not carried or not cared.length:
            return [0.0] * len(carried)
        sizes = np.array([len(one.places) for one in carried])
        places = np.concatenate([one.places for one in carried])
        # What lies beyond the last label that is cared for counts 0, as the last value does.
        weights = cared.values.take(places, mode="clip")
        sums = np.add.reduceat(weights, np.cumsum(sizes) - sizes)
        lengths = np.array([one.length for one in carried]) * cared.length
        found: list[float] = np.divide(sums, lengths, out=np.zeros(len(carried)), where=lengths > 0).tolist()
        return found

    def _carry(self, video: IndexedVideo) -> Carried:
        """Kept, as long as the video was not read anew."""
        kept = self._carried.get(video.point_id)
        if kept is None or kept.video is not video:
            places = np.array([0, *(self._place(label) for label in video.carried)], dtype=np.intp)
            kept = Carried(video, places, math.hypot(*(self._weight(label) for label in video.carried)))
            if len(self._carried) >= _CARRIED_CAPACITY:
                self._carried.clear()
            self._carried[video.point_id] = kept
        return kept

    def _weight(self, label: LabelKey) -> float:
        return 1.0 if label.field == CREATOR else self.of(label)

    def _place(self, label: LabelKey) -> int:
        place = self._places.get(label)
        return self._places.setdefault(label, next(self._numbers)) if place is None else place

    def _says(self, count: int) -> float:
        return math.log1p(self._total / max(1, count)) / self._log_total
