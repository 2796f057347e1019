"""Resident memory while videos go through: is it flat?"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from benchmarks.processes import resident_bytes

_WARM_UP = 0.25
"""Share of the video time that goes through before the slope is taken: caches and arenas fill at first."""

_KEPT_POINTS = 200


@dataclass(frozen=True, slots=True)
class MemoryCurve:
    """(hours of video done, MiB resident) of this process and its children, and the least-squares slope.

    The slope leaves out the first quarter of the video time. None where too little went through for a slope.
    """

    points: tuple[tuple[float, float], ...]
    slope_mib_per_hour: float | None
    peak_mib: float
    video_hours: float
    videos: int


class MemorySampler:
    """Samples every `every_s` seconds; `done_s` is told how many seconds of video are done."""

    def __init__(self, every_s: float = 0.5) -> None:
        self.done_s = 0.0
        self._every_s = every_s
        self._points: list[tuple[float, float]] = []
        self._stop = threading.Event()

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Sample until the block ends."""
        thread = threading.Thread(target=self._run, name="memory-sampler", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self._sample()

    def curve(self, videos: int) -> MemoryCurve:
        """What was sampled."""
        step = max(1, len(self._points) // _KEPT_POINTS)
        return MemoryCurve(
            points=tuple((round(hours, 5), round(mib, 1)) for hours, mib in self._points[::step]),
            slope_mib_per_hour=slope(self._points),
            peak_mib=max(mib for _, mib in self._points),
            video_hours=self.done_s / 3600,
            videos=videos,
        )

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self._sample()

    def _sample(self) -> None:
        self._points.append((self.done_s / 3600, resident_bytes(os.getpid()) / 2**20))


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """MiB per hour of video by least squares over what follows the warm-up; None for fewer than three places.

    >>> round(slope([(0.0, 900.0), (0.5, 1000.0), (0.75, 1001.0), (1.0, 1002.0)]), 3)
    4.0
    """
    if not points:
        return None
    last = max(hours for hours, _ in points)
    warm = [(hours, mib) for hours, mib in points if hours >= _WARM_UP * last]
    if len({hours for hours, _ in warm}) < 3:
        return None
    hours, mib = np.array(warm).T
    return float(np.polyfit(hours, mib, 1)[0])
