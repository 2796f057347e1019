"""What viewers with the same tastes took to: the trained factors in memory, renewed when training has new ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.library.blobs import BlobStore
from services.library.factors import FactorSpace, Folded, factor_versions, load_factors
from services.library.preference import preferences, reactions_of
from services.library.record.events import Event
from services.recommend.trained import Trained


@dataclass(frozen=True, slots=True)
class CollaborativeViewer:
    """A viewer folded into the factors in use. Scores lie about between 0 and 1; only their order means something."""

    space: FactorSpace
    folded: Folded

    @property
    def version(self) -> str:
        """The training that scores come from."""
        return self.space.version

    def best(self, limit: int, *, without: Iterable[str] = ()) -> list[tuple[str, float]]:
        """Candidates: (video id, score), best first, none of `without`."""
        return self.space.best(self.folded, limit, without=frozenset(without))

    def score(self, video_ids: Sequence[str]) -> dict[str, float]:
        """Scores of these videos; a video that training has not seen has none."""
        return self.space.score(self.folded, video_ids)

    def causes(self, video_id: str) -> list[tuple[str, float]]:
        """Which of the viewer's videos carry the score of this one: (video id, part of the score), most first."""
        return self.space.causes(self.folded, video_id)


class Collaborative:
    """Reads the factors in use, as `Trained` does. Safe to share between threads."""

    def __init__(self, blobs: BlobStore, *, check_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._trained = Trained(
            factor_versions(blobs), lambda version: load_factors(blobs, version), check_s=check_s, clock=clock
        )

    def space(self) -> FactorSpace | None:
        """The factors in use; None before the first training."""
        return self._trained.get()

    def viewer(self, taken: Mapping[str, float] | Sequence[Event]) -> CollaborativeViewer | None:
        """A viewer from their events, or from a preference per video id; None when nothing can be said of them."""
        space = self.space()
        if space is None:
            return None
        liked = taken if isinstance(taken, Mapping) else preferences(reactions_of(taken))
        folded = space.fold_in(liked)
        return None if folded is None else CollaborativeViewer(space, folded)
