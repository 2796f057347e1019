"""A language model behind HTTP: a real server describes a real clip, and one that is away costs no video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.errors import EndpointMisconfigured
from models.profile import Profile
from models.runtime import Runtime
from services.library.record.types import Lane, Video
from services.library.understanding import VideoState
from services.settings import Settings
from tests.model_server import refusing, serving
from tests.workers.conftest import OpenStudio, Studio
from workers import lanes
from workers.lanes import LaneWorker
from workers.pipeline import Pipeline
from workers.stages.describe import DescribeOutput

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def server(runtime: Runtime) -> tuple[str, str]:
    """Address of llama.cpp's own HTTP server with the lite weights, and the name that it gives its model."""
    url = runtime.language._server.listening_address + "/v1"  # type: ignore[attr-defined]
    return url, httpx.get(f"{url}/models", trust_env=False).json()["data"][0]["id"]


EnginesAt = Callable[..., Runtime]


@pytest.fixture(scope="module")
def engines_at(runtime: Runtime, server: tuple[str, str]) -> Iterator[EnginesAt]:
    """`engines_at(url, model)`: the lite engines, but for a language model at that address."""
    made: list[Runtime] = []

    def make(url: str, model: str = server[1]) -> Runtime:
        document = runtime.profile.model_dump(mode="json") | {"name": "served", "asking": {"prompts": "brief"}}
        options: dict[str, Any] = {"model": model, "base_url": url, "retries": 0, "read_s": 60.0}
        document["roles"]["language"] = {"engine": "openai", "options": options}
        made.append(Runtime(Profile.model_validate(document), Settings().models_dir))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def perceived(open_studio: OpenStudio, clip: Callable[..., Path]) -> tuple[Studio, Video]:
    """A clip that waits for the describe lane."""
    studio = open_studio()
    video = studio.submit(clip(studio.folder / "tea.mp4", 91), title="Green tea at home in the kitchen")
    for lane in (Lane.PREPARE, Lane.PERCEIVE):
        assert run(studio, studio.runtime, video, lane) is not None
    return studio, video


def run(studio: Studio, engines: Runtime, video: Video, lane: Lane) -> Lane | None:
    advanced = LaneWorker(Pipeline(studio.library, engines), lambda *_: None).run(video.id, lane)
    return None if advanced is None else advanced.lane


def test_a_server_that_is_away_for_half_an_hour_costs_nothing_and_a_real_one_then_describes(
    perceived: tuple[Studio, Video],
    engines_at: EnginesAt,
    server: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    studio, video = perceived
    with serving() as other:
        gone = other.url
    away, start = engines_at(gone), lanes.utc_now()
    for minutes in (0, 10, 20, 30):
        monkeypatch.setattr(lanes, "utc_now", lambda minutes=minutes: start + timedelta(minutes=minutes))
        assert run(studio, away, video, Lane.DESCRIBE) is None
        now = studio.video(video.id)
        assert (now.state, now.lane, now.attempts) == (VideoState.QUEUED, Lane.DESCRIBE, 0)
        assert now.reason is not None
        assert now.reason.startswith(f"describe: {gone} cannot be reached")
        assert now.waiting_since is not None
        assert now.not_before is not None
        assert now.not_before > lanes.utc_now()

    monkeypatch.setattr(lanes, "utc_now", lambda: start + timedelta(minutes=40))
    there = engines_at(server[0])
    assert run(studio, there, video, Lane.DESCRIBE) is Lane.PUBLISH
    described = Pipeline(studio.library, there).outputs(studio.video(video.id))["describe"]
    assert isinstance(described, DescribeOutput)
    assert described.answer is not None, described.problems
    assert {tag.evidence for tag in described.answer.tags} <= {"M1", "F1", "F2", "F3", "F4"}
    assert described.prompt_tokens > 100
    assert described.completion_tokens > 10
    assert described.problems == ()
    assert studio.video(video.id).waiting_since is None


def test_a_real_server_names_the_model_that_it_has(engines_at: EnginesAt, server: tuple[str, str]) -> None:
    with pytest.raises(EndpointMisconfigured, match=f"has no model 'qwen'; it has {server[1]}"):
        engines_at(server[0], "qwen").probe()
    assert engines_at(server[0]).probe() == (f"{server[0]} answers and has {server[1]}",)


@pytest.mark.parametrize(
    ("status", "outage_s", "said"),
    [(401, 3600, "REELWISE_LANGUAGE_API_KEY is wrong or missing"), (503, 0, "answered 503: no")],
)
def test_a_wrong_key_fails_at_once_and_an_outage_when_it_lasts_too_long(
    open_studio: OpenStudio, clip: Callable[..., Path], engines_at: EnginesAt, status: int, outage_s: int, said: str
) -> None:
    studio = open_studio(model_outage_s=outage_s)
    video = studio.submit(clip(studio.folder / f"tea-{status}.mp4", 92, seconds=0.6), title="Green tea")
    with serving() as servant:
        servant.replies = [refusing(status)]
        engines = engines_at(servant.url, "m")
        for lane in (Lane.PREPARE, Lane.PERCEIVE):
            run(studio, studio.runtime, video, lane)
        assert run(studio, engines, video, Lane.DESCRIBE) is None
    failed = studio.video(video.id)
    assert failed.state is VideoState.FAILED
    assert failed.reason is not None
    assert said in failed.reason
