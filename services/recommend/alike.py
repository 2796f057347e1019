"""When two things are alike enough to be said to be: cosines that unrelated clips hardly ever reach.

Sentence encoders put all texts close together, and a nearest neighbour exists even where nothing is near, so a rank is
no ground for a reason. Each bound is about the 98th percentile of pairs of unrelated clips among the labelled ones,
measured with the lite profile's models; other models need their own. How near a query must be to a frame, the vision
engine says.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

ALIKE_IN_MEANING = 0.89
"""Two videos' text vectors."""

ALIKE_IN_LOOKS = 0.63
"""A video's mean frame vector and another's nearest frame."""

NEAR_QUERY_IN_MEANING = 0.82
"""A query and a video's text vector."""


def rows_of(vectors: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Vectors of one length d as the rows of (n, d); several times faster than `numpy.stack` for many short ones."""
    some = list(vectors)
    return np.concatenate(some).reshape(len(some), -1)
