"""The same thing twice at the same moment: messages, submissions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from models.runtime import Runtime
from services.intake import Metadata, submit_path
from services.library.library import Library
from services.library.record.types import Lane
from tests.faults.conftest import assert_done_once, submit
from workers.lanes import LaneWorker
from workers.pipeline import Pipeline

AT_ONCE = 3


def at_once(act: Callable[[], object]) -> list[object]:
    """Do it in several threads that start together."""
    start = threading.Barrier(AT_ONCE)

    def go(_: int) -> object:
        start.wait()
        return act()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(go, range(AT_ONCE)))


def test_a_message_that_is_delivered_three_times_at_once_is_obeyed_once(
    library: Library, runtime: Runtime, clips: Callable[[int], Path]
) -> None:
    """Each delivery goes to a worker of its own."""
    video = submit(library, clips(1))
    for lane, following in zip(Lane, [*list(Lane)[1:], None], strict=True):
        answers = at_once(lambda lane=lane: LaneWorker(Pipeline(library, runtime), lambda *_: None).run(video.id, lane))
        assert [found.lane for found in answers if found is not None] == [following]
    assert_done_once(library, video)


def test_a_file_that_is_submitted_three_times_at_once_is_one_video(
    library: Library, runtime: Runtime, clips: Callable[[int], Path]
) -> None:
    receipts = at_once(lambda: submit_path(library, clips(2), Metadata(title="A cat in the kitchen")))
    assert sorted(receipt.created for receipt in receipts) == [False, False, True]  # type: ignore[attr-defined]
    (video,) = library.record.videos()
    assert len(library.record.uploads(video.id)) == AT_ONCE
    worker = LaneWorker(Pipeline(library, runtime), lambda *_: None)
    for lane in Lane:
        worker.run(video.id, lane)
    assert_done_once(library, video)
    assert not list((library.settings.data_dir / "incoming").iterdir())
    assert not list((library.settings.data_dir / "blobs/.tmp").iterdir())
