"""The broker dies and comes back empty, or stands still for a while: messages are lost, videos are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Scaled, assert_done_once, submit
from tests.faults.engines import Fault, Faults
from tests.faults.processes import until


@pytest.mark.parametrize("fault", ["killed", "halted"])
def test_a_broker_that_is_away_under_load_loses_no_video(
    scaled: Scaled, faults: Faults, clips: Callable[[int], Path], fault: str
) -> None:
    faults.set("vision", Fault.WAIT)
    scaled.commands.start("sweep")
    scaled.commands.start("worker", "--concurrency", "1")
    videos = [submit(scaled.library, clips(seed)) for seed in (1, 2)]
    # One lane is at work, and the messages about the other video lie in the broker.
    until("a lane is at work", lambda: faults.met("vision"))
    if fault == "killed":
        scaled.redis.stop()
    else:
        scaled.redis.halt()
    videos.append(submit(scaled.library, clips(3)))
    faults.clear("vision")
    if fault == "killed":
        until("its stage is stored", lambda: scaled.has_result(videos, "frames"))
        scaled.redis.start()
    else:
        scaled.redis.go_on()
    assert_done_once(scaled.library, *videos)
