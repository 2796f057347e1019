"""A worker is in the fleet while it lives: idle, at work, with children, and while the record is away."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text

from models.profile import load_profile
from models.runtime import Runtime
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.database import open_engine
from services.library.record.fleet import SeenWorker
from services.library.record.store import Record
from services.library.record.types import Lane, Submission
from services.settings import Settings
from tests.brokers import redis_server
from tests.postgres import binaries, running_server
from workers.announce import Announcer
from workers.app import create_app
from workers.lanes import utc_now
from workers.launcher import EmbeddedWorker
from workers.presence import Presence

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0
T = TypeVar("T")

# `reelwise worker` of the lane prepare with an empty lane, which says which process did it.
WORKER = """
import os, sys, time
from workers.pipeline import Pipeline
from workers.standalone import Pool, WorkerPlan, run_worker
from models.profile import load_profile
from models.runtime import Runtime
from services.library.record.types import Lane
from services.settings import Settings

def lane(self, video, lane, report):
    os.write(1, f"{os.getpid()}\\n".encode())
    while os.path.exists(sys.argv[2]):
        time.sleep(0.02)
    return {}

Pipeline.run_lane = lane
settings = Settings()
plan = WorkerPlan(frozenset({Lane.PREPARE}), Pool(sys.argv[1]), 1, max_child_tasks=1)
sys.exit(run_worker(settings, lambda: Runtime(load_profile("lite"), settings.models_dir), plan))
"""


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
    with running_server(folder) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, broker: str, tmp_path: Path) -> Settings:
    """An empty record, and beats that are soon missed."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")
        engine = open_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
    return Settings(broker_url=broker, data_dir=tmp_path, database_url=url, beat_s=0.1)


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library.open_without_index(settings) as opened:
        yield opened


@contextmanager
def worker(settings: Settings, pool: str, door: Path) -> Iterator[subprocess.Popen[str]]:
    """Its lanes take as long as there is a file `door`."""
    environment = {
        "REELWISE_BROKER_URL": settings.broker_url,
        "REELWISE_DATA_DIR": str(settings.data_dir),
        "REELWISE_DATABASE_URL": settings.resolved_database_url,
        "REELWISE_BEAT_S": str(settings.beat_s),
        "REELWISE_SHUTDOWN_S": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, pool, str(door)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def until(what: str, found: Callable[[], T | None]) -> T:
    ends = time.monotonic() + PATIENCE_S
    while (answer := found()) is None:
        assert time.monotonic() < ends, f"not in time: {what}"
        time.sleep(0.02)
    return answer


def seen(record: Record, **wanted: object) -> SeenWorker | None:
    """The only worker, once it is as wanted."""
    fleet = record.fleet(now=utc_now())
    assert len(fleet) <= 1
    return next((one for one in fleet if all(getattr(one, name) == value for name, value in wanted.items())), None)


@pytest.mark.parametrize("pool", ["threads", "solo", "prefork"])
def test_a_worker_is_known_idle_and_at_work_with_one_row_for_all_its_children_until_it_ends(
    library: Library, settings: Settings, pool: str, tmp_path: Path
) -> None:
    record, door = library.record, tmp_path / "door"
    app = create_app(settings, lambda: pytest.fail("no task runs here"))
    with worker(settings, pool, door) as process:
        idle = until("it is there", lambda: seen(record, running=0))
        known = idle.worker
        assert (known.host, known.pid) == (socket.gethostname(), process.pid)
        assert (known.lanes, known.at_once, known.beat_s) == (frozenset({Lane.PREPARE}), 1, settings.beat_s)
        assert process.stdout is not None
        children = set()
        for digit in "ab":  # `prefork` makes a new child for the second, while the parent says that it lives
            door.touch()
            video = record.submit(Submission(digit * 64, 1, f"videos/{digit}", "clip.mp4"))[0]
            Announcer(app, record, settings).tell(video.id, Lane.PREPARE)
            children.add(int(process.stdout.readline()))
            assert until("it is at work", lambda: seen(record, running=1)).worker == known
            door.unlink()
            assert until("it is idle again", lambda: seen(record, running=0, silent=False)).worker == known
        assert (process.pid in children, len(children)) == ((False, 2) if pool == "prefork" else (True, 1))
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert record.fleet(now=utc_now()) == []
    app.close()


def test_a_worker_that_is_stopped_over_a_lane_that_does_not_end_is_gone_as_well(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    record, door = library.record, tmp_path / "door"
    door.touch()
    app = create_app(settings, lambda: pytest.fail("no task runs here"))
    with worker(settings, "prefork", door) as process:
        video = record.submit(Submission("c" * 64, 1, "videos/c", "clip.mp4"))[0]
        Announcer(app, record, settings).tell(video.id, Lane.PREPARE)
        until("it is at work", lambda: seen(record, running=1))
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert record.fleet(now=utc_now()) == []
    app.close()


def test_the_worker_inside_up_is_known_while_it_runs(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", beat_s=0.1)
    runtime = Runtime(load_profile("lite"), tmp_path / "weights")
    with Library.open(settings, IndexDims(text=8, visual=8, sound=8)) as library:
        embedded = EmbeddedWorker(library, runtime, threads=3)
        embedded.start()
        known = until("it is there", lambda: seen(library.record)).worker
        assert (known.pid, known.lanes, known.at_once) == (os.getpid(), frozenset(Lane), 3)
        embedded.stop()
        assert library.record.fleet(now=utc_now()) == []
    runtime.close()


def test_a_record_that_is_away_is_logged_once_and_told_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    folder.write_text("in the way of the record's folder")
    settings = Settings(data_dir=folder, beat_s=0.05)
    said = lambda: [line for line in caplog.messages if "does not hear that this worker lives" in line]  # noqa: E731
    with caplog.at_level(logging.WARNING), Presence(settings, frozenset(Lane), 1):
        until("it is logged", lambda: said() or None)
        time.sleep(10 * settings.beat_s)
        folder.unlink()
        until("there is a record", lambda: (folder / "reelwise.db").exists() or None)
        record = Record.open(settings.resolved_database_url)
        until("it is known", lambda: seen(record))
        assert len(said()) == 1
    assert record.fleet(now=utc_now()) == []
    record.close()
