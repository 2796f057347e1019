"""A worker says in the record that it lives, so that `reelwise status` knows it while it has nothing to do as well."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from uuid import uuid4

from celery.worker.state import active_requests

from services.library.errors import LibraryError
from services.library.record.database import utc_now
from services.library.record.fleet import WorkerRun
from services.library.record.store import Record
from services.library.record.types import Lane
from services.settings import Settings

logger = logging.getLogger(__name__)

_LAST_WORD_S = 5.0
"""Longest that whoever ends waits for the record to hear of it."""

_FORK_S = 5.0
"""Longest that a fork waits for a beat to end."""


class Presence:
    """A process's place in the fleet from `start`, or the beginning of the block, to `end`.

    A thread of its own tells the record at once and every `settings.beat_s` seconds, over a connection of its own. What
    the record does not hear is logged once an outage and told again with the next beat: the work goes on.

    `forks`: the process forks children while the thread runs, as `prefork` does. They are part of the one process tree
    that is told of.
    """

    def __init__(self, settings: Settings, lanes: frozenset[Lane], at_once: int, *, forks: bool = False) -> None:
        self._url = settings.resolved_database_url
        self._worker = WorkerRun(
            run=uuid4().hex,
            host=socket.gethostname(),
            pid=os.getpid(),
            lanes=lanes,
            at_once=at_once,
            beat_s=settings.beat_s,
            started_at=utc_now(),
        )
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._live, name="presence", daemon=True)
        self._record: Record | None = None
        self._unheard = False
        self._speaking = threading.Lock()
        self._forking = False
        if forks:
            os.register_at_fork(
                before=self._fall_silent, after_in_parent=self._speak_again, after_in_child=self._speak_again
            )

    def start(self) -> None:
        """Tell of the process from now on."""
        self._thread.start()

    def end(self) -> None:
        """Take the process out of the fleet; a record that does not answer is not waited for. Idempotent."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_LAST_WORD_S)

    def __enter__(self) -> Presence:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def _live(self) -> None:
        self._tell(lambda record: record.forget_silent_workers(now=utc_now()))
        while True:
            # Celery counts in the parent, also what its children are at.
            self._tell(lambda record: record.note_worker(self._worker, running=len(active_requests), now=utc_now()))
            if self._ending.wait(self._worker.beat_s):
                break
        self._tell(lambda record: record.forget_worker(self._worker.run))
        self._hang_up()

    def _tell(self, say: Callable[[Record], None]) -> None:
        with self._speaking:
            try:
                if self._record is None:
                    self._record = Record.open(self._url)
                say(self._record)
            except LibraryError as error:
                if not self._unheard:
                    logger.warning("the record does not hear that this worker lives: %s", error)
                self._unheard = True
            else:
                self._unheard = False

    def _hang_up(self) -> None:
        if self._record is not None:
            self._record.close()

    def _fall_silent(self) -> None:
        """Before a fork: a child must inherit no lock that is held and no connection, which SQLite cannot bear.

        A record that hangs may not hold the fork up for long. Its connection waits for the network, and no child asks
        for it.
        """
        self._forking = self._speaking.acquire(timeout=_FORK_S)
        if self._forking:
            self._hang_up()

    def _speak_again(self) -> None:
        if self._forking:
            self._speaking.release()
