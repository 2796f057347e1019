"""The load benchmark runs its servers, its processes and its stand-ins, and every video that it hands in ends ready."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.load import Sizes, measure
from benchmarks.load_client import ROUTES
from benchmarks.load_figures import Load
from benchmarks.load_tables import show
from benchmarks.servers.postgres import binaries
from models.runtime import Runtime
from tests.media_factory import scenes, write_video
from workers.pipeline import STAGES

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def load(runtime: Runtime, warmed: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Load:
    if binaries() is None or shutil.which("redis-server") is None:
        pytest.skip("PostgreSQL or Redis is not installed here (Debian: apt-get install postgresql redis-server)")
    folder = tmp_path_factory.mktemp("load")
    clip = write_video(folder / "clip.mp4", scenes([501, 502], 0.4, fps=10), fps=10)
    return measure(clip, runtime, Sizes(20, (1, 2), 8, 900.0), lambda _: None, data=warmed(folder / "data"))


def test_everything_that_is_handed_in_gets_done(load: Load) -> None:
    parts = (load.burst, load.steady)
    rates = [point.rate for point in load.scaling]
    alone = [load.scaling[0].alone[0], *(point.alone[1] for point in load.scaling)]
    assert [one.videos for one in alone] == [2, 2, 2]
    assert sum(one.videos for one in (*alone, *rates)) + sum(part.submitted for part in parts) == 20
    assert all(part.ready == part.submitted for part in parts)
    assert [rate.processes for rate in rates] == [1, 2]
    assert all(rate.per_s > 0 for rate in rates)


def test_what_it_costs_is_told_of_every_process(load: Load) -> None:
    assert set(load.waited_s) == {stage.name for stage in STAGES}
    assert all(alone.lanes > 0 for point in load.scaling for alone in point.alone)
    assert all(set(point.rate.cpu_ms) == {"api", "sweep", "redis", "postgres", "workers"} for point in load.scaling)
    for part in (load.burst, load.steady):
        assert set(part.cpu_ms) == {"api", "sweep", "redis", "postgres", "workers"}
        assert part.cpu_ms["workers"] > 0
        assert part.cpu_ms["postgres"] > 0
        assert part.memory["api"].last > 0
        assert part.latency["POST /v1/videos"].count == part.submitted
        assert part.latency.keys() <= {"POST /v1/videos", *(f"GET {route}" for route in ROUTES)}
        assert not part.errors


def test_the_table_says_what_stood_in_for_the_work(load: Load) -> None:
    written = io.StringIO()
    show(Console(file=written, width=200), load)
    assert "in the place of their work" in written.getvalue()
    assert f"| 2 worker processes | {sum(load.scaling[1].rate.cpu_ms.values()):.1f} |" in written.getvalue()
    assert f"| handed in | {load.burst.submitted} in" in written.getvalue()
