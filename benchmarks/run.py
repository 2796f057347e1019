"""Clips through the real thing: the door, the record, the Celery worker of this process, the index."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections import defaultdict
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
from workers.stages.taxonomy_space import taxonomy_space

_POLL_S = 0.1
_REUSE_SETTINGS = ("reuse_copies",)
"""Settings by which results of a near-duplicate are taken over; a benchmark that feeds copies switches them off."""

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


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that were analysed together. `wall_s` runs from the first upload until the last is ready.

    `busy_s` is the part of it in which at least one model was at work. `fresh`: every result was made in this batch.
    """

    video_ids: tuple[str, ...]
    understandings: tuple[Understanding, ...]
    wall_s: float
    busy_s: float

    @property
    def fresh(self) -> bool:
        """Whether no result of an earlier pass was used."""
        return not any(stage.reused for item in self.understandings for stage in item.stages)

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds per stage over all files; stages of different files overlap, so the sum may exceed the wall clock."""
        found: dict[str, float] = defaultdict(float)
        for understanding in self.understandings:
            for stage in understanding.stages:
                found[stage.name] += stage.seconds
        return {name: round(value, 3) for name, value in found.items()}


@dataclass(frozen=True, slots=True)
class Bench:
    """An open library and the worker that fills it."""

    library: Library
    runtime: Runtime
    worker: EmbeddedWorker

    def analyse(self, paths: Sequence[Path], on_progress: Callable[[int], None] | None = None) -> Batch:
        """Send files through the door and wait for all; `on_progress` hears how many are done. Raises `ClipFailed`."""
        started = time.monotonic()
        ids = [self._submit(path) for path in paths]
        self._wait(ids, on_progress or (lambda _: None))
        ended = time.monotonic()
        return Batch(
            video_ids=tuple(ids),
            understandings=tuple(self._result(path, id_) for path, id_ in zip(paths, ids, strict=True)),
            wall_s=ended - started,
            busy_s=self.runtime.clock.busy_seconds(started, ended),
        )

    def _submit(self, path: Path) -> str:
        with path.open("rb") as stream:
            video = submit_upload(self.library, NamedStream(f"clip{path.suffix}", stream)).video
        self.worker.notify(video.id, video.lane or Lane.PREPARE)
        return video.id

    def _wait(self, ids: Sequence[str], on_progress: Callable[[int], None]) -> None:
        waiting, record = list(ids), self.library.record
        while True:
            states = [(id_, video.state if (video := record.video(id_)) else None) for id_ in waiting]
            waiting = [id_ for id_, state in states if state not in _FINAL]
            on_progress(len(ids) - len(waiting))
            if not waiting:
                return
            time.sleep(_POLL_S)

    def _result(self, path: Path, video_id: str) -> Understanding:
        understanding = self.library.record.understanding(video_id)
        if understanding is None or understanding.state is not VideoState.READY:
            why = understanding.reason if understanding else "it left no understanding"
            raise ClipFailed(f"{path.name} did not end ready: {why}")
        return understanding


@contextmanager
def loaded_runtime() -> Iterator[tuple[Runtime, float]]:
    """The profile's engines, all loaded, and the seconds that took. Raises `WeightsMissing`."""
    settings = Settings()
    runtime = Runtime(load_profile(settings.profile), settings.models_dir)
    try:
        runtime.check_weights()
        yield runtime, _load(runtime)
    finally:
        runtime.close()


@contextmanager
def opened(
    runtime: Runtime, data: Path | None = None, *, threads: int | None = None, reuse_duplicates: bool = True
) -> Iterator[Bench]:
    """A library in `data` (None: a folder that is removed at the end) and its worker, with `threads` lanes at once.

    What is derived from the models once per data folder (the taxonomy's vectors) is made before this is handed over.
    `reuse_duplicates=False` has every file analysed, however alike it is to another.
    """
    with ExitStack() as stack:
        if data is None:
            data = Path(tempfile.mkdtemp(prefix="reelwise-benchmark-"))
            stack.callback(shutil.rmtree, data)
        changed: dict[str, object] = {"data_dir": data.absolute()}
        if not reuse_duplicates:
            changed |= {name: False for name in _REUSE_SETTINGS if name in Settings.model_fields}
        settings = Settings().model_copy(update=changed)
        dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
        library = stack.enter_context(Library.open(settings, dims))
        taxonomy_space(runtime, library.blobs)
        worker = EmbeddedWorker(library, runtime, threads=threads)
        worker.start()
        stack.callback(worker.stop)
        yield Bench(library, runtime, worker)


@contextmanager
def analysed_clips(
    clips: Sequence[Clip], data: Path | None, *, on_progress: Callable[[int], None] | None = None
) -> Iterator[Run]:
    """Analyse clips and keep the library open for searching; `on_progress` hears how many are done.

    Clips come in as uploads without a title and under a name that says nothing: neither labels nor file names reach
    the index. `data` is the data folder, kept; None makes one that is removed at the end. Results that a kept folder
    already holds are reused, and the run is then not `fresh`. Raises `ClipFailed`, and what opening a library raises.
    """
    with loaded_runtime() as (runtime, load_s):
        started = time.monotonic()
        with opened(runtime, data) as bench:
            load_s += time.monotonic() - started
            yield run_of(bench, clips, load_s, on_progress)


def run_of(bench: Bench, clips: Sequence[Clip], load_s: float, on_progress: Callable[[int], None] | None = None) -> Run:
    """Analyse clips on an open bench. Raises `ClipFailed`."""
    batch = bench.analyse([clip.path for clip in clips], on_progress)
    found = zip(clips, batch.video_ids, batch.understandings, strict=True)
    return Run(
        library=bench.library,
        runtime=bench.runtime,
        analysed=tuple(Analysed(clip, video_id, understanding) for clip, video_id, understanding in found),
        wall_s=batch.wall_s,
        busy_s=batch.busy_s,
        load_s=load_s,
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        peak_child_bytes=_peak_of_children(),
        fresh=batch.fresh,
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
