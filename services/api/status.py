"""`GET /v1/status`: the fleet at a glance, from the record."""

from __future__ import annotations

import platform
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from services.api.service import Service
from services.api.version import version
from services.library.record.activity import Trouble
from services.library.record.fleet import SeenWorker
from services.library.record.store import Record
from services.library.record.types import Lane
from services.library.understanding import VideoState

HOUR_S = 3600.0
MOST_WORKERS = 1000
MOST_LEASES = 100
MOST_REASONS = 10


class LaneStatus(BaseModel):
    """A lane's queue. `oldest_s`: for how long the oldest that is due has been so; null when nothing is."""

    lane: Lane
    due: int
    oldest_s: float | None
    running: int
    delayed: int
    waiting_for_model: int


class WorkerStatus(BaseModel):
    """A worker process, with its children where it forks; `run` tells it from others with its host name and `pid`.

    It was last heard of `seen_s` seconds ago and had `running` tasks at work then, of `at_once`; `up_s` is how long it
    had been there. `silent`: it has missed three beats since, and did not say that it ends.
    """

    run: str
    host: str
    pid: int
    lanes: tuple[Lane, ...]
    at_once: int
    running: int
    up_s: float
    seen_s: float
    silent: bool

    @classmethod
    def of(cls, seen: SeenWorker, now: datetime) -> WorkerStatus:
        """As the record tells it."""
        worker = seen.worker
        return cls(
            run=worker.run,
            host=worker.host,
            pid=worker.pid,
            lanes=tuple(lane for lane in Lane if lane in worker.lanes),
            at_once=worker.at_once,
            running=seen.running,
            up_s=max(0.0, (seen.seen_at - worker.started_at).total_seconds()),
            seen_s=max(0.0, (now - seen.seen_at).total_seconds()),
            silent=seen.silent,
        )


class LeaseStatus(BaseModel):
    """A lane at work: `holder` is the worker's host and process."""

    video_id: str
    lane: Lane
    holder: str
    seconds: float
    attempts: int


class StageStatus(BaseModel):
    """What a stage took in the last hour, seconds."""

    stage: str
    runs: int
    mean_s: float
    longest_s: float


class Reason(BaseModel):
    """A reason, how many videos have it, one of them, and when the latest got it."""

    reason: str
    videos: int
    video_id: str
    at: datetime

    @classmethod
    def of(cls, trouble: Trouble) -> Reason:
        """As the record tells it."""
        return cls(reason=trouble.reason, videos=trouble.count, video_id=trouble.video_id, at=trouble.at)


class DiskStatus(BaseModel):
    """The disk of the data folder of the process that answers, and what all videos take; bytes."""

    folder: str
    total: int
    free: int
    videos: int


class StatusAnswer(BaseModel):
    """How the work goes. The `hour` is the last sixty minutes.

    `workers` are at most 1,000, first those that fell silent within it, then by host and process. `leases` are at most
    100, the longest held first; `waiting` at most 10 reasons and `failures` 10 of each state, the most frequent first.
    """

    at: datetime
    version: str
    python: str
    profile: str
    working: bool
    states: dict[VideoState, int]
    lanes: tuple[LaneStatus, ...]
    workers: tuple[WorkerStatus, ...]
    leases: tuple[LeaseStatus, ...]
    hour: dict[VideoState, int]
    stages: tuple[StageStatus, ...]
    failures: tuple[Reason, ...]
    waiting: tuple[Reason, ...]
    disk: DiskStatus


def status_of(service: Service) -> StatusAnswer:
    """Ask the record; raises `RecordUnavailable`."""
    library, record, now = service.library, service.library.record, datetime.now(UTC)
    hour_ago = now - timedelta(seconds=HOUR_S)
    ended = Counter(state for _, state in record.finished(since=hour_ago))
    disk = shutil.disk_usage(library.settings.data_dir)
    states = record.counts()
    return StatusAnswer(
        at=now,
        version=version(),
        python=platform.python_version(),
        profile=library.settings.profile,
        working=service.dispatcher.ready(),
        states={state: states.get(state, 0) for state in VideoState},
        lanes=tuple(
            LaneStatus(
                lane=lane.lane,
                due=lane.due,
                oldest_s=max(0.0, (now - lane.oldest).total_seconds()) if lane.oldest else None,
                running=lane.running,
                delayed=lane.delayed,
                waiting_for_model=lane.waiting_for_model,
            )
            for lane in record.backlog(now=now)
        ),
        workers=_workers(record, now),
        leases=tuple(
            LeaseStatus(
                video_id=lease.video_id,
                lane=lease.lane,
                holder=lease.holder,
                seconds=max(0.0, (now - lease.since).total_seconds()),
                attempts=lease.attempts,
            )
            for lease in record.running(now=now, limit=MOST_LEASES)
        ),
        hour={state: ended[state] for state in (VideoState.READY, VideoState.FAILED, VideoState.REJECTED)},
        stages=tuple(
            StageStatus(stage=pace.stage, runs=pace.runs, mean_s=pace.mean_s, longest_s=pace.longest_s)
            for pace in record.stage_paces(since=hour_ago)
        ),
        failures=tuple(
            Reason.of(trouble)
            for state in (VideoState.FAILED, VideoState.REJECTED)
            for trouble in record.troubles(state=state, since=hour_ago, limit=MOST_REASONS)
        ),
        waiting=tuple(Reason.of(trouble) for trouble in record.waiting_for_models(limit=MOST_REASONS)),
        disk=DiskStatus(
            folder=str(library.settings.data_dir.resolve()),
            total=disk.total,
            free=disk.free,
            videos=record.stored_bytes(),
        ),
    )


def _workers(record: Record, now: datetime) -> tuple[WorkerStatus, ...]:
    seen = record.fleet(now=now, limit=MOST_WORKERS)
    seen.sort(key=lambda one: (not one.silent, one.worker.host, one.worker.pid, one.worker.run))
    return tuple(WorkerStatus.of(one, now) for one in seen)
