"""What viewers with the same tastes took to: the trained factors in memory, renewed when training has new ones."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.library.blobs import BlobStore
from services.library.errors import BlobMissing, LibraryError
from services.library.factors import FactorSpace, Folded, factors_in_use, load_factors
from services.library.preference import preferences, reactions_of
from services.library.record.events import Event

_log = logging.getLogger(__name__)


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
    """Reads the factors in use. Safe to share between threads; holds one version in memory.

    Looks for a new version at most every `check_s` seconds. Factors that cannot be read leave the ones in memory, or
    none, in use, and a warning says so once: recommendations then rest on the other sources.
    """

    def __init__(self, blobs: BlobStore, *, check_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._blobs = blobs
        self._check_s = check_s
        self._clock = clock
        self._lock = threading.Lock()
        self._space: FactorSpace | None = None
        self._checked: float | None = None
        self._complaint: str | None = None

    def space(self) -> FactorSpace | None:
        """The factors in use; None before the first training."""
        now = self._clock()
        if self._checked is not None and now - self._checked < self._check_s:
            return self._space
        if not self._lock.acquire(blocking=self._checked is None):
            return self._space  # another request is loading: the version in memory still serves
        try:
            if self._checked is None or now - self._checked >= self._check_s:
                self._renew()
                self._checked = now
            return self._space
        finally:
            self._lock.release()

    def viewer(self, taken: Mapping[str, float] | Sequence[Event]) -> CollaborativeViewer | None:
        """A viewer from their events, or from a preference per video id; None when nothing can be said of them."""
        space = self.space()
        if space is None:
            return None
        liked = taken if isinstance(taken, Mapping) else preferences(reactions_of(taken))
        folded = space.fold_in(liked)
        return None if folded is None else CollaborativeViewer(space, folded)

    def _renew(self) -> None:
        try:
            used = factors_in_use(self._blobs)
            if used is not None and (self._space is None or self._space.version != used.version):
                self._space = self._load(used.version)
            self._complaint = None
        except LibraryError as error:
            if self._complaint != str(error):
                self._complaint = str(error)
                _log.warning("collaborative factors are not renewed: %s", error)

    def _load(self, version: str) -> FactorSpace:
        try:
            return load_factors(self._blobs, version)
        except BlobMissing:
            # More trainings ended since the version was read, and its file is gone: the newest is there.
            newest = factors_in_use(self._blobs)
            if newest is None or newest.version == version:
                raise
            return load_factors(self._blobs, newest.version)
