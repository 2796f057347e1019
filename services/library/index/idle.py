"""Optimize the embedded index when nobody writes to it: what makes queries fast is never built by itself."""

from __future__ import annotations

import logging
import threading

from services.library.errors import LibraryError
from services.library.index.port import IndexPort
from services.settings import Settings

_log = logging.getLogger(__name__)

_BACKLOG = 20
"""With so many times the points, the index is optimized even if writes go on."""


class IdleOptimizer:
    """A thread that optimizes an index once enough points were written and none is being written.

    `optimize_after_points` and `optimize_idle_s` of the settings say when. Points are found before that as well, by
    comparing with each of them; writes wait while it runs, queries don't.
    """

    def __init__(self, index: IndexPort, settings: Settings) -> None:
        self._index = index
        self._after = settings.optimize_after_points
        self._idle_s = settings.optimize_idle_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="optimize", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End; waits for an optimization that runs."""
        self._stopping.set()
        self._thread.join()

    def due(self) -> bool:
        """Whether now is a good moment."""
        points, quiet_s = self._index.unoptimized()
        return points >= self._after * _BACKLOG or (points >= self._after and quiet_s >= self._idle_s)

    def _run(self) -> None:
        while not self._stopping.wait(self._idle_s / 2):
            try:
                if self.due():
                    self._index.optimize()
            except LibraryError:
                _log.exception("the index could not be optimized; it is tried again")
