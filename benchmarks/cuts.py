"""Short pieces of recorded speech, clean and under music or noise: what language identification has to survive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.speech.base import SAMPLE_RATE

Audio = NDArray[np.float32]

LENGTHS_S = (1.0, 2.0, 3.0, 5.0)
CONDITIONS = ("clean", "music", "noise")
SPEECH_OVER_MUSIC_DB = 5.0
SPEECH_OVER_NOISE_DB = 10.0
_PIECES = 1
_HOP_S = 0.1


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a recording; `language` is what is spoken in it, `condition` what lies under it."""

    name: str
    language: str
    seconds: float
    condition: str
    audio: Audio


def cuts(recordings: Sequence[tuple[str, str, Audio]]) -> Iterator[Cut]:
    """The two loudest pieces, apart from each other, of every length in every condition.

    `recordings` are (name, language, audio). A recording that is shorter than a length gives none of that length.
    """
    for name, language, audio in recordings:
        for seconds in LENGTHS_S:
            for number, piece in enumerate(_loudest(audio, round(seconds * SAMPLE_RATE))):
                for condition in CONDITIONS:
                    yield Cut(f"{name}#{number}", language, seconds, condition, _under(piece, condition))


def music(samples: int) -> Audio:
    """A made-up tune: four chords that change every half second, each note struck and fading."""
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    chords = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
    bars = [
        sum(np.sin(2 * np.pi * hertz * step * time) / step for hertz in chord for step in (1, 2, 3)) * np.exp(-3 * time)
        for chord in chords
    ]
    tune = np.concatenate(bars)
    return np.resize(tune / np.abs(tune).max(), samples).astype(np.float32)


def noise(samples: int, seed: int = 0) -> Audio:
    """White noise of unit variance."""
    return np.random.default_rng(seed).standard_normal(samples).astype(np.float32)


def mixed(speech: Audio, under: Audio, decibels: float) -> Audio:
    """Speech with something under it that is so many decibels weaker, brought back into [-1, 1]."""
    power = float(np.mean(np.square(speech))) / max(float(np.mean(np.square(under))), 1e-12)
    both = speech + under * np.sqrt(power * 10 ** (-decibels / 10))
    return np.asarray(both / max(1.0, float(np.abs(both).max())), dtype=np.float32)


def _under(piece: Audio, condition: str) -> Audio:
    if condition == "music":
        return mixed(piece, music(len(piece)), SPEECH_OVER_MUSIC_DB)
    if condition == "noise":
        return mixed(piece, noise(len(piece)), SPEECH_OVER_NOISE_DB)
    return piece


def _loudest(audio: Audio, length: int) -> Iterator[Audio]:
    """Up to two pieces with the most energy that don't overlap."""
    hop = round(_HOP_S * SAMPLE_RATE)
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    starts = np.arange(0, len(audio) - length + 1, hop)
    order = starts[np.argsort(-(energy[starts + length] - energy[starts]), kind="stable")] if len(starts) else starts
    taken: list[int] = []
    for start in order:
        if len(taken) < _PIECES and all(abs(int(start) - other) >= length for other in taken):
            taken.append(int(start))
            yield audio[start : start + length]


def made_up() -> Iterator[tuple[str, Audio]]:
    """Sounds without a voice, ten seconds each: silence, noises, tones, hum, clicks, music, and music over noise."""
    samples = 10 * SAMPLE_RATE
    time = np.arange(samples) / SAMPLE_RATE
    white = noise(samples)
    brown = np.cumsum(noise(samples, 1))
    brown = brown - np.convolve(np.pad(brown, 800, mode="edge"), np.ones(1600) / 1600, mode="valid")[:samples]
    beat = np.exp(-((time % 0.5) / 0.02)) * white
    vibrato = np.sin(2 * np.pi * 440 * time + 8 * np.sin(2 * np.pi * 5.5 * time))
    sounds = {
        "silence": np.zeros(samples),
        "faint noise": 0.001 * white,
        "white noise": 0.1 * white,
        "rumble": 0.3 * brown / np.abs(brown).max(),
        "tone": 0.3 * np.sin(2 * np.pi * 1000 * time),
        "mains hum": 0.2 * sum(np.sin(2 * np.pi * 50 * step * time) / step for step in (1, 2, 3, 4)),
        "siren": 0.3 * np.sin(2 * np.pi * 700 * time + 60 * np.sin(2 * np.pi * 0.5 * time)),
        "clicks": 0.5 * beat,
        "music": 0.3 * music(samples),
        "music and beat": 0.3 * music(samples) + 0.3 * beat,
        "music in noise": 0.2 * music(samples) + 0.05 * white,
        "vibrato": 0.3 * vibrato,
        "bursts of noise": 0.2 * white * (np.sin(2 * np.pi * 4 * time) > 0),
    }
    for name, sound in sounds.items():
        yield name, sound.astype(np.float32)
