"""The periodic task that trains what feeds rest on: a message on the queue `train`, as lanes are on theirs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from celery import Celery

from services.library.blobs import BlobStore
from services.library.errors import IndexUnavailable
from services.library.factors import factor_versions
from services.library.library import Library
from services.library.sequences import sequence_versions
from services.settings import Settings
from workers.app import lane_queue

TASK = "reelwise.train"

_log = logging.getLogger(__name__)


def train_queue(settings: Settings) -> str:
    """The queue of trainings. The in-process broker is one for the whole process, so there the data folder is in it."""
    return f"train@{settings.data_dir.absolute()}" if settings.embedded else "train"


def add_training(app: Celery, settings: Settings, train: Callable[[], None]) -> None:
    """Make the app know the task; `train` is called in the process that runs it."""

    def run() -> None:
        train()

    run.__name__ = "train"
    app.task(run, name=TASK, shared=False, ignore_result=True)
    queue = train_queue(settings)
    app.conf.task_queues = [*(app.conf.task_queues or ()), lane_queue(queue)]
    app.conf.task_routes = {**(app.conf.task_routes or {}), TASK: {"queue": queue}}


def train_if_due(library: Library) -> bool:
    """Train, unless another process does now or one did within half a period; whether it was done here.

    Every sweeper asks for trainings. Raises `LibraryError`.
    """
    # What trains is imported where it does: a sweeper only asks.
    from workers.training.collaborative import parameters_of, train_collaborative

    now, factors = datetime.now(UTC), factor_versions(library.blobs)
    with library.record.alone("training") as alone:
        last = factors.last_attempt()
        if not alone or (last is not None and now - last < timedelta(seconds=library.settings.train_s / 2)):
            return False
        factors.note_attempt(now)
        train_collaborative(library.record, library.blobs, now=now, parameters=parameters_of(library.settings))
        _train_sequence_if_due(library, now)
    return True


def _train_sequence_if_due(library: Library, now: datetime) -> None:
    """Beside the factors, but less often: it takes minutes where they take seconds."""
    period, models = timedelta(seconds=library.settings.train_sequence_s), sequence_versions(library.blobs)
    last = models.last_attempt()
    if not period or (last is not None and now - last < period):
        return
    from workers.training.sequence import sequence_parameters_of, train_sequence
    from workers.training.sequence_data import contents_in

    models.note_attempt(now)
    parameters = sequence_parameters_of(library.settings)
    try:
        outcome = train_sequence(
            library.record.reactions(), contents_in(library.index), library.blobs, now=now, parameters=parameters
        )
    except IndexUnavailable as error:
        # The factors are there; what is missing is told, and tried again with the next period.
        _log.warning("the sequence model is not trained: %s", error)
    else:
        if outcome.reason is not None:
            _log.info("no new sequence model: %s", outcome.reason)


class TrainingClock:
    """Says when to ask for a training: when the last is a period ago, at most once a period, whether it found enough to
    learn from or not.
    """

    def __init__(self, settings: Settings, blobs: BlobStore) -> None:
        self._period = timedelta(seconds=settings.train_s)
        self._blobs = blobs
        self._asked: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether to send the message now; saying yes counts as sent. Raises `LibraryError`."""
        if not self._period or (self._asked is not None and now - self._asked < self._period):
            return False
        last = factor_versions(self._blobs).last_attempt()
        if last is not None and now - last < self._period:
            return False
        self._asked = now
        return True

    def forget(self) -> None:
        """The message could not be sent."""
        self._asked = None
