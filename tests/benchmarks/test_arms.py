from __future__ import annotations

from rich.console import Console

from benchmarks.recsys.arms import run_arms
from benchmarks.recsys.product import Arm
from benchmarks.recsys.simulate import Plan

DRAWN = Arm({"weights": {"unexplored": 1.0}, "exploration_share": 1.0})
NEWEST = Arm({"weights": {"fresh": 1.0}, "exploration_share": 0.0})


def test_every_arm_is_ranked_by_its_own_policy() -> None:
    plan = Plan(viewers=1, rounds=2, change_at=1, window=1, seeds=(1,))
    arms = {"drawn for a first audience": DRAWN, "the newest": NEWEST}
    found = run_arms((60, 0), arms, plan, Console(quiet=True), page=3)
    assert found["drawn for a first audience"]["new_creators"]["mean"] < 1.0
    assert found["the newest"]["new_creators"]["mean"] == 1.0
