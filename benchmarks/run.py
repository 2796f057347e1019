"""Clips through the real thing: the door, the record, the Celery worker of this process, the index."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clips import Clip
from models.profile import load_profile
from models.runtime import Runtime
from models.speech.base import SAMPLE_RATE
from services.intake.door import NamedStream, submit_upload
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import Lane
from services.library.understanding import Understanding, VideoState
from services.settings import Settings
from workers.launcher import EmbeddedWorker

_POLL_S = 0.1
_FINAL = frozenset({VideoState.READY, VideoState.FAILED, VideoState.REJECTED})


class ClipFailed(Exception):
    """A labelled clip did not end ready, so figures over all clips would not be figures over all clips."""


@dataclass(frozen=True, slots=True)
class Analysed:
    """A clip and what became of it."""

    clip: Clip
    video_id: str
    understanding: Understanding


@dataclass(frozen=True, slots=True)
class Run:
    """All clips analysed, and what that took. Seconds are wall clock, without loading the engines (`load_s`).

    `busy_s` is the time in which at least one model was at work; `peak_bytes` the largest resident memory of this
    process and `peak_child_bytes` that of its largest child. `fresh`: every result was made in this run.
    """

    library: Library
    runtime: Runtime
    analysed: tuple[Analysed, ...]
    wall_s: float
    busy_s: float
    load_s: float
    peak_bytes: int
    peak_child_bytes: int
    fresh: bool


@contextmanager
def analysed_clips(
    clips: Sequence[Clip], data: Path | None, *, on_progress: Callable[[int], None] | None = None
) -> Iterator[Run]:
    """Analyse clips and keep the library open for searching; `on_progress` hears how many are done.

    Clips come in as uploads without a title and under a name that says nothing: neither labels nor file names reach
    the index. `data` is the data folder, kept; None makes one that is removed at the end. Results that a kept folder
    already holds are reused, and the run is then not `fresh`. Raises `ClipFailed`, and what opening a library raises.
    """
    with ExitStack() as stack:
        if data is None:
            data = Path(tempfile.mkdtemp(prefix="reelwise-benchmark-"))
            stack.callback(shutil.rmtree, data)
        settings = Settings().model_copy(update={"data_dir": data.absolute()})
        runtime = Runtime(load_profile(settings.profile), settings.models_dir)
        stack.callback(runtime.close)
        runtime.check_weights()
        load_s = _load(runtime)
        dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
        library = stack.enter_context(Library.open(settings, dims))
        worker = EmbeddedWorker(library, runtime)
        worker.start()
        stack.callback(worker.stop)

        started = time.monotonic()
        ids = [_submit(library, worker, clip) for clip in clips]
        _wait(library, ids, on_progress or (lambda _: None))
        ended = time.monotonic()

        analysed = tuple(_result(library, clip, video_id) for clip, video_id in zip(clips, ids, strict=True))
        yield Run(
            library=library,
            runtime=runtime,
            analysed=analysed,
            wall_s=ended - started,
            busy_s=runtime.clock.busy_seconds(started, ended),
            load_s=load_s,
            peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            peak_child_bytes=_peak_of_children(),
            fresh=not any(stage.reused for item in analysed for stage in item.understanding.stages),
        )


def _load(runtime: Runtime) -> float:
    """Load every engine and run the lazy ones once; a server pays for this once, not per video."""
    started = time.monotonic()
    runtime.text.embed_queries(["warm up"])
    runtime.vision.embed_frames([np.zeros((64, 64, 3), np.uint8)])
    runtime.ocr.read(np.zeros((64, 64, 3), np.uint8))
    runtime.speech.transcribe(np.zeros(SAMPLE_RATE, np.float32))
    runtime.sound.listen(np.zeros(SAMPLE_RATE, np.float32))
    _ = runtime.language
    return time.monotonic() - started


def _peak_of_children() -> int:
    """Bytes: the largest of the children that ended and of those that live (only Linux tells of the latter)."""
    peaks = [resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
    for listed in Path("/proc/self/task").glob("*/children"):
        for pid in listed.read_text().split():
            try:
                status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            except OSError:  # it ended meanwhile, and is counted among those
                continue
            peaks += [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    return max(peaks) * 1024


def _submit(library: Library, worker: EmbeddedWorker, clip: Clip) -> str:
    with clip.path.open("rb") as stream:
        video = submit_upload(library, NamedStream(f"clip{clip.path.suffix}", stream)).video
    worker.notify(video.id, video.lane or Lane.PREPARE)
    return video.id


def _wait(library: Library, ids: Sequence[str], on_progress: Callable[[int], None]) -> None:
    while True:
        states = [video.state if (video := library.record.video(id_)) else None for id_ in ids]
        done = sum(state in _FINAL for state in states)
        on_progress(done)
        if done == len(ids):
            return
        time.sleep(_POLL_S)


def _result(library: Library, clip: Clip, video_id: str) -> Analysed:
    understanding = library.record.understanding(video_id)
    if understanding is None or understanding.state is not VideoState.READY:
        why = understanding.reason if understanding else "it left no understanding"
        raise ClipFailed(f"{clip.path.name} did not end ready: {why}")
    return Analysed(clip, video_id, understanding)
