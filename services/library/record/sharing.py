"""What processes that share a record ask it about each other: who is at work, whose turn it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import func, select

from services.library.record.claimable import OPEN
from services.library.record.database import Database, naming_the_database
from services.library.record.tables import UnderstandingRow, VideoRow


class Sharing(Database):
    """The part of the record that many processes are coordinated by."""

    def neglected(self, *, now: datetime, since: datetime) -> int:
        """How many videos have been due since before `since` while nobody holds a lease of any video."""
        held = select(VideoRow.id).where(VideoRow.lease_token.is_not(None), VideoRow.lease_expires_at > now).exists()
        query = select(func.count()).where(
            VideoRow.state.in_(OPEN),
            VideoRow.updated_at < since,
            VideoRow.not_before.is_(None) | (VideoRow.not_before < since),
            ~held,
        )
        with self._read() as session:
            return int(session.scalar(query) or 0)

    def touched(self, *, since: datetime) -> list[str]:
        """Videos that were worked on since then or are now, and those whose labels were decided on since."""
        worked = select(VideoRow.id).where((VideoRow.updated_at >= since) | VideoRow.lease_token.is_not(None))
        decided = select(UnderstandingRow.video_id).where(UnderstandingRow.updated_at >= since)
        with self._read() as session:
            return sorted({*session.scalars(worked), *session.scalars(decided)})

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Whether this is the only one inside `name`, of all processes that share the record; nobody waits.

        A holder that dies is out. On PostgreSQL it is an advisory lock of a session of its own (so a pooler must keep
        sessions), on SQLite a lock file beside the database.
        """
        if self.engine.dialect.name == "postgresql":
            with self._advisory(name) as got:
                yield got
            return
        path = self.engine.url.database
        if not path or path == ":memory:":
            yield True
            return
        lock = FileLock(f"{Path(path)}.{name}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    @contextmanager
    def _advisory(self, name: str) -> Iterator[bool]:
        key = int.from_bytes(blake2b(f"reelwise {name}".encode(), digest_size=8).digest(), signed=True)
        # Outside of a transaction: one that is open as long as the work would keep PostgreSQL from cleaning up.
        apart = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with naming_the_database(self.engine):
            connection = apart.connect()
        try:
            with naming_the_database(self.engine):
                got = bool(connection.scalar(select(func.pg_try_advisory_lock(key))))
            try:
                yield got
            finally:
                if got:
                    with naming_the_database(self.engine):
                        connection.scalar(select(func.pg_advisory_unlock(key)))
        finally:
            connection.close()
