"""SQLite's write-ahead log, carried over into its file behind those who fill it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

_log = logging.getLogger(__name__)

NOTES = 40
"""Notes after which the log is carried over. One fills some 25 pages; SQLite itself would begin at a thousand."""


class Checkpoints:
    """Carries the log over in a thread of its own after every `every` notes; nothing on other databases.

    SQLite lets the commit that fills the log do so, and wait for the disk: one feed in forty took 20 ms longer. Those
    who write while the thread is at it are not held up. What a process leaves in the log, the next writer carries over.
    """

    def __init__(self, engine: Engine, *, every: int = NOTES) -> None:
        self._engine, self._every = engine, every
        self._lock = threading.Lock()
        self._notes = 0
        self._working: threading.Thread | None = None

    def noted(self) -> None:
        """Count a note."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._lock:
            self._notes += 1
            if self._notes < self._every or (self._working is not None and self._working.is_alive()):
                return
            self._notes = 0
            self._working = threading.Thread(target=self._carry_over, name="checkpoint", daemon=True)
            self._working.start()

    def close(self) -> None:
        """Wait for a thread that is at work."""
        with self._lock:
            if self._working is not None:
                self._working.join()

    def _carry_over(self) -> None:
        try:
            with closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").close()
        except (sqlite3.Error, SQLAlchemyError) as error:  # the log stays as it is, and what is in it counts
            _log.warning("the write-ahead log of %s was not carried over: %s", self._engine.url.database, error)
