"""A model that fails is tried a bounded number of times; a server that is away costs time, and no attempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from models.runtime import Runtime
from services.api.documents import understanding_of
from services.library.library import Library
from services.library.record.types import CostKey, Lane
from services.library.understanding import VideoState
from services.settings import Settings
from tests.faults.conftest import assert_done_once, ended, run_lanes, submit
from tests.faults.engines import Fault, Faults
from workers import lanes
from workers.launcher import EmbeddedWorker


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_attempts": 2, "model_outage_s": 900.0})


def test_a_model_that_raises_every_time_fails_the_video_with_the_reason_and_a_retry_goes_on_from_there(
    library: Library, runtime: Runtime, faults: Faults, clips: Callable[[int], Path]
) -> None:
    faults.set("vision", Fault.RAISE)
    worker = EmbeddedWorker(library, runtime, threads=1)
    worker.start()
    try:
        video = submit(library, clips(1))
        (failed,) = ended(library, video)
        assert failed.state is VideoState.FAILED
        assert failed.attempts == 2
        assert failed.reason == "perceive: RuntimeError: the vision is out of its mind"
        assert understanding_of(library.record, failed).reason == failed.reason
        (frames,) = [found for found in library.record.costs(CostKey.STAGE) if found.key == "frames"]
        assert (frames.runs, frames.failed) == (2, 2)
        faults.clear("vision")
        library.record.retry(video.id)
        assert_done_once(library, video)
    finally:
        worker.stop()


def test_a_language_server_that_is_away_for_ten_minutes_costs_no_attempt(
    library: Library,
    runtime: Runtime,
    faults: Faults,
    clips: Callable[[int], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock is replaced: ten minutes pass at once."""
    video = submit(library, clips(2))
    faults.set("language", Fault.AWAY)
    assert run_lanes(library, runtime, video) is Lane.DESCRIBE
    began = lanes.utc_now()
    for minutes in range(1, 11):
        monkeypatch.setattr(lanes, "utc_now", lambda minutes=minutes: began + timedelta(minutes=minutes))
        assert run_lanes(library, runtime, video) is Lane.DESCRIBE
        waiting = library.record.resolve(video.id)
        assert (waiting.state, waiting.attempts) == (VideoState.QUEUED, 0)
        assert waiting.reason == "describe: the language server cannot be reached"
    faults.clear("language")
    monkeypatch.setattr(lanes, "utc_now", lambda: began + timedelta(minutes=12))
    assert run_lanes(library, runtime, video) is None
    assert_done_once(library, video)
