"""Several interest vectors rather than one mean: clusters of what a viewer took to, each stood for by its medoid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from services.library.index.port import Stored, Vector
from services.recommend.alike import rows_of
from services.recommend.profile import Anchor, InterestVector


def interest_vectors(
    anchors: Sequence[Anchor],
    causes: Mapping[str, Sequence[str]],
    looks: Callable[[Sequence[str]], Mapping[str, Vector]],
    *,
    alike: float,
    most: int,
) -> tuple[InterestVector, ...]:
    """The heaviest clusters, at most `most`, heaviest first; their weights add up to 1 when none is left out.

    Agglomerative clustering with average linkage over the cosine of the text vectors: two clusters become one while
    their videos are on average at least `alike`. The number of interests thus follows from the viewer, as in PinnerSage
    (Pal et al. 2020). `causes` names the positive events of each video, heaviest first; `looks` gives mean frames.
    """
    usable = [(anchor, anchor.text) for anchor in anchors if anchor.text is not None]
    if not usable:
        return ()
    matrix = rows_of(vector for _, vector in usable)
    members: dict[int, list[int]] = {}
    for place, cluster in enumerate(_clusters(matrix, alike)):
        members.setdefault(cluster, []).append(place)
    total = sum(anchor.weight for anchor, _ in usable)
    weights = {number: sum(usable[place][0].weight for place in places) for number, places in members.items()}
    least = sorted(weights.values())[-most:][0]
    found = [
        _vector([usable[place][0] for place in places], matrix[places], total, causes)
        for number, places in members.items()
        if weights[number] >= least
    ]
    kept = sorted(found, key=lambda one: (-one.weight, one.medoid))[:most]
    frames = looks([one.medoid for one in kept])
    return tuple(replace(one, looks=frames.get(one.medoid)) for one in kept)


def direction(stored: Stored, using: str) -> Vector | None:
    """A stored vector as one unit vector; None when the video has none of that name."""
    value = stored.vectors.get(using)
    return unit(value) if isinstance(value, np.ndarray) and value.size else None


def unit(vectors: NDArray[np.float32]) -> Vector | None:
    """One vector, or several by their mean, at unit length; None where that is nowhere."""
    mean: NDArray[np.float32] = vectors if vectors.ndim == 1 else vectors.mean(axis=0)
    norm = float(np.linalg.norm(mean))
    return (mean / norm).astype(np.float32) if norm > 0 else None


def _clusters(matrix: NDArray[np.float32], alike: float) -> list[int]:
    if len(matrix) == 1:
        return [0]
    tree = linkage(matrix.astype(np.float64), method="average", metric="cosine")
    return [int(label) for label in fcluster(tree, t=1.0 - alike, criterion="distance")]


def _vector(
    anchors: Sequence[Anchor], vectors: NDArray[np.float32], total: float, causes: Mapping[str, Sequence[str]]
) -> InterestVector:
    weights = np.array([anchor.weight for anchor in anchors], np.float32)
    middle = anchors[int(np.argmax(vectors @ (weights @ vectors)))]  # nearest, by weight, to all of its cluster
    heaviest = sorted(anchors, key=lambda anchor: (-anchor.weight, anchor.video.video_id))
    videos = tuple(anchor.video.video_id for anchor in heaviest)
    return InterestVector(
        weight=float(weights.sum()) / total,
        medoid=middle.video.video_id,
        videos=videos,
        events=tuple(event for video in videos for event in causes.get(video, ())),
        text=middle.text,
        looks=None,
    )
