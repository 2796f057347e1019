from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from services.library.errors import IndexMismatch, LibraryLocked
from services.library.index.port import Collection
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import Lane, Submission
from services.library.understanding import VideoState
from services.settings import Settings

DIMS = IndexDims(text=4, visual=4, sound=4)
OPEN = """
import sys
from pathlib import Path
from services.library.errors import LibraryLocked
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.settings import Settings
try:
    Library.open(Settings(data_dir=Path(sys.argv[1])), IndexDims(4, 4, 4)).close()
    print("opened")
except LibraryLocked as error:
    print(error)
"""


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "new" / "data")


def open_elsewhere(settings):
    command = [sys.executable, "-c", OPEN, str(settings.data_dir)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_opening_makes_everything_and_closing_frees_it(settings):
    with Library.open(settings, DIMS) as library:
        library.blobs.put_bytes(b"x", "a")
        video, _ = library.record.submit(Submission("ab" * 32, 1, "a", "a.mp4"))
        assert "is open in process" in open_elsewhere(settings)
        with pytest.raises(LibraryLocked):
            Library.open(settings, DIMS)
    assert open_elsewhere(settings) == "opened\n"
    with Library.open(settings, DIMS) as library:
        assert library.record.video(video.id) == video
        assert library.blobs.get_bytes("a") == b"x"


def test_rebuilding_the_index_queues_what_was_ready(settings):
    with Library.open(settings, DIMS) as library:
        video, _ = library.record.submit(Submission("ab" * 32, 1, "a", "a.mp4"))
        lease = library.record.claim(video.id, Lane.PREPARE, now=datetime.now(UTC), lease_s=60)
        library.record.advance(lease, None)
    other = IndexDims(text=8, visual=4, sound=4)
    with pytest.raises(IndexMismatch):
        Library.open(settings, other)
    with Library.open(settings, other, rebuild_index=True) as library:
        assert library.record.video(video.id).state is VideoState.QUEUED
        assert library.index.count(Collection.VIDEOS) == 0
