"""`python -m benchmarks.fusion --clips DIR --data DIR`: which weights of search's sources find most clips.

Search normalises each source's scores per query before it weighs them, so one query gives everything that a sweep
needs. With few clips the best weights fit the clips: the leave-one-out figures choose weights on all clips but one and
ask for that one. Where the clips have captions in both languages, the weights are chosen for both together.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.captions_zh import chinese_captions
from benchmarks.clips import LabelsUnreadable, load_clips
from benchmarks.evaluate import SOURCES, caption_hits
from benchmarks.metrics.retrieval import Retrieval, retrieval
from benchmarks.run import ClipFailed, Run, analysed_clips
from models.errors import ModelError
from services.library.errors import LibraryError
from services.recommend import SearchWeights

Weights = tuple[float, ...]

_STEP = 0.05


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fusion", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl and the clips it names")
    parser.add_argument("--data", type=Path, help="data folder to keep; clips already analysed there are not redone")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args(arguments)
    console = Console()
    try:
        clips = load_clips(given.clips)
        with analysed_clips(clips, given.data) as run:
            languages = {"en": source_scores(run, [item.clip.caption for item in run.analysed])}
            translated = chinese_captions(clips)
            if translated is not None:
                languages["zh"] = source_scores(run, translated)
    except (LabelsUnreadable, ClipFailed, ModelError, LibraryError) as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    grid = weight_grid()
    ranks = {name: np.stack([ranks_with(scores, weights) for weights in grid]) for name, scores in languages.items()}
    now = tuple(asdict(SearchWeights()).values())
    current = {name: ranks_with(scores, now) for name, scores in languages.items()}
    best = order(np.concatenate(list(ranks.values()), axis=1))
    chosen = left_out(ranks)
    found = {
        "now": {name: retrieval(_ints(values)) for name, values in current.items()},
        "best in sample": {name: retrieval(_ints(values[best[0]])) for name, values in ranks.items()},
        "left out": {name: retrieval(values) for name, values in chosen.items()},
    }
    table = Table(title=f"Search weights over {len(clips)} clips ({', '.join(languages)})")
    for column in ("", *SOURCES, *(f"{name} {figure}" for name in languages for figure in ("R@1", "R@5", "MRR"))):
        table.add_column(column, justify="right")
    _row(table, "now", now, found["now"])
    for place in best[:12]:
        _row(table, "", grid[place], {name: retrieval(_ints(values[place])) for name, values in ranks.items()})
    _row(table, "leave one out", None, found["left out"])
    console.print(table)
    mean = np.mean([(1.0 / values).mean(axis=1) for values in ranks.values()], axis=0)
    plateau = [grid[place] for place in best if mean[place] >= mean[best[0]] - 0.01]
    console.print(
        f"{len(plateau)} of {len(grid)} weightings come within 0.01 MRR of the best; their mean is "
        + ", ".join(f"{name} {value:.2f}" for name, value in zip(SOURCES, np.mean(plateau, axis=0), strict=True))
    )
    for name, values in current.items():
        gain = 1.0 / np.asarray(chosen[name]) - 1.0 / values
        console.print(
            f"{name}: left-out weights change the reciprocal rank by {gain.mean():+.3f}, "
            f"standard error {gain.std(ddof=1) / len(gain) ** 0.5:.3f}"
        )
    if given.json is not None:
        data: dict[str, object] = {
            name: {language: asdict(value) for language, value in by_language.items()}
            for name, by_language in found.items()
        }
        data["weights"] = dict(zip(SOURCES, grid[best[0]], strict=True))
        given.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0


def source_scores(run: Run, captions: Sequence[str]) -> NDArray[np.float64]:
    """Normalised scores, shape (queries, clips, sources); the right clip of query i is clip i. Not found is 0."""
    place = {item.video_id: index for index, item in enumerate(run.analysed)}
    scores = np.zeros((len(place), len(place), len(SOURCES)))
    for video_id, hits in caption_hits(run, captions).items():
        for hit in hits:
            for index, source in enumerate(SOURCES):
                if source in hit.sources:
                    scores[place[video_id], place[hit.video_id], index] = hit.sources[source].normalised
    return scores


def weight_grid() -> list[Weights]:
    """All weightings in steps of 0.05 that add up to 1, the last source at most a fifth."""
    steps = round(1 / _STEP)
    return [
        tuple(round(step * _STEP, 2) for step in (*firsts, steps - sum(firsts)))
        for firsts in itertools.product(range(steps + 1), repeat=len(SOURCES) - 1)
        if 0 <= steps - sum(firsts) <= steps // 5
    ]


def ranks_with(scores: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.int64]:
    """Rank of the right clip per query, 1 first, shape (queries,); of clips with equal scores the right one is last."""
    fused = scores @ np.asarray(weights)
    right = np.diagonal(fused)[:, None]
    return np.asarray((fused >= right - 1e-12).sum(axis=1), dtype=np.int64)


def order(ranks: NDArray[np.int64]) -> list[int]:
    """Rows of `ranks`, shape (weightings, queries), by mean reciprocal rank, best first."""
    return list(map(int, np.argsort(-(1.0 / ranks).mean(axis=1), kind="stable")))


def left_out(ranks: Mapping[str, NDArray[np.int64]]) -> dict[str, list[int]]:
    """Each clip's ranks with the weights that are best for all other clips, in all languages together.

    `ranks` has, by language, shape (weightings, clips); the result one rank a clip.
    """
    reciprocal = np.sum([1.0 / values for values in ranks.values()], axis=0)
    chosen = (reciprocal.sum(axis=1, keepdims=True) - reciprocal).argmax(axis=0)
    return {name: [int(values[chosen[clip], clip]) for clip in range(len(chosen))] for name, values in ranks.items()}


def _ints(ranks: NDArray[np.int64]) -> list[int]:
    return [int(rank) for rank in ranks]


def _row(table: Table, name: str, weights: Weights | None, found: Mapping[str, Retrieval]) -> None:
    cells = ["" for _ in SOURCES] if weights is None else [f"{weight:.2f}" for weight in weights]
    figures = [f"{value:.3f}" for one in found.values() for value in (one.r_at_1, one.r_at_5, one.mrr)]
    table.add_row(name, *cells, *figures)


if __name__ == "__main__":
    sys.exit(main())
