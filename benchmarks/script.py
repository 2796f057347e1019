"""The yardstick of `benchmarks.speed`: the same libraries and weights, called one after another for every video.

What a capable engineer writes in an afternoon. Each choice is a library's documented default or the plain way to use
it, and none is there to be slow:

- a `cv2.VideoCapture` pass for the classifier and one for the text reader; frames that are skipped are grabbed, not
  retrieved, so their colours are never converted. PySceneDetect's `detect(path, AdaptiveDetector())` reads by itself.
- `WhisperModel.transcribe(path, beam_size=5, word_timestamps=True, vad_filter=True)` on the file, int8 weights.
- RapidOCR as it comes, on a frame a second (30 at most); equal texts are joined.
- EfficientNet-Lite2 in eval mode under `inference_mode`, in batches of 8, at `frames_per_s`.
- librosa for tempo, energy and timbre, on sound decoded once more (by faster-whisper's `decode_audio`, which needs no
  `ffmpeg` command and is faster than `librosa.load` where that falls back to one).
- llama.cpp's server in process with one slot, whose prompt cache is on by default; the pipeline's full prompt (summary,
  reason to watch, tags), examples, schema and budget of lines, for every video.
- vectors go to qdrant-client's in-memory mode, everything else to a JSON file a video.

`tuned` takes the obvious waste out: text and pictures come from one pass, as many frames are looked at and read as
Reelwise does, RapidOCR gets Reelwise's options, the classifier is traced and frozen, the prompt is the short one. What
is left between it and Reelwise is work that is skipped and work that overlaps.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.script_models import FUSED, Picture, ScriptModels, evidence_lines, user_text
from models.vision.conse import unit_rows
from services.settings import Settings
from workers.stages.prompts.load import answer_schema, load_prompt

_MAX_TOKENS = 320
_TOPICS = 3
_SURE = 0.45
"""A frame's label of so much probability becomes a tag."""


@dataclass(frozen=True, slots=True)
class ScriptOptions:
    """What tells the plain script and the tuned one apart; None is no limit."""

    name: str
    frames_per_s: float = 2.0
    max_frames: int | None = None
    ocr_every_s: float = 1.0
    max_ocr_frames: int = 30
    shared_pass: bool = False
    traced: bool = False
    prompts: str = "full"
    ocr_params: tuple[tuple[str, Any], ...] = ()


PLAIN = ScriptOptions("script")


def tuned(settings: Settings) -> ScriptOptions:
    """The script without its obvious waste: Reelwise's numbers of frames and its options of the text reader."""
    return ScriptOptions(
        "tuned script",
        max_frames=settings.max_frames,
        max_ocr_frames=settings.max_ocr_frames,
        shared_pass=True,
        traced=True,
        prompts="brief",
        ocr_params=(
            ("Global.text_score", 0.8),
            ("Global.use_cls", False),
            ("Det.limit_type", "max"),
            ("Det.limit_side_len", 736),
        ),
    )


@dataclass(frozen=True, slots=True)
class ScriptOutput:
    """What the script found of one video; `words` are (start, end, word), times in seconds."""

    file: str
    language: str | None
    transcript: tuple[str, ...]
    words: tuple[tuple[float, float, str], ...]
    screen: tuple[str, ...]
    shots: tuple[tuple[float, float], ...]
    labels: tuple[tuple[str, float], ...]
    sound: dict[str, float] | None
    summary: str | None
    why: str | None
    tags: tuple[str, ...]
    topics: tuple[str, ...]
    frames: int
    frames_read: int


@dataclass(slots=True)
class Script:
    """Takes videos in and finds them again. `seconds` adds up per step; loading is not in it (`models.load_s`)."""

    models: ScriptModels
    options: ScriptOptions
    out: Path
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def run(self, paths: Sequence[Path]) -> list[ScriptOutput]:
        """Take all videos in, one after another."""
        return [self.take_in(number, path) for number, path in enumerate(paths)]

    def search(self, query: str, limit: int) -> list[int]:
        """Places in the order of `run` of what is found for a query, best first: text and frames fused by Qdrant."""
        return self.models.search(query, limit)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - started

    def take_in(self, number: int, path: Path) -> ScriptOutput:
        """Everything for one video; `number` is its place, by which `search` names it."""
        models, options = self.models, self.options
        with self._step("decode"):
            pictures = _sampled(path, 1.0 / options.frames_per_s, options.max_frames)
        with self._step("frames"):
            seen = models.look(pictures)
        with self._step("shots"):
            shots = models.shots(path)
        if options.shared_pass:
            readable = _spread(pictures, options.max_ocr_frames)
        else:
            with self._step("decode"):
                readable = _sampled(path, options.ocr_every_s, options.max_ocr_frames)
        with self._step("ocr"):
            screen = models.read(readable)
        with self._step("speech"):
            heard = models.transcribe(path) if _has_sound(path) else None
        with self._step("sound"):
            sound = models.listen(path) if heard is not None else None
        lines = evidence_lines(heard, screen, seen.labels, sound)
        chinese = _is_chinese(heard.language if heard else None, screen)
        with self._step("describe"):
            answer = self._described(lines, "zh" if chinese else "en")
        sure = [label.name for label in seen.labels if label.probability >= _SURE]
        tags = tuple(dict.fromkeys([*(item["tag"].strip() for item in answer.get("tags", ())), *sure]))
        text = ". ".join([", ".join(tags), *(line.text for line in lines)])
        with self._step("vectors"):
            vector = models.embed([text], query=False)[0]
            topics = models.topics(vector, seen.vectors, _TOPICS)
        output = ScriptOutput(
            file=path.name,
            language=heard.language if heard else None,
            transcript=heard.segments if heard else (),
            words=heard.words if heard else (),
            screen=screen,
            shots=shots,
            labels=tuple((label.name, round(label.probability, 4)) for label in seen.labels),
            sound=sound.measures if sound else None,
            summary=answer.get("summary"),
            why=answer.get("why"),
            tags=tags,
            topics=topics,
            frames=len(pictures),
            frames_read=len(readable),
        )
        with self._step("write"):
            visual = unit_rows(seen.vectors.mean(axis=0, keepdims=True))[0] if len(seen.vectors) else None
            models.write(number, {FUSED[0]: vector, FUSED[1]: visual, "sound": sound.vector if sound else None})
            (self.out / f"{number:04d}.json").write_text(json.dumps(asdict(output), ensure_ascii=False), "utf-8")
        return output

    def _described(self, lines: Sequence[Any], language: str) -> dict[str, Any]:
        shown, user = user_text(lines, language)
        prompt = load_prompt(self.options.prompts, language)
        schema = answer_schema(language, [line.id for line in shown], why=prompt.asks_why)
        return self.models.complete(prompt.system, prompt.turns(), user, schema, _MAX_TOKENS)


def _sampled(path: Path, every_s: float, most: int | None) -> list[Picture]:
    """A frame each `every_s` seconds in one pass over the file, RGB; `most` of them, evenly spread."""
    capture = cv2.VideoCapture(str(path))
    try:
        rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
        step = max(1, round(rate * every_s))
        kept, number = [], 0
        while capture.grab():
            if number % step == 0:
                good, frame = capture.retrieve()
                if good:
                    kept.append(np.asarray(frame[:, :, ::-1], dtype=np.uint8))
            number += 1
    finally:
        capture.release()
    return kept if most is None else _spread(kept, most)


def _spread(pictures: list[Picture], most: int) -> list[Picture]:
    if len(pictures) <= most:
        return pictures
    return [pictures[int((i + 0.5) * len(pictures) / most)] for i in range(most)]


def _has_sound(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.streams.audio)


def _is_chinese(language: str | None, screen: Sequence[str]) -> bool:
    if language is not None:
        return language == "zh"
    return any("\u4e00" <= character <= "\u9fff" for text in screen for character in text)
