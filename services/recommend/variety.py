"""A list that is not ten times the same: maximal marginal relevance and a cap per creator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from services.library.index.port import Vector
from services.recommend.indexed import IndexedVideo


def diversify(
    ranked: Sequence[IndexedVideo],
    scores: Mapping[str, float],
    vectors: Mapping[str, Vector],
    *,
    limit: int,
    relevance: float = 0.7,
    per_creator: int = 2,
) -> list[IndexedVideo]:
    """Pick `limit` of `ranked` by maximal marginal relevance (Carbonell and Goldstein 1998).

    `scores` and `vectors` are by point id; a video without a vector is like no other. Similarities are stretched to
    [0, 1] over this list, since cosines of sentence vectors lie close together. No creator has more than
    `per_creator` places as long as others are left; a video without a creator is not counted.
    """
    ids = [video.point_id for video in ranked]
    similar = _similarities([vectors.get(point) for point in ids])
    picked: list[int] = []
    counts: dict[str, int] = {}
    left = list(range(len(ranked)))
    while left and len(picked) < limit:
        within_cap = [at for at in left if counts.get(ranked[at].creator or "", 0) < per_creator] or left
        best = max(
            within_cap,
            key=lambda at: (
                relevance * scores[ids[at]]
                - (1 - relevance) * max((float(similar[at, other]) for other in picked), default=0.0),
                -at,
            ),
        )
        picked.append(best)
        left.remove(best)
        if creator := ranked[best].creator:
            counts[creator] = counts.get(creator, 0) + 1
    return [ranked[at] for at in picked]


def _similarities(vectors: Sequence[Vector | None]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    size = len(vectors)
    similar = np.zeros((size, size), dtype=np.float32)
    known = [at for at, vector in enumerate(vectors) if vector is not None]
    if len(known) < 2:
        return similar
    rows = np.stack([vector for vector in vectors if vector is not None])
    cosines = rows @ rows.T
    off_diagonal = cosines[~np.eye(len(known), dtype=bool)]
    low, high = float(off_diagonal.min()), float(off_diagonal.max())
    if high - low > 1e-6:
        cosines = (cosines - low) / (high - low)
    similar[np.ix_(known, known)] = np.clip(cosines, 0.0, 1.0)
    return similar
