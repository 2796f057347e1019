"""Whisper by CTranslate2 (faster-whisper), with voice activity first and phantom sentences dropped.

Whisper: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision". Voice activity: Silero VAD,
which faster-whisper ships.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zhconv
from numpy.typing import NDArray

from models.errors import EngineUnavailable
from models.identity import ModelIdentity
from models.speech.base import SAMPLE_RATE, Segment, Transcript, Word
from models.speech.guards import phantom_reason

_MIN_VOICED_S = 0.3
_SINGLE_PASS_S = 30.0
"""One Whisper window. Shorter audio is decoded whole: cutting it at pauses loses speech."""


class FasterWhisper:
    """Transcribes with a CTranslate2 Whisper folder (model.bin, config.json, tokenizer.json, vocabulary.*)."""

    def __init__(
        self,
        folder: Path,
        identity: ModelIdentity,
        *,
        compute_type: str = "int8",
        beam_size: int = 5,
        cpu_threads: int = 0,
    ) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise EngineUnavailable("faster-whisper is not installed; run: pip install faster-whisper") from error
        self._model = WhisperModel(str(folder), device="auto", compute_type=compute_type, cpu_threads=cpu_threads)
        self._beam_size = beam_size
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    def transcribe(self, audio: NDArray[np.float32], *, language_hint: str | None = None) -> Transcript:
        """Transcribe mono 16 kHz audio. No voice: no transcription, and Whisper is not run at all."""
        voiced = _voiced_spans(audio)
        if sum(end - start for start, end in voiced) < _MIN_VOICED_S:
            return Transcript(None, 0.0, (), ())
        single_pass = len(audio) <= _SINGLE_PASS_S * SAMPLE_RATE
        raw, info = self._model.transcribe(
            audio,
            language=self._known_language(language_hint),
            beam_size=self._beam_size,
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=not single_pass,
            language_detection_segments=1 if single_pass else 4,
        )
        segments, notes = [], []
        clock, duration = 0.0, len(audio) / SAMPLE_RATE
        for item in raw:
            segment = _segment(item, info.language, clock, duration)
            clock = segment.end
            reason = phantom_reason(segment, voiced)
            if reason is None:
                segments.append(segment)
            else:
                notes.append(f"dropped what was heard at {segment.start:.1f} s ({segment.text!r}): {reason}")
        if not segments:
            return Transcript(None, 0.0, (), voiced, tuple(notes))
        return Transcript(info.language, float(info.language_probability), tuple(segments), voiced, tuple(notes))

    def _known_language(self, hint: str | None) -> str | None:
        """The language of a tag such as "zh-CN" where Whisper knows it; None leaves it to be detected."""
        language = hint.replace("_", "-").split("-")[0].lower() if hint else None
        return language if language in self._model.supported_languages else None


def _voiced_spans(audio: NDArray[np.float32]) -> tuple[tuple[float, float], ...]:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

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
