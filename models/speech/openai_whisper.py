"""Whisper by its authors' own package (openai-whisper, PyTorch): any size or checkpoint file."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from models.errors import EngineUnavailable, ModelError
from models.identity import ModelIdentity
from models.speech.base import SAMPLE_RATE
from models.speech.engines import OpenAiWhisperOptions
from models.speech.guards import MAX_COMPRESSION
from models.speech.whisper import (
    APPEND_PUNCTUATION,
    HALLUCINATION_SILENCE_S,
    PREPEND_PUNCTUATION,
    WINDOW_FRAMES,
    Audio,
    Chunks,
    Listening,
    WhisperEngine,
    token_cap,
)
from models.torch_loading import torch_device

try:
    import torch
    import whisper
    from faster_whisper.transcribe import Segment, Word, restore_speech_timestamps
    from whisper.audio import N_SAMPLES, log_mel_spectrogram, pad_or_trim
    from whisper.decoding import DecodingResult, DecodingTask, LogitFilter
except ImportError as error:
    raise EngineUnavailable("openai-whisper is not installed; run: pip install 'reelwise[standard]'") from error

_SIZES = {
    (4, 384, 80): "tiny",
    (6, 512, 80): "base",
    (12, 768, 80): "small",
    (24, 1024, 80): "medium",
    (32, 1280, 80): "large-v2",
    (32, 1280, 128): "large-v3",
    (4, 1280, 128): "large-v3-turbo",
}
"""(layers and width of the decoder, mel bands) -> the size whose alignment heads give the word times."""


class OpenAiWhisper(WhisperEngine):
    """Transcribes with a checkpoint (`.pt`: `dims` and `model_state_dict`), one recording at a time.

    Nothing but tensors is unpickled from the file (`torch.load(weights_only=True)`).
    """

    def __init__(
        self, checkpoint: Path, identity: ModelIdentity, options: OpenAiWhisperOptions, *, threads: int = 0
    ) -> None:
        super().__init__(identity)
        if threads:
            torch.set_num_threads(threads)
        self._device = torch_device(options.device)
        try:
            self._model = whisper.load_model(str(checkpoint), device=self._device)
        except (RuntimeError, KeyError, TypeError, EOFError, OSError, UnpicklingError) as error:
            raise ModelError(f"{checkpoint} is no checkpoint of openai-whisper: {error}") from error
        _align(self._model, checkpoint.stem)
        self._beam_size = options.beam_size
        self._half = self._device.type == "cuda" and options.dtype != "float32"
        # Decoding keeps its cache in hooks on the model's layers.
        self._lock = threading.Lock()

    def _listen(self, audio: Audio, speech: Audio, chunks: Chunks) -> Listening:
        return _InSequence(self._model, self._lock, self._beam_size, self._half, audio, speech, chunks)


class _InSequence(Listening):
    def __init__(
        self,
        model: Any,
        lock: threading.Lock,
        beam_size: int,
        half: bool,
        audio: Audio,
        speech: Audio,
        chunks: Chunks,
    ) -> None:
        self._model = model
        self._lock = lock
        self._beam_size = beam_size
        self._half = half
        self._duration = len(audio) / SAMPLE_RATE
        self._speech = torch.from_numpy(speech)
        self._chunks = chunks
        self._mel = log_mel_spectrogram(self._speech, model.dims.n_mels, padding=N_SAMPLES)
        self.content = self._mel.shape[-1] - WINDOW_FRAMES

    def languages(self, start: int, end: int) -> Mapping[str, float] | None:
        """Every language's probability in one window."""
        if not self._model.is_multilingual:
            return None
        window = pad_or_trim(self._mel[:, start:end], WINDOW_FRAMES).to(self._model.device)
        with self._lock:
            _, found = self._model.detect_language(window.half() if self._half else window)
        return {language: float(value) for language, value in found.items()}

    def decode(self, language: str, *, free: bool) -> Iterable[Any]:
        """Whisper's defaults, but the likeliest words only, as the other engine has them."""
        with self._lock:
            self._model.decode = partial(_decode, self._model, ngram=0 if free else 3)
            found = whisper.transcribe(
                self._model,
                self._speech,
                language=language,
                temperature=0.0,
                beam_size=self._beam_size,
                compression_ratio_threshold=MAX_COMPRESSION,
                condition_on_previous_text=False,
                word_timestamps=True,
                prepend_punctuations=PREPEND_PUNCTUATION,
                append_punctuations=APPEND_PUNCTUATION,
                hallucination_silence_threshold=HALLUCINATION_SILENCE_S,
                sample_len=token_cap(self._duration),
                fp16=self._half,
            )
        raw = (_segment(item) for item in found["segments"] if item["text"].strip())
        return restore_speech_timestamps(raw, self._chunks, SAMPLE_RATE) if self._chunks else raw


def _segment(item: Mapping[str, Any]) -> Segment:
    words = [Word(word["start"], word["end"], word["word"], word["probability"]) for word in item["words"]]
    return Segment(**{name: value for name, value in item.items() if name != "words"}, words=words)


def _align(model: Any, name: str) -> None:
    """Take the size's alignment heads: a checkpoint file doesn't name them, and the default's word times are poorer."""
    heads: Mapping[str, bytes] = whisper._ALIGNMENT_HEADS
    dims = model.dims
    size = _SIZES.get((dims.n_text_layer, dims.n_text_state, dims.n_mels))
    if size is not None and not model.is_multilingual:
        size = f"{size}.en"
    known = heads.get(name) if size is not None and name.startswith(size.split("-")[0]) else None
    chosen = known or heads.get(size or "")
    if chosen is not None:
        model.set_alignment_heads(chosen)


def _decode(model: Any, mel: torch.Tensor, options: Any, *, ngram: int) -> DecodingResult:
    """One window, as `whisper.decode` does it; with `ngram`, so many tokens in a row never come twice."""
    task = DecodingTask(model, options)
    if ngram:
        task.logit_filters.append(_NoRepeat(ngram, task.sample_begin, task.tokenizer.eot))
    with torch.inference_mode():
        return task.run(mel.unsqueeze(0))[0]


class _NoRepeat(LogitFilter):  # type: ignore[misc]
    """Forbids the text token that would complete a run of `size` tokens which is there already."""

    def __init__(self, size: int, begin: int, end_of_text: int) -> None:
        self._before = size - 1
        self._begin = begin
        self._end_of_text = end_of_text

    def apply(self, logits: torch.Tensor, tokens: torch.Tensor) -> None:
        """In place, for every hypothesis."""
        for row, said in enumerate(tokens[:, self._begin :].tolist()):
            last = said[len(said) - self._before :]
            runs = range(len(said) - self._before)
            banned = {said[at + self._before] for at in runs if said[at : at + self._before] == last}
            for token in banned:
                if token < self._end_of_text:
                    logits[row, token] = -torch.inf
