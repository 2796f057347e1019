"""Whether one video is a copy of another, and how: a line through the times at which their pictures agree.

Pictures are compared view by view (so a crop or a mirror image is one hypothesis that must hold for the whole video),
and the agreeing pictures have to lie on a line `original = speed * copy + offset`, as in Douze, Jegou and Schmid, "An
Image-Based Approach to Video Copy Detection with Spatio-Temporal Post-Filtering" (2010). A picture counts by how new it
is: a still that agrees sixty times has agreed once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.copies.signature import Signature
from workers.media.frame_hashes import MIRRORED_BITS, VIEWS, Hashes

SPEEDS = (0.7, 1.4)
"""Speeds that are looked for: the copy plays so many times as fast."""

_CONTENT, _CONTENT90, _CONTENT80, _ACROSS, _FRAME, _FRAME90, _FRAME80 = range(len(VIEWS))
_PAIRS = (
    (_CONTENT, _CONTENT),
    (_CONTENT, _CONTENT90),
    (_CONTENT, _CONTENT80),
    (_CONTENT90, _CONTENT),
    (_CONTENT80, _CONTENT),
    (_CONTENT, _ACROSS),
    (_ACROSS, _CONTENT),
    (_FRAME, _FRAME),
    (_FRAME, _FRAME90),
    (_FRAME, _FRAME80),
    (_FRAME90, _FRAME),
    (_FRAME80, _FRAME),
)
_CLOSE = 20
"""Bits of 64 in which two hashes of one picture differ at most, when lines are looked for."""
_MATCH = 19
"""The same, when what lies on a line is counted."""
_LIMIT = 23.0
"""Bits beyond which a picture on a line speaks against it. Pictures of different videos differ in about 32."""
_NOVEL = 8.0
_SEED_S = 16.0
_MAX_QUERY = 240
_HOPELESS = 0.2
"""Score below which the best line is not looked at more closely. Copies of a still reach 1, different videos -1."""
_PLAIN = 0.97
"""Share of the best line's score with which the plain speed is preferred to it."""
_GEOMETRIES = 4
_REFINED = 3
_SPEED_STEP = 0.05

Distances = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Time t of the copy is `speed * t + offset_s` of the original.

    `distance` is the mean number of differing bits (of 64) over the pictures that should agree, `evidence` the number
    of different pictures among those that do, `spans` where they do, as (start, end) in seconds of the copy. `view` and
    `view_of_original` index `VIEWS`.
    """

    speed: float
    offset_s: float
    mirrored: bool
    view: int
    view_of_original: int
    distance: float
    evidence: float
    matched_share: float
    spans: tuple[tuple[float, float], ...]

    @property
    def covered_s(self) -> float:
        """Seconds of the copy that agree with the original."""
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class _Geometry:
    """One way to lay the copy's pictures over the original's, and the bits in which they differ, (copy, original)."""

    mirrored: bool
    view: int
    view_of_original: int
    distances: Distances


@dataclass(frozen=True, slots=True)
class _Pictures:
    """When pictures are shown in the copy and `there`, in the original, how new the copy's are, and how they differ."""

    times: npt.NDArray[np.float32]
    novelty: npt.NDArray[np.float64]
    there: npt.NDArray[np.float32]
    distances: Distances


def align(copy: Signature, original: Signature) -> Alignment | None:
    """The best line between two videos' pictures, however poor; None where they are not worth a closer look."""
    keep = _spread(len(copy.times), _MAX_QUERY)
    times, hashes = copy.times[keep], copy.hashes[keep]
    if len(times) == 0 or len(original.times) == 0:
        return None
    novelty = _novelty(hashes[:, _FRAME])
    lines = []
    for geometry in _geometries(hashes, original.hashes):
        pictures = _Pictures(times, novelty, original.times, geometry.distances)
        for speed, offset in _seeds(pictures):
            lines.append((_line(pictures, speed, offset).score, -abs(speed - 1), speed, offset, geometry, pictures))
    lines.sort(key=lambda entry: entry[:4], reverse=True)
    if not lines or lines[0][0] < _HOPELESS:
        return None
    best: tuple[float, Alignment] | None = None
    for _, _, speed, offset, geometry, pictures in lines[:_REFINED]:
        score, speed, offset = _refined(pictures, speed, offset)
        if best is None or score > best[0] + 1e-9:
            best = score, _alignment(pictures, geometry, speed, offset)
    return None if best is None else best[1]


def _alignment(pictures: _Pictures, geometry: _Geometry, speed: float, offset: float) -> Alignment:
    line = _line(pictures, speed, offset)
    times = pictures.times
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.25
    return Alignment(
        speed=round(speed, 4),
        offset_s=round(offset, 3),
        mirrored=geometry.mirrored,
        view=geometry.view,
        view_of_original=geometry.view_of_original,
        distance=line.distance,
        evidence=line.evidence,
        matched_share=line.matched_share,
        spans=_spans(times[line.agrees], step),
    )


def _spread(count: int, most: int) -> npt.NDArray[np.intp]:
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.intp)


def _novelty(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """How new each picture is, 0 to 1: bits that changed since the last one, `_NOVEL` of them are a new picture."""
    changed = np.bitwise_count(hashes[1:] ^ hashes[:-1]) / _NOVEL
    return np.concatenate([[1.0], np.minimum(1.0, changed)])


def _geometries(copy: Hashes, original: Hashes) -> list[_Geometry]:
    """The few ways to lay the pictures over each other by which most of the copy's pictures are like one."""
    tried = []
    for mirrored in (False, True):
        mask = MIRRORED_BITS if mirrored else np.uint64(0)
        for view, other in _PAIRS:
            distances = np.bitwise_count((copy[:, view] ^ mask)[:, None] ^ original[None, :, other])
            alike = float(np.maximum(0.0, _LIMIT - distances.min(axis=1)).sum())
            tried.append((alike, _Geometry(mirrored, view, other, distances)))
    tried.sort(key=lambda entry: -entry[0])
    return [geometry for _, geometry in tried[:_GEOMETRIES]]


def _seeds(pictures: _Pictures) -> list[tuple[float, float]]:
    """(speed, offset) of the lines on which most agrees within a stretch of the copy that is short enough for speeds
    of a coarse step to hold; the stretches begin at the start, the middle and the last part of the copy.
    """
    times, novelty, there, distances = pictures.times, pictures.novelty, pictures.there, pictures.distances
    length = float(times[-1] - times[0])
    starts = {0.0} if length <= _SEED_S else {0.0, (length - _SEED_S) / 2, length - _SEED_S}
    found = []
    for start in sorted(starts):
        here = (times >= times[0] + start - 1e-6) & (times <= times[0] + start + _SEED_S + 1e-6)
        rows, columns = np.nonzero((distances <= _CLOSE) & here[:, None])
        if len(rows) == 0:
            continue
        weight = (_CLOSE + 1.0 - distances[rows, columns]) * (0.1 + novelty[rows])
        crowd = np.bincount(rows, minlength=len(times))[rows]
        weight = weight / np.sqrt(crowd)
        votes = []
        for speed in np.arange(SPEEDS[0], SPEEDS[1] + 1e-6, _SPEED_STEP):
            offsets = there[columns] - speed * times[rows]
            bins = np.floor((offsets - offsets.min()) / 0.25).astype(int)
            counted = np.bincount(bins, weights=weight).astype(np.float64)
            counted = counted + 0.5 * np.concatenate([counted[1:], [0.0]])
            top = int(counted.argmax())
            votes.append(
                (float(counted[top]), -abs(float(speed) - 1), float(speed), float(offsets.min() + 0.25 * (top + 0.75)))
            )
        votes.sort(reverse=True)
        found += [(speed, offset) for _, _, speed, offset in votes[:2]]
        plain = max((vote for vote in votes if abs(vote[2] - 1) < 1e-6), default=None)
        if plain is not None:
            found.append((1.0, plain[3]))
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Line:
    """What lies on a line: `on` marks the copy's pictures that have a counterpart in time, `agrees` those alike."""

    score: float
    distance: float
    evidence: float
    matched_share: float
    on: npt.NDArray[np.bool_]
    agrees: npt.NDArray[np.bool_]


def _line(pictures: _Pictures, speed: float, offset: float) -> _Line:
    times, novelty, there, distances = pictures.times, pictures.novelty, pictures.there, pictures.distances
    expected = times * speed + offset
    after = np.searchsorted(there, expected).clip(0, len(there) - 1)
    before = np.maximum(after - 1, 0)
    rows = np.arange(len(times))
    gap = np.minimum(np.abs(there[after] - expected), np.abs(there[before] - expected))
    spacing = float(np.median(np.diff(there))) if len(there) > 1 else 0.25
    on = gap <= max(0.3, 0.75 * spacing)
    if not on.any():
        return _Line(0.0, 64.0, 0.0, 0.0, on, on)
    nearest = np.minimum(distances[rows, after], distances[rows, before]).astype(float)
    agrees = on & (nearest <= _MATCH)
    gain = np.where(on, (_LIMIT - nearest) / _LIMIT, 0.0).clip(-0.6, 1.0) * (0.05 + novelty)
    return _Line(
        score=float(gain.sum()),
        distance=float(nearest[on].mean()),
        evidence=float(novelty[agrees].sum()),
        matched_share=float(agrees.sum() / on.sum()),
        on=on,
        agrees=agrees,
    )


def _refined(pictures: _Pictures, speed: float, offset: float) -> tuple[float, float, float]:
    """(score, speed, offset) of the best line near the given one, by smaller and smaller steps."""
    middle = float(pictures.times.mean())
    at = speed * middle + offset
    best = (_line(pictures, speed, offset).score, speed, at)
    for speed_step, time_step in ((0.025, 0.25), (0.0125, 0.125), (0.005, 0.06), (0.002, 0.03)):
        while True:
            tried = [
                (_line(pictures, s, a - s * middle).score, s, a)
                for s in (best[1] - speed_step, best[1], best[1] + speed_step)
                for a in (best[2] - time_step, best[2], best[2] + time_step)
                if SPEEDS[0] <= s <= SPEEDS[1]
            ]
            better = max(tried)
            if better[0] <= best[0] + 1e-6:
                break
            best = better
    # Where pictures hardly move any speed will do: the plain one is taken unless another is clearly better.
    for plain in (at_offset for at_offset in np.arange(best[2] - 0.3, best[2] + 0.31, 0.1)):
        score = _line(pictures, 1.0, plain - middle).score
        if abs(best[1] - 1.0) > 1e-9 and score >= _PLAIN * best[0] - 0.05:
            best = (score, 1.0, float(plain))
    return best[0], best[1], best[2] - best[1] * middle


def _spans(times: npt.NDArray[np.float32], step: float) -> tuple[tuple[float, float], ...]:
    """Runs of agreeing times as (start, end); gaps below 1.5 s are bridged."""
    spans: list[tuple[float, float]] = []
    for at in times.tolist():
        if spans and at - spans[-1][1] <= 1.5:
            spans[-1] = (spans[-1][0], at + step)
        else:
            spans.append((at, at + step))
    return tuple((round(start, 2), round(end, 2)) for start, end in spans)
