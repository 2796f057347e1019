from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.library.record.types import Advanced, Lane
from services.library.understanding import VideoState

CLAIM = """
import sys
from datetime import UTC, datetime
from services.library.record.store import Record
from services.library.record.types import Lane
record = Record.open(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
wins = [vid for vid in sys.argv[2].split(",")
        if record.claim(vid, Lane.PREPARE, now=datetime(2026, 1, 31, 18, 0, tzinfo=UTC), lease_s=60)]
print(",".join(wins))
"""


def claim(record, clock, video, lane=Lane.PREPARE, lease_s=60.0):
    return record.claim(video.id, lane, now=clock.now, lease_s=lease_s)


def test_of_many_threads_one_gets_the_lane(record, clock, submission):
    video, _ = record.submit(submission("a"))
    start = threading.Barrier(12)

    def race(_):
        start.wait()
        return claim(record, clock, video)

    with ThreadPoolExecutor(12) as pool:
        won = [lease for lease in pool.map(race, range(12)) if lease]
    assert len(won) == 1
    assert record.video(video.id).state is VideoState.PROCESSING


def test_a_lease_comes_with_the_video_as_it_is_from_then_on(record, clock, submission):
    video, _ = record.submit(submission("a", uploader="ann"))
    assert claim(record, clock, video, lease_s=1.0).video == record.video(video.id)
    clock.now += timedelta(seconds=2)
    again = claim(record, clock, video).video
    assert again == record.video(video.id)
    assert (again.attempts, again.state, again.uploader) == (1, VideoState.PROCESSING, "ann")


def test_of_many_processes_one_gets_each_lane(url, record, clock, submission):
    ids = [record.submit(submission(f"v{number}"))[0].id for number in range(30)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, url, ",".join(ids)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "open\n"
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    won = [vid for worker in workers for vid in worker.communicate(timeout=60)[0].strip().split(",") if vid]
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0]
    assert sorted(won) == sorted(ids)


def test_an_expired_lease_can_be_taken_and_its_late_holder_changes_nothing(record, clock, submission):
    video, _ = record.submit(submission("a"))
    late = claim(record, clock, video, lease_s=60)
    clock.now += timedelta(seconds=59)
    assert claim(record, clock, video) is None
    clock.now += timedelta(seconds=1)
    taken = claim(record, clock, video)
    assert taken is not None
    assert record.heartbeat(late, now=clock.now, lease_s=60) is None
    assert record.advance(late, Lane.PERCEIVE) is None
    assert record.reject(late, "no") is False
    assert record.retry_later(late, reason="x", not_before=clock.now, max_attempts=1) is VideoState.PROCESSING
    assert record.advance(taken, Lane.PERCEIVE) == Advanced(Lane.PERCEIVE)
    assert record.video(video.id).lane is Lane.PERCEIVE


def test_a_heartbeat_keeps_the_lease_alive(record, clock, submission):
    video, _ = record.submit(submission("a"))
    lease = claim(record, clock, video, lease_s=60)
    clock.now += timedelta(seconds=50)
    assert record.heartbeat(lease, now=clock.now, lease_s=60).expires_at == clock.now + timedelta(seconds=60)
    clock.now += timedelta(seconds=50)
    assert claim(record, clock, video) is None
    assert record.due(now=clock.now) == []


def test_a_holder_that_dies_counts_as_an_attempt(record, clock, submission):
    video, _ = record.submit(submission("a"))
    for expected in (0, 1, 2):
        lease = claim(record, clock, video, lease_s=10)
        assert record.video(video.id).attempts == expected
        clock.now += timedelta(seconds=10)
    assert record.retry_later(lease, reason="died", not_before=clock.now, max_attempts=3) is VideoState.FAILED


def test_a_video_passes_the_lanes_and_is_ready(record, clock, submission):
    video, _ = record.submit(submission("a"))
    for lane, following in zip(Lane, [*list(Lane)[1:], None], strict=True):
        assert record.due(now=clock.now) == [(video.id, lane)]
        assert record.advance(claim(record, clock, video, lane), following)
    done = record.video(video.id)
    assert (done.state, done.lane, done.reason) == (VideoState.READY, None, None)
    assert record.due(now=clock.now) == []


def test_a_lane_that_is_not_next_cannot_be_claimed(record, clock, submission):
    video, _ = record.submit(submission("a"))
    assert claim(record, clock, video, Lane.PUBLISH) is None


def test_a_failed_attempt_waits_then_fails_for_good_and_success_clears_the_reason(record, clock, submission):
    video, _ = record.submit(submission("a"))
    later = clock.now + timedelta(seconds=30)
    options = {"reason": "the GPU is 忙 \x00🔥", "not_before": later, "max_attempts": 2}
    assert record.retry_later(claim(record, clock, video), **options) is VideoState.QUEUED
    waiting = record.video(video.id)
    assert (waiting.reason, waiting.attempts, waiting.not_before) == ("the GPU is 忙 🔥", 1, later)
    assert record.due(now=clock.now) == []
    assert claim(record, clock, video) is None
    clock.now = later
    assert record.retry_later(claim(record, clock, video), **options) is VideoState.FAILED
    failed = record.video(video.id)
    assert (failed.reason, failed.lane) == ("the GPU is 忙 🔥", None)

    again = record.retry(video.id)
    assert (again.state, again.lane, again.attempts, again.reason) == (VideoState.QUEUED, Lane.PREPARE, 0, None)
    record.advance(claim(record, clock, video), None)
    assert record.video(video.id).reason is None


def test_a_rejected_video_keeps_its_reason(record, clock, submission):
    video, _ = record.submit(submission("a"))
    assert record.reject(claim(record, clock, video), "not a video")
    assert (record.video(video.id).state, record.video(video.id).reason) == (VideoState.REJECTED, "not a video")


def test_what_is_due_comes_oldest_first(record, clock, submission):
    ids = []
    for number in range(5):
        ids.append(record.submit(submission(f"v{number}"))[0].id)
        clock.now += timedelta(seconds=1)
    assert [video_id for video_id, _ in record.due(now=clock.now)] == ids
    assert len(record.due(now=clock.now, limit=2)) == 2


@pytest.mark.parametrize("end", ["ready", "rejected", "failed"])
def test_metadata_that_changes_during_a_pass_sends_the_video_through_again(record, clock, submission, end):
    video, _ = record.submit(submission("a", title="old"))
    lease = claim(record, clock, video)
    record.submit(submission("a", title="new"))
    assert record.video(video.id).state is VideoState.PROCESSING
    if end == "ready":
        record.advance(lease, Lane.PUBLISH)
        record.advance(claim(record, clock, video, Lane.PUBLISH), None)
    elif end == "rejected":
        record.reject(lease, "no")
    else:
        record.retry_later(lease, reason="no", not_before=clock.now, max_attempts=1)
    assert record.due(now=clock.now) == [(video.id, Lane.PREPARE)]
    record.advance(claim(record, clock, video), None)
    assert record.video(video.id).state is VideoState.READY


def test_the_same_metadata_again_does_not(record, clock, submission):
    video, _ = record.submit(submission("a", title="same"))
    lease = claim(record, clock, video)
    record.submit(submission("a", title="same"))
    record.advance(lease, None)
    assert record.video(video.id).state is VideoState.READY


def test_waiting_for_a_model_counts_no_attempt_and_ends_when_it_lasts_too_long(record, clock, submission):
    video = record.submit(submission("a"))[0]
    began = clock.now
    give_up_at = began + timedelta(hours=1)
    for minutes in (0, 30, 59):
        clock.now = began + timedelta(minutes=minutes)
        lease = record.claim(video.id, Lane.PREPARE, now=clock.now, lease_s=60)
        later = clock.now + timedelta(seconds=30)
        state = record.wait(lease, reason="the server is away", not_before=later, give_up_at=give_up_at)
        waiting = record.video(video.id)
        assert (state, waiting.attempts, waiting.waiting_since) == (VideoState.QUEUED, 0, began)
        assert (waiting.reason, waiting.not_before) == ("the server is away", later)
        assert record.due(now=clock.now) == []
    clock.now = give_up_at
    lease = record.claim(video.id, Lane.PREPARE, now=clock.now, lease_s=60)
    ended = record.wait(lease, reason="still away", not_before=clock.now, give_up_at=give_up_at)
    assert ended is VideoState.FAILED
    assert record.video(video.id).reason == "still away"
    assert record.retry(video.id).waiting_since is None


def test_a_lane_that_goes_on_waits_no_more(record, clock, submission):
    video = record.submit(submission("a"))[0]
    lease = record.claim(video.id, Lane.PREPARE, now=clock.now, lease_s=60)
    record.wait(lease, reason="away", not_before=clock.now, give_up_at=clock.now + timedelta(hours=1))
    lease = record.claim(video.id, Lane.PREPARE, now=clock.now, lease_s=60)
    assert record.advance(lease, Lane.PERCEIVE)
    assert record.video(video.id).waiting_since is None
    # Whoever lost the lease changes nothing.
    state = record.wait(lease, reason="away", not_before=clock.now, give_up_at=clock.now + timedelta(hours=1))
    assert state is record.video(video.id).state
    assert record.video(video.id).waiting_since is None
