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
from kombu.exceptions import OperationalError

from models.runtime import Runtime
from services.library.errors import LibraryError
from services.library.library import Library
from services.library.record.types import Lane
from workers.app import create_app, enqueue, queue_name
from workers.lanes import LaneWorker, utc_now
from workers.pipeline import Pipeline
from workers.training.collaborative import TrainingOutcome, train_collaborative
from workers.training.task import TASK, TrainingClock, add_training, parameters_of, train_queue

logger = logging.getLogger(__name__)

_STOP_S = 30.0

_TELL_AGAIN_S = 600.0
"""What is still due so long after its message was sent gets another: a message may be lost, a video may not."""


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
        self.executor = ThreadPoolExecutor(max_workers=self.limit, initializer=self.app.set_current)


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
        self._progress: dict[str, StageProgress] = {}
        self._told: dict[tuple[str, Lane], float] = {}
        self._told_lock = threading.Lock()
        self._stopping = threading.Event()
        self._controller: Any = None
        self._running: list[threading.Thread] = []

    def start(self) -> None:
        """Start consuming, and sweep the record at once and from then on."""
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

    def _consume(self) -> None:
        self._app.set_current()
        self._controller.start()

    def notify(self, video_id: str, lane: Lane) -> None:
        """A lane is due now: don't wait for the sweep."""
        self._tell(video_id, lane)

    def run(self, video_id: str, lane: Lane) -> Lane | None:
        """Run a lane of a video in the calling thread, as `LaneWorker.run`."""
        with self._told_lock:
            # From here on the message is spent: should the lane fall due again (a retry), the sweep has to say so.
            self._told.pop((video_id, lane), None)
        return self._lanes.run(video_id, lane)

    def train(self) -> TrainingOutcome:
        """Learn from what viewers did, in the calling thread."""
        library = self._library
        return train_collaborative(
            library.record, library.blobs, now=utc_now(), parameters=parameters_of(library.settings)
        )

    def progress(self, video_id: str) -> StageProgress | None:
        """What is running of a video, None when nothing is."""
        return self._progress.get(video_id)

    def stop(self) -> None:
        """Let running lanes end (up to half a minute), then stop. What is left stays due in the record."""
        self._stopping.set()
        stopping = list(self._running)
        if self._controller is not None:
            # Celery waits for running lanes as long as they take, so it is stopped from aside.
            stopping.insert(0, threading.Thread(target=self._controller.stop, name="celery-stop", daemon=True))
            stopping[0].start()
        ends = time.monotonic() + _STOP_S
        for thread in stopping:
            thread.join(timeout=max(0.0, ends - time.monotonic()))
            if thread.is_alive():
                logger.warning("%s did not stop within %.0f s; its work stays due", thread.name, _STOP_S)

    def _report(self, video_id: str, stage: str, share: float) -> None:
        if share >= 1.0:
            self._progress.pop(video_id, None)
        else:
            self._progress[video_id] = StageProgress(stage, share)

    def _sweep(self) -> None:
        """Enqueue whatever the record says is due and has no message on its way."""
        while True:
            try:
                self._tell_due()
                if self._training.due(utc_now()):
                    self._app.send_task(TASK)
            except LibraryError:
                logger.exception("the record could not be swept; the next sweep tries again")
            if self._stopping.wait(self._library.settings.sweep_s):
                return

    def _tell_due(self) -> None:
        now = time.monotonic()
        for video_id, lane in self._library.record.due(now=utc_now()):
            with self._told_lock:
                told = self._told.get((video_id, lane))
            if told is None or now - told > _TELL_AGAIN_S:
                self._tell(video_id, lane)

    def _tell(self, video_id: str, lane: Lane) -> None:
        with self._told_lock:
            self._told[(video_id, lane)] = time.monotonic()
        try:
            enqueue(self._app, video_id, lane)
        except OperationalError as error:
            logger.warning("the broker does not answer (%s); the sweep tells of %s again", error, video_id)
            with self._told_lock:
                self._told.pop((video_id, lane), None)
