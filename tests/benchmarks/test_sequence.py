from __future__ import annotations

import numpy as np
from rich.console import Console
from scipy import sparse

from benchmarks.recsys.movielens import Likes, MovieLens
from benchmarks.recsys.sequence import sequences_of
from benchmarks.recsys.splits import Split

ITEMS, USERS = 8, 40


class Vectors:
    """An item a direction; the last item, which nobody has liked, lies where item 3 does."""

    def of(self, split: Split) -> np.ndarray:
        rows = np.eye(ITEMS, dtype=np.float32)
        rows[ITEMS - 1] = rows[3]
        return rows


def test_it_learns_what_comes_next_and_scores_an_item_nobody_has_liked_by_its_content() -> None:
    # Everybody goes round the first seven items in the same order, each from another start, and asks before item 3.
    orders = [[(start + step) % (ITEMS - 1) for step in range(6)] for start in range(ITEMS - 1)]
    told = [orders[user % len(orders)] for user in range(USERS - 1)] + [[6, 0, 1, 2]]
    users = np.concatenate([np.full(len(order), user) for user, order in enumerate(told)])
    items = np.concatenate([np.array(order) for order in told])
    likes = Likes(users, items, np.arange(len(items)))
    data = MovieLens(("",) * ITEMS, ((),) * ITEMS, likes, likes, (), USERS)
    none = sparse.csr_matrix((USERS, ITEMS), dtype=bool)
    split = Split("round", likes, np.array([USERS - 1]), {USERS - 1: frozenset({3})}, {USERS - 1: 0}, none, ())
    source = sequences_of(data, Vectors(), (150,), seed=0, console=Console(quiet=True))["150 epochs"]
    assert set(np.argsort(-source(split)[0])[:2]) == {3, ITEMS - 1}
