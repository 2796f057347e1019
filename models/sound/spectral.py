"""The spectral measures of the sound profile, as librosa defines them, without what librosa compiles on first use.

Most of librosa reaches numba functions that are compiled when first imported: some twenty seconds on a new machine
(measured), for ten seconds of audio. These few are plain numpy; a test holds each to librosa's own numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from models.speech.base import SAMPLE_RATE

FFT = 2048
HOP = 512
CHROMA = 12
_A4 = 440.0
_TINY = 1e-10

Matrix = NDArray[np.floating[Any]]


def frames_of(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Overlapping frames centred on every hop, zeros beyond the ends; shape (frames, FFT), a read-only view."""
    return sliding_window_view(np.pad(audio, FFT // 2), FFT)[::HOP]


def power_spectrum(frames: NDArray[np.float32]) -> Matrix:
    """Power of every frequency under a Hann window; shape (FFT // 2 + 1, frames)."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)).astype(np.float32)
    spectrum = np.fft.rfft(frames * window, axis=1)
    return np.ascontiguousarray((spectrum.real**2 + spectrum.imag**2).T)


def rms(frames: NDArray[np.float32]) -> Matrix:
    """Root mean square of every frame."""
    return np.asarray(np.sqrt(np.mean(np.square(frames), axis=1)))


def flatness(power: Matrix) -> Matrix:
    """Spectral flatness of every frame: geometric over arithmetic mean of the power; 1 is white noise."""
    floored = np.maximum(power, _TINY)
    return np.asarray(np.exp(np.mean(np.log(floored), axis=0)) / np.mean(floored, axis=0))


def centroid(power: Matrix) -> Matrix:
    """Spectral centroid of every frame, Hz: the mean frequency weighted by magnitude; 0 in a silent frame."""
    magnitude = np.sqrt(power)
    total = magnitude.sum(axis=0)
    return np.asarray(_frequencies() @ magnitude / np.where(total < np.finfo(np.float32).tiny, 1.0, total))


def decibels(power: Matrix, *, range_db: float = 80.0) -> Matrix:
    """Power in dB, nothing lower than `range_db` below the loudest."""
    level = 10.0 * np.log10(np.maximum(power, _TINY))
    return np.asarray(np.maximum(level, level.max() - range_db))


def onset_strength(mel_db: Matrix) -> Matrix:
    """How much every frame rises over the one before, dB averaged over bands, delayed by half a window."""
    rise = np.maximum(0.0, np.diff(mel_db, axis=1)).mean(axis=0)
    return np.asarray(np.pad(rise, (1 + FFT // (2 * HOP), 0))[: mel_db.shape[1]])


def mfcc(mel_db: Matrix, count: int) -> Matrix:
    """Mel-frequency cepstral coefficients (Davis and Mermelstein 1980): an orthonormal DCT; shape (count, frames)."""
    bands = len(mel_db)
    basis = np.cos(np.pi / bands * np.outer(np.arange(count), np.arange(bands) + 0.5)) * np.sqrt(2 / bands)
    basis[0] /= np.sqrt(2)
    return np.asarray(basis @ mel_db)


def chroma(power: Matrix) -> Matrix:
    """Share of every pitch class, C first, the strongest of a frame 1 (Ellis 2007); shape (12, frames)."""
    raw = _chroma_filters(_tuning(power)) @ power
    return np.asarray(raw / np.maximum(raw.max(axis=0, keepdims=True), np.finfo(np.float32).tiny))


def _frequencies() -> Matrix:
    return np.arange(FFT // 2 + 1) * (SAMPLE_RATE / FFT)


def _octaves(hertz: Matrix, tuning: float = 0.0) -> Matrix:
    return np.asarray(np.log2(hertz / (_A4 * 2.0 ** (tuning / CHROMA) / 16)))


def _chroma_filters(tuning: float) -> Matrix:
    """Gaussian bumps, one a pitch class and octave, weighted towards the middle octaves."""
    bins = CHROMA * _octaves(np.arange(1, FFT) * (SAMPLE_RATE / FFT), tuning)
    bins = np.concatenate([[bins[0] - 1.5 * CHROMA], bins])
    widths = np.concatenate([np.maximum(np.diff(bins), 1.0), [1.0]])
    half = CHROMA // 2
    distance = np.remainder(bins - np.arange(CHROMA)[:, None] + half + 10 * CHROMA, CHROMA) - half
    bumps = np.exp(-0.5 * (2 * distance / widths) ** 2)
    bumps /= np.linalg.norm(bumps, axis=0, keepdims=True)
    bumps *= np.exp(-0.5 * ((bins / CHROMA - 5.0) / 2.0) ** 2)
    return np.asarray(np.roll(bumps, -3, axis=0)[:, : FFT // 2 + 1])


def _tuning(power: Matrix) -> float:
    """How far the music is tuned from A = 440 Hz, in semitones in [-0.5, 0.5): the commonest offset of strong peaks."""
    middle, above, below = power[1:-1], power[2:], power[:-2]
    frequencies = _frequencies()[1:-1, None]
    peak = (middle > below) & (middle >= above) & (middle > 0.1 * power.max(axis=0))
    rows, columns = np.nonzero(peak & (frequencies >= 150.0) & (frequencies < 4000.0))
    if len(rows) == 0:
        return 0.0
    slope = (above[rows, columns] - below[rows, columns]) / 2
    curve = above[rows, columns] + below[rows, columns] - 2 * middle[rows, columns]
    shift = np.where(np.abs(slope) >= np.abs(curve), 0.0, -slope / np.where(curve == 0.0, 1.0, curve))
    strength = middle[rows, columns] + 0.5 * slope * shift
    strong = strength >= np.median(strength)
    hertz = (rows[strong] + 1 + shift[strong]) * (SAMPLE_RATE / FFT)
    offset = np.mod(CHROMA * _octaves(hertz), 1.0)
    offset[offset >= 0.5] -= 1.0
    counts, edges = np.histogram(offset, np.linspace(-0.5, 0.5, 101))
    return float(edges[np.argmax(counts)])
