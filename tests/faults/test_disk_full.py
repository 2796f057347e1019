"""No space left: a small tmpfs stands in for the disk, full while the test says so."""

from __future__ import annotations

import errno
import io
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.library import Library
from services.library.record.types import Lane
from services.library.understanding import VideoState
from services.settings import Settings
from tests.faults.conftest import DIMS, assert_done_once, run_lanes, submit
from workers import lanes

SIZE = 16 * 2**20


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """No reserve: the disk is to be really full, where otherwise uploads are refused before that."""
    return settings.model_copy(update={"min_free_bytes": 0})


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(file: BinaryIO, size: int) -> None:
    while file.write(bytes(size)) == size:
        pass
    raise OSError(errno.ENOSPC, "No space left for all of it")


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Not a byte is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**16, 1):
            with pytest.raises(OSError, match="No space left"):
                _fill(file, size)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def api(library: Library, runtime: Runtime) -> Iterator[httpx.Client]:
    parts = Service(library, runtime, Sweeping())
    with httpx.Client(transport=InProcessTransport(create_app(parts)), base_url="http://127.0.0.1") as client:
        yield client
    parts.recommender.close()


def test_an_upload_that_does_not_fit_is_refused_and_leaves_nothing_behind(
    settings: Settings, runtime: Runtime, clips: Callable[[int], Path], disk: Path
) -> None:
    """The spool and the blobs lie on the full disk, the record does not."""
    (disk / "incoming").mkdir()
    settings.data_dir.mkdir(exist_ok=True)
    (settings.data_dir / "incoming").symlink_to(disk / "incoming")
    with Library.open(settings, DIMS) as library, api(library, runtime) as client:

        def upload() -> httpx.Response:
            return client.post("/v1/videos", files={"file": ("cat.mp4", io.BytesIO(clips(1).read_bytes()))})

        with full(disk):
            refused = upload()
        assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_full"), refused.text
        assert library.record.videos() == []
        assert list((disk / "incoming").iterdir()) == []
        taken = upload()
        assert taken.status_code == 202, taken.text
        video = library.record.resolve(taken.json()["id"])
        run_lanes(library, runtime, video)
        assert library.record.resolve(video.id).state is VideoState.READY


def test_a_full_blob_store_is_waited_for(
    settings: Settings,
    runtime: Runtime,
    clips: Callable[[int], Path],
    disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings.model_copy(update={"blob_url": f"file://{disk / 'blobs'}"})
    with Library.open(settings, DIMS) as library:
        video = submit(library, clips(1))
        with full(disk):
            assert run_lanes(library, runtime, video) is Lane.PREPARE
        waiting = library.record.resolve(video.id)
        assert (waiting.state, waiting.attempts) == (VideoState.QUEUED, 0)
        assert waiting.reason is not None
        assert "No space left on device. Check space" in waiting.reason
        assert waiting.not_before is not None
        monkeypatch.setattr(lanes, "utc_now", lambda: waiting.not_before)
        assert run_lanes(library, runtime, video) is None
        assert_done_once(library, video)


def test_a_full_record_takes_nothing_in_and_loses_nothing(
    settings: Settings, runtime: Runtime, clips: Callable[[int], Path], disk: Path
) -> None:
    settings = settings.model_copy(update={"database_url": f"sqlite:///{disk / 'reelwise.db'}"})
    with Library.open(settings, DIMS) as library, api(library, runtime) as client:
        known = submit(library, clips(1))
        with full(disk):
            refused = client.post("/v1/videos", json={"path": str(clips(2))})
            assert refused.status_code == 503, refused.text
            assert "database or disk is full" in refused.json()["error"]["message"]
            assert [video.id for video in library.record.videos()] == [known.id]
        answer = client.post("/v1/videos", json={"path": str(clips(2)), "title": "A cat in the kitchen"})
        assert answer.status_code == 202, answer.text
        other = library.record.resolve(answer.json()["id"])
        for video in (known, other):
            run_lanes(library, runtime, video)
        assert_done_once(library, known, other)
