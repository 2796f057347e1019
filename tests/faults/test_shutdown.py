"""SIGTERM under load: what runs may end, what does not is given back, and whoever comes next goes on at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from services.library.library import Library
from services.settings import Settings
from tests.faults.conftest import DIMS, Scaled, assert_done_once, submit
from tests.faults.engines import Fault, Faults
from tests.faults.processes import Commands, until


def test_up_that_is_told_to_stop_under_load_leaves_the_rest_for_the_next(
    commands: Commands, settings: Settings, faults: Faults, clips: Callable[[int], Path]
) -> None:
    commands.environment["REELWISE_SHUTDOWN_S"] = "1"
    faults.set("vision", Fault.WAIT)
    process, client = commands.up()
    with client:
        ids = [client.post("/v1/videos", json={"path": str(clips(seed))}).json()["id"] for seed in (1, 2, 3)]
        until("a lane is at work", lambda: faults.met("vision"))
        assert process.stop() == 0, commands.logs()
    faults.clear("vision")
    with Library.open(settings, DIMS) as library:
        left = [library.record.resolve(video) for video in ids]
        assert {video.attempts for video in left} == {0}
        assert {video_id for video_id, _ in library.record.due(now=library.record._clock())} == set(ids)
    process, client = commands.up()
    with client:
        for video in ids:
            until("it is ready", lambda video=video: client.get(f"/v1/videos/{video}").json()["state"] == "ready")
    assert process.stop() == 0, commands.logs()
    with Library.open(settings, DIMS) as library:
        assert_done_once(library, *left)


def test_a_worker_that_is_told_to_stop_under_load_gives_its_lanes_to_another(
    scaled: Scaled, faults: Faults, clips: Callable[[int], Path]
) -> None:
    """The lease would last for an hour: it is given back, not waited for."""
    scaled.commands.environment.update({"REELWISE_SHUTDOWN_S": "1", "REELWISE_LEASE_S": "3600"})
    faults.set("vision", Fault.WAIT)
    scaled.commands.start("sweep")
    first = scaled.commands.start("worker", "--concurrency", "2")
    videos = [submit(scaled.library, clips(seed)) for seed in (1, 2, 3)]
    until("a lane is at work", lambda: faults.met("vision"))
    assert first.stop() == 0, scaled.commands.logs()
    faults.clear("vision")
    assert {scaled.library.record.resolve(video.id).attempts for video in videos} == {0}
    scaled.commands.start("worker", "--concurrency", "2")
    assert_done_once(scaled.library, *videos)
