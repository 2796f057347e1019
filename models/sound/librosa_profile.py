"""What a sound is like, by signal processing (librosa's measures): how loud, how fast, and how much of it is music.

Music is told in two ways, and the clearer one counts. By beat: how tonal the sound is (spectral flatness) and how
regular its onsets are (Tzanetakis and Cook 2002, "Musical Genre Classification of Audio Signals"). By melody: how much
of the sound without a voice is notes that are held, where there are several of them; so an orchestra without a beat
counts, and a hum does not. Both are signs, not proof: a siren may pass for a melody.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable
from models.identity import ModelIdentity
from models.sound import spectral
from models.sound.base import SoundProfile
from models.sound.spectral import CHROMA, FFT, HOP, Matrix
from models.sound.words import MIN_MUSIC, english, parts
from models.speech.base import SAMPLE_RATE

_SILENCE_DB = -50.0
_TONAL_FLATNESS = 0.05
"""Spectral flatness (geometric over arithmetic mean of the power) below which a frame counts as tonal."""

_MIN_ONSET_DB = 0.3
"""Mean rise from frame to frame below which there are no onsets, only ripples of a steady sound."""

_MIN_BEAT = 0.35
"""Regularity of onsets from which there is a beat. Speech stays below 0.25 (measured on labelled clips)."""

_MOSTLY_SPEECH = 0.5
_MIN_NOTE_FRAMES = 5
_MIN_NOTES = 3
_MIN_MELODY = 0.2
"""A melody: one pitch class leads for 5 frames (0.16 s), 3 classes do, in a fifth of what sounds without a voice."""

_NOISE_HZ = (200.0, 4000.0)
_NOISE_FLATNESS = 0.17
_STEADY_DB = 5.0
"""Noise: as flat as this between 200 and 4000 Hz, at a level that hardly varies. Applause is (0.25, 3 dB); rumble,
music and speech are not (0.16 and less), and speech varies by 5 to 13 dB."""

_MAX_ANALYSED_S = 120.0
"""Tempo and timbre are read from the middle two minutes at most; what follows is rarely different."""

_MEL_BANDS = 64
_MFCC = 20
_DIM = 2 * _MFCC + CHROMA + 8


class LibrosaProfile:
    """Needs no weights. The vector holds timbre (MFCC means and spreads), harmony (chroma) and eight plain measures."""

    def __init__(self, identity: ModelIdentity) -> None:
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Which code."""
        return self._identity

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return _DIM

    def listen(self, audio: NDArray[np.float32], *, voiced: tuple[tuple[float, float], ...] = ()) -> SoundProfile:
        """Profile mono 16 kHz audio of any length. Silence gives zeros, no tempo, and a unit vector all the same."""
        duration = len(audio) / SAMPLE_RATE
        audio, offset = _middle(audio)
        frames = spectral.frames_of(np.pad(audio, (0, max(0, FFT - len(audio)))))
        level = 20.0 * np.log10(np.maximum(spectral.rms(frames), 1e-8))
        silent = level < _SILENCE_DB
        silence = float(silent.mean())
        speech = min(1.0, sum(end - start for start, end in voiced) / duration) if duration else 0.0
        if silence > 0.98:
            return SoundProfile(0.0, 0.0, silence, None, 0.0, _unit(np.zeros(_DIM)), "silence")

        power = spectral.power_spectrum(frames)
        mel_db = spectral.decibels(_mel_filters() @ power)
        onset, chroma = spectral.onset_strength(mel_db), spectral.chroma(power)
        tempo, beat = _tempo(onset) if onset.mean() >= _MIN_ONSET_DB else (0.0, 0.0)
        tonal = (spectral.flatness(power) < _TONAL_FLATNESS) & ~silent
        unvoiced = ~silent & ~_voiced_frames(len(silent), offset, voiced)
        rhythmic = float(tonal.mean()) * float(np.clip((beat - 0.15) / 0.35, 0.0, 1.0))
        if speech >= _MOSTLY_SPEECH:
            # Words are tonal and may come at a steady pace: only what sounds beside them can be music.
            rhythmic *= float(unvoiced.mean())
        music = float(np.clip(max(rhythmic, _melody(chroma, tonal, unvoiced)), 0.0, 1.0 - silence))
        noise = _noise(power, level, unvoiced)
        energy = float(np.clip((np.mean(level[~silent]) + 45.0) / 40.0, 0.0, 1.0))
        heard = tempo if beat >= _MIN_BEAT and (speech < _MOSTLY_SPEECH or music >= MIN_MUSIC) else None
        centroid = spectral.centroid(power) / (SAMPLE_RATE / 2)
        plain = [speech, music, silence, energy, (heard or 0.0) / 200.0]
        plain += [float(centroid.mean()), float(centroid.std()), min(1.0, float(onset.std()) / 5.0)]
        vector = _vector(spectral.mfcc(mel_db, _MFCC), chroma.mean(axis=1), plain)
        found = parts(speech=speech, music=music, silence=silence, noise=noise, tempo=heard)
        words = english(found, heard, energy)
        return SoundProfile(speech, music, silence, heard, energy, vector, words, noise)


def _middle(audio: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """The part that is analysed, and the sample it starts at."""
    longest = int(_MAX_ANALYSED_S * SAMPLE_RATE)
    start = max(0, (len(audio) - longest) // 2)
    return audio[start : start + longest], start


@cache
def _mel_filters() -> NDArray[np.float32]:
    try:
        from librosa import filters
    except ImportError as error:
        raise EngineUnavailable("librosa is not installed; run: pip install librosa") from error
    return np.asarray(filters.mel(sr=SAMPLE_RATE, n_fft=FFT, n_mels=_MEL_BANDS), dtype=np.float32)


def _voiced_frames(count: int, offset: int, voiced: tuple[tuple[float, float], ...]) -> NDArray[np.bool_]:
    """Which of `count` frames, the first centred on the sample `offset`, lie in a span."""
    times = (np.arange(count) * HOP + offset) / SAMPLE_RATE
    inside = np.zeros(count, dtype=np.bool_)
    for start, end in voiced:
        inside |= (times >= start) & (times <= end)
    return inside


def _noise(power: Matrix, level: Matrix, unvoiced: NDArray[np.bool_]) -> float:
    """Share of all frames in steady broadband noise without a voice; 0 where its level comes and goes."""
    hertz = np.arange(len(power)) * (SAMPLE_RATE / FFT)
    flat = spectral.flatness(power[(hertz >= _NOISE_HZ[0]) & (hertz <= _NOISE_HZ[1])]) >= _NOISE_FLATNESS
    noisy = flat & unvoiced
    return float(noisy.mean()) if noisy.any() and float(level[unvoiced].std()) <= _STEADY_DB else 0.0


def _melody(chroma: Matrix, tonal: NDArray[np.bool_], unvoiced: NDArray[np.bool_]) -> float:
    """Share of all frames in held notes; 0 where they are too few or all the same."""
    leading = np.where(tonal & unvoiced, chroma.argmax(axis=0), -1)
    runs = np.split(leading, np.nonzero(np.diff(leading))[0] + 1)
    notes = [run for run in runs if run[0] >= 0 and len(run) >= _MIN_NOTE_FRAMES]
    held = sum(len(run) for run in notes)
    if len({int(run[0]) for run in notes}) < _MIN_NOTES or held < _MIN_MELODY * unvoiced.sum():
        return 0.0
    return held / len(leading)


def _tempo(onset: Matrix) -> tuple[float, float]:
    """Beats per minute, and how regular the beat is in [0, 1] (peak of the onset autocorrelation, 50 to 200 bpm)."""
    centred = onset - onset.mean()
    correlation = np.correlate(centred, centred, mode="full")[len(centred) - 1 :]
    if len(correlation) < 2 or correlation[0] <= 0:
        return 0.0, 0.0
    correlation = correlation / correlation[0]
    per_minute = 60.0 * SAMPLE_RATE / HOP
    lags = np.arange(int(np.ceil(per_minute / 200)), min(int(per_minute / 50), len(correlation) - 2) + 1)
    if len(lags) == 0:
        return 0.0, 0.0
    # Listeners hear a beat near 120 per minute where several multiples fit (Ellis 2007, "Beat Tracking by DP").
    prior = np.exp(-0.5 * np.log2(per_minute / lags / 120.0) ** 2)
    best = int(lags[np.argmax(correlation[lags] * prior)])
    return per_minute / (best + _peak_shift(correlation[best - 1 : best + 2])), float(
        np.clip(correlation[best], 0.0, 1.0)
    )


def _peak_shift(around: Matrix) -> float:
    """Where the parabola through three points peaks, in steps from the middle one: a frame is 3 bpm wide at 120."""
    left, middle, right = (float(value) for value in around)
    curve = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / curve, -0.5, 0.5)) if curve < 0 else 0.0


def _vector(mfcc: Matrix, chroma: Matrix, plain: list[float]) -> tuple[float, ...]:
    timbre = np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)]) / 100.0
    return _unit(np.concatenate([timbre, chroma - chroma.mean(), plain]))


def _unit(values: Matrix) -> tuple[float, ...]:
    norm = float(np.linalg.norm(values))
    if norm == 0.0:
        values = np.eye(1, len(values), len(values) - 1)[0]
        norm = 1.0
    return tuple(float(value) for value in values / norm)
