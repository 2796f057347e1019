"""Whisper by CTranslate2 (faster-whisper), in sequence or, for long audio, window by window in batches.

The parts of its `WhisperModel.transcribe` are called one by one, because that encodes the first window twice: once for
the language and once to decode it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.errors import EngineUnavailable
from models.identity import ModelIdentity
from models.speech.base import SAMPLE_RATE
from models.speech.engines import FasterWhisperOptions
from models.speech.guards import MAX_COMPRESSION
from models.speech.whisper import (
    APPEND_PUNCTUATION,
    HALLUCINATION_SILENCE_S,
    PREPEND_PUNCTUATION,
    Audio,
    Chunks,
    Listening,
    WhisperEngine,
    token_cap,
)

try:
    from faster_whisper import BatchedInferencePipeline, WhisperModel
    from faster_whisper.audio import pad_or_trim
    from faster_whisper.tokenizer import Tokenizer
    from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens, restore_speech_timestamps
except ImportError as error:
    raise EngineUnavailable("faster-whisper is not installed; run: pip install faster-whisper") from error

_PHRASE_PAUSE_S = 0.6
"""Pause between words at which a batched window is cut into segments."""

_SENTENCE_ENDS = tuple(".!?。！？")


class FasterWhisper(WhisperEngine):
    """Transcribes with a CTranslate2 Whisper folder (model.bin, config.json, tokenizer.json, vocabulary.*)."""

    def __init__(
        self, folder: Path, identity: ModelIdentity, options: FasterWhisperOptions, *, cpu_threads: int = 0
    ) -> None:
        super().__init__(identity)
        self._model = WhisperModel(
            str(folder), device=options.device, compute_type=options.compute_type, cpu_threads=cpu_threads
        )
        self._options = options

    def _listen(self, audio: Audio, speech: Audio, chunks: Chunks) -> Listening:
        options = self._options
        if options.batch > 1 and chunks and len(speech) >= options.batch_from_s * SAMPLE_RATE:
            return _Batched(self._model, options, audio, speech)
        return _InSequence(self._model, options, audio, speech, chunks)


class _InSequence(Listening):
    """Window after window, each beginning where the last sentence of the one before ended."""

    def __init__(self, model: Any, options: FasterWhisperOptions, audio: Audio, speech: Audio, chunks: Chunks) -> None:
        self._model = model
        self._beam_size = options.beam_size
        self._duration = len(audio) / SAMPLE_RATE
        self._chunks = chunks
        self._features = model.feature_extractor(speech)
        self._first: Any = None
        self.content = self._features.shape[-1] - 1

    def languages(self, start: int, end: int) -> Mapping[str, float] | None:
        """Keeps the first window as encoded: decoding it again would cost as much."""
        if not self._model.model.is_multilingual:
            return None
        encoded = self._model.encode(pad_or_trim(self._features[:, start:end]))
        if start == 0:
            self._first = encoded
        # A token is "<|en|>".
        return {token[2:-2]: float(value) for token, value in self._model.model.detect_language(encoded)[0]}

    def decode(self, language: str, *, free: bool) -> Iterable[Any]:
        """Segments in seconds of the recording."""
        tokenizer = _tokenizer(self._model, language)
        options = _options(tokenizer, self._beam_size, self._duration, free=free)
        raw: Iterable[Any] = self._model.generate_segments(self._features, tokenizer, options, False, self._first)
        if self._chunks:
            raw = restore_speech_timestamps(raw, self._chunks, SAMPLE_RATE)
        return raw


class _Batched(_InSequence):
    """Windows cut at pauses and decoded together: faster on a GPU, and no window knows the one before.

    Whisper writes no timestamps then (what follows the last one in a window would be lost), so a window's words are cut
    into phrases at sentence ends and pauses.
    """

    def __init__(self, model: Any, options: FasterWhisperOptions, audio: Audio, speech: Audio) -> None:
        super().__init__(model, options, audio, speech, [])
        self._audio = audio
        self._batch = options.batch

    def decode(self, language: str, *, free: bool) -> Iterable[Any]:
        """Segments in seconds of the recording."""
        windows, _ = BatchedInferencePipeline(self._model).transcribe(
            self._audio,
            language=language,
            beam_size=self._beam_size,
            temperature=0.0,
            no_repeat_ngram_size=0 if free else 3,
            word_timestamps=True,
            prepend_punctuations=PREPEND_PUNCTUATION,
            append_punctuations=APPEND_PUNCTUATION,
            batch_size=self._batch,
        )
        for window in windows:
            yield from _phrases(window)


def _phrases(window: Any) -> Iterator[Any]:
    """A batched window cut where a sentence ends or the speaker pauses."""
    words: list[Any] = []
    for word in window.words or ():
        if words and (words[-1].word.endswith(_SENTENCE_ENDS) or word.start - words[-1].end >= _PHRASE_PAUSE_S):
            yield _phrase(window, words)
            words = []
        words.append(word)
    if words:
        yield _phrase(window, words)


def _phrase(window: Any, words: list[Any]) -> Any:
    text = "".join(word.word for word in words)
    return replace(window, start=words[0].start, end=words[-1].end, text=text, words=list(words))


def _tokenizer(model: Any, language: str) -> Any:
    return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)


def _options(tokenizer: Any, beam_size: int, duration: float, *, free: bool) -> TranscriptionOptions:
    """Whisper's defaults (Radford et al. 2022, 4.5), but the likeliest words only.

    Decoding again by sampling where the likeliest words are doubtful changed no word of the labelled recordings,
    answers differently every time, and cost up to six times as much over grunts and music.
    """
    return TranscriptionOptions(
        beam_size=beam_size,
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
        prepend_punctuations=PREPEND_PUNCTUATION,
        append_punctuations=APPEND_PUNCTUATION,
        multilingual=False,
        max_new_tokens=token_cap(duration),
        clip_timestamps="0",
        hallucination_silence_threshold=HALLUCINATION_SILENCE_S,
        hotwords=None,
    )
