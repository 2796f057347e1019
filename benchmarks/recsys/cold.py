"""New items: a fifth of the films has no like and no tag yet. Who would like them?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.metrics.ranking import bootstrap
from benchmarks.recsys.baselines import Scores
from benchmarks.recsys.blend import accuracy, blended, choose_weights, normalised
from benchmarks.recsys.content import Texts, labels, meaning
from benchmarks.recsys.movielens import MovieLens
from benchmarks.recsys.offline import K
from benchmarks.recsys.sequence import sequence
from benchmarks.recsys.splits import Split, leave_items_out
from workers.training.sequence import SequenceParameters

VALIDATION_SEED = 100
TEST_SEEDS = (1, 2, 3)


def cold_splits(data: MovieLens) -> tuple[Split, list[tuple[Split, NDArray[np.int64]]]]:
    """One split to choose on, with other new items than any test; and the tests."""
    validation, _ = leave_items_out(data, f"new items, seed {VALIDATION_SEED}", seed=VALIDATION_SEED)
    return validation, [leave_items_out(data, f"new items, seed {seed}", seed=seed) for seed in TEST_SEEDS]


def measure_cold(
    data: MovieLens,
    texts: Texts,
    validation: Split,
    tests: Sequence[tuple[Split, NDArray[np.int64]]],
    *,
    seed: int,
    console: Console,
) -> dict[str, Any]:
    """Recall and nDCG at 10 among the new items alone, over the users of all tests."""
    console.print("cold: choosing", style="dim")
    sharpest = {
        (sharpness, likes): meaning(data, texts, sharpness=sharpness, half_life=likes)
        for sharpness in (0, 20)
        for likes in (50, 500)
    }
    values = {
        key: float(accuracy(source(validation), validation, K)["ndcg"].mean()) for key, source in sharpest.items()
    }
    best = max(values, key=lambda key: values[key])
    sources = {
        "meaning": sharpest[best],
        "labels": labels(data, half_life=best[1]),
        "sequence": sequence(data, texts, SequenceParameters(seed=seed, most_s=math.inf), console),
    }
    weights, _ = choose_weights(
        {name: normalised(source(validation), validation) for name, source in sources.items()},
        validation, seed=seed, draws=20,
    )  # fmt: skip
    found: dict[str, list[dict[str, NDArray[np.float64]]]] = {}
    for split, _ in tests:
        console.print(f"cold: {split.name}", style="dim")
        scores: dict[str, Scores] = {name: source(split) for name, source in sources.items()}
        scores["content"] = blended({name: normalised(scores[name], split) for name in sources}, weights)
        shape = scores["meaning"].shape
        scores["popularity"] = np.zeros(shape, np.float32)  # nobody has liked a new item yet: any order
        scores["popular genres"] = np.tile(popular_genres(data, split), (shape[0], 1))
        held = np.bincount(data.likes.item, minlength=data.items).astype(np.float32)
        scores["popularity in hindsight"] = np.tile(held, (shape[0], 1))
        for name, mine in scores.items():
            found.setdefault(name, []).append(accuracy(mine, split, K, seed=seed))

    def joined(name: str, figure: str) -> NDArray[np.float64]:
        return np.concatenate([one[figure] for one in found[name]])

    known = ("popularity", "popular genres")
    strongest = max(known, key=lambda name: joined(name, "recall").mean())
    return {
        "new_items": len(tests[0][1]),
        "users": [len(split.asked) for split, _ in tests],
        "seeds": list(TEST_SEEDS),
        "chosen": {"sharpness": best[0], "half_life": best[1]},
        "weights": weights,
        "systems": {
            name: {figure: asdict(bootstrap(joined(name, figure), seed=seed)) for figure in ("recall", "ndcg")}
            for name in found
        },
        "popularity_is": strongest,
        "recall_at_10": {
            "content": float(joined("content", "recall").mean()),
            "popularity": float(joined(strongest, "recall").mean()),
        },
        "content_minus_popularity": {
            figure: asdict(bootstrap(joined("content", figure) - joined(strongest, figure), seed=seed))
            for figure in ("recall", "ndcg")
        },
    }


def popular_genres(data: MovieLens, split: Split) -> NDArray[np.float32]:
    """Per item, the mean number of known likes of the films that share its genres: popularity for what is new."""
    counts = np.bincount(split.known.item, minlength=data.items)
    liked = np.zeros(data.items, bool)
    liked[split.known.item] = True
    sums: dict[str, list[float]] = {}
    for item in np.flatnonzero(liked):
        for name in data.genres[item]:
            sums.setdefault(name, []).append(float(counts[item]))
    means = {name: float(np.mean(values)) for name, values in sums.items()}
    return np.array(
        [np.mean([means.get(name, 0.0) for name in genres]) if genres else 0.0 for genres in data.genres], np.float32
    )
