"""The product's blend, offline: named weights over scores normalised for each user, and how good lists are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics.ranking import ndcg, recall
from benchmarks.recsys.baselines import Scores
from benchmarks.recsys.splits import Split

Lists = NDArray[np.int64]


def masked(scores: Scores, split: Split) -> Scores:
    """What may not be recommended at minus infinity."""
    return np.asarray(np.where(split.excluded[split.asked].toarray(), -np.inf, scores), np.float32)


def normalised(scores: Scores, split: Split, top: int = 300) -> Scores:
    """Min-max within a user and a source over the source's `top` best candidates, as a request does; below them 0."""
    allowed = masked(scores, split)
    if top < allowed.shape[1]:
        low = np.partition(allowed, -top, axis=1)[:, -top][:, None]
    else:
        low = np.where(np.isfinite(allowed), allowed, np.inf).min(axis=1, keepdims=True)
    low = np.where(np.isfinite(low), low, np.where(np.isfinite(allowed), allowed, np.inf).min(axis=1, keepdims=True))
    high = allowed.max(axis=1, keepdims=True)
    span = np.where(high > low, high - low, 1.0)
    return np.asarray(np.clip((np.where(np.isfinite(allowed), allowed, low) - low) / span, 0.0, 1.0), np.float32)


def blended(parts: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    """The weighted sum of normalised scores."""
    return np.asarray(sum(weights[name] * parts[name] for name in weights), np.float32)


def best_lists(scores: Scores, split: Split, k: int = 10, seed: int = 0) -> Lists:
    """The `k` best items of each asked user; what is equal comes in an order drawn from `seed`."""
    noise = np.random.default_rng(seed).permutation(scores.shape[1])
    allowed = masked(scores, split)
    top = np.argpartition(-allowed, min(4 * k, allowed.shape[1] - 1), axis=1)[:, : 4 * k]
    # argpartition cuts ties as it likes: where the cut runs through equal scores, the whole row is sorted.
    lists = np.empty((len(allowed), k), np.int64)
    for row, found in enumerate(top):
        edge = allowed[row, found].min()
        pool = found if (allowed[row] == edge).sum() == (allowed[row, found] == edge).sum() else np.arange(len(noise))
        lists[row] = pool[np.lexsort((noise[pool], -allowed[row, pool]))[:k]]
    return lists


def accuracy(scores: Scores, split: Split, k: int = 10, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """Recall and nDCG at `k`, and the reciprocal rank of the first relevant item in the whole ranking, per user."""
    lists, allowed = best_lists(scores, split, k, seed), masked(scores, split)
    found: dict[str, list[float]] = {"recall": [], "ndcg": [], "mrr": []}
    for row, user in enumerate(split.asked):
        relevant, listed = split.relevant[int(user)], lists[row].tolist()
        found["recall"].append(recall(listed, relevant))
        found["ndcg"].append(ndcg(listed, relevant))
        best = allowed[row, sorted(relevant)].max()
        # Equal scores share the mean of their places.
        place = 1 + (allowed[row] > best).sum() + ((allowed[row] == best).sum() - 1) / 2
        found["mrr"].append(1.0 / float(place))
    return {name: np.array(values) for name, values in found.items()}


def choose_weights(
    parts: Mapping[str, Scores], split: Split, *, seed: int, draws: int = 150, rounds: int = 2
) -> tuple[dict[str, float], float]:
    """Weights with the best nDCG at 10 on a validation split: random draws, then one weight at a time.

    Returns weights that add up to 1, and that nDCG. Sources that do not help end at 0.
    """
    names, rng = list(parts), np.random.default_rng(seed)
    small, relevant, ideal = _candidates(parts, split, k=10)

    def value(weights: NDArray[np.float64]) -> float:
        mixed = blended(small, dict(zip(names, weights.tolist(), strict=True)))
        return float((_gains(mixed, relevant, 10) / ideal).mean())

    tried = [np.eye(len(names))[at] for at in range(len(names))]
    tried += list(rng.dirichlet(np.full(len(names), 0.7), draws))
    best = max(((value(weights), at) for at, weights in enumerate(tried)), key=lambda pair: (pair[0], -pair[1]))
    score, weights = best[0], tried[best[1]]
    for _ in range(rounds):
        for at in range(len(names)):
            for factor in (0.0, 0.5, 0.75, 1.33, 2.0):
                moved = weights.copy()
                moved[at] = moved[at] * factor if factor != 2.0 or moved[at] > 0 else 0.1
                if moved.sum() <= 0:
                    continue
                moved /= moved.sum()
                if (found := value(moved)) > score + 1e-9:
                    score, weights = found, moved
    return dict(zip(names, (round(float(w), 3) for w in weights), strict=True)), score


def accuracy_only(scores: Scores, split: Split, k: int = 10) -> NDArray[np.float64]:
    """nDCG at `k` per user without lists: fast, and exact but for ties, which count against the system."""
    pairs = _pairs(split)
    return np.asarray(_gains(masked(scores, split), pairs, k) / _ideals(pairs, len(split.asked), k))


Pairs = NDArray[np.int64]
"""Rows of (row of an asked user, column of a relevant item)."""


def _pairs(split: Split) -> Pairs:
    found = [(row, item) for row, user in enumerate(split.asked) for item in sorted(split.relevant[int(user)])]
    return np.array(found, np.int64)


def _ideals(pairs: Pairs, users: int, k: int) -> NDArray[np.float64]:
    """The discounted gain of a perfect list, per user."""
    best = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(np.arange(2, k + 2)))])
    return np.asarray(best[np.minimum(np.bincount(pairs[:, 0], minlength=users), k)])


def _gains(scores: Scores, pairs: Pairs, k: int, at_once: int = 1000) -> NDArray[np.float64]:
    """The discounted gain of each row's best `k`; an item's place is the number of scores not below its own."""
    gains = np.zeros(len(scores))
    for start in range(0, len(pairs), at_once):
        rows, columns = pairs[start : start + at_once].T
        places = (scores[rows] >= scores[rows, columns][:, None]).sum(axis=1)
        np.add.at(gains, rows, np.where(places <= k, 1.0 / np.log2(places + 1.0), 0.0))
    return gains


def _candidates(
    parts: Mapping[str, Scores], split: Split, k: int
) -> tuple[dict[str, Scores], Pairs, NDArray[np.float64]]:
    """The parts cut down to what any of them scores above 0, the relevant items among that, and the perfect gains.

    Trying hundreds of weights over the few hundred candidates of a user gives what the whole catalogue would give.
    """
    held = np.any([part > 0 for part in parts.values()], axis=0) & ~split.excluded[split.asked].toarray()
    width = max(int(held.sum(axis=1).max()), k)
    columns = np.argsort(~held, axis=1, kind="stable")[:, :width]
    inside = np.take_along_axis(held, columns, axis=1)
    small = {
        name: np.where(inside, np.take_along_axis(part, columns, axis=1), -1.0).astype(np.float32)
        for name, part in parts.items()
    }
    pairs = _pairs(split)
    matches = (columns[pairs[:, 0]] == pairs[:, 1][:, None]) & inside[pairs[:, 0]]
    found = matches.any(axis=1)
    relevant = np.stack([pairs[found, 0], matches[found].argmax(axis=1)], axis=1)
    return small, relevant, _ideals(pairs, len(split.asked), k)
