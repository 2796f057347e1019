"""A library that was lost comes back from a backup: the commands are those of docs/operations.md, run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from benchmarks.servers.postgres import binaries, running_server
from models.runtime import Runtime
from services.intake import Metadata, submit_path
from services.library.index.port import Collection
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.understanding import VideoState
from services.recommend import search_videos
from services.settings import Settings
from tests.media_factory import scenes, write_video
from workers.launcher import EmbeddedWorker

pytestmark = pytest.mark.models

PAGE = Path(__file__).parents[2] / "docs/operations.md"
PATIENCE_S = 600.0
TITLE = "A heron waits at the weir"


@dataclass
class Place:
    """Where a library lies, and the variables that the page's commands use."""

    settings: Settings
    variables: dict[str, str]
    lose: Callable[[], None]

    def run(self, heading: str) -> None:
        """The shell block under a heading of the page."""
        page = PAGE.read_text(encoding="utf-8")
        block = re.search(rf"^#+ {re.escape(heading)}\n.*?^```bash\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        assert block is not None, heading
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.group(1)],
            env={**os.environ, **self.variables, "PATH": path},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """URL of a PostgreSQL server without the database's name."""
    folder = binaries()
    if folder is None or shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
    with running_server(folder) as url:
        yield url.rpartition("/")[0]


@pytest.fixture(params=["a data folder", "PostgreSQL"])
def place(request: pytest.FixtureRequest, warmed: Callable[[Path], Path], tmp_path: Path) -> Place:
    data, backup = warmed(tmp_path / "data"), tmp_path / "backup"
    backup.mkdir()
    given = {"data_dir": data, "allowed_roots": (tmp_path,), "sweep_s": 0.2, "max_frames": 2, "max_ocr_frames": 1}
    variables = {"DATA": str(data), "BACKUP": str(backup), "REELWISE_DATA_DIR": str(data)}
    variables |= {"REELWISE_MAX_FRAMES": "2", "REELWISE_MAX_OCR_FRAMES": "1"}
    if request.param == "a data folder":
        if shutil.which("sqlite3") is None:
            pytest.skip("sqlite3 is not installed (apt-get install sqlite3)")
        return Place(Settings(**given), variables, lambda: shutil.rmtree(data))
    url = request.getfixturevalue("server")
    libpq = url.replace("+psycopg", "")

    def sql(statement: str) -> None:
        engine = create_engine(f"{url}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def lose() -> None:
        shutil.rmtree(data)
        sql("DROP DATABASE reelwise WITH (FORCE)")

    sql("CREATE DATABASE reelwise")
    variables |= {"SERVER": libpq, "REELWISE_DATABASE_URL": f"{url}/reelwise"}
    return Place(Settings(**given, database_url=f"{url}/reelwise"), variables, lose)


def opened(place: Place, runtime: Runtime) -> Library:
    dims = IndexDims(text=runtime.text.dim, visual=runtime.vision.dim, sound=runtime.sound.dim)
    return Library.open(place.settings, dims)


def work(library: Library, runtime: Runtime) -> None:
    """Until nothing is left to do."""
    worker = EmbeddedWorker(library, runtime, threads=2)
    worker.start()
    try:
        ends = time.monotonic() + PATIENCE_S
        while any(count for state, count in library.record.counts().items() if state != VideoState.READY):
            assert time.monotonic() < ends, library.record.counts()
            time.sleep(0.1)
    finally:
        worker.stop()


def rows(settings: Settings) -> dict[str, int]:
    """How many rows each table of the record has."""
    engine = create_engine(settings.resolved_database_url)
    with engine.connect() as connection:
        count = {
            table: connection.execute(text(f'SELECT COUNT(*) FROM "{table}"')).scalar_one()
            for table in inspect(engine).get_table_names()
        }
    engine.dispose()
    return count


def test_what_was_lost_is_found_again(place: Place, runtime: Runtime, tmp_path: Path) -> None:
    file = write_video(tmp_path / "heron.mp4", scenes([601, 602], 0.4, fps=10), fps=10)
    with opened(place, runtime) as library:
        video = submit_path(library, file, Metadata(title=TITLE)).video
        work(library, runtime)
        before = library.record.understanding(video.id)
        points = {collection: library.index.count(collection) for collection in Collection}
        # The library stays open, as it is while it serves: a backup needs no pause.
        place.run("Back up a data folder" if place.settings.database_url is None else "Back up PostgreSQL")
    counted = rows(place.settings)
    place.lose()
    place.run("Restore a data folder" if place.settings.database_url is None else "Restore PostgreSQL")
    with opened(place, runtime) as library:
        assert library.index.count(Collection.VIDEOS) == 0
        work(library, runtime)
        after = library.record.understanding(video.id)
        assert before is not None
        assert after is not None
        assert after.model_dump(exclude={"stages"}) == before.model_dump(exclude={"stages"})
        # Nothing was made anew: every stage's result came back with the record.
        assert all(stage.reused for stage in after.stages)
        assert {collection: library.index.count(collection) for collection in Collection} == points
        assert [hit.video_id for hit in search_videos(library, runtime, TITLE)] == [video.id]
        assert library.blobs.get_bytes(video.blob_key) == file.read_bytes()
    assert rows(place.settings) == counted
