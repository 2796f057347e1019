"""Whisper by CTranslate2 (faster-whisper), with voice activity first and phantom sentences dropped.

Whisper: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision". Voice activity: Silero VAD,
which faster-whisper ships. The parts of its `WhisperModel.transcribe` are called one by one, because that encodes the
first window twice: once for the language and once to decode it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import zhconv
from numpy.typing import NDArray

from models.errors import EngineUnavailable
from models.identity import ModelIdentity
from models.speech.base import SAMPLE_RATE, Segment, Transcript, Word
from models.speech.engines import FasterWhisperOptions
from models.speech.guards import MAX_COMPRESSION, is_hum, is_loop, phantom_reason, without_repeats
from models.speech.languages import SURE, LanguagePrior, weighed

try:
    from faster_whisper import WhisperModel
    from faster_whisper.audio import pad_or_trim
    from faster_whisper.tokenizer import Tokenizer
    from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens, restore_speech_timestamps
    from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps
except ImportError as error:
    raise EngineUnavailable("faster-whisper is not installed; run: pip install faster-whisper") from error

_MIN_VOICED_S = 0.3
_SINGLE_PASS_S = 30.0
"""One Whisper window. Shorter audio is decoded whole: cutting it at pauses loses speech."""

_LANGUAGE_WINDOWS = 4
"""Most windows listened to for the language of longer audio."""

_CAPPED_S = 12.0
_TOKENS_PER_S = 16
_TOKENS_MORE = 24
"""Short audio can't hold more tokens than this; a loop would go on to Whisper's 448, which costs seconds."""

_HALLUCINATION_SILENCE_S = 2.0
"""Silence around words that look invented (improbable, too short or too long) from which they are skipped."""

_SHOWN_CHARS = 60

_SURE_LANGUAGE = 0.5
"""Probability below which a transcript says that its language is a guess."""


class FasterWhisper:
    """Transcribes with a CTranslate2 Whisper folder (model.bin, config.json, tokenizer.json, vocabulary.*)."""

    def __init__(
        self, folder: Path, identity: ModelIdentity, options: FasterWhisperOptions, *, cpu_threads: int = 0
    ) -> None:
        self._model = WhisperModel(
            str(folder), device=options.device, compute_type=options.compute_type, cpu_threads=cpu_threads
        )
        self._beam_size = options.beam_size
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    def transcribe(self, audio: NDArray[np.float32], *, prior: LanguagePrior | None = None) -> Transcript:
        """Transcribe mono 16 kHz audio. No voice: no transcription, and Whisper is not run at all."""
        voiced = _voiced_spans(audio)
        if sum(end - start for start, end in voiced) < _MIN_VOICED_S:
            return Transcript(None, 0.0, (), ())
        single_pass = len(audio) <= _SINGLE_PASS_S * SAMPLE_RATE
        chunks = [] if single_pass else get_speech_timestamps(audio, VadOptions())
        speech = np.concatenate(collect_chunks(audio, chunks)[0]) if chunks else audio
        features = self._model.feature_extractor(speech)
        language, probability, encoded = self._language(features, prior or LanguagePrior())
        tokenizer = Tokenizer(
            self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language=language
        )
        decode = partial(self._decode, features, tokenizer, encoded, chunks, voiced, len(audio) / SAMPLE_RATE, language)
        segments, notes, looped = decode(free=True)
        if looped:
            # Once more, and no three tokens twice: slower speech than that repeats itself, a loop can't.
            segments, notes, _ = decode(free=False)
        if not segments:
            return Transcript(None, 0.0, (), voiced, tuple(notes))
        if probability < _SURE_LANGUAGE:
            notes.append(f"the language of the speech is a guess: {language}, probability {probability:.2f}")
        return Transcript(language, probability, tuple(segments), voiced, tuple(notes))

    def _decode(
        self,
        features: NDArray[np.float32],
        tokenizer: Any,
        encoded: Any,
        chunks: list[dict[str, int]],
        voiced: tuple[tuple[float, float], ...],
        duration: float,
        language: str,
        *,
        free: bool,
    ) -> tuple[list[Segment], list[str], bool]:
        """What is heard and believed, notes on what is not, and whether a loop was among it."""
        raw = self._model.generate_segments(
            features, tokenizer, self._options(tokenizer, duration, free=free), False, encoded
        )
        if chunks:
            raw = restore_speech_timestamps(raw, chunks, SAMPLE_RATE)
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

    def _language(self, features: NDArray[np.float32], prior: LanguagePrior) -> tuple[str, float, Any]:
        """The language, its probability, and the first window as encoded: decoding it again would cost as much.

        Windows of 30 s are listened to, spread over the speech and weighed by how much of it they hold, until one
        language is sure.
        """
        if not self._model.model.is_multilingual:
            return "en", 1.0, None
        length = self._model.feature_extractor.nb_max_frames
        content = features.shape[-1] - 1
        starts = list(range(0, max(1, content), length))
        picked = [starts[round(at)] for at in np.linspace(0, len(starts) - 1, min(len(starts), _LANGUAGE_WINDOWS))]
        first: Any = None
        windows: list[tuple[float, dict[str, float]]] = []
        for start in picked:
            frames = features[:, start : min(start + length, content)]
            encoded = self._model.encode(pad_or_trim(frames))
            first = encoded if first is None else first
            found = self._model.model.detect_language(encoded)[0]
            # A token is "<|en|>".
            windows.append((float(frames.shape[-1]), {token[2:-2]: float(value) for token, value in found}))
            if weighed(windows, prior)[1] >= SURE:
                break
        language, probability = weighed(windows, prior)
        return language, probability, first

    def _options(self, tokenizer: Any, duration: float, *, free: bool) -> TranscriptionOptions:
        """Whisper's defaults (Radford et al. 2022, 4.5), but the likeliest words only.

        Decoding again by sampling where the likeliest words are doubtful changed no word of the labelled recordings,
        answers differently every time, and cost up to six times as much over grunts and music.
        """
        short = duration <= _CAPPED_S
        return TranscriptionOptions(
            beam_size=self._beam_size,
            best_of=1,
            patience=1.0,
            length_penalty=1.0,
            repetition_penalty=1.0,
            no_repeat_ngram_size=0 if free else 3,
            log_prob_threshold=-1.0,
            no_speech_threshold=0.6,
            compression_ratio_threshold=MAX_COMPRESSION,
            condition_on_previous_text=False,
            prompt_reset_on_temperature=0.5,
            temperatures=[0.0],
            initial_prompt=None,
            prefix=None,
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            without_timestamps=False,
            max_initial_timestamp=1.0,
            word_timestamps=True,
            prepend_punctuations="\"'“¿([{-",
            append_punctuations="\"'.。,，!！?？:：”)]}、",
            multilingual=False,
            max_new_tokens=round(duration * _TOKENS_PER_S) + _TOKENS_MORE if short else None,
            clip_timestamps="0",
            hallucination_silence_threshold=_HALLUCINATION_SILENCE_S,
            hotwords=None,
        )


def _voiced_spans(audio: NDArray[np.float32]) -> tuple[tuple[float, float], ...]:
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
