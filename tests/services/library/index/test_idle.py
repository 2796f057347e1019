from __future__ import annotations

import threading
from typing import cast

import pytest

from services.library.index.idle import IdleOptimizer
from services.library.index.port import IndexPort
from services.settings import Settings


class Written:
    """An index of which only the writes matter."""

    def __init__(self, points: int, quiet_s: float) -> None:
        self.points, self.quiet_s = points, quiet_s
        self.optimized = threading.Event()

    def unoptimized(self) -> tuple[int, float]:
        return self.points, self.quiet_s

    def optimize(self) -> None:
        self.points = 0
        self.optimized.set()


@pytest.mark.parametrize(
    ("points", "quiet_s", "due"),
    [(99, 60.0, False), (100, 60.0, True), (100, 1.0, False), (1999, 0.0, False), (2000, 0.0, True)],
)
def test_it_waits_for_a_quiet_moment_but_not_for_ever(points: int, quiet_s: float, due: bool) -> None:
    index = cast(IndexPort, Written(points, quiet_s))
    assert IdleOptimizer(index, Settings(optimize_after_points=100, optimize_idle_s=10.0)).due() is due


def test_a_running_optimizer_does_its_work_and_ends() -> None:
    index = Written(100, 60.0)
    optimizer = IdleOptimizer(cast(IndexPort, index), Settings(optimize_after_points=100, optimize_idle_s=0.01))
    optimizer.start()
    assert index.optimized.wait(10)
    optimizer.stop()
