"""A library that is cheap to work for, and faults to put in its way (`engines.py` says what is replaced)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.profile import load_profile
from models.runtime import Runtime
from services.intake import Metadata, submit_path
from services.library.index.port import Collection, Filter
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import CostKey, Lane, Video
from services.library.understanding import VideoState
from services.settings import Settings
from tests.faults import engines
from tests.faults.engines import Faults, quick_profile
from tests.faults.processes import Commands, IndexServer, Nursery, RedisServer, until
from tests.media_factory import scenes, write_video
from workers.lanes import LaneWorker, utc_now
from workers.pipeline import STAGES, Pipeline

FINAL = (VideoState.READY, VideoState.FAILED, VideoState.REJECTED)
LEASE_S = 3.0
"""Short, so that recovery is soon: a worker that died is told from one that works by this."""

AGAIN_S = 3.0
"""Likewise: after so long a message counts as lost."""


@pytest.fixture(autouse=True, scope="module")
def quick_engines() -> Iterator[None]:
    """In the table while a file of these tests runs, for others read the table."""
    engines.register()
    yield
    engines.unregister()


@pytest.fixture
def faults(tmp_path: Path) -> Iterator[Faults]:
    folder = tmp_path / "faults"
    folder.mkdir()
    made = Faults(folder)
    yield made
    for door in list(folder.iterdir()):
        door.unlink()  # whoever waits goes on


@pytest.fixture
def profile(faults: Faults, tmp_path: Path) -> Path:
    """The profile's file, for processes."""
    path = tmp_path / "quick.yaml"
    path.write_text(quick_profile(faults).model_dump_json(), encoding="utf-8")  # JSON is YAML
    return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """`clips(seed)`: a video of a second, made once."""
    folder = tmp_path_factory.mktemp("clips")

    def clip(seed: int) -> Path:
        path = folder / f"{seed}.mp4"
        return path if path.exists() else write_video(path, scenes([seed], 1.0, fps=5), fps=5)

    return clip


@pytest.fixture
def settings(clips: Callable[[int], Path], profile: Path, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        profile=str(profile),
        allowed_roots=(clips(0).parent, tmp_path),
        max_frames=2,
        max_ocr_frames=1,
        lease_s=LEASE_S,
        sweep_s=0.2,
        announce_again_s=AGAIN_S,
    )  # type: ignore[call-arg]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def commands(nursery: Nursery, settings: Settings, faults: Faults, tmp_path: Path) -> Iterator[Commands]:
    """Processes with the same settings."""
    environment = {
        "FAULTS": str(faults.folder),
        "REELWISE_DATA_DIR": str(settings.data_dir),
        "REELWISE_PROFILE": settings.profile,
        "REELWISE_ALLOWED_ROOTS": json.dumps([str(root) for root in settings.allowed_roots]),
        "REELWISE_MAX_FRAMES": "2",
        "REELWISE_MAX_OCR_FRAMES": "1",
        "REELWISE_LEASE_S": str(settings.lease_s),
        "REELWISE_SWEEP_S": str(settings.sweep_s),
        "REELWISE_ANNOUNCE_AGAIN_S": str(settings.announce_again_s),
        "COLUMNS": "200",
    }
    made = Commands(nursery, tmp_path, environment)
    yield made
    made.end()


@pytest.fixture
def runtime(faults: Faults, tmp_path: Path) -> Iterator[Runtime]:
    """The engines, for workers in this process."""
    made = Runtime(quick_profile(faults), tmp_path / "weights")
    yield made
    made.close()


DIMS = IndexDims(text=32, visual=32, sound=8)


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library.open(settings, DIMS) as opened:
        yield opened


@dataclass(frozen=True)
class Scaled:
    """Processes over a real Redis, with the stand-in for a Qdrant server; `library` is the test's own view of it."""

    commands: Commands
    library: Library
    redis: RedisServer
    index: IndexServer

    def has_result(self, videos: Sequence[Video], stage: str) -> bool:
        """Whether the stage was made for any of them."""
        pipeline = Pipeline(self.library, Runtime(load_profile(self.library.settings.profile), Path("unused")))
        return any(stage not in pipeline.stale(video) for video in videos)


@pytest.fixture
def scaled(commands: Commands, settings: Settings, tmp_path: Path) -> Iterator[Scaled]:
    redis, index = RedisServer(tmp_path), IndexServer()
    try:
        redis.start()
        index.start()
        over = {"broker_url": redis.url, "index_url": index.url}
        commands.environment.update({f"REELWISE_{name.upper()}": url for name, url in over.items()})
        with Library.open(settings.model_copy(update=over), DIMS) as library:
            yield Scaled(commands, library, redis, index)
    finally:
        commands.end()
        redis.stop()
        index.stop()


def submit(library: Library, path: Path) -> Video:
    return submit_path(library, path, Metadata(title="A cat in the kitchen")).video


def ended(library: Library, *videos: Video | str) -> list[Video]:
    """The videos, once all are in a final state."""
    ids = [video if isinstance(video, str) else video.id for video in videos]

    def final() -> list[Video] | None:
        found = [library.record.resolve(video) for video in ids]
        return found if all(video.state in FINAL for video in found) else None

    return until(f"{ids} are in a final state", final)


def assert_understood(library: Library, *videos: Video) -> None:
    """Ready, with a document; one point, and its moment, in the index."""
    for video in ended(library, *videos):
        assert (video.state, video.reason) == (VideoState.READY, None)
        assert library.record.understanding(video.id) is not None
        mine = Filter(equals={"video_id": [video.id]})
        assert len(library.index.retrieve(Collection.VIDEOS, [video.point_id])) == 1
        assert library.index.count(Collection.MOMENTS, mine) == 1
    assert library.record.due(now=utc_now()) == []


def assert_done_once(library: Library, *videos: Video) -> None:
    """Understood, and every stage was paid for once a video."""
    assert_understood(library, *videos)
    sums = library.record.costs(CostKey.STAGE)
    assert {found.key: found.runs - found.failed for found in sums} == {stage.name: len(videos) for stage in STAGES}


def run_lanes(library: Library, runtime: Runtime, video: Video) -> Lane | None:
    """Run the video's lanes in this thread until one of them does not lead to the next; the lane it is left in."""
    worker = LaneWorker(Pipeline(library, runtime), lambda *_: None)
    lane = library.record.resolve(video.id).lane
    while lane is not None:
        advanced = worker.run(video.id, lane)
        if advanced is None:
            break
        lane = advanced.lane
    return library.record.resolve(video.id).lane
