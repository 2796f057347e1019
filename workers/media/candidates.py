"""Pictures that may be kept: measured on thumbnails as they stream by, a bounded number at any time.

Inside a slot of time pictures compete and only the winner is converted and encoded, so memory and cost stay flat
however long the video is. When there are too many winners, the least telling go and slots grow longer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from workers.media.picture import Image

BLANK_SPREAD = 6.0
"""Standard deviation of luma below which nothing can be seen on a picture (black, white, one colour)."""
BLACK_LUMA = 10.0
"""Mean luma below which a picture counts as black, unless its highlights stand out."""

_MIN_SLOT_S = 0.8
_MAX_FIRST_SLOT_S = 4.0
_POOL_PER_FRAME = 4
_SCENE_BREAK = 40.0
_CALM_MOTION = 15.0
_CELLS = (32, 18)
_CELL_CHANGE = 25


@dataclass(frozen=True, slots=True)
class Look:
    """What is measured of a picture. `luma`: 32x18 cells; `dhash`: 64 booleans; `colours`: histogram that sums to 1."""

    sharpness: float
    blank: bool
    luma: npt.NDArray[np.int16]
    dhash: npt.NDArray[np.bool_]
    colours: npt.NDArray[np.float32]

    @classmethod
    def of(cls, thumbnail: Image) -> Look:
        """Measure a BGR thumbnail. Sharpness is the variance of its Laplacian (Pech-Pacheco et al. 2000)."""
        grey = cv2.cvtColor(thumbnail, cv2.COLOR_BGR2GRAY)
        mean, spread = (float(value[0, 0]) for value in cv2.meanStdDev(grey))
        tiny = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
        colours = cv2.calcHist([thumbnail], [0, 1, 2], None, [4, 4, 4], [0, 256] * 3).ravel().astype(np.float32)
        return cls(
            sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
            blank=spread < BLANK_SPREAD or (mean < BLACK_LUMA and spread < 2 * BLANK_SPREAD),
            luma=cv2.resize(grey, _CELLS, interpolation=cv2.INTER_AREA).astype(np.int16),
            dhash=(tiny[:, 1:] > tiny[:, :-1]).ravel(),
            colours=colours / max(1.0, float(colours.sum())),
        )

    def change(self, other: Look) -> float:
        """Mean luma difference, 0 to 255."""
        return float(np.abs(self.luma - other.luma).mean())

    def difference(self, other: Look) -> float:
        """How different two pictures are, 0 (same) to 1: the most telling of structure, colour and local change.

        Local change sees what a hash does not, such as a new line of subtitles under an unmoved face.
        """
        structure = float(np.count_nonzero(self.dhash != other.dhash)) / self.dhash.size
        colour = float(np.abs(self.colours - other.colours).sum()) / 2.0
        changed = float((np.abs(self.luma - other.luma) > _CELL_CHANGE).mean())
        return min(1.0, max(structure, colour, 2.0 * changed))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may be kept. `motion` is the smaller of its changes from the picture before and to the one after.

    A clean picture beside a cut is calm on one side; one inside a cross-fade or a fast pan is on neither.
    """

    index: int
    at: float
    jpeg: bytes
    look: Look
    motion: float

    @property
    def quality(self) -> float:
        """Sharpness, less where the picture is moving."""
        return quality(self.look, self.motion)


def quality(look: Look, motion: float) -> float:
    """Sharpness divided by how much the picture moves."""
    return look.sharpness / (1.0 + (motion / _CALM_MOTION) ** 2)


@dataclass(slots=True)
class _Sample:
    index: int
    at: float
    frame: VideoFrame
    look: Look
    change_before: float
    motion: float = 0.0

    @property
    def rank(self) -> tuple[bool, float]:
        return (not self.look.blank, quality(self.look, self.motion))


class CandidatePool:
    """Takes sampled pictures in order and holds at most `4 * max_frames` candidates.

    `expected_s` is the header's word for the duration: only a hint for the first slot's length.
    """

    def __init__(self, max_frames: int, encode: Callable[[VideoFrame], bytes], expected_s: float | None) -> None:
        self._encode = encode
        self._capacity = _POOL_PER_FRAME * max_frames
        hint = (expected_s or 0.0) / (2 * max_frames)
        self._slot_s = min(max(hint, _MIN_SLOT_S), _MAX_FIRST_SLOT_S)
        self._slot_start = 0.0
        self._pending: _Sample | None = None
        self._best: _Sample | None = None
        self._kept: list[Candidate] = []

    def offer(self, index: int, at: float, frame: VideoFrame, thumbnail: Image) -> float:
        """Take the next sampled picture; `frame` is held until a better one of its slot turns up.

        Returns its change from the picture before (0 for the first).
        """
        look = Look.of(thumbnail)
        before = self._pending
        change = look.change(before.look) if before is not None else 0.0
        if before is not None:
            # The very first picture has only one neighbour to be calm beside.
            before.motion = min(before.change_before, change) if before.index > 0 else change
            self._compete(before)
        self._pending = _Sample(index, at, frame, look, change)
        return change

    def finish(self) -> list[Candidate]:
        """All candidates in order of time; at least one if any picture was offered."""
        if self._pending is not None:
            self._pending.motion = self._pending.change_before
            self._compete(self._pending)
            self._pending = None
        self._close_slot()
        return list(self._kept)

    def _compete(self, sample: _Sample) -> None:
        if self._best is not None and (
            sample.at - self._slot_start >= self._slot_s or sample.change_before > _SCENE_BREAK
        ):
            self._close_slot()
        if self._best is None:
            self._slot_start = sample.at
            self._best = sample
        elif sample.rank > self._best.rank:
            self._best = sample

    def _close_slot(self) -> None:
        if self._best is None:
            return
        best, self._best = self._best, None
        if best.look.blank and any(candidate.look.blank for candidate in self._kept):
            return  # One blank picture is enough for a video in which nothing else is found.
        self._kept.append(Candidate(best.index, best.at, self._encode(best.frame), best.look, best.motion))
        if len(self._kept) > self._capacity:
            self._slot_s *= 2
            self._thin(self._capacity // 2)

    def _thin(self, size: int) -> None:
        """Of the two neighbours that are nearest in time and look, drop the poorer, until `size` are left."""
        kept = self._kept
        while len(kept) > max(1, size):
            nearest = min(range(len(kept) - 1), key=lambda i: self._distance(kept[i], kept[i + 1]))
            first, second = kept[nearest], kept[nearest + 1]
            first_is_poorer = (not first.look.blank, first.quality) < (not second.look.blank, second.quality)
            del kept[nearest if first_is_poorer else nearest + 1]

    @staticmethod
    def _distance(first: Candidate, second: Candidate) -> float:
        return (second.at - first.at) * (0.25 + first.look.difference(second.look))
