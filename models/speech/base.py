"""Speech: audio in, words with times and a language out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.identity import ModelIdentity
from models.speech.languages import LanguagePrior

SAMPLE_RATE = 16_000
"""Samples per second of the mono float32 audio every speech and sound engine takes."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word; times in seconds from the start of the audio, probability in [0, 1]."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of words that belong together (a phrase or a sentence)."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. `language` is ISO 639-1, None when nothing was said, and `language_confidence` its probability
    after the prior; `voiced` are the spans that hold a voice; `notes` say what was dropped and what is a guess.
    """

    language: str | None
    language_confidence: float
    segments: tuple[Segment, ...]
    voiced: tuple[tuple[float, float], ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All segments as one string."""
        return " ".join(segment.text for segment in self.segments)


class SpeechEngine(Protocol):
    """Transcribes mono 16 kHz float32 audio in [-1, 1], shape (samples,)."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and code, and what changes their output."""
        ...

    def transcribe(self, audio: NDArray[np.float32], *, prior: LanguagePrior | None = None) -> Transcript:
        """Transcribe audio of any length; `prior` is which languages to expect (None: the default one)."""
        ...
