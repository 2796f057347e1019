"""Perceptual hashes of the pictures that stream by, so that a copy of a video can be told by its pictures.

A hash is the signs of the lowest frequencies of a picture's cosine transform (Zauner, "Implementation and Benchmarking
of Perceptual Image Hash Functions", 2010). Signs ignore brightness and contrast, low frequencies ignore compression and
size, and mirroring a picture flips the signs of known bits, so a mirrored copy needs no hash of its own. Several views
of every picture are hashed, so that cropped copies and upright versions of wide pictures meet one of them.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from workers.media.candidates import BLANK_SPREAD
from workers.media.picture import Image, Orientation

SAMPLES_PER_S = 4.0
"""Pictures hashed per second; fewer in videos of more than `MAX_SAMPLES` / 4 seconds."""
MAX_SAMPLES = 1200
"""Most pictures hashed per video: beyond it every other one is dropped, again and again."""
VIEWS = ("content", "content 90 %", "content 80 %", "across", "frame", "frame 90 %", "frame 80 %")
"""What is hashed of a picture: what is left without bars at its edges, and the frame as it is, because a dark wall
looks like a bar until it is cropped. `across` is the middle stripe of 9:16 in wide content, of 16:9 in upright."""

MIRRORED_BITS: np.uint64
"""The bits that flip when a picture is mirrored: `hash ^ MIRRORED_BITS` is the mirrored picture's hash."""

_SIDE = 96
_GRID = 32
_BITS = 64
_BAR_LEVELS = 14
_BAR_SHARE = 0.985
_MOST_BAR = 0.46
_STRIPE = 9 / 16
_NESTED = ((1.0, 1.0), (0.9, 0.9), (0.8, 0.8))

Hashes = npt.NDArray[np.uint64]


def _lowest_frequencies() -> list[tuple[int, int]]:
    """(vertical, horizontal) frequencies of the bits, lowest first; the mean (0, 0) is not one of them."""
    grid = [(v, h) for v in range(_GRID) for h in range(_GRID) if v + h > 0]
    return sorted(grid, key=lambda pair: (pair[0] + pair[1], abs(pair[0] - pair[1]), pair))[:_BITS]


_VERTICAL, _HORIZONTAL = np.array(_lowest_frequencies()).T
_WEIGHTS = np.left_shift(np.uint64(1), np.arange(_BITS, dtype=np.uint64))
MIRRORED_BITS = np.bitwise_or.reduce(_WEIGHTS[_HORIZONTAL % 2 == 1])


class FrameHasher:
    """Takes sampled pictures in order, keeps small grey versions, and hashes them when the last one has been seen.

    Bars can only be told from dark pictures when the whole video is known, so hashing waits. Memory stays below
    `MAX_SAMPLES` pictures of 96 pixels.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._greys: list[npt.NDArray[np.uint8]] = []
        self._interval = 1.0 / SAMPLES_PER_S
        self._next = 0.0

    def offer(self, at: float, thumbnail: Image) -> None:
        """Take a BGR thumbnail shown at `at` seconds, of the same shape each time; it is kept if one is due."""
        if at + 0.25 * self._interval < self._next:
            return
        self._next = at + self._interval
        height, width = thumbnail.shape[:2]
        scale = min(1.0, _SIDE / max(height, width))
        size = (max(8, round(width * scale)), max(8, round(height * scale)))
        small = cv2.resize(thumbnail, size, interpolation=cv2.INTER_AREA)
        self._times.append(at)
        self._greys.append(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8))
        if len(self._times) > MAX_SAMPLES:
            self._interval *= 2
            del self._times[1::2], self._greys[1::2]

    def finish(self, orientation: Orientation, pixel_aspect: float) -> tuple[npt.NDArray[np.float32], Hashes]:
        """(times in seconds (n,), hashes (n, views)) of the pictures on which something can be seen, upright."""
        if not self._greys:
            return np.zeros(0, np.float32), np.zeros((0, len(VIEWS)), np.uint64)
        stack = np.stack(self._greys)
        if orientation.flipped:
            stack = stack[:, ::-1]
        stack = np.rot90(stack, k=-orientation.rotation // 90, axes=(1, 2))
        turned = orientation.rotation in (90, 270)
        top, bottom, left, right = content_box(stack)
        content = stack[:, top:bottom, left:right]
        aspect = (right - left) / (bottom - top) * (1 / pixel_aspect if turned else pixel_aspect)
        seen = stack.reshape(len(stack), -1).std(axis=1) >= BLANK_SPREAD
        barred = content.shape != stack.shape
        rows = []
        for inside, whole in zip(content[seen], stack[seen], strict=True):
            inner = [picture_hash(_cut(inside, *rectangle)) for rectangle in (*_NESTED, _across(aspect))]
            rows.append(inner + ([picture_hash(_cut(whole, *part)) for part in _NESTED] if barred else inner[:3]))
        hashes = np.array(rows, dtype=np.uint64).reshape(-1, len(VIEWS))
        return np.asarray(self._times, dtype=np.float32)[seen], hashes


def content_box(stack: npt.NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of what is left of pictures (n, height, width) without bars of one colour.

    A row or column belongs to a bar when nearly all of it has nearly the same grey in all pictures.
    """
    some = stack[:: max(1, len(stack) // 60)]
    top, bottom = _without_bars(some.transpose(1, 0, 2).reshape(some.shape[1], -1))
    left, right = _without_bars(some[:, top:bottom].transpose(2, 0, 1).reshape(some.shape[2], -1))
    return top, bottom, left, right


def _without_bars(lines: npt.NDArray[np.uint8]) -> tuple[int, int]:
    count = len(lines)
    middle = np.median(lines, axis=1)
    same = (np.abs(lines - middle[:, None]) <= _BAR_LEVELS).mean(axis=1) >= _BAR_SHARE
    most = int(_MOST_BAR * count)

    def bar(order: npt.NDArray[np.intp]) -> int:
        first = middle[order[0]]
        depth = 0
        while depth < most and same[order[depth]] and abs(middle[order[depth]] - first) <= _BAR_LEVELS:
            depth += 1
        return depth

    order = np.arange(count)
    before, after = bar(order), bar(order[::-1])
    # The line beside a bar is half bar, half picture, where the bar does not end on a whole line.
    first, last = (before + 1 if before else 0), count - (after + 1 if after else 0)
    # A picture of one colour, a few lines high, is bar from both sides: then it is all content.
    return (first, last) if first < last else (0, count)


def _across(aspect: float) -> tuple[float, float]:
    """(share of the width, share of the height) of the stripe; `aspect` is width divided by height."""
    return (min(1.0, _STRIPE / aspect), 1.0) if aspect >= 1 else (1.0, min(1.0, _STRIPE * aspect))


def _cut(grey: npt.NDArray[np.uint8], wide: float, high: float) -> npt.NDArray[np.uint8]:
    height, width = grey.shape
    rows, columns = max(2, round(height * high)), max(2, round(width * wide))
    top, left = (height - rows) // 2, (width - columns) // 2
    return grey[top : top + rows, left : left + columns]


def picture_hash(grey: npt.NDArray[np.uint8]) -> int:
    """64 bits of a grey picture of any shape."""
    small = cv2.resize(grey, (_GRID, _GRID), interpolation=cv2.INTER_AREA).astype(np.float64)
    basis = _basis()
    spectrum = basis @ small @ basis.T
    return int(_WEIGHTS[spectrum[_VERTICAL, _HORIZONTAL] > 0].sum())


@cache
def _basis() -> npt.NDArray[np.float64]:
    """The cosine transform (DCT-II) of `_GRID` samples, up to the highest frequency that is used."""
    highest = int(max(_VERTICAL.max(), _HORIZONTAL.max()))
    frequency, sample = np.arange(highest + 1)[:, None], np.arange(_GRID)[None, :]
    return np.cos(np.pi * frequency * (2 * sample + 1) / (2 * _GRID))


def write_hashes(file: Path, times: npt.NDArray[np.float32], hashes: Hashes) -> None:
    """Write times in seconds (n,) and hashes (n, views) as one array of (n, 1 + views), times in milliseconds."""
    milliseconds = np.rint(np.maximum(times, 0) * 1000).astype(np.uint64)
    np.save(file, np.column_stack([milliseconds, hashes]), allow_pickle=False)


def read_hashes(data: bytes) -> tuple[npt.NDArray[np.float32], Hashes]:
    """What `write_hashes` wrote: (times in seconds (n,), hashes (n, views))."""
    table = np.asarray(np.load(io.BytesIO(data), allow_pickle=False), dtype=np.uint64)
    return (table[:, 0] / 1000).astype(np.float32), table[:, 1:]
