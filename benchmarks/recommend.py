"""`python -m benchmarks.recommend --data DIR`: recommendations measured, offline and with a made-up audience.

DIR is MovieLens' ml-latest-small (movies.csv, ratings.csv, tags.csv); a rating of four stars or more is a like. Nothing
is sampled: every list is the best ten of all films. What a figure rests on is in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from threadpoolctl import threadpool_limits

from benchmarks.clips import LabelsUnreadable
from benchmarks.kept_vectors import KeptVectors
from benchmarks.recommend_latency import measure_sizes
from benchmarks.recsys.arms import run_arms, scratch
from benchmarks.recsys.cold import cold_splits, measure_cold
from benchmarks.recsys.content import Texts
from benchmarks.recsys.explanations import measure_explanations
from benchmarks.recsys.movielens import MovieLens, load_movielens
from benchmarks.recsys.offline import measure, pairs
from benchmarks.recsys.plots import draw
from benchmarks.recsys.product import ARMS, make_world, opened, start_of, write_library
from benchmarks.recsys.simulate import Plan, play
from benchmarks.recsys.tables import show_cold, show_explanations, show_offline, show_simulate
from models.errors import ModelError
from models.profile import load_profile
from models.runtime import Runtime
from services.settings import Settings

PARTS = ("offline", "cold", "simulate", "explanations", "latency")

SPLITS = ("leave_last_out", "global_time")

_SMALL = Plan(viewers=2, rounds=200, change_at=100, seeds=(1, 2, 3))
_FULL = Plan(viewers=6, rounds=200, change_at=100, seeds=(1, 2, 3, 4, 5))
_PAGE = 5
_EVENTS, _REQUESTS = 1_000_000, 400
SIZES = (10_000, 100_000)
_EXPLAINED = Plan(viewers=6, rounds=12, change_at=12, seeds=(1,))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recommend", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of ml-latest-small; for offline and cold")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=SPLITS, help="offline: which splits (both)")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--plots", type=Path, help="draw pictures into this folder")
    parser.add_argument("--vectors", type=Path, help="folder to keep text vectors in; a second run then embeds nothing")
    parser.add_argument("--full", action="store_true", help="more viewers and seeds of the audience")
    parser.add_argument("--videos", type=int, nargs="+", default=SIZES, help="sizes of latency's catalogues")
    parser.add_argument("--catalogues", type=Path, help="keep latency's catalogues here and use them again")
    parser.add_argument("--clips", type=int, default=4000, help="made-up clips of the audience (default 4000)")
    parser.add_argument("--seeds", type=int, nargs="+", help="of the audience's viewers (default 1 2 3)")
    parser.add_argument("--viewers", type=int, help="of the audience, for each seed (default 2)")
    parser.add_argument("--arms", nargs="+", choices=tuple(ARMS), help="which arms of the audience (default all)")
    parser.add_argument("--jobs", type=int, default=1, help="processes that the audience's runs share (default 1)")
    parser.add_argument("--rounds", type=int, default=200, help="rounds of the audience; the taste changes half-way")
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
    if "simulate" in figures:
        show_simulate(console, figures["simulate"])
    if "explanations" in figures:
        show_explanations(console, figures["explanations"])
    if "latency" in figures:
        console.print(figures["latency_ms"])
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if given.plots is not None:
        for path in draw(figures, given.plots):
            progress.print(f"drew {path}", highlight=False)
    return 0


def run(given: argparse.Namespace, progress: Console) -> dict[str, Any]:
    """The figures of the parts that were asked for."""
    figures: dict[str, Any] = {"seed": given.seed}
    if {"offline", "cold"}.intersection(given.parts):
        if given.data is None:
            raise ValueError("offline and cold need --data: the folder of ml-latest-small")
        figures |= _movielens(load_movielens(given.data), given, progress)
    if {"simulate", "explanations"}.intersection(given.parts):
        figures |= _audience(given, progress)
    if "latency" in given.parts:
        figures |= _latency(given, progress)
    return figures


def _audience(given: argparse.Namespace, progress: Console) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if "simulate" in given.parts:
        plan = replace(_FULL if given.full else _SMALL, rounds=given.rounds, change_at=given.rounds // 2)
        plan = replace(plan, seeds=tuple(given.seeds)) if given.seeds else plan
        plan = replace(plan, viewers=given.viewers) if given.viewers else plan
        arms = {name: arm for name, arm in ARMS.items() if not given.arms or name in given.arms}
        load, began = os.getloadavg()[0], time.monotonic()
        found = run_arms((given.clips, given.seed), arms, plan, progress, page=_PAGE, jobs=given.jobs)
        said = {"clips": given.clips, "page": _PAGE, "jobs": given.jobs, "load_at_start": load}
        figures["simulate"] = {
            "plan": asdict(plan) | said, "seconds": time.monotonic() - began, "arms": found
        }  # fmt: skip
    if "explanations" in given.parts:
        world, clips = make_world(given.clips, given.seed)
        start = start_of(_EXPLAINED.rounds, datetime.now(UTC))
        with scratch() as folder, threadpool_limits(1):
            write_library(folder / "template", world, clips, start)
            with opened(folder / "template", folder / "arm", ARMS["as it ships"], start, page=10) as product:
                play(world, product, _EXPLAINED, given.seed, "viewers to explain to", progress)
                users = [f"viewer-{number}" for number in range(_EXPLAINED.viewers)]
                figures["explanations"] = measure_explanations(product, users)
    return figures


def _latency(given: argparse.Namespace, progress: Console) -> dict[str, Any]:
    results = measure_sizes(given.videos, _EVENTS, _REQUESTS, given.catalogues, progress.log)
    return {
        "latency_ms": {
            "p50": {str(one.videos): one.recommendation.p50 for one in results},
            "p99": {str(one.videos): one.recommendation.p99 for one in results},
        },
        "latency": [asdict(one) for one in results],
    }


def _movielens(data: MovieLens, given: argparse.Namespace, progress: Console) -> dict[str, Any]:
    tasks = pairs(data)
    validation, tests = cold_splits(data)
    splits = [split for task in tasks for split in (task.validation, task.test)]
    splits += [validation, *(split for split, _ in tests)]
    settings = Settings()
    runtime = Runtime(load_profile(settings.profile), settings.models_dir)
    texts = Texts(data, splits, KeptVectors(runtime.text, given.vectors, progress))
    figures: dict[str, Any] = {}
    if "offline" in given.parts:
        figures["offline"] = {
            task.name: measure(data, texts, task, seed=given.seed, console=progress)
            for task in tasks
            if task.name in given.splits
        }
    if "leave_last_out" in figures.get("offline", {}):
        last = figures["offline"]["leave_last_out"]
        figures["warm"] = {
            "ndcg_at_10": {
                "hybrid": last["systems"]["hybrid"]["ndcg"]["mean"],
                "best_single": last["systems"][last["best_single"]]["ndcg"]["mean"],
                "best_library": last["systems"][last["best_library"]]["ndcg"]["mean"],
            }
        }
    if "cold" in given.parts:
        figures["cold"] = measure_cold(data, texts, validation, tests, seed=given.seed, console=progress)
    return figures


if __name__ == "__main__":
    sys.exit(main())
