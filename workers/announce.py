"""What is due is announced here, and only here: by the sweep of `reelwise up` and by `reelwise sweep`."""

from __future__ import annotations

import logging
from collections.abc import Callable

from celery import Celery
from kombu.exceptions import OperationalError

from services.library.errors import LibraryError
from services.library.record.database import utc_now
from services.library.record.port import RecordPort
from services.library.record.types import Lane
from services.settings import Settings
from services.telemetry.carrier import outgoing
from workers.app import announce_due
from workers.training.task import TASK, TrainingClock

logger = logging.getLogger(__name__)


class Announcer:
    """Tells the broker what is due. Several, in any processes, double nothing: the record knows what was told."""

    def __init__(self, app: Celery, record: RecordPort, settings: Settings) -> None:
        self._app = app
        self._record = record
        self._settings = settings

    def announce_due(self) -> int:
        """Ask the record what is due and announce what there is room for; how many messages. Raises `LibraryError`."""
        return announce_due(self._app, self._record, self._settings)

    def tell(self, video_id: str, lane: Lane) -> None:
        """A lane of this video is due now: if it is its turn, don't wait for the sweep."""
        outgoing(video_id)  # noted, for the message is sent when it is the video's turn
        try:
            announce_due(self._app, self._record, self._settings, (lane,))
        except LibraryError:
            logger.exception("%s of video %s waits for the next sweep", lane, video_id)


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
