from __future__ import annotations

from rich.console import Console

from benchmarks.recsys.arms import run_arms
from benchmarks.recsys.product import Arm
from benchmarks.recsys.simulate import Plan

NEAR = Arm({"weights": {"meaning": 1.0}, "exploration_share": 0.0})
NEWEST = Arm({"weights": {"fresh": 1.0}, "exploration_share": 0.0})
PLAN = Plan(viewers=1, rounds=5, change_at=4, window=1, seeds=(1,))


def test_every_arm_is_ranked_by_its_own_policy() -> None:
    together = run_arms((60, 0), {"near": NEAR, "newest": NEWEST}, PLAN, Console(quiet=True), page=3)
    alone = run_arms((60, 0), {"newest": NEWEST}, PLAN, Console(quiet=True), page=3)
    assert together["newest"]["curve"] == alone["newest"]["curve"]
    assert together["newest"]["curve"] != together["near"]["curve"]
