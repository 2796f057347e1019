"""CLAP through `transformers`: what is heard, by name, and sound vectors that English text reaches.

Wu et al. 2023, "Large-Scale Contrastive Language-Audio Pretraining with Feature Fusion and Keyword-to-Caption
Augmentation". Shares of speech, music and silence, tempo and energy are measured as in the librosa profile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from yaml import YAMLError, safe_load

from models.errors import EngineUnavailable, ModelError, ProfileInvalid
from models.grouping import Grouping, alone
from models.identity import ModelIdentity
from models.kept_vectors import kept_vectors
from models.sound.base import SoundEvent, SoundProfile
from models.sound.engines import ClapOptions
from models.sound.librosa_profile import LibrosaProfile
from models.sound.words import MIN_MUSIC
from models.speech.base import SAMPLE_RATE
from models.torch_loading import load_model, load_part, torch_device, torch_dtype

try:
    import soxr
    import torch
    from transformers import AutoConfig, AutoFeatureExtractor, AutoTokenizer, ClapModel
except ImportError as error:
    raise EngineUnavailable("transformers is not installed; run: pip install 'reelwise[standard]'") from error

Matrix = NDArray[np.float32]

_PROMPT = "This is a sound of {}."
_MAX_TOKENS = 77
"""Longest text of CLAP's training."""

_MAX_WINDOWS = 30
"""Most windows (of 10 s) that are listened to; in longer audio they are spread over all of it."""

_MIN_WINDOW_S = 1.0
"""A rest of audio that is shorter is left out, unless it is all there is."""

_SILENT = 0.98
_MIN_EVENT = 0.3
_MAX_EVENTS = 8
_MIN_MOOD = 0.25
_MAX_MOODS = 2
_NAMES = Path(__file__).with_name("sound_names.yaml")


class _Names(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    events: tuple[tuple[str, str], ...] = Field(min_length=1)
    music_moods: tuple[tuple[str, str], ...] = Field(min_length=1)


class Clap:
    """Listens in windows of the model's own length (10 s), at its own rate (48 kHz); safe to call from threads."""

    def __init__(
        self,
        folder: Path,
        identity: ModelIdentity,
        options: ClapOptions,
        *,
        cache: Path,
        threads: int = 0,
        grouping: Grouping = alone,
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._device = torch_device(options.device)
        self._dtype = torch_dtype(options, self._device)
        config = load_part(AutoConfig, folder, "configuration")
        if config.model_type != "clap":
            raise ModelError(f"{folder} holds a model of type {config.model_type!r}; the engine clap takes 'clap'")
        self._model = load_model(ClapModel, folder, self._dtype, self._device)
        self._features = load_part(AutoFeatureExtractor, folder, "feature extractor")
        self._tokenizer = load_part(AutoTokenizer, folder, "tokenizer")
        # The library's tokenizers keep their padding and truncation as state.
        self._tokenizing = threading.Lock()
        self._measured = LibrosaProfile(identity)
        self._batch = options.batch
        self._hear: Callable[[Sequence[torch.Tensor]], list[Matrix]] = grouping(
            self._vectors, name=f"sound {identity.name}, windows", size=options.batch
        )
        self._identity = identity
        self._dim = int(config.projection_dim)
        self._scale = float(self._model.logit_scale_a.detach().float().exp())
        names = _names(options.vocabulary)
        self._events, self._moods = names.events, names.music_moods
        texts = [*(_PROMPT.format(name) for name, _ in self._events), *(name for name, _ in self._moods)]
        named = kept_vectors(texts, identity, self._dim, cache, self.embed_texts)
        self._event_vectors, self._mood_vectors = named[: len(self._events)], named[len(self._events) :]

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self._dim

    def listen(self, audio: NDArray[np.float32], *, voiced: tuple[tuple[float, float], ...] = ()) -> SoundProfile:
        """Profile mono 16 kHz audio of any length; the vector is the direction of its windows' mean."""
        measured = self._measured.listen(audio, voiced=voiced)
        windows = self._windows(audio)
        vectors = self._embed([samples for _, samples in windows])
        mean = vectors.mean(axis=0)
        vector = tuple(float(value) for value in mean / max(float(np.linalg.norm(mean)), 1e-12))
        if measured.silence_ratio > _SILENT:
            return replace(measured, vector=vector)
        spans = [(start, min(start + self._window_s, len(audio) / SAMPLE_RATE)) for start, _ in windows]
        moods = self._likely(mean[None], self._mood_vectors)[0] if measured.music_ratio >= MIN_MUSIC else np.zeros(0)
        felt = [
            self._event(self._moods[i], spans[0][0], spans[-1][1], moods[i])
            for i in np.argsort(-moods)[:_MAX_MOODS]
            if moods[i] >= _MIN_MOOD
        ]
        return replace(measured, vector=vector, events=self._heard(vectors, spans), music_moods=tuple(felt))

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        """Embed English texts into the sounds' space; shape (texts, dim), unit rows."""
        rows = [np.zeros((0, self._dim), np.float32)]
        for at in range(0, len(texts), self._batch):
            clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts[at : at + self._batch]]
            with self._tokenizing:
                tokens = self._tokenizer(
                    clean, padding="longest", truncation=True, max_length=_MAX_TOKENS, return_tensors="pt"
                )
            given = {name: tokens[name].to(self._device) for name in ("input_ids", "attention_mask")}
            with torch.inference_mode():
                rows.append(_unit(self._model.get_text_features(**given)))
        return np.concatenate(rows)

    @property
    def _window_s(self) -> float:
        return float(self._features.nb_max_samples / self._features.sampling_rate)

    def _windows(self, audio: NDArray[np.float32]) -> list[tuple[float, Matrix]]:
        """(start in seconds, samples at the model's rate) of what is listened to; at least one, silence if need be."""
        rate, length = int(self._features.sampling_rate), int(self._features.nb_max_samples)
        whole = int(length * SAMPLE_RATE / rate)
        starts = [
            at
            for at in range(0, max(1, len(audio)), whole)
            if at == 0 or len(audio) - at >= _MIN_WINDOW_S * SAMPLE_RATE
        ]
        picked = [starts[round(at)] for at in np.linspace(0, len(starts) - 1, min(len(starts), _MAX_WINDOWS))]
        windows = []
        for start in picked:
            part = audio[start : start + whole]
            if len(part) < _MIN_WINDOW_S * SAMPLE_RATE:
                part = np.pad(part, (0, int(_MIN_WINDOW_S * SAMPLE_RATE) - len(part)))
            # Band-limited: linear interpolation would mirror what lies below 8 kHz into the band above.
            samples = soxr.resample(part, SAMPLE_RATE, rate, quality="HQ")[:length]
            windows.append((start / SAMPLE_RATE, np.asarray(samples, dtype=np.float32)))
        return windows

    def _embed(self, windows: Sequence[Matrix]) -> Matrix:
        return np.stack(self._hear([self._spectrogram(window) for window in windows]))

    def _spectrogram(self, window: Matrix) -> torch.Tensor:
        """A window as the model takes it, alone: the library's extractor looks at all that it is given together."""
        inputs = self._features([window], sampling_rate=self._features.sampling_rate, return_tensors="pt")
        return torch.as_tensor(inputs["input_features"])

    def _vectors(self, spectrograms: Sequence[torch.Tensor]) -> Matrix:
        # No window is longer than the model's; the library would mark one of them at random as if it were.
        given = {
            "input_features": torch.cat(list(spectrograms)).to(self._device, self._dtype),
            "is_longer": torch.zeros(len(spectrograms), 1, dtype=torch.bool, device=self._device),
        }
        with torch.inference_mode():
            return _unit(self._model.get_audio_features(**given))

    def _likely(self, vectors: Matrix, texts: Matrix) -> Matrix:
        """Probability of each text if one of them must be right, shape (vectors, texts)."""
        logits = self._scale * (vectors @ texts.T)
        likely = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(likely / likely.sum(axis=1, keepdims=True), dtype=np.float32)

    @staticmethod
    def _event(names: tuple[str, str], start: float, end: float, probability: float) -> SoundEvent:
        return SoundEvent(names[0], names[1], start, end, float(probability))

    def _heard(self, vectors: Matrix, spans: Sequence[tuple[float, float]]) -> tuple[SoundEvent, ...]:
        """Events of the windows, those of neighbouring windows joined; the likeliest few, in the order of time."""
        open_events: dict[int, SoundEvent] = {}
        found: list[SoundEvent] = []
        for row, (start, end) in zip(self._likely(vectors, self._event_vectors), spans, strict=True):
            now: dict[int, SoundEvent] = {}
            for i in map(int, np.nonzero(row >= _MIN_EVENT)[0]):
                known = open_events.pop(i, None)
                if known is not None and known.end >= start:
                    now[i] = replace(known, end=end, probability=max(known.probability, float(row[i])))
                    continue
                found += [known] if known is not None else []
                now[i] = self._event(self._events[i], start, end, row[i])
            found += open_events.values()
            open_events = now
        found += open_events.values()
        best = sorted(found, key=lambda event: -event.probability)[:_MAX_EVENTS]
        return tuple(sorted(best, key=lambda event: (event.start, event.name)))


def _names(file: str) -> _Names:
    path = Path(file).expanduser() if file else _NAMES
    try:
        return TypeAdapter(_Names).validate_python(safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, YAMLError, ValidationError) as error:
        raise ProfileInvalid(f"option 'vocabulary': {path} names no events and music_moods: {error}") from error


def _unit(output: Any) -> Matrix:
    """The projected vectors, of unit length; half precision is widened before anything is added up."""
    vectors = (output if isinstance(output, torch.Tensor) else output.pooler_output).float().cpu().numpy()
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)
