"""Many submissions through real Redis, PostgreSQL, API, sweeper and workers: what the queue itself costs.

    python -m benchmarks.load --clip clip.mp4 --submissions 10000 --minutes 10 --json load.json

The clip is understood for real first; then stages wait as long as they took and give what they gave
(`benchmarks/load_work.py`), so that only the queue, the record and the API use the processor. Three parts: throughput
with 1, 2, 4, ... worker processes, with the same work in one process without a queue before and after each, to tell
what the queue adds; a burst handed in at once; the same again at a steady rate, while others read.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.load_client import Client, Latency, Watch
from benchmarks.load_figures import Alone, Load, Memory, Part, Rate, Throughput
from benchmarks.load_fleet import Fleet, FleetUnavailable, running_fleet
from benchmarks.load_tables import show
from benchmarks.load_work import Recording, copy_blobs
from benchmarks.run import ClipFailed, loaded_runtime, opened
from models.errors import ModelError
from models.runtime import Runtime
from services.library.errors import LibraryError

_SCALING_SHARE = 0.4
"""Of the time there is, for throughput by number of processes; the rest is for the burst and the steady rate."""

_BURST_SHARE = 0.25
"""Of the time there is, for the burst."""

_ALONE = 40
"""Videos that are worked on without a queue, each time."""

_SAMPLE_S = 0.5
_DRAIN_S = 120.0

_STEADY = 0.6
"""The steady rate, as a share of what the burst came to."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is handed in, to how many processes of how many threads, within how many seconds in all."""

    submissions: int
    processes: tuple[int, ...]
    threads: int
    seconds: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--clip", type=Path, required=True, help="an MP4 file that is understood first")
    parser.add_argument("--submissions", type=int, default=10_000, help="most videos that are handed in, all together")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4, 8], help="numbers of worker processes")
    parser.add_argument("--threads", type=int, default=32, help="lanes at once in a worker process")
    parser.add_argument("--minutes", type=float, default=10.0, help="when to stop handing in, whatever is left")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    sizes = Sizes(given.submissions, tuple(given.processes), given.threads, 60 * given.minutes)
    try:
        with progress.status("loading the engines") as status, loaded_runtime() as (runtime, _):
            figures = measure(given.clip, runtime, sizes, lambda said: status.update(said))
    except (FleetUnavailable, ClipFailed, ModelError, LibraryError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(console, figures)
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(figures), indent=2), encoding="utf-8")
    return 0


def measure(clip: Path, runtime: Runtime, sizes: Sizes, say: Say, *, data: Path | None = None) -> Load:
    """Record, start the fleet, and run all parts. `data`: the folder to understand the clip in; None: one for a while.

    Raises `FleetUnavailable`, `ClipFailed`.
    """
    with tempfile.TemporaryDirectory(prefix="reelwise-load-") as scratch:
        folder = Path(scratch)
        recorded = data or folder / "recorded"
        say("understanding the clip")
        with opened(runtime, recorded) as bench:
            recording = Recording.of(bench, clip)
        copy_blobs(recorded, folder / "blobs")
        say("starting the servers")
        with running_fleet(folder, recording) as fleet:
            client = Client(fleet.url, clip.read_bytes())
            try:
                return _run(fleet, client, recording, sizes, say)
            finally:
                client.close()


def _run(fleet: Fleet, client: Client, recording: Recording, sizes: Sizes, say: Say) -> Load:
    most = max(sizes.processes)
    scaling_s = _SCALING_SHARE * sizes.seconds / len(sizes.processes)
    burst_s = _BURST_SHARE * sizes.seconds
    steady_s = (1 - _SCALING_SHARE - _BURST_SHARE) * sizes.seconds
    # What is handed in grows with the processes, so that every number of them is watched for about as long.
    unit = max(1, round(_SCALING_SHARE * sizes.submissions / sum(sizes.processes)))
    each = max(2, min(_ALONE, sizes.submissions // 10 // (len(sizes.processes) + 1)))
    say("the same work without a queue")
    alone = [_alone(fleet, client, each)]
    scaling: list[Throughput] = []
    for processes in sizes.processes:
        say(f"throughput with {processes} worker processes, then the same work without a queue")
        among = _throughput(fleet, client, processes, sizes.threads, unit * processes, scaling_s)
        alone.append(_alone(fleet, client, each))
        scaling.append(Throughput(among, (alone[-2], alone[-1])))
    handed_in = sum(one.videos for one in alone) + sum(point.rate.videos for point in scaling)
    left = max(2, sizes.submissions - handed_in)
    with fleet.workers(most, sizes.threads) as workers:
        # No more than gets done in the time, or the steady rate would begin with a queue.
        fits = round(burst_s * max(point.rate.per_s for point in scaling))
        size = max(1, min(left // 2, fits))
        say(f"a burst of {size}")
        burst = _part(fleet, client, workers, size, None, burst_s)
        rate = max(0.1, _STEADY * burst.per_s)
        say(f"{rate:.1f} videos a second")
        steady = _part(fleet, client, workers, left - size, rate, steady_s)
    waited = {name: round(seconds, 3) for name, seconds in recording.seconds.items()}
    return Load(os.cpu_count() or 1, sizes.threads, waited, tuple(scaling), burst, steady)


def _alone(fleet: Fleet, client: Client, videos: int) -> Alone:
    def cpu() -> tuple[float, float]:
        now = fleet.cpu([])
        return now["api"], now["postgres"]

    api, postgres = cpu()
    taken = client.submit(videos, per_s=None, until=math.inf)
    api_then, postgres_then = cpu()
    done, lanes = fleet.alone()
    if done != taken:
        raise FleetUnavailable(f"without a queue {done} of {taken} videos were done")
    times = (api_then - api, postgres_then - postgres, lanes, cpu()[1] - postgres_then)
    return Alone(taken, *(round(1000 * seconds / taken, 1) for seconds in times))


def _throughput(fleet: Fleet, client: Client, processes: int, threads: int, videos: int, for_s: float) -> Rate:
    """Keep more waiting than is worked on for so long, or until `videos` were handed in and are done."""
    enough = round(1.5 * processes * threads)
    samples: list[tuple[float, int, dict[str, float]]] = []
    with fleet.workers(processes, threads) as workers:
        before, taken, until = client.counts()["ready"], 0, time.monotonic() + for_s

        def sample() -> int:
            done = client.counts()["ready"] - before
            samples.append((time.monotonic(), done, fleet.cpu(workers)))
            return done

        while (done := sample()) < videos and time.monotonic() < until:
            taken += client.submit(min(videos - taken, max(0, enough - (taken - done))), per_s=None, until=until)
            time.sleep(_SAMPLE_S)
        # What is left is done before the next part, which is to start from nothing.
        if not client.wait(before + taken, until=time.monotonic() + _DRAIN_S):
            raise FleetUnavailable(f"{client.counts()['ready'] - before} of {taken} were done {_DRAIN_S:.0f} s later")
    (first, _, _), (last, done, spent) = samples[0], samples[-1]
    # Filling up comes first; a batch that was done before the time was up is taken whole.
    start, gone, cpu = next(one for one in samples if done == videos or one[0] >= first + (last - first) / 3)
    seconds, ready = max(last - start, 1e-3), done - gone
    cpu_ms = {name: round(1000 * (spent[name] - cpu[name]) / max(1, ready), 1) for name in spent}
    return Rate(processes, taken, round(seconds, 1), round(ready / seconds, 2), cpu_ms)


def _part(fleet: Fleet, client: Client, workers: Sequence[int], videos: int, per_s: float | None, for_s: float) -> Part:
    ours = list(workers)
    before, cpu, began = client.counts()["ready"], fleet.cpu(ours), time.monotonic()
    client.seconds.clear()
    client.errors.clear()
    watch = Watch(lambda: client.counts()["ready"] - before, lambda: fleet.resident(ours))
    with client.reading(), watch.watching():
        submitted = client.submit(videos, per_s=per_s, until=began + for_s)
        handed_in = time.monotonic() - began
        client.wait(before + submitted, until=began + for_s + _DRAIN_S)
    seconds = time.monotonic() - began
    ready = client.counts()["ready"] - before
    now = fleet.cpu(ours)
    return Part(
        processes=len(ours),
        submitted=submitted,
        ready=ready,
        submit_s=round(handed_in, 1),
        seconds=round(seconds, 1),
        per_s=round(ready / seconds, 2),
        cpu_ms={name: round(1000 * (now[name] - cpu[name]) / max(1, ready), 2) for name in now},
        latency={route: found for route, took in client.seconds.items() if (found := Latency.of(took)) is not None},
        memory={kind: Memory(*watch.growth(kind)) for kind in ("api", "worker")},
        errors=dict(client.errors),
    )


if __name__ == "__main__":
    raise SystemExit(main())
