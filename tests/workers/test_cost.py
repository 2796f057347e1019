"""Every run of a stage has its cost, and a result that is used again costs nothing again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.metering import count_tokens
from models.profile import Role
from models.runtime import Runtime
from services.library.blobs import BlobStore
from services.library.record.types import CostKey, Lane
from services.library.understanding import VideoState
from tests.workers.conftest import Analysed
from workers.cost import CpuShares, StageMeter, cpu_seconds_used
from workers.lanes import LaneWorker
from workers.pipeline import STAGES, Pipeline
from workers.stages import ocr
from workers.stages.describe import DESCRIBE

pytestmark = pytest.mark.models


class Cpu:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_stages_that_run_at_once_share_the_cpu_and_the_shares_add_up() -> None:
    cpu = Cpu()
    shares = CpuShares(cpu)
    first = shares.begin()
    cpu.seconds += 3
    second = shares.begin()
    cpu.seconds += 4
    assert (shares.so_far(first), shares.so_far(second)) == (5, 2)
    shares.end(first)
    cpu.seconds += 1
    assert shares.so_far(second) == 3
    shares.end(second)
    cpu.seconds += 50  # nobody's
    third = shares.begin()
    assert shares.so_far(third) == 0


def test_cpu_time_grows_with_work() -> None:
    before = cpu_seconds_used()
    while cpu_seconds_used() < before + 0.01:
        sum(range(10_000))
    assert cpu_seconds_used() > before


def test_a_meter_counts_models_tokens_and_reads_of_its_own_stage_only(runtime: Runtime, tmp_path: Path) -> None:
    blobs = BlobStore(f"file://{tmp_path}")
    blobs.put_bytes(b"12345", "a/b")
    blobs.get_bytes("a/b")
    with StageMeter(runtime, DESCRIBE, "v") as meter:
        blobs.get_bytes("a/b")
        with blobs.local_path("a/b"):
            count_tokens(30, 4)
        with runtime.calling(Role.TEXT):
            pass
        cost = meter.cost(made=True)
    assert (cost.bytes_read, cost.prompt_tokens, cost.completion_tokens) == (10, 30, 4)
    assert cost.model == runtime.identity(Role.LANGUAGE).short
    assert cost.tokens_billed is False
    assert cost.gpu_seconds == 0.0  # lite runs on the CPU
    assert cost.wall_seconds > 0


def test_every_stage_of_a_video_has_its_cost_and_the_tokens_are_the_models(analysed: Analysed) -> None:
    record = analysed.studio.library.record
    pipeline = Pipeline(analysed.studio.library, analysed.studio.runtime)
    (video,) = [one for one in record.costs(CostKey.VIDEO) if one.key == analysed.video.id]
    assert video.runs == len(STAGES)
    assert video.failed == 0
    described = pipeline.outputs(analysed.video)["describe"]
    assert video.prompt_tokens == described.model_dump()["prompt_tokens"] > 0
    assert video.bytes_read > analysed.path.stat().st_size
    assert video.cpu_seconds > 0

    for lane in Lane:
        pipeline.run_lane(analysed.video, lane, lambda *_: pytest.fail("a stage ran"))
    assert record.costs(CostKey.VIDEO, limit=1000)[0].runs >= len(STAGES)
    (again,) = [one for one in record.costs(CostKey.VIDEO) if one.key == analysed.video.id]
    assert again == video


def test_what_a_failed_stage_took_is_counted(studio, open_studio, clip, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = open_studio(max_attempts=1)
    video = studio.submit(clip(studio.folder / "fails.mp4", 31, seconds=0.6))

    def fail(_: object) -> None:
        count_tokens(7, 0)
        raise RuntimeError("out of order")

    broken = tuple(replace(stage, run=fail) if stage.name == ocr.OCR.name else stage for stage in STAGES)
    monkeypatch.setattr("workers.pipeline.STAGES", broken)
    LaneWorker(Pipeline(studio.library, studio.runtime), lambda *_: None).run(video.id, Lane.PREPARE)
    assert studio.video(video.id).state is VideoState.FAILED
    failed = {one.key: (one.failed, one.prompt_tokens) for one in studio.library.record.costs(CostKey.STAGE)}
    assert failed.pop("ocr") == (1, 7)
    assert set(failed.values()) == {(0, 0)}
    assert set(failed) == {stage.name for stage in STAGES if stage.lane is Lane.PREPARE} - {"ocr"}
