from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from celery import Celery

from models.profile import load_profile
from models.runtime import Runtime
from services.library.factors import factors_in_use
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.settings import Settings
from tests.workers.training.conftest import Camps
from workers.launcher import EmbeddedWorker
from workers.training.collaborative import TrainingParameters, train_collaborative
from workers.training.task import TASK, TrainingClock, add_training, train_queue

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_embedded_worker_trains_by_itself(camps: Camps) -> None:
    settings = camps.settings.model_copy(update={"sweep_s": 0.1})
    runtime = Runtime(load_profile("lite"), settings.models_dir)
    with Library.open(settings, IndexDims(text=4, visual=4, sound=4)) as library:
        worker = EmbeddedWorker(library, runtime, threads=2)
        worker.start()
        try:
            ends = time.monotonic() + 60
            while factors_in_use(camps.blobs) is None:
                assert time.monotonic() < ends, "the worker did not train within a minute"
                time.sleep(0.05)
        finally:
            worker.stop()


def test_training_is_due_once_a_period(camps: Camps) -> None:
    clock = TrainingClock(camps.settings, camps.blobs)
    assert clock.due(NOW)
    assert not clock.due(NOW + timedelta(seconds=10)), "it was asked for already, whatever came of it"
    assert clock.due(NOW + timedelta(seconds=3601))


def test_a_start_soon_after_a_training_waits(camps: Camps) -> None:
    train_collaborative(camps.record, camps.blobs, now=NOW, parameters=TrainingParameters(passes=1))
    clock = TrainingClock(camps.settings, camps.blobs)
    assert not clock.due(NOW + timedelta(seconds=3000))
    assert clock.due(NOW + timedelta(seconds=3601))


def test_a_period_of_0_leaves_it_to_the_command(camps: Camps) -> None:
    settings = camps.settings.model_copy(update={"train_s": 0.0})
    assert not TrainingClock(settings, camps.blobs).due(NOW)


def test_with_a_broker_outside_beat_sends_the_task(tmp_path) -> None:
    settings = Settings(data_dir=tmp_path, broker_url="redis://127.0.0.1/0", train_s=600)
    app = Celery("test", broker="memory://")
    add_training(app, settings, lambda: None)
    entry = app.conf.beat_schedule[TASK]
    assert (entry["task"], entry["schedule"]) == (TASK, 600)
    assert app.conf.task_routes[TASK] == {"queue": "train"}
    assert train_queue(settings) in [queue.name for queue in app.conf.task_queues]
