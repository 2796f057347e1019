"""MovieLens offline: single sources, libraries and the product's blend, chosen on validation and asked once on test."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.metrics.ranking import bootstrap, calibration_error, intra_list_distance, novelty
from benchmarks.recsys import baselines as base
from benchmarks.recsys.baselines import Scores, Source
from benchmarks.recsys.blend import accuracy, accuracy_only, best_lists, blended, choose_weights, normalised
from benchmarks.recsys.content import Texts, labels, meaning
from benchmarks.recsys.movielens import MovieLens
from benchmarks.recsys.sequence import sequence
from benchmarks.recsys.splits import Split, global_cut, leave_last_out
from workers.training.collaborative import TrainingParameters
from workers.training.sequence import SequenceParameters

K = 10
BLEND = ("collaborative", "sequence", "meaning", "labels", "trending", "popularity")
"""The sources that the product has too."""
LIBRARY = ("item-kNN", "ALS", "BPR")


@dataclass(frozen=True, slots=True)
class Pair:
    """Where to choose, and where to be asked once."""

    name: str
    validation: Split
    test: Split


def pairs(data: MovieLens) -> list[Pair]:
    """Leave-last-out, validated on the three likes before the last; and one moment for everybody, validated by each
    user's last three likes before it.
    """
    cut, moment = global_cut(data, "everything after 80 % of likes", 0.8)
    before = leave_last_out(data, "last three before the cut", count=3, before=moment)
    last = leave_last_out(data, "last like")
    return [
        Pair("leave_last_out", leave_last_out(data, "the three before the last", skip=1, count=3), last),
        Pair("global_time", before, cut),
    ]


def families(data: MovieLens, texts: Texts, seed: int, console: Console) -> dict[str, dict[str, Source]]:
    """What is tried of each kind; the best on validation stands for the kind."""
    return {
        "popularity": {"all time": base.popularity(data)},
        "trending": {f"half-life {days} days": base.recent_popularity(data, days) for days in (90, 365, 1000)},
        "item-kNN": {f"{count} neighbours": base.item_knn(data, count) for count in (100, 300)},
        "ALS": {
            f"{factors} factors, regularisation {reg}, alpha {alpha}": base.als(data, factors, reg, alpha)
            for factors, reg, alpha in ((32, 10.0, 1.0), (64, 10.0, 1.0), (128, 10.0, 1.0), (64, 1.0, 10.0))
        },
        "BPR": {
            f"{factors} factors, {passes} passes": base.bpr(data, factors, 0.01, passes)
            for factors, passes in ((64, 100),)
        },
        "collaborative": {"the product's defaults": base.collaborative(data, TrainingParameters())},
        "sequence": {
            "the product's defaults": sequence(data, texts, SequenceParameters(seed=seed, most_s=math.inf), console)
        },
        "meaning": {
            f"sharpness {sharpness}, half-life {likes} likes": meaning(
                data, texts, sharpness=sharpness, half_life=likes
            )
            for sharpness in (0, 20)
            for likes in (10, 50)
        },
        "labels": {f"half-life {likes} likes": labels(data, half_life=likes) for likes in (10, 50)},
    }


WITHOUT = "hybrid without sequence"


def measure(data: MovieLens, texts: Texts, pair: Pair, *, seed: int, console: Console) -> dict[str, Any]:
    """All figures of one split."""
    tried = families(data, texts, seed, console)
    chosen: dict[str, str] = {}
    on_validation: dict[str, Scores] = {}
    on_test: dict[str, Scores] = {}
    values: dict[str, float] = {}
    for name, settings in tried.items():
        console.print(f"{pair.name}: {name}", style="dim")
        best, on_validation[name], values[name] = _best(settings, pair.validation)
        chosen[name], on_test[name] = best, settings[best](pair.test)
    weights: dict[str, dict[str, float]] = {}
    for name, sources in {"hybrid": BLEND, WITHOUT: tuple(one for one in BLEND if one != "sequence")}.items():
        console.print(f"{pair.name}: weights of {name}", style="dim")
        parts = {source: normalised(on_validation[source], pair.validation) for source in sources}
        weights[name], values[name] = choose_weights(parts, pair.validation, seed=seed)
        asked = {source: normalised(on_test[source], pair.test) for source in sources}
        on_test[name] = blended(asked, weights[name])
    per_user = {name: accuracy(scores, pair.test, K) for name, scores in on_test.items()}
    systems = {
        name: _figures(per_user[name], beyond(data, pair.test, best_lists(scores, pair.test, K)), seed)
        for name, scores in on_test.items()
    }
    single = max(tried, key=lambda name: systems[name]["ndcg"]["mean"])
    library = max(LIBRARY, key=lambda name: systems[name]["ndcg"]["mean"])
    return {
        "users": len(pair.test.asked),
        "asked_for": sum(len(items) for items in pair.test.relevant.values()),
        "known_likes": len(pair.test.known),
        "validation_users": len(pair.validation.asked),
        "chosen": chosen,
        "weights": weights,
        "validation_ndcg": values,
        "systems": systems,
        "best_single": single,
        "best_library": library,
        "differences": {
            f"hybrid - {other}": _difference(per_user["hybrid"], per_user[other], seed)
            for other in dict.fromkeys((single, library, WITHOUT))
        },
    }


def _best(tried: Mapping[str, Source], split: Split) -> tuple[str, Scores, float]:
    found: tuple[str, Scores, float] | None = None
    for name, source in tried.items():
        scores = source(split)
        value = float(accuracy_only(scores, split, K).mean())
        if found is None or value > found[2]:
            found = (name, scores, value)
    assert found is not None, "every kind has at least one to try"
    return found


def _difference(
    ours: Mapping[str, NDArray[np.float64]], theirs: Mapping[str, NDArray[np.float64]], seed: int
) -> dict[str, Any]:
    """Mean difference of each accuracy figure per user, with its interval."""
    return {name: asdict(bootstrap(ours[name] - theirs[name], seed=seed)) for name in ours}


def beyond(data: MovieLens, split: Split, lists: NDArray[np.int64]) -> dict[str, float]:
    """What accuracy does not see, over the lists of the asked users.

    Distance within a list is of genres, which no source compares by themselves; novelty counts an item that nobody
    liked as liked by half a user.
    """
    genres = genre_matrix(data)
    counts = np.bincount(split.known.item, minlength=data.items)
    share = np.maximum(counts, 0.5) / data.users
    distances, errors, news = [], [], []
    for row, user in enumerate(split.asked):
        listed = lists[row]
        distances.append(intra_list_distance(genres[listed]))
        news.append(novelty(listed.tolist(), share))
        liked = split.known.item[split.known.user == user]
        errors.append(calibration_error(_shares(genres[liked]), _shares(genres[listed])))
    return {
        "coverage": len(np.unique(lists)) / data.items,
        "novelty_bits": float(np.mean(news)),
        "intra_list_distance": float(np.mean(distances)),
        "calibration_error": float(np.mean(errors)),
    }


def genre_matrix(data: MovieLens) -> NDArray[np.float64]:
    """Items by genres; a film's genres share 1."""
    names = sorted({name for genres in data.genres for name in genres})
    place = {name: at for at, name in enumerate(names)}
    rows = np.zeros((data.items, len(names)))
    for item, genres in enumerate(data.genres):
        for name in genres:
            rows[item, place[name]] = 1.0 / len(genres)
    return rows


def _shares(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    total = rows.sum()
    return rows.sum(axis=0) / total if total else np.full(rows.shape[1], 1.0 / rows.shape[1])


def _figures(per_user: Mapping[str, NDArray[np.float64]], more: Mapping[str, float], seed: int) -> dict[str, Any]:
    return {**{name: asdict(bootstrap(values, seed=seed)) for name, values in per_user.items()}, **more}
