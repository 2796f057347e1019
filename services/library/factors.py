"""Collaborative factors: what training leaves and a request reads. Arrays in the blob store, a version a file.

Hu, Koren and Volinsky 2008, "Collaborative Filtering for Implicit Feedback Datasets". Only videos have stored factors:
a viewer's are solved for from what they did when they ask, so a new viewer needs no training, vectors of two versions
cannot meet, and nothing about a person is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from services.library.best import best_rows
from services.library.blobs import BlobStore
from services.library.versions import Array, InUse, Stored, Versions


class _Meta(BaseModel):
    """What stands in a version's file beside its arrays."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    version: str
    trained_at: datetime
    alpha: float
    regularisation: float
    viewers: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A viewer in one factor space. `vector` has shape (factors,).

    `weighted` holds, per video that the viewer took to, its part of the vector: they add up to `vector`.
    """

    version: str
    vector: NDArray[np.float64]
    weighted: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class FactorSpace:
    """The videos' factors of one training. `vectors` has shape (videos, factors), float32, in the order of
    `video_ids`. A preference p counts with confidence 1 + `alpha` |p|. `viewers` and `pairs` say what it learnt from.
    """

    version: str
    trained_at: datetime
    video_ids: tuple[str, ...]
    vectors: Array
    alpha: float
    regularisation: float
    viewers: int
    pairs: int
    _rows: Mapping[str, int] = field(init=False, repr=False)
    _gram: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.video_ids):
            raise ValueError(f"{len(self.video_ids)} videos do not fit vectors of shape {self.vectors.shape}")
        object.__setattr__(self, "_rows", {video_id: row for row, video_id in enumerate(self.video_ids)})
        gram = (self.vectors.T @ self.vectors).astype(np.float64)
        object.__setattr__(self, "_gram", gram + self.regularisation * np.eye(self.vectors.shape[1]))

    def __contains__(self, video_id: object) -> bool:
        return video_id in self._rows

    def fold_in(self, preferences: Mapping[str, float]) -> Folded | None:
        """A viewer's factors from their preference per video: one least-squares step with the videos held still.

        Preferences below 0 pull towards 0. None when the viewer likes nothing that the space knows.
        """
        known = [(video_id, value) for video_id, value in preferences.items() if value and video_id in self._rows]
        if not any(value > 0 for _, value in known):
            return None
        rows = self.vectors[[self._rows[video_id] for video_id, _ in known]].astype(np.float64)
        values = np.array([value for _, value in known])
        confidence = 1.0 + self.alpha * np.abs(values)
        system = self._gram + rows.T @ (rows * (confidence - 1.0)[:, None])
        liked = values > 0
        parts = np.linalg.solve(system, (rows[liked] * confidence[liked, None]).T).T
        ids = [video_id for video_id, value in known if value > 0]
        return Folded(self.version, parts.sum(axis=0), dict(zip(ids, parts, strict=True)))

    def score(self, viewer: Folded, video_ids: Sequence[str]) -> dict[str, float]:
        """Scores of these videos, about 0 (nothing speaks for it) to 1; one that the space does not know has none."""
        self._same(viewer)
        known = [video_id for video_id in video_ids if video_id in self._rows]
        scores = self.vectors[[self._rows[video_id] for video_id in known]] @ viewer.vector.astype(np.float32)
        return dict(zip(known, scores.tolist(), strict=True))

    def best(self, viewer: Folded, limit: int, *, without: frozenset[str] = frozenset()) -> list[tuple[str, float]]:
        """The `limit` best videos with their scores, best first, none of `without`."""
        self._same(viewer)
        scores = self.vectors @ viewer.vector.astype(np.float32)
        rows = best_rows(scores, limit, without=[self._rows[video] for video in without if video in self._rows])
        return [(self.video_ids[row], float(scores[row])) for row in rows]

    def causes(self, viewer: Folded, video_id: str) -> list[tuple[str, float]]:
        """What each video that the viewer took to adds to the score of `video_id`, most first (Hu et al., section 5).

        The parts add up to the score. Empty for a video that the space does not know.
        """
        self._same(viewer)
        if video_id not in self._rows:
            return []
        vector = self.vectors[self._rows[video_id]].astype(np.float64)
        return sorted(
            ((cause, float(part @ vector)) for cause, part in viewer.weighted.items()), key=lambda p: (-p[1], p[0])
        )

    def _same(self, viewer: Folded) -> None:
        if viewer.version != self.version:
            raise ValueError(
                f"a viewer of factor space {viewer.version} was asked about in {self.version}: fold in anew"
            )


def factor_versions(blobs: BlobStore) -> Versions:
    """Where the factors of this blob store lie."""
    return Versions(blobs, "factors", "collaborative factors")


def store_factors(blobs: BlobStore, space: FactorSpace, *, keep: int = 2) -> None:
    """Write the space and put it in use; the last `keep` versions stay."""
    meta = _Meta(
        version=space.version,
        trained_at=space.trained_at,
        alpha=space.alpha,
        regularisation=space.regularisation,
        viewers=space.viewers,
        pairs=space.pairs,
    )
    stored = Stored(meta.model_dump_json(), space.video_ids, {"vectors": space.vectors})
    factor_versions(blobs).put(InUse(space.version, space.trained_at), stored, keep=keep)


def load_factors(blobs: BlobStore, version: str) -> FactorSpace:
    """Read one version. Raises `TrainedUnreadable`, `BlobMissing`."""
    versions = factor_versions(blobs)
    stored = versions.get(version)
    try:
        meta = _Meta.model_validate_json(stored.meta)
        if meta.version != version:
            raise versions.unreadable(version, "it holds another version")
        return FactorSpace(
            version=version,
            trained_at=meta.trained_at,
            video_ids=stored.video_ids,
            vectors=stored.arrays["vectors"],
            alpha=meta.alpha,
            regularisation=meta.regularisation,
            viewers=meta.viewers,
            pairs=meta.pairs,
        )
    except (ValueError, KeyError) as error:  # pydantic's is a ValueError
        raise versions.unreadable(version, str(error)) from error
