"""kill -9 in the middle of a lane: the next one goes on from the last stored result, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from services.api.status import StatusAnswer
from services.cli.main import app
from services.library.library import Library
from services.settings import Settings
from tests.faults.conftest import DIMS, Scaled, assert_done_once, submit
from tests.faults.engines import Fault, Faults
from tests.faults.processes import Commands, until

DOORS = {"prepare": "ocr", "perceive": "vision", "describe": "language", "publish": "index"}
"""Where a process is in the middle of a lane. In publish, the video's point is written and its moments are not."""


def test_up_that_is_killed_in_every_lane_loses_nothing(
    commands: Commands, settings: Settings, faults: Faults, clips: Callable[[int], Path]
) -> None:
    video = None
    for door in DOORS.values():
        faults.set(door, Fault.WAIT)
        process, client = commands.up()
        with client:
            if video is None:
                answer = client.post("/v1/videos", json={"path": str(clips(1)), "title": "A cat in the kitchen"})
                video = answer.json()["id"]
            pid = until(f"the {door} is asked", lambda door=door: faults.met(door))
            assert pid == process.pid
            process.kill()
        faults.clear(door)
    process, client = commands.up()
    with client:
        until("it is ready", lambda: client.get(f"/v1/videos/{video}").json()["state"] == "ready")
        (hit,) = client.get("/v1/search", params={"q": "cat"}).json()["videos"]
        assert hit["video_id"] == video
    assert process.stop() == 0, commands.logs()
    with Library.open(settings, DIMS) as library:
        assert_done_once(library, library.record.resolve(video))


def test_a_worker_that_is_killed_in_every_lane_loses_nothing(
    scaled: Scaled, faults: Faults, clips: Callable[[int], Path]
) -> None:
    """Over Redis, with a sweeper. The dead worker's message died with it."""
    scaled.commands.start("sweep")
    video = submit(scaled.library, clips(2))
    for door in DOORS.values():
        faults.set(door, Fault.WAIT)
        worker = scaled.commands.start("worker", "--concurrency", "1")
        pid = until(f"the {door} is asked", lambda door=door: faults.met(door))
        assert pid == worker.pid
        worker.kill()
        faults.clear(door)
    scaled.commands.start("worker", "--concurrency", "1")
    assert_done_once(scaled.library, video)


def test_a_worker_that_is_killed_while_idle_is_told_of_as_silent(scaled: Scaled) -> None:
    """`reelwise status` is asked elsewhere. A worker that ends in order is not told of any more."""
    scaled.commands.environment["REELWISE_BEAT_S"] = "0.5"
    killed = scaled.commands.start("worker", "--concurrency", "1")
    other = scaled.commands.start("worker", "--lane", "prepare", "--pool", "prefork", "--concurrency", "2")
    until("both are there", lambda: silent(scaled) == {killed.pid: False, other.pid: False})
    killed.kill()
    until("one is silent", lambda: silent(scaled) == {killed.pid: True, other.pid: False})
    assert other.stop() == 0, scaled.commands.logs()
    assert silent(scaled) == {killed.pid: True}
    assert "silent, " in status(scaled)


def silent(scaled: Scaled) -> dict[int, bool]:
    """Whether each worker of the fleet is silent, by process id."""
    return {worker.pid: worker.silent for worker in StatusAnswer.model_validate_json(status(scaled, "--json")).workers}


def status(scaled: Scaled, *options: str) -> str:
    result = CliRunner().invoke(app, ["status", *options], env=scaled.commands.environment)
    assert result.exit_code == 0, result.output
    return result.stdout
