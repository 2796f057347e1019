"""The periodic task that trains the collaborative factors: a message on the queue `train`, as lanes are on theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from celery import Celery
from kombu.entity import Queue

from services.library.blobs import BlobStore
from services.library.factors import FactorsUnreadable, factors_in_use
from services.settings import Settings
from workers.training.collaborative import TrainingOutcome, TrainingParameters

TASK = "reelwise.train"


def train_queue(settings: Settings) -> str:
    """The queue of trainings. The in-process broker is one for the whole process, so there the data folder is in it."""
    return f"train@{settings.data_dir.absolute()}" if settings.embedded else "train"


def add_training(app: Celery, settings: Settings, train: Callable[[], TrainingOutcome]) -> None:
    """Make the app know the task; `train` is called in the process that runs it. With a broker outside, Celery's
    beat sends it every `settings.train_s` seconds.
    """

    def run() -> None:
        train()

    run.__name__ = "train"
    app.task(run, name=TASK, shared=False, ignore_result=True)
    app.conf.task_queues = [*(app.conf.task_queues or ()), Queue(train_queue(settings))]
    app.conf.task_routes = {**(app.conf.task_routes or {}), TASK: {"queue": train_queue(settings)}}
    if settings.train_s > 0 and not settings.embedded:
        # A run that waited a whole period is not worth running: the next one is on its way.
        entry = {"task": TASK, "schedule": settings.train_s, "options": {"expires": settings.train_s}}
        app.conf.beat_schedule = {**(app.conf.beat_schedule or {}), TASK: entry}


def parameters_of(settings: Settings) -> TrainingParameters:
    """What the operator chose."""
    return TrainingParameters(
        factors=settings.train_factors,
        min_viewers=settings.train_min_viewers,
        min_videos=settings.train_min_videos,
    )


class TrainingClock:
    """Says when the embedded worker is to train: when the factors in use are older than the period, at most once a
    period, whether that training found enough to learn from or not.
    """

    def __init__(self, settings: Settings, blobs: BlobStore) -> None:
        self._period = timedelta(seconds=settings.train_s)
        self._blobs = blobs
        self._asked: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether to send the message now; saying yes counts as sent. Raises `LibraryError`."""
        if not self._period or (self._asked is not None and now - self._asked < self._period):
            return False
        try:
            used = factors_in_use(self._blobs)
        except FactorsUnreadable:
            used = None  # a training replaces them
        if used is not None and now - used.trained_at < self._period:
            return False
        self._asked = now
        return True
