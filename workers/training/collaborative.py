"""Trains the collaborative factors from what all viewers did, and puts them in use.

Implicit-feedback alternating least squares (Hu, Koren and Volinsky 2008), by the library `implicit`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from services.library.blobs import BlobStore
from services.library.factors import FactorSpace, store_factors
from services.library.preference import Reaction, preferences
from services.library.record.port import RecordPort
from services.library.versions import version_of
from services.settings import Settings

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with (passes done, passes in all)."""


@dataclass(frozen=True, slots=True)
class TrainingParameters:
    """How factors are learnt. `alpha`: a preference p counts with confidence 1 + alpha |p|. Seeded: the same events
    give the same factors. Below `min_viewers` or `min_videos` with a preference there is nothing to learn from others.
    """

    factors: int = 32
    regularisation: float = 3.0
    alpha: float = 1.0
    passes: int = 15
    seed: int = 0
    min_viewers: int = 20
    min_videos: int = 20


def parameters_of(settings: Settings) -> TrainingParameters:
    """What the operator chose."""
    return TrainingParameters(
        factors=settings.train_factors,
        min_viewers=settings.train_min_viewers,
        min_videos=settings.train_min_videos,
    )


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """What a training did. `version` is None when there was too little to learn from; `reason` then says of what."""

    version: str | None
    reason: str | None
    viewers: int
    videos: int
    pairs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TooLittle:
    """There is not enough to learn from."""

    viewers: int
    videos: int
    pairs: int
    parameters: TrainingParameters

    @property
    def reason(self) -> str:
        """That in words."""
        wanted = self.parameters
        return (
            f"{self.viewers} viewers took to {self.videos} videos so far; learning from others starts at "
            f"{wanted.min_viewers} viewers and {wanted.min_videos} videos. Until then content speaks."
        )


def train_collaborative(
    record: RecordPort,
    blobs: BlobStore,
    *,
    now: datetime,
    parameters: TrainingParameters | None = None,
    progress: Progress | None = None,
) -> TrainingOutcome:
    """Learn from every event in the record, store the factors and switch to them; what was in use stays if there is
    too little. The index is not needed. Raises `LibraryError` when the record or the blob store cannot be used.
    """
    started = time.monotonic()
    learnt = learn(record.reactions(), parameters or TrainingParameters(), now=now, progress=progress)
    version = None
    if isinstance(learnt, FactorSpace):
        store_factors(blobs, learnt)
        version = learnt.version
    outcome = TrainingOutcome(
        version=version,
        reason=None if isinstance(learnt, FactorSpace) else learnt.reason,
        viewers=learnt.viewers,
        videos=len(learnt.video_ids) if isinstance(learnt, FactorSpace) else learnt.videos,
        pairs=learnt.pairs,
        seconds=time.monotonic() - started,
    )
    if outcome.reason is None:
        _log.info("collaborative factors %s from %d viewers, %.1f s", version, outcome.viewers, outcome.seconds)
    else:
        _log.info("no collaborative factors: %s", outcome.reason)
    return outcome


def learn(
    reactions: Iterable[Reaction],
    parameters: TrainingParameters,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> FactorSpace | TooLittle:
    """The factor space of these reactions, a viewer's standing together; nothing is stored."""
    ids, confidences = _confidences(reactions, parameters.alpha)
    viewers, videos = confidences.shape
    if viewers < parameters.min_viewers or videos < parameters.min_videos:
        return TooLittle(viewers, videos, int(confidences.nnz), parameters)
    vectors = _factors(confidences, parameters, progress)
    return FactorSpace(
        version=version_of(now, vectors),
        trained_at=now,
        video_ids=ids,
        vectors=vectors,
        alpha=parameters.alpha,
        regularisation=parameters.regularisation,
        viewers=viewers,
        pairs=int(confidences.nnz),
    )


def _confidences(reactions: Iterable[Reaction], alpha: float) -> tuple[tuple[str, ...], sparse.csr_matrix]:
    """Video ids, and viewers by videos: above 0 how sure a like is, below 0 how sure a dislike.

    Viewers without a positive preference are left out: there is nothing to place them by."""
    places: dict[str, int] = {}
    starts, columns, values = [0], [], []
    for _, mine in groupby(reactions, key=lambda reaction: reaction.user_id):
        found = preferences(mine)
        if not any(value > 0 for value in found.values()):
            continue
        for video_id, value in found.items():
            columns.append(places.setdefault(video_id, len(places)))
            values.append((1.0 + alpha * abs(value)) * (1.0 if value > 0 else -1.0))
        starts.append(len(columns))
    matrix = sparse.csr_matrix(
        (np.array(values, np.float32), np.array(columns, np.int32), np.array(starts, np.int32)),
        shape=(len(starts) - 1, len(places)),
    )
    return tuple(places), matrix


def _factors(
    confidences: sparse.csr_matrix, parameters: TrainingParameters, progress: Progress | None
) -> NDArray[np.float32]:
    """The videos' factors, shape (videos, factors). No more factors than the smaller side has members."""
    from implicit.als import AlternatingLeastSquares

    factors = min(parameters.factors, *confidences.shape)
    told = (lambda done, *_: progress(done + 1, parameters.passes)) if progress is not None else None
    # implicit runs its own threads over viewers; BLAS threads inside them would fight for the same cores.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=parameters.regularisation,
            alpha=1.0,  # the confidences are made above, 1 + alpha |p|
            iterations=parameters.passes,
            random_state=parameters.seed,
        )
        model.fit(confidences, show_progress=False, callback=told)
    return np.ascontiguousarray(model.item_factors, dtype=np.float32)
