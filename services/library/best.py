"""The best of many scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def inner_products(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Inner products of (n, d) with (d,), as (n,).

    Not by BLAS: its threads spin while they wait for each other, and take the cores from the requests beside this one.
    """
    found: NDArray[np.float32] = np.einsum("ij,j->i", rows, vector)
    return found


def best_rows(scores: NDArray[np.float32], limit: int, *, without: Sequence[int] = ()) -> list[int]:
    """The rows of the `limit` highest scores, best first, none of `without`; of equal ones the first comes first."""
    closed = list(set(without))
    if closed:
        scores = scores.copy()
        scores[closed] = -np.inf
    limit = min(limit, len(scores) - len(closed))
    if limit <= 0:
        return []
    top = np.argpartition(-scores, limit - 1)[:limit]
    found: list[int] = top[np.lexsort((top, -scores[top]))].tolist()
    return found
