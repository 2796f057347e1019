"""`python -m benchmarks.speed --clips DIR`: Reelwise against a script that calls the same libraries one after another.

Both take the same clips in with the same weights, in one run, engines loaded before the clock starts; quality is
scored by the same code. What the script does is told in `benchmarks/script.py`. `--parts` adds curves.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.clips import Clip, LabelsUnreadable, load_clips
from benchmarks.metrics.similarity import Embed, remembered
from benchmarks.run import Batch, ClipFailed, loaded_runtime, opened, run_of
from benchmarks.scaling import lengths, memory_over, scaling
from benchmarks.script import PLAIN, Script, ScriptOptions, tuned
from benchmarks.script_models import ScriptModels
from benchmarks.speed_decode import decode_cost
from benchmarks.speed_plots import draw
from benchmarks.speed_prompt import prompt_change
from benchmarks.speed_quality import Found, Quality, found_by_reelwise, found_by_script, quality
from benchmarks.speed_tables import show
from benchmarks.understanding import machine
from models.errors import ModelError
from services.library.errors import LibraryError
from services.settings import Settings

PARTS = ("script", "decode", "scaling", "lengths", "memory")
_LENGTHS = (10.0, 30.0, 60.0, 150.0, 300.0, 600.0)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class System:
    """What one system took and found. `seconds` per step; Reelwise's overlap, so their sum is above its wall clock."""

    wall_s: float
    load_s: float
    seconds: dict[str, float]
    quality: Quality


@dataclass(frozen=True, slots=True)
class Sizes:
    """How far the curves go: copies, seconds of a clip, hours of video."""

    copies: int
    longest_s: float
    hours: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl and the clips it names")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--plots", type=Path, help="folder to draw plots into (needs matplotlib)")
    parser.add_argument("--limit", type=int, help="only the first so many clips, at least 2")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=["script", "decode"], help="what to measure")
    parser.add_argument("--copies", type=int, default=64, help="most copies of work queued at once")
    parser.add_argument("--longest", type=float, default=600.0, help="longest clip put together, seconds")
    parser.add_argument("--hours", type=float, default=1.0, help="hours of video that memory is watched over")
    given = parser.parse_args(arguments)
    if given.limit is not None and given.limit < 2:
        parser.error("--limit must be at least 2: retrieval needs something to tell apart")
    console, progress = Console(), Console(stderr=True)
    try:
        clips = load_clips(given.clips, limit=given.limit)
        with progress.status("loading the engines") as status:
            sizes = Sizes(given.copies, given.longest, given.hours)
            figures = measure(clips, given.parts, sizes, lambda text: status.update(text))
    except (LabelsUnreadable, ClipFailed, ModelError, LibraryError, ValueError) as error:
        progress.print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    show(console, figures)
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if given.plots is not None:
        draw(figures, given.plots)
    return 0


def measure(clips: Sequence[Clip], parts: Sequence[str], sizes: Sizes, say: Say) -> dict[str, Any]:
    """All figures of the parts, under the names that are compared over time. Raises `ClipFailed`."""
    paths = [clip.path for clip in clips]
    figures: dict[str, Any] = {"n": len(clips), "machine": machine()}
    with loaded_runtime() as (runtime, load_s):
        embed = remembered(runtime.text.embed_queries)
        with opened(runtime, reuse_duplicates=False) as bench:
            run = run_of(bench, clips, load_s, lambda done: say(f"Reelwise: {done} of {len(clips)}"))
            found, ranks = found_by_reelwise(run)
            first = Batch(
                tuple(item.video_id for item in run.analysed),
                tuple(item.understanding for item in run.analysed),
                run.wall_s,
                run.busy_s,
            )
            ours = System(run.wall_s, load_s, first.seconds, _quality(clips, found, ranks, embed))
            say("the same videos after a change of the prompt")
            figures["prompt"] = asdict(prompt_change(bench, paths, first))
        figures["reelwise"] = asdict(ours)
        if "scaling" in parts:
            points, costs = scaling(runtime, clips, sizes.copies, say)
            figures["scaling"] = [asdict(point) for point in points]
            figures["modalities"] = [asdict(cost) for cost in costs]
        if "lengths" in parts:
            wanted = [length for length in _LENGTHS if length <= sizes.longest_s]
            figures["lengths"] = [asdict(point) for point in lengths(runtime, clips, wanted, say)]
        if "memory" in parts:
            figures["memory"] = asdict(memory_over(runtime, clips, sizes.hours, say))
        if "script" in parts:
            for options in (PLAIN, tuned(Settings())):
                say(f"{options.name}: loading")
                system = _scripted(clips, options, embed, say)
                name = options.name.replace(" ", "_")
                figures[name] = asdict(system)
                figures[f"ratio_to_{name}"] = system.wall_s / ours.wall_s
    if "decode" in parts:
        say("decoding once and again")
        figures["decode"] = asdict(decode_cost(paths))
    return figures


def _scripted(clips: Sequence[Clip], options: ScriptOptions, embed: Embed, say: Say) -> System:
    models = ScriptModels(Settings(), traced=options.traced, ocr_params=options.ocr_params)
    with tempfile.TemporaryDirectory(prefix="reelwise-benchmark-") as out:
        script = Script(models, options, Path(out))
        outputs = []
        for number, clip in enumerate(clips):
            say(f"{options.name}: {number} of {len(clips)}")
            outputs.append(script.take_in(number, clip.path))
        found, ranks = found_by_script(clips, script, outputs)
        seconds = {name: round(value, 3) for name, value in script.seconds.items()}
        return System(sum(seconds.values()), models.load_s, seconds, _quality(clips, found, ranks, embed))


def _quality(clips: Sequence[Clip], found: Sequence[Found], ranks: Sequence[int | None], embed: Embed) -> Quality:
    return quality(clips, found, ranks, (), embed)


if __name__ == "__main__":
    sys.exit(main())
