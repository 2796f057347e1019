"""The worker inside `reelwise up` and `reelwise analyze`: a real Celery worker on threads, fed from the record.

With a broker of its own it also tells the workers elsewhere what is due (`workers/standalone.py`).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from celery.concurrency.thread import TaskPool

from models.runtime import Runtime
from services.library.library import Library
from services.library.record.port import RecordPort
from services.library.record.types import Advanced, Lane, Window
from workers.announce import Announcer, sweep
from workers.app import create_app, queue_name
from workers.lanes import LaneWorker
from workers.pipeline import Pipeline
from workers.presence import Presence
from workers.training.task import TrainingClock, add_training, train_if_due, train_queue

logger = logging.getLogger(__name__)

_LANE_THREADS = "celery-lane"
"""How the names of a pool's threads begin."""

_LAST_STEPS_S = 5.0
"""How long a thread may take to end once its lane was given up."""


@dataclass(frozen=True, slots=True)
class StageProgress:
    """The stage that runs now, and the share of it that is done (None where it cannot say)."""

    stage: str
    fraction: float | None


class ThreadPool(TaskPool):  # type: ignore[misc]
    """Celery's thread pool, whose threads look tasks up in the pool's own app.

    Celery looks them up in the current app, which is a thread's own, and takes some other app of the process for a
    thread that has none.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.executor = ThreadPoolExecutor(
            max_workers=self.limit, thread_name_prefix=_LANE_THREADS, initializer=self.app.set_current
        )


def lanes_at_work() -> bool:
    """Whether threads of a pool are alive in this process; after the pool was stopped, only those that still work."""
    return any(thread.name.startswith(_LANE_THREADS) for thread in threading.enumerate())


class EmbeddedWorker:
    """Consumes `lanes` in this process. What was queued before a crash is found in the record when it starts.

    The sweep of the record covers all lanes: messages about the others go to the broker.

    `threads` lanes run at once: decoding and recognition of one video go on while the language model writes about
    another.
    """

    def __init__(
        self,
        library: Library,
        runtime: Runtime,
        *,
        threads: int | None = None,
        lanes: frozenset[Lane] = frozenset(Lane),
    ) -> None:
        self._library = library
        self._served = lanes
        self._lanes = LaneWorker(Pipeline(library, runtime, lanes), self._report)
        self._app = create_app(library.settings, lambda: self)
        add_training(self._app, library.settings, self.train)
        self._training = TrainingClock(library.settings, library.blobs)
        self._threads = threads or max(2, os.cpu_count() or 1)
        self._presence = Presence(library.settings, lanes, self._threads)
        self._progress: dict[str, StageProgress] = {}
        self._announcer = Announcer(self._app, library.record, library.settings)
        self._stopping = threading.Event()
        self._controller: Any = None
        self._running: list[threading.Thread] = []

    def start(self) -> None:
        """Start consuming, and sweep the record at once and from then on."""
        if self._library.settings.embedded:
            self._library.record.withdraw_all()  # the messages of a process before this one died with it
        self._controller = self._app.WorkController(
            pool=ThreadPool,
            concurrency=self._threads,
            queues=[
                *(queue_name(self._library.settings, lane) for lane in self._served),
                train_queue(self._library.settings),
            ],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
            loglevel="WARNING",
        )
        self._running = [
            threading.Thread(target=self._consume, name="celery-worker", daemon=True),
            threading.Thread(target=self._sweep, name="sweep", daemon=True),
        ]
        for thread in self._running:
            thread.start()
        self._presence.start()

    def _consume(self) -> None:
        self._app.set_current()
        self._controller.start()

    def notify(self, video_id: str, lane: Lane) -> None:
        """A lane is due now: don't wait for the sweep."""
        self._announcer.tell(video_id, lane)

    def run(self, video_id: str, lane: Lane, window: Window | None = None) -> Advanced | None:
        """Run a lane of a video in the calling thread, as `LaneWorker.run`."""
        return self._lanes.run(video_id, lane, window)

    @property
    def record(self) -> RecordPort:
        """The library's record."""
        return self._library.record

    def train(self) -> None:
        """Learn from what viewers did, in the calling thread, if it is due and no other process does."""
        train_if_due(self._library)

    def progress(self, video_id: str) -> StageProgress | None:
        """What is running of a video, None when nothing is."""
        return self._progress.get(video_id)

    def stop(self) -> None:
        """Let running lanes end (up to `shutdown_s`), then give the rest back. What is left is due in the record."""
        self._stopping.set()
        stopping = list(self._running)
        if self._controller is not None:
            # Celery waits for running lanes as long as they take, so it is stopped from aside.
            stopping.insert(0, threading.Thread(target=self._controller.stop, name="celery-stop", daemon=True))
            stopping[0].start()
        ends = time.monotonic() + self._library.settings.shutdown_s
        for thread in stopping:
            thread.join(timeout=max(0.0, ends - time.monotonic()))
        for video_id, lane in self._lanes.held.give_back():
            logger.warning("%s of video %s did not end in time and was given back; it is due again", lane, video_id)
        ends = time.monotonic() + _LAST_STEPS_S
        for thread in stopping:
            thread.join(timeout=max(0.0, ends - time.monotonic()))
        self._presence.end()

    def _report(self, video_id: str, stage: str, share: float) -> None:
        if share >= 1.0:
            self._progress.pop(video_id, None)
        else:
            self._progress[video_id] = StageProgress(stage, share)

    def _sweep(self) -> None:
        sweep(
            self._announcer,
            self._training,
            self._app,
            period_s=self._library.settings.sweep_s,
            wait=self._stopping.wait,
        )
