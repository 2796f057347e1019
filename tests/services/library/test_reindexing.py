"""A new index takes the old one's place while videos are published and decided on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from services.library.errors import IndexMismatch
from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import Lane, Submission, Video
from services.library.reindexing import ReindexUnderWay, reindex
from services.library.understanding import VideoState
from services.settings import Settings

DIMS = IndexDims(text=4, visual=4, sound=4)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(Settings(data_dir=tmp_path, index_url=":memory:"), DIMS) as opened:
        yield opened


def published(library: Library, digit: str) -> Video:
    """A ready video with its point."""
    record = library.record
    video, _ = record.submit(Submission(digit * 64, 1, f"videos/{digit}", f"{digit}.mp4"))
    for lane, following in zip(Lane, [*list(Lane)[1:], None], strict=True):
        lease = record.claim(video.id, lane, now=datetime.now(UTC), lease_s=60)
        assert lease is not None
        record.advance(lease, following)
    library.index.upsert(Collection.VIDEOS, [Point(video.point_id, {"text": np.eye(4, dtype="f4")[0]}, {})])
    return video


def state(library: Library, video: Video) -> VideoState:
    found = library.record.video(video.id)
    assert found is not None
    return found.state


def test_what_is_published_while_points_are_copied_is_published_once_more_and_nothing_else(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = published(library, "a")
    meanwhile: list[Video] = []

    def publish_another(collection: Collection, _count: int) -> None:
        if collection is Collection.MOMENTS:  # the videos were copied before
            meanwhile.append(published(library, "b"))

    later = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setattr(library.record, "_clock", lambda: later)
    monkeypatch.setattr("services.library.reindexing.utc_now", lambda: later)
    done = reindex(library, publish_another)
    (new,) = meanwhile
    assert done.points == {"videos": 1, "moments": 0}
    assert done.revisited == 1
    assert (state(library, old), state(library, new)) == (VideoState.READY, VideoState.QUEUED)
    assert library.index.count(Collection.VIDEOS) == 1  # the queued one comes with its lanes


def test_two_do_not_fill_a_new_index_at_once(library: Library) -> None:
    with library.record.alone("reindex"), pytest.raises(ReindexUnderWay):
        reindex(library, lambda *_: None)


def test_the_embedded_index_needs_no_copy(tmp_path: Path) -> None:
    with (
        Library.open(Settings(data_dir=tmp_path), DIMS) as embedded,
        pytest.raises(IndexMismatch, match="takes new settings by itself"),
    ):
        reindex(embedded, lambda *_: None)
