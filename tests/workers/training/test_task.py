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
from workers.training.task import TASK, TrainingClock, add_training, train_if_due, train_queue

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


def test_with_a_broker_outside_trainings_have_a_queue_of_their_own(tmp_path) -> None:
    settings = Settings(data_dir=tmp_path, broker_url="redis://127.0.0.1/0", train_s=600)
    app = Celery("test", broker="memory://")
    add_training(app, settings, lambda: None)
    assert app.conf.task_routes[TASK] == {"queue": "train"}
    assert train_queue(settings) in [queue.name for queue in app.conf.task_queues]


def test_of_trainings_that_several_sweepers_ask_for_one_is_done(camps: Camps) -> None:
    with Library.open_without_index(camps.settings) as one, Library.open_without_index(camps.settings) as other:
        assert train_if_due(one)
        first = factors_in_use(camps.blobs)
        assert not train_if_due(other)
        assert factors_in_use(camps.blobs) == first


def test_a_training_that_found_too_little_is_not_repeated_within_the_period(tmp_path) -> None:
    with Library.open_without_index(Settings(data_dir=tmp_path)) as library:
        assert train_if_due(library)
        assert factors_in_use(library.blobs) is None
        assert not train_if_due(library)
        assert not TrainingClock(library.settings, library.blobs).due(datetime.now(UTC))


def test_while_a_process_trains_no_other_does(camps: Camps) -> None:
    with Library.open_without_index(camps.settings) as one, Library.open_without_index(camps.settings) as other:
        with one.record.alone("training"):
            assert not train_if_due(other)
        assert train_if_due(other)
