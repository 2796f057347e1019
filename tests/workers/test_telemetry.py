"""One submission is one trace, from the request to the stages, and its logs name the video and nothing of its words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from services.api import Service, create_app
from services.cli.bridge import InProcessTransport
from services.cli.launcher import InProcessDispatcher
from services.library.understanding import VideoState
from services.telemetry.meters import meters
from tests.services.telemetry.conftest import lines, log_to  # noqa: F401 - fixtures
from workers.launcher import EmbeddedWorker
from workers.pipeline import STAGES

pytestmark = pytest.mark.models

WORDS = "zanzibar"


def test_one_submission_is_one_trace_and_logs_nothing_that_people_wrote(
    open_studio,
    clip: Callable[..., Path],
    spans,
    lines,  # noqa: F811
) -> None:
    studio = open_studio(allowed_hosts=("127.0.0.1",))
    path = clip(studio.folder / f"{WORDS}.mp4", 411, seconds=0.8)
    path.with_suffix(".srt").write_text(f"1\n00:00:00,000 --> 00:00:00,700\nWelcome to {WORDS}\n")
    worker = EmbeddedWorker(studio.library, studio.runtime, threads=2)
    app = create_app(Service(studio.library, studio.runtime, InProcessDispatcher(worker)))
    done = meters().registry.get_sample_value
    worker.start()
    try:
        with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
            body = {"path": str(path), "title": f"{WORDS} at noon", "hashtags": [WORDS], "creator": WORDS}
            answer = http.post("/v1/videos", json=body, headers={"x-request-id": "upload-1"})
            assert answer.status_code == 202, answer.text
            (video,) = studio.wait([answer.json()["id"]])
            http.get("/v1/search", params={"q": WORDS})
    finally:
        worker.stop()
    assert video.state is VideoState.READY, video.reason

    by_name = {span.name: span for span in spans}
    request = by_name["POST /v1/videos"]
    lanes = [by_name[f"lane {lane}"] for lane in ("prepare", "perceive", "describe", "publish")]
    assert {lane.parent.span_id for lane in lanes} == {request.context.span_id}
    assert {lane.context.trace_id for lane in lanes} == {request.context.trace_id}
    assert all(lane.attributes["video.id"] == video.id for lane in lanes)
    assert all(lane.attributes["reelwise.outcome"] == "done" for lane in lanes)
    for stage in STAGES:
        assert by_name[f"stage {stage.name}"].parent.span_id == by_name[f"lane {stage.lane.value}"].context.span_id
        assert done("reelwise_stage_duration_seconds_count", {"stage": stage.name, "outcome": "made"})

    said = lines()
    ended = [line for line in said if line["logger"] == "services.telemetry.work"]
    assert [line["lane"] for line in ended] == ["prepare", "perceive", "describe", "publish"]
    assert {(line["video_id"], line["request_id"]) for line in ended} == {(video.id, "upload-1")}
    assert len({line["task_id"] for line in ended}) == 4
    told = str(said) + str([(span.name, dict(span.attributes or {})) for span in spans])
    assert WORDS not in told.lower()
