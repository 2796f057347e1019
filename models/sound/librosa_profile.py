"""What a sound is like, by signal processing (librosa): how loud, how fast, and how much of it is music.

Music against noise is told by how tonal and how steady in beat the unvoiced part is (spectral flatness, and the
strength of the tempogram's peak: Tzanetakis and Cook 2002, "Musical Genre Classification of Audio Signals").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.identity import ModelIdentity
from models.sound.base import SoundProfile
from models.speech.base import SAMPLE_RATE

_HOP = 512
_FFT = 2048
_SILENCE_DB = -50.0
_TONAL_FLATNESS = 0.05
"""Spectral flatness (geometric over arithmetic mean of the power) below which a frame counts as tonal."""

_MAX_ANALYSED_S = 120.0
"""Tempo and timbre are read from the middle two minutes at most; what follows is rarely different."""

_MFCC = 20
_CHROMA = 12
_DIM = 2 * _MFCC + _CHROMA + 8


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
        """Profile mono 16 kHz audio. Silence gives zeros, no tempo and a zero-free unit vector."""
        import librosa

        duration = len(audio) / SAMPLE_RATE
        audio = _middle(audio)
        if len(audio) < _FFT:
            audio = np.pad(audio, (0, _FFT - len(audio)))
        power = np.abs(librosa.stft(audio, n_fft=_FFT, hop_length=_HOP)).astype(np.float32) ** 2
        rms = np.sqrt(np.maximum(librosa.feature.rms(y=audio, frame_length=_FFT, hop_length=_HOP)[0], 0.0) ** 2)
        level = 20.0 * np.log10(np.maximum(rms, 1e-8))
        silent = level < _SILENCE_DB
        flatness = librosa.feature.spectral_flatness(S=np.sqrt(power), power=2.0)[0]
        frames = min(len(silent), len(flatness))
        silent, flatness, level = silent[:frames], flatness[:frames], level[:frames]
        silence_ratio = float(silent.mean())
        speech_ratio = min(1.0, sum(end - start for start, end in voiced) / duration) if duration else 0.0
        if silence_ratio > 0.98:
            return SoundProfile(0.0, 0.0, silence_ratio, None, 0.0, _unit(np.zeros(_DIM)), "silence")

        onset = librosa.onset.onset_strength(S=librosa.power_to_db(_mel(power)), sr=SAMPLE_RATE, hop_length=_HOP)
        tempo, beat_strength = _tempo(onset)
        tonal = (flatness < _TONAL_FLATNESS) & ~silent
        musical = float(tonal.mean()) * float(np.clip((beat_strength - 0.15) / 0.35, 0.0, 1.0))
        music_ratio = float(np.clip(musical, 0.0, 1.0 - silence_ratio))
        energy = float(np.clip((np.mean(level[~silent]) + 45.0) / 40.0, 0.0, 1.0))
        beat = tempo if music_ratio >= 0.25 else None
        vector = _vector(power, onset, (speech_ratio, music_ratio, silence_ratio, energy, tempo / 200.0))
        words = _words(speech_ratio, music_ratio, silence_ratio, beat, energy)
        return SoundProfile(speech_ratio, music_ratio, silence_ratio, beat, energy, vector, words)


def _middle(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    longest = int(_MAX_ANALYSED_S * SAMPLE_RATE)
    start = max(0, (len(audio) - longest) // 2)
    return audio[start : start + longest]


def _mel(power: NDArray[np.float32]) -> NDArray[np.float32]:
    import librosa

    return np.asarray(librosa.feature.melspectrogram(S=power, sr=SAMPLE_RATE, n_mels=64), dtype=np.float32)


def _tempo(onset: NDArray[np.float32]) -> tuple[float, float]:
    """Beats per minute, and how regular the beat is in [0, 1] (peak of the onset autocorrelation, 50 to 200 bpm)."""
    centred = onset - onset.mean()
    correlation = np.correlate(centred, centred, mode="full")[len(centred) - 1 :]
    if len(correlation) < 2 or correlation[0] <= 0:
        return 0.0, 0.0
    correlation = correlation / correlation[0]
    per_second = SAMPLE_RATE / _HOP
    first, last = int(per_second * 60 / 200), int(per_second * 60 / 50)
    lags = np.arange(first, min(last, len(correlation) - 1) + 1)
    if len(lags) == 0:
        return 0.0, 0.0
    # Listeners hear a beat near 120 per minute where several multiples fit (Ellis 2007, "Beat Tracking by DP").
    prior = np.exp(-0.5 * (np.log2(per_second * 60 / lags / 120.0) / 1.0) ** 2)
    best = int(lags[np.argmax(correlation[lags] * prior)])
    return float(per_second * 60 / best), float(np.clip(correlation[best], 0.0, 1.0))


def _vector(power: NDArray[np.float32], onset: NDArray[np.float32], measures: tuple[float, ...]) -> tuple[float, ...]:
    import librosa

    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(_mel(power)), n_mfcc=_MFCC)
    chroma = librosa.feature.chroma_stft(S=power, sr=SAMPLE_RATE).mean(axis=1)
    centroid = librosa.feature.spectral_centroid(S=np.sqrt(power), sr=SAMPLE_RATE)[0] / (SAMPLE_RATE / 2)
    plain = np.array([*measures, centroid.mean(), centroid.std(), min(1.0, float(onset.std()) / 5.0)])
    timbre = np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)]) / 100.0
    return _unit(np.concatenate([timbre, chroma - chroma.mean(), plain]))


def _unit(values: NDArray[np.float64] | NDArray[np.float32]) -> tuple[float, ...]:
    norm = float(np.linalg.norm(values))
    if norm == 0.0:
        values = np.eye(1, len(values), len(values) - 1)[0]
        norm = 1.0
    return tuple(float(value) for value in values / norm)


def _words(speech: float, music: float, silence: float, tempo: float | None, energy: float) -> str:
    parts = []
    if speech >= 0.1:
        parts.append("mostly speech" if speech >= 0.5 else "some speech")
    if tempo is not None:
        pace = "slow" if tempo < 90 else "fast" if tempo > 130 else "mid-tempo"
        parts.append(f"{pace} music, {tempo:.0f} beats a minute")
    if not parts:
        parts.append("mostly silence" if silence > 0.6 else "background sound, no speech or music")
    parts.append("loud" if energy > 0.75 else "quiet" if energy < 0.35 else "moderate volume")
    return ", ".join(parts)
