"""What a sound is like over time, small enough to keep and coarse enough to survive compression and a change of speed.

Energies in bands of a logarithmic scale, after Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System"
(2002), kept as decibels instead of signs of differences: the pictures have said already where two videos would have to
agree, so nothing must be looked up by sound, and a correlation at that place says more than counted bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FRAMES_PER_S = 8.0
"""Sound frames per second; frame n is about n / 8 s."""
BANDS = 24
"""Bands from 200 to 6000 Hz, a third of an octave and less each: a semitone and a half."""

_WINDOW = 4096
_LOW_HZ, _HIGH_HZ = 200.0, 6000.0
_FLOOR_DB = -90.0
_SILENT_DB = -60.0
_MIN_FRAMES = 6
_NEAR_S = 0.3
_STEP_S = 0.05

SoundPrint = npt.NDArray[np.int8]
"""Shape (frames, BANDS): energy of the bands in decibels below full scale; no rows without sound."""


def sound_print(audio: npt.NDArray[np.float32], rate: int) -> SoundPrint:
    """The print of mono sound, shape (samples,), in [-1, 1]."""
    hop = round(rate / FRAMES_PER_S)
    count = len(audio) // hop
    if count == 0:
        return np.zeros((0, BANDS), np.int8)
    padded = np.pad(audio, (_WINDOW // 2, _WINDOW))
    window = np.hanning(_WINDOW).astype(np.float32)
    edges = np.geomspace(_LOW_HZ, _HIGH_HZ, BANDS + 1) * _WINDOW / rate
    first = np.round(edges).astype(int)
    print_ = np.empty((count, BANDS), np.int8)
    for row in range(count):
        power = np.abs(np.fft.rfft(padded[row * hop : row * hop + _WINDOW] * window)) ** 2
        sums = np.add.reduceat(power[: first[-1]], first[:-1]) / (_WINDOW / 4) ** 2
        print_[row] = np.round(10 * np.log10(np.maximum(sums, 10 ** (_FLOOR_DB / 10)))).clip(-127, 0)
    return print_


def silent(sound: SoundPrint) -> bool:
    """Whether nothing is to be heard."""
    return len(sound) < _MIN_FRAMES or float(np.percentile(sound.max(axis=1), 95)) < _SILENT_DB


def likeness(copy: SoundPrint, original: SoundPrint, *, speed: float, offset_s: float) -> float | None:
    """Correlation in [-1, 1] of two prints where time t of `copy` is `speed * t + offset_s` of `original`.

    Offsets up to 0.3 s beside it, and voices up to three semitones higher or lower, are tried. None where there is too
    little sound at the same place to tell.
    """
    if silent(copy) or silent(original):
        return None
    best: float | None = None
    at = np.arange(len(copy)) / FRAMES_PER_S
    for nudge in np.arange(-_NEAR_S, _NEAR_S + 1e-6, _STEP_S):
        rows = (at * speed + offset_s + nudge) * FRAMES_PER_S
        inside = (rows >= 0) & (rows <= len(original) - 1)
        if inside.sum() < _MIN_FRAMES:
            continue
        there = _between(original, rows[inside])
        here = copy[inside].astype(np.float32)
        for shift in (0, -2, -1, 1, 2):
            low, high = max(0, shift), BANDS + min(0, shift)
            found = _correlation(here[:, low:high], there[:, low - shift : high - shift])
            if found is not None and (best is None or found > best):
                best = found
    return best


def _between(sound: SoundPrint, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    below = np.floor(rows).astype(int)
    above = np.minimum(below + 1, len(sound) - 1)
    part = (rows - below)[:, None].astype(np.float32)
    return np.asarray(sound[below] * (1 - part) + sound[above] * part, dtype=np.float32)


def _correlation(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float | None:
    """Of the changes over time: what every frame has in common (hum, a codec's colour) is taken out band by band."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / norm if norm > 1e-6 else None
