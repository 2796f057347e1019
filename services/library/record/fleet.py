"""The fleet: workers that say that they live, idle ones as well, and those that stopped saying so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select

from services.library.record.database import Database
from services.library.record.fleet_tables import WorkerRow
from services.library.record.types import Lane

MISSED_BEATS = 3
"""A worker that was not heard of for more than so many of its beats is silent."""

_REMEMBERED = timedelta(hours=1)
"""How long a silent worker is told of. A time further ahead than this was written before a clock was set back."""


@dataclass(frozen=True, slots=True)
class WorkerRun:
    """A worker process from its start to its end. `run` is random: host names and process ids repeat over containers.

    `at_once` is how many lanes it can work on at one time, and `beat_s` how often it says that it lives, seconds.
    """

    run: str
    host: str
    pid: int
    lanes: frozenset[Lane]
    at_once: int
    beat_s: float
    started_at: datetime


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A worker when it last said that it lives: `running` tasks were at work then.

    `silent`: it has missed beats since, and did not say that it ends.
    """

    worker: WorkerRun
    running: int
    seen_at: datetime
    silent: bool


class Fleet(Database):
    """The part of the record that knows which workers there are."""

    def note_worker(self, worker: WorkerRun, *, running: int, now: datetime) -> None:
        """The worker lives, and `running` of its tasks are at work."""
        said = {"running": running, "seen_at": now}
        insert = self._insert(WorkerRow).values(
            run=worker.run,
            host=worker.host,
            pid=worker.pid,
            lanes=[lane.value for lane in Lane if lane in worker.lanes],
            at_once=worker.at_once,
            beat_s=worker.beat_s,
            started_at=worker.started_at,
            **said,
        )
        with self._noting() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=[WorkerRow.run], set_=said))

    def forget_worker(self, run: str) -> None:
        """The worker ends in order."""
        with self._noting() as connection:
            connection.execute(delete(WorkerRow).where(WorkerRow.run == run))

    def forget_silent_workers(self, *, now: datetime) -> None:
        """Remove what `fleet` does not tell of any more; one of them that lives after all comes back with its beat."""
        with self._noting() as connection:
            connection.execute(delete(WorkerRow).where(~_remembered(now)))

    def fleet(self, *, now: datetime, limit: int = 1000) -> list[SeenWorker]:
        """Workers that live and those that fell silent within the hour, who was heard of longest ago first."""
        query = select(WorkerRow).where(_remembered(now)).order_by(WorkerRow.seen_at, WorkerRow.run).limit(limit)
        with self._read() as session:
            return [_seen(row, now) for row in session.scalars(query)]


def _remembered(now: datetime) -> ColumnElement[bool]:
    return and_(WorkerRow.seen_at > now - _REMEMBERED, WorkerRow.seen_at <= now + _REMEMBERED)


def _seen(row: WorkerRow, now: datetime) -> SeenWorker:
    lanes = frozenset(Lane(lane) for lane in row.lanes)
    worker = WorkerRun(row.run, row.host, row.pid, lanes, row.at_once, row.beat_s, row.started_at)
    silent = now - row.seen_at > timedelta(seconds=MISSED_BEATS * row.beat_s)
    return SeenWorker(worker, row.running, row.seen_at, silent)
