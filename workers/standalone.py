"""The worker of `reelwise worker`: some lanes, in a process of its own (or several), over a broker.

It has no index and sweeps nothing: the process of `reelwise up` tells it what is due.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from celery.signals import worker_process_shutdown

from models.runtime import Runtime
from services.library.library import Library
from services.library.record.types import Lane
from services.settings import Settings
from workers.app import create_app, queue_name
from workers.lanes import LaneWorker
from workers.launcher import ThreadPool
from workers.pipeline import Pipeline

logger = logging.getLogger(__name__)


class Pool(StrEnum):
    """How tasks run at once: one at a time, on threads that share the engines, or in child processes of their own."""

    SOLO = "solo"
    THREADS = "threads"
    PREFORK = "prefork"


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """Which lanes, and how many of their tasks at once. The limits are for children of `prefork`, None: no limit.

    `max_child_bytes` is resident memory above which a child is replaced after its task.
    """

    lanes: frozenset[Lane]
    pool: Pool
    concurrency: int
    max_child_tasks: int | None = None
    max_child_bytes: int | None = None


class _Here:
    """The library and the engines of this process, opened by its first task: in a child that is after the fork."""

    def __init__(self, settings: Settings, make_runtime: Callable[[], Runtime], lanes: frozenset[Lane]) -> None:
        self._settings = settings
        self._make_runtime = make_runtime
        self._lanes = lanes
        self._lock = threading.Lock()
        self._worker: LaneWorker | None = None

    def __call__(self) -> LaneWorker:
        with self._lock:
            if self._worker is None:
                library = Library.open_without_index(self._settings)
                self._worker = LaneWorker(Pipeline(library, self._make_runtime(), self._lanes), _quiet)
                logger.info("process %d serves %s", os.getpid(), ", ".join(sorted(self._lanes)))
            return self._worker

    def close(self) -> None:
        with self._lock:
            if self._worker is not None:
                self._worker.pipeline.runtime.close()
                self._worker.pipeline.library.close()
                self._worker = None


def run_worker(settings: Settings, make_runtime: Callable[[], Runtime], plan: WorkerPlan) -> int:
    """Consume the lanes' queues until a signal says to stop; running tasks end first. Returns the exit status.

    `make_runtime` is called where tasks run: once with `solo` and `threads`, in each child with `prefork`.
    """
    here = _Here(settings, make_runtime, plan.lanes)
    app = create_app(settings, here)

    def close(**_: Any) -> None:
        here.close()

    worker_process_shutdown.connect(close, weak=False)
    pools: dict[Pool, Any] = {Pool.SOLO: "solo", Pool.THREADS: ThreadPool, Pool.PREFORK: "prefork"}
    forks = plan.pool is Pool.PREFORK
    worker = app.Worker(
        pool=pools[plan.pool],
        concurrency=plan.concurrency,
        queues=[queue_name(settings, lane) for lane in sorted(plan.lanes)],
        hostname=f"{'-'.join(sorted(plan.lanes))}-{os.getpid()}@%h",
        max_tasks_per_child=plan.max_child_tasks if forks else None,
        max_memory_per_child=plan.max_child_bytes // 1024 if forks and plan.max_child_bytes else None,
        without_gossip=True,
        without_mingle=True,
        loglevel="WARNING",
        quiet=True,
    )
    app.set_current()
    try:
        worker.start()
    finally:
        worker_process_shutdown.disconnect(close)
        here.close()
    return int(worker.exitcode or 0)


def _quiet(_video: str, _stage: str, _share: float) -> None:
    """Progress is shown by the process that asks the record."""
