"""A worker that is told to stop gives back what does not end in time, and another goes on with it at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.library.library import Library
from services.library.record.types import Lane, Submission, Video
from services.library.understanding import VideoState
from services.settings import Settings
from tests.brokers import redis_server
from workers.announce import Announcer
from workers.app import create_app, queue_name
from workers.lanes import utc_now

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0

# `reelwise worker` with one stage that never ends: what it waits for does not come, and no cancellation reaches it.
SLOW = """
import os, sys, time
from workers.pipeline import Pipeline
from workers.standalone import Pool, WorkerPlan, run_worker
from models.profile import load_profile
from models.runtime import Runtime
from services.library.record.types import Lane
from services.settings import Settings

def stuck(self, video, lane, report):
    os.write(1, b"began\\n")  # sys.stdout is the log in a worker
    time.sleep(3600)

Pipeline.run_lane = stuck
settings = Settings()
sys.exit(run_worker(
    settings,
    lambda: Runtime(load_profile("lite"), settings.models_dir),
    WorkerPlan(frozenset({Lane.PREPARE}), Pool(sys.argv[1]), 1),
))
"""


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Settings:
    return Settings(broker_url=broker, data_dir=tmp_path)


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library.open_without_index(settings) as opened:
        yield opened


@contextmanager
def stuck_worker(settings: Settings, pool: str, shutdown_s: float) -> Iterator[subprocess.Popen[str]]:
    environment = {
        "REELWISE_BROKER_URL": settings.broker_url,
        "REELWISE_DATA_DIR": str(settings.data_dir),
        "REELWISE_SHUTDOWN_S": str(shutdown_s),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, pool], cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def submitted(library: Library, digit: str) -> Video:
    return library.record.submit(Submission(digit * 64, 1, f"videos/{digit}", "clip.mp4"))[0]


def messages(settings: Settings, lane: Lane) -> int:
    app = create_app(settings, lambda: pytest.fail("no task runs here"))
    with app.connection_for_read() as connection:
        count = connection.default_channel.client.llen(queue_name(settings, lane))
    app.close()
    return int(count)


@pytest.mark.parametrize("pool", ["threads", "solo", "prefork"])
@pytest.mark.parametrize(("shutdown_s", "signals"), [(0.2, 1), (3600.0, 2)])
def test_what_does_not_end_in_time_is_due_at_once_and_announced_with_no_attempt_counted(
    library: Library, settings: Settings, pool: str, shutdown_s: float, signals: int
) -> None:
    video = submitted(library, "a")
    app = create_app(settings, lambda: pytest.fail("no task runs here"))
    Announcer(app, library.record, settings).tell(video.id, Lane.PREPARE)
    with stuck_worker(settings, pool, shutdown_s) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        assert library.record.due(now=utc_now()) == []
        for number in range(signals):
            if number:
                time.sleep(0.5)  # two signals that come at once are one
            process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert library.record.due(now=utc_now()) == [(video.id, Lane.PREPARE)]
    now = library.record.video(video.id)
    assert now is not None
    assert (now.state, now.attempts) == (VideoState.QUEUED, 0)
    assert messages(settings, Lane.PREPARE) >= 1
    app.connection_for_write().default_channel.queue_purge(queue_name(settings, Lane.PREPARE))
    app.close()


def test_a_lane_that_was_tried_elsewhere_and_is_due_again_is_announced_at_once(
    library: Library, settings: Settings
) -> None:
    sent: list[str] = []

    class App:
        def send_task(self, name: str, args: list[str], **_: object) -> None:
            sent.append(args[0])

    video, record = submitted(library, "b"), library.record
    announcer = Announcer(App(), record, settings)  # type: ignore[arg-type]
    assert announcer.announce_due() == 1
    assert announcer.announce_due() == 0
    lease = record.claim(video.id, Lane.PREPARE, now=utc_now(), lease_s=60)
    assert lease is not None
    record.retry_later(lease, reason="away", not_before=utc_now(), max_attempts=3)
    assert announcer.announce_due() == 1
    assert sent == [video.id] * 2
