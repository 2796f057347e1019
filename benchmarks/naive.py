"""The baseline: what a plain script reaches with the same models. A frame of every eight, the whole sound, no more.

No shots, no text on screen, no voice activity rules of ours beyond the engine's, no language model, no index. Frames
are placed by ConSE and averaged; the transcript is one e5 passage; a query's two cosines become standard scores
over the clips and are added.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.audio import read_audio
from benchmarks.clips import Clip
from benchmarks.metrics.retrieval import Retrieval, rank_of, retrieval
from models.runtime import Runtime

EVERY = 8
"""One decoded frame of so many is looked at."""

_BATCH = 8


@dataclass(frozen=True, slots=True)
class Naive:
    """What the baseline reached, and how many seconds of video it took in per second."""

    retrieval: Retrieval
    visual_only: Retrieval
    text_only: Retrieval
    real_time_factor: float
    seconds: float


def run_naive(clips: Sequence[Clip], runtime: Runtime) -> Naive:
    """Take all clips in, then ask for each by its caption. Engines are loaded before the clock starts."""
    runtime.vision.embed_frames([np.zeros((260, 260, 3), np.uint8)])
    runtime.speech.transcribe(np.zeros(16_000, np.float32))
    started = time.perf_counter()
    pictures = np.stack([_picture(clip.path, runtime) for clip in clips])
    said = [_said(clip.path, runtime) for clip in clips]
    spoken = runtime.text.embed_passages([text or "" for text in said])
    seconds = time.perf_counter() - started
    every, speaks = np.ones(len(clips), bool), np.array([bool(text) for text in said])

    ranks: dict[str, list[int | None]] = {"both": [], "visual": [], "text": []}
    for clip in clips:
        visual = _scaled(pictures @ runtime.vision.embed_texts([clip.caption])[0], every)
        text = _scaled(spoken @ runtime.text.embed_queries([clip.caption])[0], speaks)
        for name, scores, found in (("both", visual + text, every), ("visual", visual, every), ("text", text, speaks)):
            ranked = [str(clips[i].path) for i in np.argsort(-scores, kind="stable") if found[i]]
            ranks[name].append(rank_of(str(clip.path), ranked))
    return Naive(
        retrieval=retrieval(ranks["both"]),
        visual_only=retrieval(ranks["visual"]),
        text_only=retrieval(ranks["text"]),
        real_time_factor=sum(clip.duration_s for clip in clips) / seconds,
        seconds=seconds,
    )


def _picture(path: Path, runtime: Runtime) -> NDArray[np.float32]:
    """The mean of the frames' vectors, unit length; zero where nothing could be decoded."""
    total = np.zeros(runtime.vision.dim, np.float32)
    for batch in _frames(path):
        total += runtime.vision.embed_frames(batch).vectors.sum(axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), dtype=np.float32)


def _frames(path: Path) -> Iterator[list[NDArray[np.uint8]]]:
    batch: list[NDArray[np.uint8]] = []
    with av.open(str(path)) as container:
        if not container.streams.video:
            return
        for number, frame in enumerate(container.decode(video=0)):
            if number % EVERY == 0:
                batch.append(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
            if len(batch) == _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _said(path: Path, runtime: Runtime) -> str:
    audio = read_audio(path)
    return "" if audio is None else runtime.speech.transcribe(audio).text


def _scaled(scores: NDArray[np.float32], candidates: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Scores of the candidates as standard scores; whoever is none gets the mean, which says nothing for or against."""
    scaled = np.zeros(len(scores), np.float32)
    if candidates.any():
        found = scores[candidates]
        scaled[candidates] = (found - found.mean()) / max(float(found.std()), 1e-12)
    return scaled
