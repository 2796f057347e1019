"""How much a shared label says, and videos as vectors of their labels."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.library.index.port import Collection, IndexPort
from services.recommend.indexed import CREATOR, LABEL_FIELDS, IndexedVideo, LabelKey

_CARRIED_CAPACITY = 100_000
"""Videos whose labels' numbers are kept, about 0.3 KB each."""


class LabelPlaces:
    """A number for each label, from 1, and the numbers of what each video carries, 0 before them.

    They hold whatever the labels are worth, so they outlive a `Rarity`. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labels: list[LabelKey] = []
        self._places: dict[LabelKey, int] = {}
        self._carried: dict[str, tuple[IndexedVideo, NDArray[np.intp]]] = {}

    def place(self, label: LabelKey) -> int:
        """The label's number."""
        place = self._places.get(label)
        if place is None:
            with self._lock:
                place = self._places.get(label)
                if place is None:
                    self._labels.append(label)
                    place = self._places[label] = len(self._labels)
        return place

    def of(self, video: IndexedVideo) -> NDArray[np.intp]:
        """The numbers of what the video carries; kept, as long as the video was not read anew."""
        kept = self._carried.get(video.point_id)
        if kept is None or kept[0] is not video:
            kept = video, np.array([0, *(self.place(label) for label in video.carried)], dtype=np.intp)
            if len(self._carried) >= _CARRIED_CAPACITY:
                self._carried.clear()
            self._carried[video.point_id] = kept
        return kept[1]

    def after(self, place: int) -> list[LabelKey]:
        """The labels with numbers above this one, in order."""
        return self._labels[place:]


@dataclass(frozen=True, slots=True)
class Cared:
    """A viewer's interest in labels as a vector: interest times rarity by place, 0 at both ends; its length is that
    of the interest alone.
    """

    values: NDArray[np.float64]
    length: float


class Rarity:
    """Inverse document frequency over the index, in [0, 1], the rarest label near 1. Safe to share between threads."""

    def __init__(self, index: IndexPort, places: LabelPlaces | None = None, *, max_values: int = 10_000) -> None:
        self.places = places if places is not None else LabelPlaces()
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
        places = [self.places.place(label) for label in interest]
        values = np.zeros(max(places, default=0) + 2)
        values[places] = [value * self._weight(label) for label, value in interest.items()]
        return Cared(values, math.hypot(*interest.values()))

    def matches(self, videos: Iterable[IndexedVideo], cared: Cared) -> list[float]:
        """Per video, the cosine in [-1, 1] between what it carries and what is cared for."""
        carried = [self.places.of(video) for video in videos]
        if not carried or not cared.length:
            return [0.0] * len(carried)
        sizes = np.array([len(one) for one in carried])
        starts, places = np.cumsum(sizes) - sizes, np.concatenate(carried)
        # What lies beyond the last label that is cared for counts 0, as the last value does.
        sums = np.add.reduceat(cared.values[np.minimum(places, len(cared.values) - 1)], starts)
        lengths = np.sqrt(np.add.reduceat(self._squared(int(places.max()))[places], starts)) * cared.length
        found: list[float] = np.divide(sums, lengths, out=np.zeros(len(carried)), where=lengths > 0).tolist()
        return found

    def _squared(self, most: int) -> NDArray[np.float64]:
        """Squared weights by the labels' numbers, up to `most` at least."""
        squares = self._squares
        if len(squares) <= most:
            new = [self._weight(label) ** 2 for label in self.places.after(len(squares) - 1)]
            squares = self._squares = np.concatenate([squares, new])
        return squares

    def _weight(self, label: LabelKey) -> float:
        return 1.0 if label.field == CREATOR else self.of(label)

    def _says(self, count: int) -> float:
        return math.log1p(self._total / max(1, count)) / self._log_total
