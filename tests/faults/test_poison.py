"""A video that crashes, hangs or bloats what works on it ends with a reason, and takes no other video along."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.runtime import Runtime
from services.intake import Metadata, submit_path
from services.library.library import Library
from services.library.record.types import Advanced, Lane, Video
from services.library.understanding import VideoState
from services.settings import Settings
from tests.faults.conftest import DIMS, Scaled, assert_understood, ended, run_lanes, submit
from tests.faults.engines import Fault, Faults
from tests.faults.processes import Commands, until
from workers.app import create_app, queue_name, task_name
from workers.lanes import LaneWorker, utc_now
from workers.media.isolation import shared_pool
from workers.pipeline import Pipeline


def poison(library: Library, path: Path) -> Video:
    """The engines' fault "language-poison" hits this one alone: they know it by its title."""
    return submit_path(library, path, Metadata(title="poison")).video


@contextmanager
def halted_decoder(library: Library, runtime: Runtime, clip: Path) -> Iterator[int]:
    """The decoder process, which has decoded once and now stands still; it takes the next file and does not move."""
    run_lanes(library, runtime, submit(library, clip))
    (pid,) = shared_pool().pids
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        if pid in shared_pool().pids:
            os.kill(pid, signal.SIGCONT)


def test_a_video_that_crashes_its_decoder_is_rejected(
    library: Library, runtime: Runtime, clips: Callable[[int], Path]
) -> None:
    with halted_decoder(library, runtime, clips(1)) as pid:
        video = submit(library, clips(2))
        worker = threading.Thread(target=run_lanes, args=(library, runtime, video))
        worker.start()
        until("the decoder has it", lambda: library.record.resolve(video.id).state is VideoState.PROCESSING)
        until("it is being decoded", lambda: not shared_pool()._idle)
        os.kill(pid, signal.SIGSEGV)
        os.kill(pid, signal.SIGCONT)
        worker.join()
    rejected = library.record.resolve(video.id)
    assert rejected.state is VideoState.REJECTED
    assert rejected.reason is not None
    assert "The decoder crashed on the file (signal SIGSEGV)" in rejected.reason
    other = submit(library, clips(3))
    run_lanes(library, runtime, other)
    assert_understood(library, other)


def test_a_video_that_stalls_its_decoder_is_rejected(
    settings: Settings, runtime: Runtime, clips: Callable[[int], Path]
) -> None:
    hasty = settings.model_copy(update={"data_dir": settings.data_dir / "hasty", "decode_timeout_s": 0.5})
    with (
        Library.open(settings, DIMS) as library,
        halted_decoder(library, runtime, clips(1)),
        Library.open(hasty, DIMS) as own,
    ):
        video = submit(own, clips(2))
        run_lanes(own, runtime, video)
        rejected = own.record.resolve(video.id)
    assert rejected.state is VideoState.REJECTED
    assert rejected.reason is not None
    assert "took longer than 0.5 seconds and was stopped (setting decode_timeout_s)" in rejected.reason


def test_a_video_whose_decoder_needs_too_much_memory_is_rejected(
    settings: Settings, runtime: Runtime, clips: Callable[[int], Path]
) -> None:
    """The bound is set below what any file takes."""
    with Library.open(settings.model_copy(update={"decode_memory_bytes": 2**16}), DIMS) as library:
        video = submit(library, clips(4))
        run_lanes(library, runtime, video)
        rejected = library.record.resolve(video.id)
    assert rejected.state is VideoState.REJECTED
    assert rejected.reason is not None
    assert "setting decode_memory_bytes" in rejected.reason


def test_a_video_that_crashes_a_stage_fails_after_its_attempts_and_the_others_are_understood(
    scaled: Scaled, faults: Faults, clips: Callable[[int], Path]
) -> None:
    """Native code of a model crashes the child of a prefork worker, which makes itself a new one each time."""
    scaled.commands.environment["REELWISE_MAX_ATTEMPTS"] = "2"
    faults.set("language-poison", Fault.SEGFAULT)
    scaled.commands.start("sweep")
    worker = scaled.commands.start("worker", "--pool", "prefork", "--concurrency", "1")
    bad, good = poison(scaled.library, clips(1)), submit(scaled.library, clips(2))
    (failed,) = ended(scaled.library, bad)
    assert failed.state is VideoState.FAILED
    assert failed.reason == "describe was tried 2 times and the worker died each time"
    assert_understood(scaled.library, good)
    assert worker.poll() is None


def test_a_video_that_crashes_up_each_time_fails_after_its_attempts(
    commands: Commands, settings: Settings, faults: Faults, clips: Callable[[int], Path]
) -> None:
    """Somebody has to start `up` again, such as systemd or Docker: here it is the test."""
    commands.environment["REELWISE_MAX_ATTEMPTS"] = "2"
    faults.set("language-poison", Fault.SEGFAULT)
    process, client = commands.up()
    with client:
        ids = [
            client.post("/v1/videos", json={"path": str(clips(seed)), "title": title}).json()["id"]
            for seed, title in ((1, "poison"), (2, "A cat in the kitchen"))
        ]
    crashes = 0
    while crashes < 2:
        assert process.ended() == -signal.SIGSEGV, commands.logs()
        crashes += 1
        process, client = commands.up()
        client.close()
    until("it has failed", lambda: "failed" in commands.get(f"/v1/videos/{ids[0]}").text)
    until("the other is ready", lambda: "ready" in commands.get(f"/v1/videos/{ids[1]}").text)
    assert process.stop() == 0, commands.logs()
    with Library.open(settings, DIMS) as library:
        bad, good = (library.record.resolve(video) for video in ids)
        assert bad.state is VideoState.FAILED
        assert bad.reason == "describe was tried 2 times and the worker died each time"
        assert_understood(library, good)


def test_of_the_videos_whose_worker_died_one_at_a_time_is_tried_in_a_process(
    library: Library, runtime: Runtime, faults: Faults, clips: Callable[[int], Path]
) -> None:
    """One of them is the cause. At once, they would die together until none has an attempt left."""
    suspects = two_suspects(library, runtime, clips)
    worker = LaneWorker(Pipeline(library, runtime), lambda *_: None)
    faults.set("vision", Fault.WAIT)
    first = threading.Thread(target=worker.run, args=(suspects[0].id, Lane.PERCEIVE))
    first.start()
    until("the first is at work", lambda: faults.met("vision"))
    assert worker.run(suspects[1].id, Lane.PERCEIVE) == Advanced(Lane.PERCEIVE)
    put_off = library.record.resolve(suspects[1].id)
    assert (put_off.state, put_off.lane, put_off.attempts) == (VideoState.QUEUED, Lane.PERCEIVE, 1)
    faults.clear("vision")
    first.join()
    for video in suspects:
        run_lanes(library, runtime, video)
    assert_understood(library, *suspects)


def test_a_suspect_that_was_turned_away_is_told_of_when_the_one_at_work_ends_and_not_before(
    scaled: Scaled, runtime: Runtime, faults: Faults, clips: Callable[[int], Path]
) -> None:
    """Told of at once, it would come back in a loop, and be at hand when the one at work crashes."""
    library = scaled.library
    first, second = two_suspects(library, runtime, clips)
    worker = LaneWorker(Pipeline(library, runtime), lambda *_: None)
    app = create_app(library.settings, lambda: worker)
    perceive = app.tasks[task_name(Lane.PERCEIVE)]
    faults.set("vision", Fault.WAIT)
    at_work = threading.Thread(target=perceive.apply, kwargs={"args": (first.id,), "throw": True})
    at_work.start()
    until("the first is at work", lambda: faults.met("vision"))
    perceive.apply(args=(second.id,), throw=True)
    put_off = library.record.resolve(second.id)
    assert (put_off.state, put_off.lane) == (VideoState.QUEUED, Lane.PERCEIVE)
    with app.connection_for_read() as connection:
        told = lambda: connection.default_channel.client.llen(queue_name(library.settings, Lane.PERCEIVE))  # noqa: E731
        assert told() == 0
        faults.clear("vision")
        at_work.join()
        assert told() == 1
    app.close()


def two_suspects(library: Library, runtime: Runtime, clips: Callable[[int], Path]) -> list[Video]:
    """Their worker died in the lane perceive."""
    suspects = [submit(library, clips(seed)) for seed in (1, 2)]
    long_ago = utc_now().replace(year=2020)
    for video in suspects:
        run_lanes_to(library, runtime, video, Lane.PERCEIVE)
        assert library.record.claim(video.id, Lane.PERCEIVE, now=long_ago, lease_s=1) is not None
    return suspects


def run_lanes_to(library: Library, runtime: Runtime, video: Video, lane: Lane) -> None:
    worker = LaneWorker(Pipeline(library, runtime), lambda *_: None)
    while (now := library.record.resolve(video.id).lane) is not lane:
        assert now is not None
        worker.run(video.id, now)
