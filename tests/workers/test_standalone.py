"""Workers of some lanes in processes of their own, over a real Redis; `up`'s process publishes and tells them."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from models.profile import Role, load_profile
from models.runtime import Runtime
from services.cli.launcher import service
from services.intake import Metadata, submit_path
from services.library.errors import IndexUnavailable
from services.library.library import Library
from services.library.record.types import Lane
from services.library.understanding import VideoState
from services.settings import Settings
from tests.brokers import redis_server
from tests.commands import command
from tests.workers.conftest import FINAL
from workers.lanes import LaneWorker, utc_now
from workers.pipeline import EarlierLaneDue, Pipeline, lane_roles

pytestmark = pytest.mark.models

PATIENCE_S = 900.0


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


def test_two_workers_over_redis_and_the_process_that_publishes_understand_videos(
    redis_url: str, clip: Callable[..., Path], warmed: Callable[[Path], Path], tmp_path: Path
) -> None:
    data = warmed(tmp_path / "data")
    environment = {
        "REELWISE_BROKER_URL": redis_url,
        "REELWISE_DATA_DIR": str(data),
        "REELWISE_MAX_FRAMES": "2",
        "REELWISE_MAX_OCR_FRAMES": "1",
        "COLUMNS": "200",
    }
    settings = Settings(
        data_dir=data, broker_url=redis_url, max_frames=2, max_ocr_frames=1, sweep_s=0.5, allowed_roots=(tmp_path,)
    )
    prepares, others = tmp_path / "prepare.log", tmp_path / "others.log"
    forked = ("--lane", "prepare", "--pool", "prefork", "--concurrency", "1", "--max-child-tasks", "1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seen = {**environment, "REELWISE_METRICS_PORT": str(port), "REELWISE_LOG_FORMAT": "json"}
    with (
        service(settings, work=True) as parts,
        command(prepares, seen, "worker", *forked),
        command(others, environment, "worker", "--lane", "perceive", "--lane", "describe", "--concurrency", "1"),
    ):
        record = parts.library.record
        videos = [
            submit_path(parts.library, clip(tmp_path / f"{seed}.mp4", seed, seconds=0.8), Metadata()).video.id
            for seed in (311, 313)
        ]
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends and not all(record.video(video).state in FINAL for video in videos):  # type: ignore[union-attr]
            time.sleep(0.2)
        done = [record.video(video) for video in videos]
        logs = prepares.read_text() + others.read_text()
        assert [video and video.state for video in done] == [VideoState.READY] * 2, f"{done}\n{logs}"
        # The children that are gone are counted, too.
        shown = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        assert 'reelwise_lane_outcomes_total{lane="prepare",outcome="done"} 2.0' in shown
        # Nothing but publishing was done here: no engine of another lane was loaded.
        assert not {Role.OCR, Role.SPEECH, Role.LANGUAGE} & set(parts.models.loaded())  # type: ignore[attr-defined]
    # Every line of the worker is JSON, Celery's included, but for the farewell that Celery writes past all logging.
    lines = [
        line for line in prepares.read_text().splitlines() if line and not line.startswith("worker: Warm shutdown")
    ]
    assert {"services.cli.watching", "workers.standalone"} <= {json.loads(line)["logger"] for line in lines}
    # A child that has done its one task is replaced, and the library and the engines are opened in each after the fork.
    assert len(set(re.findall(r"process (\d+) serves prepare", prepares.read_text()))) == 2
    assert len(set(re.findall(r"process (\d+) serves describe, perceive", others.read_text()))) == 1


def test_a_process_runs_no_stage_of_a_lane_that_it_does_not_serve(studio, clip) -> None:
    video = studio.submit(clip(studio.folder / "elsewhere.mp4", 331, seconds=0.8))
    own = Runtime(load_profile("lite"), studio.runtime._weights)
    pipeline = Pipeline(studio.library, own, frozenset({Lane.DESCRIBE}))
    with pytest.raises(EarlierLaneDue, match="stage media of the lane prepare"):
        pipeline.run_lane(video, Lane.DESCRIBE, lambda *_: None)
    assert own.loaded() == ()


def test_a_video_whose_earlier_results_are_stale_is_sent_back_once_and_then_the_difference_is_told(
    open_studio, clip
) -> None:
    studio = open_studio(max_attempts=3)
    video = studio.submit(clip(studio.folder / "differs.mp4", 341, seconds=0.8))
    lanes = LaneWorker(Pipeline(studio.library, studio.runtime, frozenset({Lane.DESCRIBE})), lambda *_: None)
    record = studio.library.record
    for expected in (Lane.PREPARE, None):
        lane = studio.video(video.id).lane
        while lane is not Lane.DESCRIBE:
            lease = record.claim(video.id, lane, now=utc_now(), lease_s=60)
            assert record.advance(lease, Lane.DESCRIBE)
            lane = studio.video(video.id).lane
        advanced = lanes.run(video.id, Lane.DESCRIBE)
        assert (None if advanced is None else advanced.lane) is expected
    failed = studio.video(video.id)
    assert failed.state is VideoState.FAILED
    assert "workers differ in profile, weights, settings or version" in failed.reason


def test_a_lane_whose_lease_was_lost_is_given_up_and_nothing_is_held_against_the_video(
    open_studio, clip, monkeypatch
) -> None:
    studio = open_studio(lease_s=0.3)
    video = studio.submit(clip(studio.folder / "lost.mp4", 351, seconds=0.8))
    ran: list[str] = []
    run = Pipeline._run

    def slow(self, stage, *rest):
        ran.append(stage.name)
        output = run(self, stage, *rest)
        if stage.name == "media":
            time.sleep(1.0)  # the heart beats meanwhile, and finds the lease gone
        return output

    monkeypatch.setattr(Pipeline, "_run", slow)
    monkeypatch.setattr(type(studio.library.record), "heartbeat", lambda *_, **__: None)
    assert LaneWorker(Pipeline(studio.library, studio.runtime), lambda *_: None).run(video.id, Lane.PREPARE) is None
    assert ran == ["media"]
    assert (studio.video(video.id).attempts, studio.video(video.id).reason) == (0, None)


def test_a_library_opened_without_an_index_says_so_when_it_is_asked_for_one(tmp_path: Path) -> None:
    with (
        Library.open_without_index(Settings(data_dir=tmp_path)) as library,
        pytest.raises(IndexUnavailable, match="opened without an index"),
    ):
        _ = library.index.count


def test_each_lane_loads_the_models_of_its_stages_alone() -> None:
    roles = lane_roles(Lane)
    assert roles["prepare"] == {Role.OCR}
    assert roles["perceive"] == {Role.SPEECH, Role.VISION, Role.SOUND}
    assert roles["publish"] == {Role.TEXT}
