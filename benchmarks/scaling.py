"""Curves of `benchmarks.speed`: copies of work, length of a clip, cost of each modality, and memory over hours."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clips import Clip
from benchmarks.run import Batch, opened
from benchmarks.scaling_media import concatenated, distinct_copy
from benchmarks.speed_memory import MemoryCurve, MemorySampler
from models.runtime import Runtime

_BASE = 8
"""Clips that copies are made of. Each number of copies covers every one of them equally often."""

_MEMORY_CLIP_S = 300.0

MODALITIES = {
    "pictures": ("media", "frames"),
    "speech": ("speech",),
    "text on screen": ("ocr",),
    "sound": ("sound",),
    "language": ("describe",),
}
"""The stages of a modality; all others are work that any of them needs."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ScalingPoint:
    """`copies` files were queued at once, `rounds` times; seconds are per file, all rounds together."""

    copies: int
    rounds: int
    s_per_video: float
    videos_per_min: float
    s_per_video_minute: float


@dataclass(frozen=True, slots=True)
class LengthPoint:
    """One clip of that length alone; `s_per_minute` is wall clock per minute of video."""

    length_s: float
    wall_s: float
    s_per_minute: float
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class ModalityCost:
    """Seconds a clip that one modality adds, and the sum with all before it. Clips were alone on the machine."""

    name: str
    added_s: float
    total_s: float


def sizes(most: int) -> list[int]:
    """1, 2, 4, ... up to `most`.

    >>> sizes(10)
    [1, 2, 4, 8]
    """
    return [2**power for power in range(most.bit_length()) if 2**power <= most]


def base_clips(clips: Sequence[Clip], count: int = _BASE) -> list[Clip]:
    """The MP4 clips whose length is nearest to the median, in order of the labels. `ValueError` where there is none."""
    candidates = [clip for clip in clips if clip.path.suffix == ".mp4"]
    if not candidates:
        raise ValueError("copies are made of MP4 clips, and none of the clips is one")
    middle = float(np.median([clip.duration_s for clip in candidates]))
    nearest = sorted(candidates, key=lambda clip: abs(clip.duration_s - middle))[:count]
    return [clip for clip in candidates if clip in nearest]


def scaling(
    runtime: Runtime, clips: Sequence[Clip], most: int, say: Say
) -> tuple[list[ScalingPoint], list[ModalityCost]]:
    """Throughput for 1, 2, 4, ... `most` copies of work, and what each modality costs where clips come one at a time.

    Copies differ in a byte that no decoder reads, so they are different videos; near-duplicates are not reused. A
    small number of copies is run in rounds over all base clips, so that every point has done the same kind of work.
    """
    base = base_clips(clips)
    points, alone = [], []
    for copies in sizes(most):
        rounds = max(1, len(base) // copies)
        batches, video_s = [], 0.0
        for number in range(rounds):
            say(f"{copies} copies, round {number + 1} of {rounds}")
            chosen = [base[(number * copies + i) % len(base)] for i in range(copies)]
            video_s += sum(clip.duration_s for clip in chosen)
            batches.append(_analysed_copies(runtime, chosen))
        wall = sum(batch.wall_s for batch in batches)
        done = copies * rounds
        points.append(ScalingPoint(copies, rounds, wall / done, 60 * done / wall, 60 * wall / video_s))
        if copies == 1:
            alone = batches
    return points, modality_costs([batch.seconds for batch in alone], [batch.wall_s for batch in alone])


def modality_costs(seconds: Sequence[dict[str, float]], walls: Sequence[float]) -> list[ModalityCost]:
    """From stage seconds and wall clocks of videos that ran alone. What is no modality's is `the rest`, and comes last.

    >>> [cost.total_s for cost in modality_costs([{"media": 1.0, "describe": 5.0, "vectors": 1.0}], [8.0])][-2:]
    [6.0, 8.0]
    """
    summed: dict[str, float] = defaultdict(float)
    for video in seconds:
        for stage, value in video.items():
            summed[stage] += value / len(seconds)
    costs, total = [], 0.0
    for name, stages in MODALITIES.items():
        added = sum(summed[stage] for stage in stages)
        total += added
        costs.append(ModalityCost(name, added, total))
    rest = sum(walls) / len(walls) - total
    return [*costs, ModalityCost("the rest", rest, total + rest)]


def lengths(runtime: Runtime, clips: Sequence[Clip], wanted: Sequence[float], say: Say) -> list[LengthPoint]:
    """Seconds per clip length; clips are put together from the labelled ones and analysed one at a time."""
    points = []
    with tempfile.TemporaryDirectory(prefix="reelwise-benchmark-") as scratch:
        for length in wanted:
            say(f"a clip of {length:.0f} s")
            path = concatenated([clip.path for clip in clips], Path(scratch) / f"{length:.0f}.mp4", length)
            with opened(runtime, reuse_duplicates=False) as bench:
                batch = bench.analyse([path])
            points.append(LengthPoint(length, batch.wall_s, 60 * batch.wall_s / length, batch.seconds))
    return points


def memory_over(runtime: Runtime, clips: Sequence[Clip], hours: float, say: Say) -> MemoryCurve:
    """Resident memory while `hours` of video go through one library, in clips of five minutes (or all in one)."""
    each = min(_MEMORY_CLIP_S, hours * 3600)
    count = max(1, round(hours * 3600 / each))
    sampler = MemorySampler()
    with tempfile.TemporaryDirectory(prefix="reelwise-benchmark-") as scratch:
        folder = Path(scratch)
        say("putting long clips together")
        whole = concatenated([clip.path for clip in clips], folder / "whole.mp4", each)
        paths = [distinct_copy(whole, folder / f"{number}.mp4", number) for number in range(count)]

        def progress(done: int) -> None:
            sampler.done_s = done * each
            say(f"memory: {done} of {count} long clips")

        with opened(runtime, reuse_duplicates=False) as bench, sampler.sampling():
            bench.analyse(paths, progress)
    return sampler.curve(count)


def _analysed_copies(runtime: Runtime, clips: Sequence[Clip]) -> Batch:
    with tempfile.TemporaryDirectory(prefix="reelwise-benchmark-") as scratch:
        paths = [distinct_copy(clip.path, Path(scratch) / f"{n}.mp4", n) for n, clip in enumerate(clips)]
        with opened(runtime, reuse_duplicates=False) as bench:
            return bench.analyse(paths)
