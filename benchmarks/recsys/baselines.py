"""Sources of scores for the offline figures: each gives every user a score for every item.

A source is a function of a split that returns an array of shape (asked users, items), float32; higher is better.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import TFIDFRecommender
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from benchmarks.recsys.movielens import MovieLens
from benchmarks.recsys.splits import Split
from services.library.preference import Reaction
from services.library.record.events import EventKind
from workers.training.collaborative import TooLittle, TrainingParameters, learn

Scores = NDArray[np.float32]
Source = Callable[[Split], Scores]
_DAY = 86_400.0

logging.getLogger("implicit").setLevel(logging.ERROR)


def matrix(split: Split, items: int) -> sparse.csr_matrix:
    """The known likes, users by items, ones."""
    users = split.excluded.shape[0]
    ones = np.ones(len(split.known), np.float32)
    return sparse.csr_matrix((ones, (split.known.user, split.known.item)), shape=(users, items))


def popularity(data: MovieLens) -> Source:
    """How many users liked an item."""

    def score(split: Split) -> Scores:
        counts = np.bincount(split.known.item, minlength=data.items).astype(np.float32)
        return np.tile(counts, (len(split.asked), 1))

    return score


def recent_popularity(data: MovieLens, half_life_days: float) -> Source:
    """Likes before the moment of the recommendation, each worth half as much after every half-life."""

    def score(split: Split) -> Scores:
        known, rows = split.known, np.zeros((len(split.asked), data.items), np.float32)
        for row, user in enumerate(split.asked):
            age = (split.at[int(user)] - known.time) / _DAY
            weights = np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / half_life_days), 0.0)
            rows[row] = np.bincount(known.item, weights, minlength=data.items)
        return rows

    return score


def item_knn(data: MovieLens, neighbours: int) -> Source:
    """Neighbours of what a user liked, by cosine of TF-IDF-weighted co-occurrence (`implicit`)."""

    def score(split: Split) -> Scores:
        model = TFIDFRecommender(K=neighbours, num_threads=1)
        known = matrix(split, data.items)
        model.fit(known, show_progress=False)
        return np.asarray((known[split.asked] @ sparse.csr_matrix(model.similarity)).todense(), np.float32)

    return score


def als(data: MovieLens, factors: int, regularisation: float, alpha: float, seed: int = 0) -> Source:
    """Implicit-feedback ALS (Hu, Koren and Volinsky 2008), by `implicit`."""
    return _factors(
        data,
        lambda: AlternatingLeastSquares(
            factors=factors, regularization=regularisation, alpha=alpha, iterations=15, num_threads=1, random_state=seed
        ),
    )


def collaborative(data: MovieLens, parameters: TrainingParameters) -> Source:
    """The product's own: its training, and a fold-in of every user from their likes as a request does it."""

    def score(split: Split) -> Scores:
        likes = ((f"{user:08d}", str(item)) for user, item in zip(split.known.user, split.known.item, strict=True))
        reactions = [Reaction(user, item, EventKind.PLAY, watch_ratio=1.0) for user, item in sorted(likes)]
        space = learn(reactions, parameters, now=datetime(2026, 1, 1, tzinfo=UTC))
        if isinstance(space, TooLittle):
            raise ValueError(space.reason)
        columns = np.array([int(video_id) for video_id in space.video_ids])
        rows = np.zeros((len(split.asked), data.items), np.float32)
        for row, user in enumerate(split.asked):
            viewer = space.fold_in({str(item): 1.0 for item in split.known.item[split.known.user == user]})
            if viewer is not None:
                rows[row, columns] = space.vectors @ viewer.vector
        return rows

    return score


def bpr(data: MovieLens, factors: int, learning_rate: float, iterations: int, seed: int = 0) -> Source:
    """Bayesian personalised ranking (Rendle et al. 2009), by `implicit`; one thread, so that a seed means something."""
    return _factors(
        data,
        lambda: BayesianPersonalizedRanking(
            factors=factors, learning_rate=learning_rate, regularization=0.01, iterations=iterations, num_threads=1,
            random_state=seed,
        ),
    )  # fmt: skip


def _factors(data: MovieLens, build: Callable[[], Any]) -> Source:
    def score(split: Split) -> Scores:
        model = build()
        with threadpool_limits(1, "blas"):
            model.fit(matrix(split, data.items), show_progress=False)
        return np.asarray(model.user_factors[split.asked] @ model.item_factors.T, np.float32)

    return score
