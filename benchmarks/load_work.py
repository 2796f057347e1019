"""The stand-in for the work of stages in `benchmarks.load`, and the worker process that runs it.

    python -m benchmarks.load_work --recording FILE --threads N      (started by the benchmark)
    python -m benchmarks.load_work --recording FILE --alone          (does what is due, without a queue or waiting)

A clip is understood for real first. Then each stage waits as long as it took for that clip, and gives what it gave. All
else is real: messages, leases and heartbeats, fingerprints, look-ups, results and costs in the record, documents.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Never, cast

import numpy as np

from benchmarks.run import Bench
from models.profile import load_profile
from models.runtime import Runtime
from models.sound.base import SoundEngine
from models.text.base import TextEngine
from models.vision.base import VisionEngine
from services.library import library as library_module
from services.library.index.port import Collection, Filter, Point
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.database import utc_now
from services.library.record.types import Lane
from services.settings import Settings
from workers import pipeline
from workers.copies.signature import Signature
from workers.copies.sound_print import BANDS
from workers.lanes import LaneWorker
from workers.media.frame_hashes import VIEWS
from workers.stages.base import Stage, StageContext, StageOutput
from workers.stages.signature import SIGNATURE, SignatureOutput
from workers.standalone import Pool, WorkerPlan, run_worker


@dataclass(frozen=True, slots=True)
class Recording:
    """What every stage gave for one clip, as JSON, and the seconds it took."""

    outputs: Mapping[str, Any]
    seconds: Mapping[str, float]

    @classmethod
    def of(cls, bench: Bench, clip: Path) -> Recording:
        """Understand the clip. Raises `ClipFailed`."""
        batch = bench.analyse([clip])
        video = bench.library.record.video(batch.video_ids[0])
        assert video is not None
        outputs = pipeline.Pipeline(bench.library, bench.runtime).outputs(video)
        return cls({name: output.model_dump(mode="json") for name, output in outputs.items()}, batch.seconds)

    @classmethod
    def read(cls, file: Path) -> Recording:
        """What `write` wrote."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def write(self, file: Path) -> None:
        """To a file for the workers."""
        text = json.dumps({"outputs": self.outputs, "seconds": self.seconds}, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")


def copy_blobs(data: Path, target: Path) -> None:
    """What the recorded outputs name in the blob store, to the store of the workers."""
    shutil.copytree(data / "blobs" / "derived", target / "derived", dirs_exist_ok=True)


def stand_ins(stages: Sequence[Stage], recording: Recording) -> tuple[Stage, ...]:
    """The stages, with waiting in the place of their work. Fingerprints, lanes and needs stay."""
    return tuple(replace(stage, run=_waiting(stage, recording)) for stage in stages)


def _waiting(stage: Stage, recording: Recording) -> Any:
    output = stage.output.model_validate(recording.outputs[stage.name])
    seconds = recording.seconds[stage.name]

    def run(context: StageContext) -> StageOutput:
        time.sleep(seconds)
        return _no_pictures(context) if stage.name == SIGNATURE.name else output

    return run


def _no_pictures(context: StageContext) -> SignatureOutput:
    """Videos with the same pictures would all be copies of each other; without any, none is looked for."""
    nothing = Signature(
        1.0, np.zeros(0, np.float32), np.zeros((0, len(VIEWS)), np.uint64), np.zeros((0, BANDS), np.int8)
    )
    key = f"{context.folder}/signature.bin"
    context.blobs.put_bytes(nothing.to_bytes(), key)
    return SignatureOutput(key=key)


class DiscardingIndex:
    """Takes points and forgets them: no Qdrant server is started here."""

    def upsert(self, _collection: Collection, _points: Sequence[Point]) -> None:
        """Nothing is kept."""

    def delete(self, _collection: Collection, _where: Filter) -> None:
        """There is nothing."""

    def close(self) -> None:
        """Nothing is open."""

    def __getattr__(self, name: str) -> Never:
        raise NotImplementedError(f"the benchmark's index only takes points, and {name} was asked of it")


class IdentityRuntime(Runtime):
    """Says which models speak and how long their vectors are, and loads none."""

    @property
    def text(self) -> TextEngine:
        """Its length alone."""
        return cast("TextEngine", SimpleNamespace(dim=384))

    @property
    def vision(self) -> VisionEngine:
        """Its length alone."""
        return cast("VisionEngine", SimpleNamespace(dim=384))

    @property
    def sound(self) -> SoundEngine:
        """Its length alone."""
        return cast("SoundEngine", SimpleNamespace(dim=64))


def _alone(settings: Settings, runtime: Runtime) -> dict[str, float]:
    """Every due lane of every video, one after another in this process; how many videos, and its processor seconds."""
    dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
    with Library.open(settings, dims) as library:
        worker, videos = LaneWorker(pipeline.Pipeline(library, runtime), lambda *_: None), 0
        began = time.process_time()
        while due := library.record.due(now=utc_now()):
            for video_id, lane in due:
                worker.run(video_id, lane)
                videos += lane is Lane.PUBLISH
        return {"videos": videos, "cpu_s": time.process_time() - began}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load_work", description=__doc__)
    parser.add_argument("--recording", type=Path, required=True, help="what the stages give")
    parser.add_argument("--threads", type=int, default=32, help="lanes at once")
    parser.add_argument("--alone", action="store_true", help="run what is due lane by lane, tell what it took, and end")
    given = parser.parse_args(arguments)
    recording = Recording.read(given.recording)
    if given.alone:
        recording = replace(recording, seconds=dict.fromkeys(recording.seconds, 0.0))
    stages = stand_ins(pipeline.STAGES, recording)
    # The one place where the product's work is replaced, and only in this process.
    pipeline.STAGES = stages
    pipeline._BY_NAME.update({stage.name: stage for stage in stages})
    library_module.open_index = lambda *_, **__: DiscardingIndex()  # type: ignore[attr-defined]
    settings = Settings()
    profile = load_profile(settings.profile)
    if given.alone:
        print(json.dumps(_alone(settings, IdentityRuntime(profile, settings.models_dir))), flush=True)
        return 0
    plan = WorkerPlan(frozenset(Lane), Pool.THREADS, given.threads)
    return run_worker(settings, lambda: IdentityRuntime(profile, settings.models_dir), plan)


if __name__ == "__main__":
    raise SystemExit(main())
