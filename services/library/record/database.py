"""The engine and its transactions: SQLite set up for many writers, PostgreSQL as it is."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    IntegrityError,
    InterfaceError,
    InvalidatePoolError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from services.library.errors import RecordUnavailable
from services.library.record.checkpoints import Checkpoints
from services.library.record.documents import ParsedDocuments

BUSY_TIMEOUT_S = 30.0
"""How long a SQLite writer waits for its turn, seconds. Transactions take milliseconds."""

CONNECTIONS = 15
"""Most connections of a process, made as they are needed. All are kept: a new one costs the server a process, and
every statement is planned anew for it. What was used last is used next, so that few do the work.
"""

REST_S = 1.0
"""A connection that was not used for so long is tried before it is used again, seconds. A server that was started anew
cuts all connections: of those used since, the first call fails as one under way does, and the others are made anew.
"""

LOG_PAGES = 1000
"""Pages of SQLite's write-ahead log from which on a commit carries them over into the file; SQLite's own default."""

_WRITES, _USED, _UNSYNCED = "reelwise_writes", "reelwise_used", "reelwise_unsynced"

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_FOREIGN_KEY_VIOLATION = "23503"
"""PostgreSQL's SQLSTATE."""

Clock = Callable[[], datetime]
"""Where the record reads the time."""


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def open_engine(url: str) -> Engine:
    """An engine for the record's URL. Raises `RecordUnavailable` for a URL or a driver that does not work.

    SQLite runs in WAL mode with foreign keys on, waits for locks, and begins writing transactions with BEGIN
    IMMEDIATE: a transaction that read first and wants to write later would fail at once with 'database is locked'.
    `synchronous` stays FULL: what was accepted survives a power cut. `_noting` is the exception.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            parsed,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_use_lifo=True,
            json_serializer=partial(json.dumps, ensure_ascii=False, allow_nan=False),
            hide_parameters=True,  # an error's text ends in logs, and parameters name viewers
        )
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise RecordUnavailable(f"The record's URL does not work: {error}. Set REELWISE_DATABASE_URL.") from error
    except OSError as error:
        raise RecordUnavailable(f"The record's folder cannot be made: {error}. Set REELWISE_DATA_DIR.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", partial(_check_after_rest, engine.dialect))
    return engine


def _note_use(_dbapi_connection: object, held: ConnectionPoolEntry) -> None:
    held.info[_USED] = time.monotonic()


def _check_after_rest(dialect: Dialect, dbapi_connection: Any, held: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask a server that was not spoken to for a while whether it is there; where it is not, all connections are made
    anew.

    Not each time, as `pool_pre_ping` does: a question more to every transaction is a fifth of what the record costs.
    """
    used = held.info.get(_USED)  # what was said of a connection goes with it
    if used is None or time.monotonic() - used < REST_S:
        return
    try:
        dialect.do_ping(dbapi_connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError() from error


def _set_up_sqlite(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # the driver's own BEGIN would be a deferred one
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Turn a new file's WAL mode on, which stays in the file.

    The change takes a lock that SQLite's busy handler does not wait for, so of two processes that open a new file at
    once one would fail with 'database is locked'.
    """
    ends = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > ends:
                raise
        time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes, unsynced = options.get(_WRITES, False), options.get(_UNSYNCED, False)
    if writes and unsynced != connection.info.get(_UNSYNCED, False):
        connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if unsynced else 'FULL'}")
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={0 if unsynced else LOG_PAGES}")
        connection.info[_UNSYNCED] = unsynced
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def writing(engine: Engine) -> Engine:
    """The same engine and pool, for transactions that write."""
    return engine.execution_options(**{_WRITES: True})


@contextmanager
def naming_the_database(engine: Engine) -> Iterator[None]:
    """Turn the driver's failures into `RecordUnavailable` with the database's name (never its password)."""
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise  # our own mistakes, not the database's state
    except (DatabaseError, InterfaceError, PoolTimeout) as error:
        cause = error if isinstance(error, PoolTimeout) else error.orig
        where = engine.url.render_as_string(hide_password=True)
        raise RecordUnavailable(
            f"The record {where} did not answer: {cause}. Check that the database is there and writable."
        ) from error


def breaks_foreign_key(error: IntegrityError) -> bool:
    """Whether a row was to be written that belongs to one that is not there."""
    broken = error.orig
    if isinstance(broken, sqlite3.IntegrityError):
        return broken.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    return getattr(broken, "sqlstate", None) == _FOREIGN_KEY_VIOLATION


class Database:
    """Transactions on an engine. `clock` is replaced in tests; everything else reads the time through it."""

    def __init__(self, engine: Engine, *, clock: Clock = utc_now) -> None:
        self.engine = engine
        self._writer = writing(engine)
        self._noter = self._writer.execution_options(**{_UNSYNCED: True})
        postgres = engine.dialect.name == "postgresql"
        apart = engine.execution_options(isolation_level="AUTOCOMMIT") if postgres else None
        self._one_reader, self._one_writer = apart or engine, apart or self._writer
        self._clock = clock
        self._checkpoints = Checkpoints(engine)
        self._parsed = ParsedDocuments()

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with self._reading() as connection, Session(connection, join_transaction_mode="rollback_only") as session:
            yield session

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with naming_the_database(self.engine), Session(self._writer) as session, session.begin():
            yield session

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A transaction without the mapper, for statements that are built once: a fifth of a `Session`'s cost.

        It ends with COMMIT: at a ROLLBACK psycopg forgets all the statements that it has prepared.
        """
        with naming_the_database(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with naming_the_database(self.engine), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _reading_singly(self) -> Iterator[Connection]:
        """For statements each of which is a transaction by itself: PostgreSQL is not told of BEGIN and ROLLBACK."""
        with naming_the_database(self.engine), self._one_reader.connect() as connection:
            yield connection

    @contextmanager
    def _writing_singly(self) -> Iterator[Connection]:
        """For one statement, which is a transaction by itself: PostgreSQL is not told of BEGIN and COMMIT."""
        with naming_the_database(self.engine), self._one_writer.begin() as connection:
            yield connection

    @contextmanager
    def _noting(self) -> Iterator[Connection]:
        """For notes that somebody waits for, of answers and not of anything handed in: SQLite does not wait for the
        disk, neither for the note nor for its write-ahead log to be carried over. They survive the end of the process,
        and after a power cut the latest may be missing.
        """
        with naming_the_database(self.engine), self._noter.begin() as connection:
            yield connection
        self._checkpoints.noted()

    def _insert(self, table: type[DeclarativeBase] | Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT, which both dialects spell alike but each has its own class for."""
        return postgresql.insert(table) if self.engine.dialect.name == "postgresql" else sqlite.insert(table)

    def close(self) -> None:
        """Close every connection."""
        self._checkpoints.close()
        self.engine.dispose()
