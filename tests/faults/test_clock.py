"""The clock jumps while a lane is at work, or while one waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.runtime import Runtime
from services.library.library import Library
from services.library.record.types import CostKey, Lane
from services.settings import Settings
from tests.faults.conftest import DIMS, assert_done_once, assert_understood, run_lanes, submit
from tests.faults.engines import Fault, Faults
from tests.faults.processes import until
from workers import lanes


@dataclass
class Clock:
    """The real clock, and how far it has jumped."""

    jumped: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.jumped


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(lanes, "utc_now", made)
    return made


@pytest.fixture
def library(settings: Settings, clock: Clock) -> Iterator[Library]:
    # Heartbeats are far between: none comes to the rescue of a lease within the test.
    with Library.open(settings.model_copy(update={"lease_s": 300.0}), DIMS) as opened:
        opened.record._clock = clock
        yield opened


@pytest.mark.parametrize("hours", [2, -2])
def test_a_jump_while_a_lane_is_at_work_leads_to_one_result(
    library: Library, runtime: Runtime, faults: Faults, clock: Clock, clips: Callable[[int], Path], hours: int
) -> None:
    """The lease looks expired, so a second worker takes the lane; the first one is at work all the same."""
    video = submit(library, clips(1))
    faults.set("vision", Fault.WAIT)
    workers = [threading.Thread(target=run_lanes, args=(library, runtime, video)) for _ in range(2)]
    workers[0].start()
    until("the lane is at work", lambda: faults.met("vision"))
    clock.jumped = timedelta(hours=hours)
    workers[1].start()
    until("the second has the lane", lambda: library.record.resolve(video.id).attempts == 1)
    faults.clear("vision")
    for worker in workers:
        worker.join()
    assert_understood(library, video)
    # The frames were looked at twice, which the ledger tells; all that followed was done once.
    again = [found.key for found in library.record.costs(CostKey.STAGE) if found.runs > 1]
    assert set(again) <= {"frames", "speech", "sound"}


def test_a_lane_that_waits_when_the_clock_is_set_back_is_due_at_once(
    library: Library, runtime: Runtime, faults: Faults, clock: Clock, clips: Callable[[int], Path]
) -> None:
    """A retry is to come two seconds from now; then the clock says that it is yesterday."""
    video = submit(library, clips(2))
    faults.set("vision", Fault.RAISE)
    run_lanes(library, runtime, video)
    assert library.record.due(now=clock()) == []
    faults.clear("vision")
    clock.jumped = -timedelta(days=1)
    assert library.record.due(now=clock()) == [(video.id, Lane.PERCEIVE)]
    run_lanes(library, runtime, video)
    assert_done_once(library, video)


def test_the_lease_of_a_worker_that_died_before_the_clock_was_set_back_expires(
    library: Library, runtime: Runtime, clock: Clock, clips: Callable[[int], Path]
) -> None:
    video = submit(library, clips(3))
    assert library.record.claim(video.id, Lane.PREPARE, now=clock(), lease_s=300.0) is not None
    clock.jumped = -timedelta(days=1)
    assert library.record.due(now=clock()) == [(video.id, Lane.PREPARE)]
    run_lanes(library, runtime, video)
    assert_done_once(library, video)
