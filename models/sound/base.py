"""Sound: audio in, what it is like out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.identity import ModelIdentity


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """Something heard from `start` to `end`, seconds, with its Chinese name and the engine's probability in [0, 1]."""

    name: str
    name_zh: str
    start: float
    end: float
    probability: float

    @property
    def text(self) -> str:
        """As a line of evidence: an ear's impression, not a fact."""
        return f"sounds like {self.name} ({self.name_zh})"


@dataclass(frozen=True, slots=True)
class SoundProfile:
    """Ratios are shares of the duration in [0, 1]; energy is in [0, 1]; tempo is None where there is no beat.

    `noise_ratio` is the share of steady broadband noise without a voice: applause, a crowd, rain, engines.

    `vector` is a unit vector of fixed length that makes sounds comparable; `words` says the same to a reader.
    `events` are what an engine that knows sounds heard, in the order of time; `music_moods` how the music feels, the
    likeliest first. Both are empty for an engine that only measures.
    """

    speech_ratio: float
    music_ratio: float
    silence_ratio: float
    tempo_bpm: float | None
    energy: float
    vector: tuple[float, ...]
    words: str
    noise_ratio: float = 0.0
    events: tuple[SoundEvent, ...] = ()
    music_moods: tuple[SoundEvent, ...] = ()


class SoundEngine(Protocol):
    """Listens to mono 16 kHz float32 audio, shape (samples,); `voiced` are spans in seconds that hold a voice."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and code, and what changes their output."""
        ...

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        ...

    def listen(self, audio: NDArray[np.float32], *, voiced: tuple[tuple[float, float], ...] = ()) -> SoundProfile:
        """Profile audio of any length, none included."""
        ...
