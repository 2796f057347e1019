"""`python -m benchmarks.recommend --data DIR`: recommendations measured, offline and with a made-up audience.

DIR is MovieLens' ml-latest-small (movies.csv, ratings.csv, tags.csv); a rating of four stars or more is a like. Nothing
is sampled: every list is the best ten of all films. What a figure rests on is in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.clips import LabelsUnreadable
from benchmarks.kept_vectors import KeptVectors
from benchmarks.recsys.baselines import Source
from benchmarks.recsys.cold import cold_splits, measure_cold
from benchmarks.recsys.content import Texts
from benchmarks.recsys.movielens import MovieLens, load_movielens
from benchmarks.recsys.offline import measure, pairs
from benchmarks.recsys.plots import draw
from benchmarks.recsys.sequence import sequence
from benchmarks.recsys.tables import show_cold, show_offline
from models.errors import ModelError
from models.profile import load_profile
from models.runtime import Runtime
from services.settings import Settings

PARTS = ("offline", "cold", "sequence")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recommend", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of ml-latest-small; needed by offline, cold and sequence")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=["offline", "cold"], help="what to measure")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--plots", type=Path, help="draw pictures into this folder")
    parser.add_argument("--vectors", type=Path, help="folder to keep text vectors in; a second run then embeds nothing")
    parser.add_argument("--seed", type=int, default=0, help="of bootstrap, weights and models (default 0)")
    given = parser.parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    try:
        figures = run(given, progress)
    except (LabelsUnreadable, ModelError, ValueError) as error:
        progress.print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    if "offline" in figures:
        show_offline(console, figures["offline"])
    if "cold" in figures:
        show_cold(console, figures["cold"])
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if given.plots is not None:
        for path in draw(figures, given.plots):
            progress.print(f"drew {path}", highlight=False)
    return 0


def run(given: argparse.Namespace, progress: Console) -> dict[str, Any]:
    """The figures of the parts that were asked for."""
    figures: dict[str, Any] = {"seed": given.seed}
    if {"offline", "cold", "sequence"}.intersection(given.parts):
        if given.data is None:
            raise ValueError("offline, cold and sequence need --data: the folder of ml-latest-small")
        figures |= _movielens(load_movielens(given.data), given, progress)
    return figures


def _movielens(data: MovieLens, given: argparse.Namespace, progress: Console) -> dict[str, Any]:
    tasks = pairs(data)
    validation, tests = cold_splits(data)
    splits = [split for task in tasks for split in (task.validation, task.test)]
    splits += [validation, *(split for split, _ in tests)]
    settings = Settings()
    runtime = Runtime(load_profile(settings.profile), settings.models_dir)
    texts = Texts(data, splits, KeptVectors(runtime.text, given.vectors, progress))
    sequences: Mapping[str, Source] = {}
    if "sequence" in given.parts:
        sequences = {
            f"{epochs} epochs": sequence(data, texts, epochs=epochs, seed=given.seed, console=progress)
            for epochs in (10, 30, 60)
        }
    figures: dict[str, Any] = {}
    if "offline" in given.parts:
        figures["offline"] = {
            task.name: measure(data, texts, task, seed=given.seed, console=progress, sequences=sequences)
            for task in tasks
        }
        last = figures["offline"]["leave_last_out"]
        figures["warm"] = {
            "ndcg_at_10": {
                "hybrid": last["systems"]["hybrid"]["ndcg"]["mean"],
                "best_single": last["systems"][last["best_single"]]["ndcg"]["mean"],
                "best_library": last["systems"][last["best_library"]]["ndcg"]["mean"],
            }
        }
    if "cold" in given.parts:
        figures["cold"] = measure_cold(
            data, texts, validation, tests, seed=given.seed, console=progress, sequences=sequences
        )
    return figures


if __name__ == "__main__":
    sys.exit(main())
