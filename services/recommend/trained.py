"""Something trained, kept in memory and renewed when training has a new version."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from services.library.errors import BlobMissing, LibraryError
from services.library.versions import Versions

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Trained(Generic[T]):
    """The version in use. Safe to share between threads; holds one version in memory.

    Looks for a new version at most every `check_s` seconds. One that cannot be read leaves the one in memory, or none,
    in use, and a warning says so once: recommendations then rest on the other sources.
    """

    def __init__(
        self,
        versions: Versions,
        load: Callable[[str], T],
        *,
        check_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._versions = versions
        self._load = load
        self._check_s = check_s
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[str, T] | None = None
        self._checked: float | None = None
        self._complaint: str | None = None

    def get(self) -> T | None:
        """What was trained last; None before the first training."""
        now = self._clock()
        # Another request that is loading meanwhile does not hold this one up: the version in memory still serves.
        if (self._checked is None or now - self._checked >= self._check_s) and self._lock.acquire(
            blocking=self._checked is None
        ):
            try:
                if self._checked is None or now - self._checked >= self._check_s:
                    self._renew()
                    self._checked = now
            finally:
                self._lock.release()
        return None if self._held is None else self._held[1]

    def _renew(self) -> None:
        try:
            used = self._versions.in_use()
            if used is not None and (self._held is None or self._held[0] != used.version):
                self._held = self._loaded(used.version)
            self._complaint = None
        except LibraryError as error:
            if self._complaint != str(error):
                self._complaint = str(error)
                _log.warning("%s are not renewed: %s", self._versions.what, error)

    def _loaded(self, version: str) -> tuple[str, T]:
        try:
            return version, self._load(version)
        except BlobMissing:
            # More trainings ended since the version was read, and its file is gone: the newest is there.
            newest = self._versions.in_use()
            if newest is None or newest.version == version:
                raise
            return newest.version, self._load(newest.version)
