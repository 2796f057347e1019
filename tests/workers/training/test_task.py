from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from celery import Celery
from typer.testing import CliRunner

from models.profile import load_profile
from models.runtime import Runtime
from services.cli.main import app
from services.library.factors import factor_versions
from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.sequences import load_sequence_model, sequence_versions
from services.settings import Settings
from tests.workers.training.conftest import VIEWERS, Camps
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
            while factor_versions(camps.blobs).in_use() is None:
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
        first = factor_versions(camps.blobs).in_use()
        assert not train_if_due(other)
        assert factor_versions(camps.blobs).in_use() == first


def test_a_training_that_found_too_little_is_not_repeated_within_the_period(tmp_path) -> None:
    with Library.open_without_index(Settings(data_dir=tmp_path)) as library:
        assert train_if_due(library)
        assert factor_versions(library.blobs).in_use() is None
        assert not train_if_due(library)
        assert not TrainingClock(library.settings, library.blobs).due(datetime.now(UTC))


def test_the_sequence_model_is_trained_beside_the_factors_once_in_its_own_period(camps: Camps) -> None:
    settings = camps.settings.model_copy(update={"train_s": 0.001, "train_sequence_min_viewers": 20})
    with Library.open(settings, IndexDims(text=4, visual=4, sound=4)) as library:
        library.index.upsert(Collection.VIDEOS, [*points(camps)])
        assert train_if_due(library)
        first = sequence_versions(library.blobs).in_use()
        assert first is not None
        assert load_sequence_model(library.blobs, first.version).meta.viewers == VIEWERS
        factors = factor_versions(library.blobs).in_use()
        time.sleep(0.01)
        assert train_if_due(library)
        assert factor_versions(library.blobs).in_use() != factors
        assert sequence_versions(library.blobs).in_use() == first


def test_without_an_index_the_factors_are_trained_and_the_rest_is_told(camps: Camps, caplog) -> None:
    settings = camps.settings.model_copy(update={"train_sequence_min_viewers": 20})
    with Library.open_without_index(settings) as library:
        assert train_if_due(library)
        assert factor_versions(library.blobs).in_use() is not None
        assert sequence_versions(library.blobs).in_use() is None
    assert "the sequence model is not trained: this process was opened without an index" in caplog.text


@pytest.mark.models
def test_the_command_trains_the_sequence_model_where_it_can_open_the_index(
    camps: Camps, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELWISE_TRAIN_SEQUENCE_MIN_VIEWERS", "20")
    dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
    arguments = ["train", "--data", str(camps.settings.data_dir)]
    with Library.open(camps.settings, dims) as library:
        library.index.upsert(Collection.VIDEOS, [*points(camps, runtime.text.dim)])
        taken = CliRunner().invoke(app, arguments)
    assert taken.exit_code == 0, taken.output
    assert "in use by another process" in " ".join(taken.stderr.split())
    assert sequence_versions(camps.blobs).in_use() is None
    free = CliRunner().invoke(app, arguments)
    assert free.exit_code == 0, free.output
    assert f"{sequence_versions(camps.blobs).in_use().version} is in use" in " ".join(free.stdout.split())


def points(camps: Camps, dim: int = 4) -> Iterator[Point]:
    """Each camp's videos around an axis of their own."""
    rng = np.random.default_rng(0)
    for camp, videos in enumerate(camps.videos):
        for video in videos:
            vector = 0.1 * rng.normal(size=dim) / dim**0.5
            vector[camp] += 1.0
            yield Point(str(UUID(video)), {"text": (vector / np.linalg.norm(vector)).astype(np.float32)}, {})


def test_while_a_process_trains_no_other_does(camps: Camps) -> None:
    with Library.open_without_index(camps.settings) as one, Library.open_without_index(camps.settings) as other:
        with one.record.alone("training"):
            assert not train_if_due(other)
        assert train_if_due(other)
