"""`python -m benchmarks.understanding --clips DIR`: what is understood of labelled clips, and what it takes."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.clips import LabelsUnreadable, load_clips
from benchmarks.evaluate import Scores, evaluate
from benchmarks.metrics.retrieval import Retrieval
from benchmarks.naive import Naive, run_naive
from benchmarks.run import ClipFailed, analysed_clips
from models.errors import ModelError
from services.library.errors import LibraryError

_WORST = 10
"""So many claims without evidence are listed for a person to read, the least supported first."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.understanding", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl and the clips it names")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--data", type=Path, help="data folder to keep; results in it are reused and speed is not told")
    parser.add_argument("--limit", type=int, help="only the first so many clips, at least 2")
    parser.add_argument("--no-naive", action="store_true", help="leave the baseline out")
    given = parser.parse_args(arguments)
    if given.limit is not None and given.limit < 2:
        parser.error("--limit must be at least 2: retrieval needs something to tell apart")
    console, progress = Console(), Console(stderr=True)
    try:
        clips = load_clips(given.clips, limit=given.limit)
        with Progress(console=progress, transient=True) as bar:
            task = bar.add_task("analysing", total=len(clips))
            with analysed_clips(clips, given.data, on_progress=lambda done: bar.update(task, completed=done)) as run:
                scores = evaluate(run)
                bar.update(task, description="the baseline", total=None)
                naive = None if given.no_naive else run_naive(clips, run.runtime)
    except (LabelsUnreadable, ClipFailed, ModelError, LibraryError, ValueError) as error:
        progress.print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    figures = as_data(scores, naive, len(clips))
    show(console, scores, naive, len(clips))
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def as_data(scores: Scores, naive: Naive | None, clips: int) -> dict[str, Any]:
    """The figures under the names that are compared over time; `speed` is None when results were reused."""
    exact, soft = scores.tags.exact, scores.tags.soft
    return {
        "retrieval": asdict(scores.retrieval),
        "tags": {
            **asdict(exact),
            "f1_soft": soft.f1,
            "precision_soft": soft.precision,
            "recall_soft": soft.recall,
            "threshold": scores.tags.threshold,
            "given": scores.tags.given,
            "right": scores.tags.right,
        },
        "mood": {"accuracy": scores.mood.accuracy, "majority": scores.mood.majority, "chance": scores.mood.chance},
        "moods_top3": scores.mood.top3,
        "text_on_screen": asdict(scores.screen),
        "grounding": asdict(scores.grounding),
        "claims": asdict(scores.claims),
        "calibration": asdict(scores.calibration),
        "speed": None if scores.speed is None else asdict(scores.speed),
        "chinese": None if scores.chinese is None else asdict(scores.chinese),
        "chinese_sources": {name: asdict(found) for name, found in scores.chinese_sources.items()},
        "sources": {name: asdict(found) for name, found in scores.sources.items()},
        "chance": asdict(scores.chance),
        "naive": None if naive is None else asdict(naive),
        "n": clips,
        "machine": machine(),
    }


def machine() -> dict[str, str | int]:
    """Where this ran."""
    return {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version(), "system": platform.platform()}


def show(console: Console, scores: Scores, naive: Naive | None, clips: int) -> None:
    console.print(_retrieval_table(scores, naive, clips))
    console.print(_quality_table(scores))
    if scores.speed is None:
        console.print("Results of an earlier run were reused, so there is no speed to tell: use a fresh --data folder.")
    else:
        console.print(_speed_table(scores, naive, clips))
    console.print(_reliability_table(scores))
    for claim in (*scores.claims.unsupported, *scores.grounding.unsupported)[:_WORST]:
        console.print(
            f"no evidence in clip {claim.clip + 1}: {claim.text} ({claim.cosine:.2f})", highlight=False, markup=False
        )
    for text in scores.screen.missed:
        console.print(f"not read: {text}", highlight=False, markup=False)


def _retrieval_table(scores: Scores, naive: Naive | None, clips: int) -> Table:
    table = Table(title=f"Caption -> clip among {clips} clips")
    for column in ("", "R@1", "R@5", "MRR"):
        table.add_column(column, justify="left" if not column else "right")

    def row(name: str, found: Retrieval, style: str | None = None) -> None:
        table.add_row(name, f"{found.r_at_1:.2f}", f"{found.r_at_5:.2f}", f"{found.mrr:.2f}", style=style)

    row("search", scores.retrieval, "bold")
    for name, found in scores.sources.items():
        row(f"  {name} alone", found)
    if scores.chinese is not None:
        row("search, in Chinese", scores.chinese, "bold")
        for name, found in scores.chinese_sources.items():
            row(f"  {name} alone", found)
    if naive is not None:
        row("naive script", naive.retrieval)
        row("  frames alone", naive.visual_only)
        row("  speech alone", naive.text_only)
    row("random order", scores.chance, "dim")
    return table


def _quality_table(scores: Scores) -> Table:
    claimed, trust = scores.claims, scores.calibration
    exact, soft, mood, grounds = scores.tags.exact, scores.tags.soft, scores.mood, scores.grounding
    by_meaning = f"P {soft.precision:.2f}, R {soft.recall:.2f}; cosine {scores.tags.threshold:.3f}"
    table = Table(title="Against people's labels")
    for column in ("", "value", "note"):
        table.add_column(column, justify="right" if column == "value" else "left")
    rows = [
        ("tags, precision", exact.precision, f"{scores.tags.given} given"),
        ("tags, recall", exact.recall, f"{scores.tags.right} by people"),
        ("tags, F1", exact.f1, "same words"),
        ("tags, F1 by meaning", soft.f1, by_meaning),
        ("mood", mood.accuracy, f"commonest {mood.majority:.2f}, guessing {mood.chance:.2f}"),
        ("mood among first 3", mood.top3, ""),
        ("text on screen, recall", scores.screen.recall, f"{scores.screen.texts} texts"),
        ("tags with support", grounds.supported_share, f"{grounds.tags} tags; cosine {grounds.threshold:.3f}"),
        ("claims with support", claimed.supported_share, f"{claimed.tags} claims of summaries and reasons"),
        ("confidence of tags, ECE", trust.ece, f"right {trust.base_rate:.2f} of {trust.count}"),
    ]
    for name, value, note in rows:
        table.add_row(name, f"{value:.2f}", note)
    return table


def _reliability_table(scores: Scores) -> Table:
    table = Table(title="How often tags are right, by confidence")
    for column in ("confidence", "tags", "mean", "right"):
        table.add_column(column, justify="right")
    for one in scores.calibration.bins:
        table.add_row(f"{one.low:.1f} to {one.high:.1f}", str(one.count), f"{one.confidence:.2f}", f"{one.right:.2f}")
    return table


def _speed_table(scores: Scores, naive: Naive | None, clips: int) -> Table:
    speed = scores.speed
    assert speed is not None
    here = machine()
    table = Table(title=f"Speed on {here['cores']} cores")
    for column in ("", "sum", "a clip"):
        table.add_column(column, justify="left" if not column else "right")
    for name, seconds in sorted(speed.seconds.items(), key=lambda item: -item[1]):
        table.add_row(name, f"{seconds:.1f} s", f"{seconds / clips:.2f} s")
    table.add_section()
    table.add_row("wall clock", f"{speed.wall_s:.1f} s", f"{speed.wall_s / clips:.2f} s")
    table.add_row("real-time factor", f"{speed.real_time_factor:.2f} x", "")
    table.add_row("overhead", f"{speed.overhead_share:.1%}", "")
    table.add_row("loading the engines", f"{speed.load_s:.1f} s", "")
    table.add_row("peak memory", f"{speed.peak_mib} MiB", f"child {speed.peak_child_mib} MiB")
    if naive is not None:
        table.add_row("naive script", f"{naive.seconds:.1f} s", f"{naive.real_time_factor:.2f} x")
    return table


if __name__ == "__main__":
    sys.exit(main())
