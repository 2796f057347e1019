"""The best of many scores."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray


def best_rows(scores: NDArray[np.float32], limit: int, *, without: Collection[int] = ()) -> list[int]:
    """The rows of the `limit` highest scores, best first, none of `without`; of equal ones the first comes first."""
    closed = frozenset(without)
    most = min(limit + len(closed), len(scores))
    if most <= 0:
        return []
    top = np.argpartition(scores, len(scores) - most)[len(scores) - most :]
    found: list[int] = top[np.lexsort((top, -scores[top]))].tolist()
    return [row for row in found if row not in closed][:limit]
