"""Every arm with every seed, each a recommender of its own over a copy of the same made-up library."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console
from threadpoolctl import threadpool_limits

from benchmarks.recsys.product import Arm, make_world, opened, start_of, write_library
from benchmarks.recsys.simulate import Plan, Story, World, figures, play

_IN_MEMORY = Path("/dev/shm")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for data that is thrown away, in memory where there is such a place: nothing need outlive the run."""
    where = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="reelwise-audience-", dir=where) as folder:
        yield Path(folder)


def run_arms(
    world_of: tuple[int, int], arms: Mapping[str, Arm], plan: Plan, console: Console, *, page: int, jobs: int = 1
) -> dict[str, dict[str, Any]]:
    """The figures of every arm over the world of (clips, seed); the viewers of a seed are the same in all of them.

    `jobs` processes share the runs; one does them here.
    """
    world, clips = make_world(*world_of)
    start = start_of(plan.rounds, datetime.now(UTC))
    runs = [(name, seed) for seed in plan.seeds for name in arms]
    found: dict[str, list[Sequence[Story]]] = {name: [] for name in arms}
    with scratch() as folder:
        console.print(f"writing {len(clips)} made-up clips", style="dim")
        write_library(folder / "template", world, clips, start)
        asked = [(folder, world, arms[name], plan, seed, start, page, name) for name, seed in runs]
        if jobs == 1:
            for (name, _), run in zip(runs, asked, strict=True):
                found[name].append(_run(*run, console))
        else:
            with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
                waiting = [(name, seed, pool.submit(_run, *run)) for (name, seed), run in zip(runs, asked, strict=True)]
                begun = time.monotonic()
                for name, seed, job in waiting:
                    found[name].append(job.result())
                    console.print(f"{name}, seed {seed}: done after {time.monotonic() - begun:.0f} s", style="dim")
    return {name: figures(world, seeds, plan) for name, seeds in found.items()}


def _run(
    folder: Path,
    world: World,
    arm: Arm,
    plan: Plan,
    seed: int,
    start: datetime,
    page: int,
    name: str,
    console: Console | None = None,
) -> list[Story]:
    # Policies are kept by path for as long as a process lives, so no two arms may share one.
    own = folder / f"{name}-{seed}".replace(" ", "-")
    said = f"{name}, seed {seed}"
    # Lists are short: threads of the linear algebra cost more than they save.
    with threadpool_limits(1), opened(folder / "template", own, arm, start, page=page) as product:
        return play(world, product, plan, seed, said, console or Console(quiet=True))
