"""What is due is announced here, and only here: by the sweep of `reelwise up` and by `reelwise sweep`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from celery import Celery
from kombu.exceptions import OperationalError

from services.library.errors import LibraryError
from services.library.record.database import utc_now
from services.library.record.store import Record
from services.library.record.types import Lane
from workers.app import announce
from workers.training.task import TASK, TrainingClock

logger = logging.getLogger(__name__)

_TELL_AGAIN_S = 600.0
"""What is still due so long after its message was sent gets another: a message may be lost, a video may not."""


class Announcer:
    """Sends a message for every lane that is due and has none on its way. Several of them double messages, no work."""

    def __init__(self, app: Celery, record: Record) -> None:
        self._app = app
        self._record = record
        self._lock = threading.Lock()
        self._told: dict[tuple[str, Lane], tuple[datetime | None, float]] = {}

    def announce_due(self) -> int:
        """Ask the record what is due and announce it; how many messages were sent. Raises `LibraryError`.

        A lane that was tried meanwhile, here or elsewhere, and is due again is announced at once.
        """
        due = self._record.due(now=utc_now())
        changed = self._record.changed_at([video_id for video_id, _ in due])
        now = time.monotonic()
        with self._lock:
            # What is not due any more has been taken, or waits: its message is spent.
            self._told = {key: self._told[key] for key in due if key in self._told}
            told = dict(self._told)
        sent = 0
        for key in due:
            version, at = told.get(key, (None, -_TELL_AGAIN_S))
            if version != changed.get(key[0]) or now - at >= _TELL_AGAIN_S:
                if not self._tell(*key, changed.get(key[0])):
                    break  # each further try would wait for the broker as long
                sent += 1
        return sent

    def tell(self, video_id: str, lane: Lane) -> None:
        """This lane is due now: don't wait for the sweep."""
        try:
            version = self._record.changed_at([video_id]).get(video_id)
        except LibraryError:
            version = None  # the sweep announces it once more
        self._tell(video_id, lane, version)

    def _tell(self, video_id: str, lane: Lane, version: datetime | None) -> bool:
        with self._lock:
            self._told[(video_id, lane)] = (version, time.monotonic())
        if announce(self._app, video_id, lane):
            return True
        with self._lock:
            self._told.pop((video_id, lane), None)
        return False


def sweep(
    announcer: Announcer, clock: TrainingClock, app: Celery, *, period_s: float, wait: Callable[[float], bool]
) -> None:
    """Announce what is due, lanes and trainings, now and every `period_s` s, until `wait(seconds)` says to end."""
    while True:
        try:
            announcer.announce_due()
            announce_training(clock, app)
        except LibraryError:
            logger.exception("the record could not be swept; the next sweep tries again")
        if wait(period_s):
            return


def announce_training(clock: TrainingClock, app: Celery) -> None:
    """Ask for a training if one is due; of several asked for in a period, one is done. Raises `LibraryError`."""
    if clock.due(utc_now()):
        try:
            app.send_task(TASK)
        except OperationalError as error:
            logger.warning("the broker does not answer (%s); the next sweep asks for the training again", error)
            clock.forget()
