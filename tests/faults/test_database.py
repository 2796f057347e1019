"""The database goes away in the middle of a transaction: nothing is half-written, and work goes on when it is back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from models.runtime import Runtime
from services.library.errors import RecordUnavailable
from services.library.library import Library
from services.library.record.store import Record
from services.settings import Settings
from tests.faults.conftest import DIMS, assert_done_once, submit
from tests.faults.engines import Fault, Faults
from tests.faults.processes import ROOT, until
from tests.postgres import Cluster, binaries, running_cluster
from workers.launcher import EmbeddedWorker

DIES_HALF_WAY = """
import sys, time
from sqlalchemy import event
from services.library.record.store import Record
from services.library.record.types import Submission

record = Record.open(sys.argv[1])

@event.listens_for(record.engine, "before_cursor_execute")
def stop_before_the_upload(_connection, _cursor, statement, *_):
    if statement.startswith("INSERT INTO uploads"):
        print("half way", flush=True)
        time.sleep(600)

record.submit(Submission("ab" * 32, 1, "videos/ab.mp4", "ab.mp4"))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
    with running_cluster(folder) as made:
        yield made


@pytest.fixture
def library(cluster: Cluster, settings: Settings) -> Iterator[Library]:
    engine = create_engine(cluster.url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    with Library.open(settings.model_copy(update={"database_url": cluster.url}), DIMS) as opened:
        yield opened


@contextmanager
def working(library: Library, runtime: Runtime) -> Iterator[None]:
    worker = EmbeddedWorker(library, runtime, threads=2)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def test_a_connection_that_is_cut_in_a_transaction_costs_an_attempt_and_nothing_else(
    library: Library, runtime: Runtime, cluster: Cluster, faults: Faults, clips: Callable[[int], Path]
) -> None:
    """The worker's transaction waits for a lock that the test holds, and the server cuts it off there."""
    faults.set("vision", Fault.WAIT)
    engine = create_engine(cluster.url)
    with working(library, runtime):
        video = submit(library, clips(1))
        until("the lane is at work", lambda: faults.met("vision"))
        with engine.connect() as holder, engine.connect() as admin:
            holder.execute(text("SELECT 1 FROM videos WHERE id = :id FOR UPDATE"), {"id": video.id})
            faults.clear("vision")
            cut = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )
            until("a transaction is cut", lambda: admin.execute(cut).rowcount)
            holder.rollback()
        assert_done_once(library, video)
    engine.dispose()


def test_a_server_that_dies_under_a_lane_and_comes_back_loses_nothing(
    library: Library, runtime: Runtime, cluster: Cluster, faults: Faults, clips: Callable[[int], Path]
) -> None:
    """Shut down at once, as by kill -9 of all its processes: the server has to recover from its log."""
    faults.set("vision", Fault.WAIT)
    with working(library, runtime):
        video = submit(library, clips(2))
        until("the lane is at work", lambda: faults.met("vision"))
        cluster.stop()
        try:
            with pytest.raises(RecordUnavailable, match="did not answer"):
                submit(library, clips(3))
            faults.clear("vision")
        finally:
            cluster.start()
        other = submit(library, clips(3))
        assert_done_once(library, video, other)


def test_a_process_that_is_killed_in_a_transaction_leaves_no_half_video_and_no_lock(tmp_path: Path) -> None:
    """SQLite: the video's row is written, its upload's is not, and then comes kill -9."""
    url = f"sqlite:///{tmp_path / 'reelwise.db'}"
    record = Record.open(url)
    process = subprocess.Popen([sys.executable, "-c", DIES_HALF_WAY, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "half way\n"
    waiting = threading.Thread(target=record.requeue_ready)
    waiting.start()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    waiting.join(30)
    assert not waiting.is_alive()
    assert record.videos() == []
    assert record.uploads("ab" * 16) == []
    record.close()
