"""Collaborative factors: what training leaves and a request reads. Arrays in the blob store, a version a file.

Hu, Koren and Volinsky 2008, "Collaborative Filtering for Implicit Feedback Datasets". Only videos have stored factors:
a viewer's are solved for from what they did when they ask, so a new viewer needs no training, vectors of two versions
cannot meet, and nothing about a person is kept here.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from services.library.blobs import BlobStore
from services.library.errors import BlobMissing, LibraryError

_FOLDER = "factors"
_CURRENT = f"{_FOLDER}/current.json"
_ATTEMPT = f"{_FOLDER}/attempt.json"

Vectors = NDArray[np.float32]


class FactorsUnreadable(LibraryError):
    """The stored factors are not what training writes."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(
            f"The collaborative factors {key!r} cannot be read: {why}. Run `reelwise train` to renew them."
        )


class _Pointer(BaseModel):
    """`current.json`: the version in use, and those that are kept, oldest first."""

    model_config = ConfigDict(frozen=True)

    version: str
    trained_at: datetime
    versions: tuple[str, ...]


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
    vectors: Vectors
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
        closed = [self._rows[video_id] for video_id in without if video_id in self._rows]
        scores[closed] = -np.inf
        limit = min(limit, len(scores) - len(closed))
        if limit <= 0:
            return []
        top = np.argpartition(-scores, limit - 1)[:limit]
        return [(self.video_ids[row], float(scores[row])) for row in top[np.lexsort((top, -scores[top]))]]

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


def version_of(trained_at: datetime, vectors: Vectors) -> str:
    """A name that sorts by time and tells any two spaces apart."""
    digest = hashlib.sha256(np.ascontiguousarray(vectors).tobytes()).hexdigest()[:8]
    return f"{trained_at:%Y%m%dT%H%M%S%f}-{digest}"


def store_factors(blobs: BlobStore, space: FactorSpace, *, keep: int = 2) -> None:
    """Write the space, then point to it in one step; a reader sees the old one or the new one.

    The last `keep` versions stay, for a reader that has just been told of the one before.
    """
    meta = _Meta(
        version=space.version,
        trained_at=space.trained_at,
        alpha=space.alpha,
        regularisation=space.regularisation,
        viewers=space.viewers,
        pairs=space.pairs,
    )
    file = io.BytesIO()
    np.savez(
        file,
        meta=np.frombuffer(meta.model_dump_json().encode(), np.uint8),
        video_ids=np.frombuffer("\n".join(space.video_ids).encode(), np.uint8),
        vectors=space.vectors,
    )
    try:
        pointer = _pointer(blobs)
    except FactorsUnreadable:
        pointer = None  # a damaged pointer is replaced; the file it named may stay behind
    earlier = [version for version in (pointer.versions if pointer else ()) if version != space.version]
    blobs.put_bytes(file.getvalue(), _key(space.version))
    kept = (*earlier, space.version)[-keep:]
    current = _Pointer(version=space.version, trained_at=space.trained_at, versions=kept)
    blobs.put_bytes(current.model_dump_json().encode(), _CURRENT)
    for version in earlier:
        if version not in kept:
            blobs.delete(_key(version))


@dataclass(frozen=True, slots=True)
class InUse:
    """The version in use and when it was trained."""

    version: str
    trained_at: datetime


def factors_in_use(blobs: BlobStore) -> InUse | None:
    """What requests read now; None before the first training. Raises `FactorsUnreadable`."""
    pointer = _pointer(blobs)
    return None if pointer is None else InUse(pointer.version, pointer.trained_at)


class _Attempt(BaseModel):
    """`attempt.json`: when a training was last begun, whatever came of it."""

    model_config = ConfigDict(frozen=True)

    at: datetime


def note_training(blobs: BlobStore, at: datetime) -> None:
    """A training begins now."""
    blobs.put_bytes(_Attempt(at=at).model_dump_json().encode(), _ATTEMPT)


def last_training(blobs: BlobStore) -> datetime | None:
    """When factors were last trained, or a training was last begun; None before the first, or if it is unreadable."""
    times = []
    with suppress(BlobMissing, ValidationError):  # none yet, or a file that the next training replaces
        times.append(_Attempt.model_validate_json(blobs.get_bytes(_ATTEMPT)).at)
    with suppress(FactorsUnreadable):  # a training replaces them
        if (used := factors_in_use(blobs)) is not None:
            times.append(used.trained_at)
    return max(times, default=None)


def load_factors(blobs: BlobStore, version: str) -> FactorSpace:
    """Read one version. Raises `FactorsUnreadable`, `BlobMissing`."""
    key = _key(version)
    data = blobs.get_bytes(key)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            meta = _Meta.model_validate_json(arrays["meta"].tobytes())
            ids = arrays["video_ids"].tobytes().decode()
            vectors = np.ascontiguousarray(arrays["vectors"], dtype=np.float32)
        if meta.version != version or not np.isfinite(vectors).all():
            raise FactorsUnreadable(key, "it holds another version, or numbers that are not finite")
        return FactorSpace(
            version=version,
            trained_at=meta.trained_at,
            video_ids=tuple(ids.split("\n")) if ids else (),
            vectors=vectors,
            alpha=meta.alpha,
            regularisation=meta.regularisation,
            viewers=meta.viewers,
            pairs=meta.pairs,
        )
    except (BadZipFile, ValueError, KeyError, EOFError, OSError) as error:  # pydantic's is a ValueError
        raise FactorsUnreadable(key, str(error)) from error


def _key(version: str) -> str:
    return f"{_FOLDER}/{version}.npz"


def _pointer(blobs: BlobStore) -> _Pointer | None:
    try:
        return _Pointer.model_validate_json(blobs.get_bytes(_CURRENT))
    except BlobMissing:
        return None
    except ValidationError as error:
        raise FactorsUnreadable(_CURRENT, str(error)) from error
