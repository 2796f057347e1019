"""The worker of `reelwise worker`: some lanes, in a process of its own (or several), over a broker.

It sweeps nothing: `reelwise sweep`, or the process of `reelwise up`, tells it what is due. It opens the index where it
publishes, which takes a Qdrant server.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from billiard import active_children
from celery.signals import worker_process_init, worker_process_shutdown

from models.runtime import Runtime
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import Lane
from services.settings import Settings
from workers.app import announce, create_app, queue_name
from workers.lanes import LaneWorker
from workers.launcher import ThreadPool
from workers.pipeline import Pipeline
from workers.presence import Presence
from workers.stopping import Word, ended_by_signals, leave
from workers.training.task import add_training, train_if_due, train_queue

logger = logging.getLogger(__name__)

_CHILDREN_S = 5.0
"""How long children may take to give back what they were at."""


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
                runtime = self._make_runtime()
                self._worker = LaneWorker(Pipeline(self._library(runtime), runtime, self._lanes), _quiet)
                logger.info("process %d serves %s", os.getpid(), ", ".join(sorted(self._lanes)))
            return self._worker

    def train(self) -> None:
        """Train the collaborative factors if it is due."""
        train_if_due(self().pipeline.library)

    def give_back(self) -> list[tuple[str, Lane]]:
        """What was running here and is due again."""
        worker = self._worker
        return [] if worker is None else worker.held.give_back()

    def close(self) -> None:
        with self._lock:
            if self._worker is not None:
                self._worker.pipeline.runtime.close()
                self._worker.pipeline.library.close()
                self._worker = None

    def _library(self, runtime: Runtime) -> Library:
        if Lane.PUBLISH not in self._lanes:
            return Library.open_without_index(self._settings)
        dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
        return Library.open(self._settings, dims)


def run_worker(settings: Settings, make_runtime: Callable[[], Runtime], plan: WorkerPlan) -> int:
    """Consume the lanes' queues until a signal says to stop. Returns the exit status.

    Running lanes may then take `settings.shutdown_s` seconds to end; what has not ended by then, or at a second signal,
    is given back, announced anew, and left: the process ends. `make_runtime` is called where tasks run: once with
    `solo` and `threads`, in each child with `prefork`. Whoever publishes trains as well, when a sweeper asks for it.
    From its start on the record knows of it, however many children it has, until it ends.
    """
    here = _Here(settings, make_runtime, plan.lanes)
    app = create_app(settings, here)
    add_training(app, settings, here.train)
    word, forks = Word(), plan.pool is Pool.PREFORK
    presence = Presence(settings, plan.lanes, plan.concurrency, forks=forks)

    def give_back() -> None:
        for video_id, lane in here.give_back():
            logger.warning("%s of video %s is given back", lane, video_id)
            announce(app, video_id, lane)

    def stop() -> None:
        word.give()
        give_back()
        ends = time.monotonic() + _CHILDREN_S
        while active_children() and time.monotonic() < ends:
            time.sleep(0.05)
        presence.end()

    def begin(**_: Any) -> None:
        if forks:
            signal.set_wakeup_fd(-1)  # inherited: a child's signals are no news for the parent
            word.heed(lambda: leave(give_back))

    def close(**_: Any) -> None:
        here.close()

    worker_process_init.connect(begin, weak=False)
    worker_process_shutdown.connect(close, weak=False)
    pools: dict[Pool, Any] = {Pool.SOLO: "solo", Pool.THREADS: ThreadPool, Pool.PREFORK: "prefork"}
    queues = [queue_name(settings, lane) for lane in sorted(plan.lanes)]
    if Lane.PUBLISH in plan.lanes:
        queues.append(train_queue(settings))
    worker = app.Worker(
        pool=pools[plan.pool],
        concurrency=plan.concurrency,
        queues=queues,
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
        with ended_by_signals(stop, patience_s=settings.shutdown_s), presence:
            worker.start()
    finally:
        worker_process_init.disconnect(begin)
        worker_process_shutdown.disconnect(close)
        here.close()
    return int(worker.exitcode or 0)


def _quiet(_video: str, _stage: str, _share: float) -> None:
    """Progress is shown by the process that asks the record."""
