"""What both Whisper engines share: voice activity first, the language by Bayes, guards, times that run forward.

Whisper: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision". Voice activity: Silero VAD,
which faster-whisper ships. An engine says how it listens and decodes; everything that decides what is believed is here,
so the same audio gives the same document shape whichever of them runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import zhconv
from numpy.typing import NDArray

from models.errors import EngineUnavailable
from models.identity import ModelIdentity
from models.speech.base import SAMPLE_RATE, Segment, Transcript, Word
from models.speech.guards import is_hum, is_loop, phantom_reason, without_repeats
from models.speech.languages import SURE, LanguagePrior, weighed

try:
    from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps
except ImportError as error:
    raise EngineUnavailable("faster-whisper is not installed; run: pip install faster-whisper") from error

Audio = NDArray[np.float32]
Chunks = list[dict[str, int]]

WINDOW_FRAMES = 3000
"""Mel frames of 10 ms in one of Whisper's windows of 30 s."""

HALLUCINATION_SILENCE_S = 2.0
"""Silence around words that look invented (improbable, too short or too long) from which they are skipped."""

PREPEND_PUNCTUATION = "\"'“¿([{-"
APPEND_PUNCTUATION = "\"'.。,，!！?？:：”)]}、"

_MIN_VOICED_S = 0.3
_SINGLE_PASS_S = 30.0
"""One Whisper window. Shorter audio is decoded whole: cutting it at pauses loses speech."""

_LANGUAGE_WINDOWS = 4
"""Most windows listened to for the language of longer audio."""

_CAPPED_S = 12.0
_TOKENS_PER_S = 16
_TOKENS_MORE = 24
"""Short audio can't hold more tokens than this; a loop would go on to Whisper's 448, which costs seconds."""

_SHOWN_CHARS = 60

_SURE_LANGUAGE = 0.5
"""Probability below which a transcript says that its language is a guess."""


def token_cap(duration: float) -> int | None:
    """Most tokens that audio of so many seconds can hold; None where Whisper's own bound is near enough."""
    return round(duration * _TOKENS_PER_S) + _TOKENS_MORE if duration <= _CAPPED_S else None


class Listening(ABC):
    """One recording in an engine's hands. `content` is how many mel frames of 10 ms of it were kept as speech."""

    content: int

    @abstractmethod
    def languages(self, start: int, end: int) -> Mapping[str, float] | None:
        """Probability of each language (ISO 639-1) in mel frames [start, end); None: the model knows English only."""

    @abstractmethod
    def decode(self, language: str, *, free: bool) -> Iterable[Any]:
        """Segments (faster-whisper's `Segment`) with words, in seconds of the recording.

        Not `free`: no three tokens may come twice.
        """


class WhisperEngine(ABC):
    """Transcribes with any Whisper; a subclass listens."""

    def __init__(self, identity: ModelIdentity) -> None:
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    @abstractmethod
    def _listen(self, audio: Audio, speech: Audio, chunks: Chunks) -> Listening:
        """Take up the audio. `speech` is the voiced part of it, cut at `chunks` (empty: it is the whole audio)."""

    def transcribe(self, audio: Audio, *, prior: LanguagePrior | None = None) -> Transcript:
        """Transcribe mono 16 kHz audio. No voice: no transcription, and Whisper is not run at all."""
        voiced = _voiced_spans(audio)
        if sum(end - start for start, end in voiced) < _MIN_VOICED_S:
            return Transcript(None, 0.0, (), ())
        single_pass = len(audio) <= _SINGLE_PASS_S * SAMPLE_RATE
        chunks = [] if single_pass else get_speech_timestamps(audio, VadOptions())
        speech = np.concatenate(collect_chunks(audio, chunks)[0]) if chunks else audio
        listening = self._listen(audio, speech, chunks)
        language, probability = _language(listening, prior or LanguagePrior())
        duration = len(audio) / SAMPLE_RATE
        segments, notes, looped = _believed(listening.decode(language, free=True), language, voiced, duration)
        if looped:
            # Once more, and no three tokens twice: slower speech than that repeats itself, a loop can't.
            segments, notes, _ = _believed(listening.decode(language, free=False), language, voiced, duration)
        if not segments:
            return Transcript(None, 0.0, (), voiced, tuple(notes))
        if probability < _SURE_LANGUAGE:
            notes.append(f"the language of the speech is a guess: {language}, probability {probability:.2f}")
        return Transcript(language, probability, tuple(segments), voiced, tuple(notes))


def _language(listening: Listening, prior: LanguagePrior) -> tuple[str, float]:
    """The language and its probability.

    Windows of 30 s are listened to, spread over the speech and weighed by how much of it they hold, until one language
    is sure.
    """
    starts = list(range(0, max(1, listening.content), WINDOW_FRAMES))
    picked = [starts[round(at)] for at in np.linspace(0, len(starts) - 1, min(len(starts), _LANGUAGE_WINDOWS))]
    windows: list[tuple[float, Mapping[str, float]]] = []
    for start in picked:
        end = min(start + WINDOW_FRAMES, listening.content)
        found = listening.languages(start, end)
        if found is None:
            return "en", 1.0
        windows.append((float(end - start), found))
        if weighed(windows, prior)[1] >= SURE:
            break
    return weighed(windows, prior)


def _believed(
    raw: Iterable[Any], language: str, voiced: tuple[tuple[float, float], ...], duration: float
) -> tuple[list[Segment], list[str], bool]:
    """What is heard and believed, notes on what is not, and whether a loop was among it."""
    heard: list[Segment] = []
    notes: list[str] = []
    clock, looped = 0.0, False
    for item in raw:
        segment = _segment(item, language, clock, duration)
        clock = segment.end
        reason = phantom_reason(segment, voiced)
        if reason is None:
            heard.append(segment)
        else:
            looped |= is_loop(segment.text) and not is_hum(segment.text)
            notes.append(f"dropped what was heard at {segment.start:.1f} s ({_shown(segment.text)}): {reason}")
    segments, repeated = without_repeats(heard)
    return segments, [*notes, *repeated], looped or bool(repeated)


def _voiced_spans(audio: Audio) -> tuple[tuple[float, float], ...]:
    options = VadOptions(threshold=0.5, min_speech_duration_ms=200, min_silence_duration_ms=400, speech_pad_ms=100)
    spans = get_speech_timestamps(audio, options)
    return tuple((span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in spans)


def _segment(item: Any, language: str, earliest: float, latest: float) -> Segment:
    """faster-whisper's segment as ours: simplified characters for Chinese, times that never run backwards.

    Whisper pads audio to 30 s and aligns each window by itself, so its times may lie beyond the end (`latest`) or
    before the segment that came first (`earliest`).
    """

    def within(time: float, after: float) -> float:
        return min(max(time, after), latest)

    words: list[Word] = []
    clock = earliest
    for word in item.words or ():
        start = within(float(word.start), clock)
        end = within(float(word.end), start)
        words.append(Word(start, end, _written(word.word, language), float(word.probability)))
        clock = end
    confidence = float(np.mean([word.probability for word in words])) if words else float(np.exp(item.avg_logprob))
    start = words[0].start if words else within(float(item.start), earliest)
    end = words[-1].end if words else within(float(item.end), start)
    return Segment(start, end, _written(item.text, language).strip(), tuple(words), confidence)


def _written(text: str, language: str) -> str:
    return str(zhconv.convert(text, "zh-cn")) if language == "zh" else text


def _shown(text: str) -> str:
    """A text as notes quote it: a loop may be hundreds of letters long."""
    return repr(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…")
