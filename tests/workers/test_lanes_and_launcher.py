"""Work survives crashes, is done once, and stops in order; changes re-run what they touch and nothing else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.library.understanding import VideoState
from workers.fingerprint import fingerprints
from workers.lanes import LaneWorker, utc_now
from workers.launcher import EmbeddedWorker
from workers.pipeline import STAGES, Pipeline
from workers.stages import describe

pytestmark = pytest.mark.models

NAMES = [stage.name for stage in STAGES]


@pytest.fixture
def note(studio) -> Callable[[str], Path]:
    """`note(words)`: a text file under a video's name, which the first lane rejects within milliseconds."""

    def write(words: str) -> Path:
        path = studio.folder / f"{words}.mp4"
        path.write_text(f"{words}, and no video\n" * 40)
        return path

    return write


def changed(before, after) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_the_same_inputs_have_the_same_fingerprints(analysed) -> None:
    pipeline = Pipeline(analysed.studio.library, analysed.studio.runtime)
    source = pipeline.source(analysed.video)
    assert pipeline.fingerprints(source) == pipeline.fingerprints(source)
    assert pipeline.stale(analysed.video) == ()


def test_a_new_prompt_makes_describe_and_what_reads_it_stale_and_nothing_before(analysed, monkeypatch) -> None:
    pipeline = Pipeline(analysed.studio.library, analysed.studio.runtime)
    source = pipeline.source(analysed.video)
    before = pipeline.fingerprints(source)
    load = describe.load_prompt
    monkeypatch.setattr(describe, "load_prompt", lambda *of: load(*of).model_copy(update={"version": "new"}))
    assert changed(before, pipeline.fingerprints(source)) == {"describe", "annotate", "vectors"}


def test_another_number_of_frames_to_read_makes_ocr_and_what_reads_it_stale(analysed) -> None:
    library = analysed.studio.library
    pipeline = Pipeline(library, analysed.studio.runtime)
    source = pipeline.source(analysed.video)
    settings = library.settings.model_copy(update={"max_ocr_frames": 7})
    after = fingerprints(STAGES, source, settings, analysed.studio.runtime)
    assert changed(pipeline.fingerprints(source), after) == {"ocr", "evidence", "describe", "annotate", "vectors"}


def test_a_better_title_makes_stale_only_what_reads_it(analysed) -> None:
    pipeline = Pipeline(analysed.studio.library, analysed.studio.runtime)
    source = pipeline.source(analysed.video)
    renamed = replace(source, metadata=source.metadata.model_copy(update={"title": "A harbour at dawn"}))
    assert changed(pipeline.fingerprints(source), pipeline.fingerprints(renamed)) == {
        "evidence",
        "describe",
        "annotate",
        "vectors",
    }


def test_work_queued_before_a_crash_is_found_and_a_dead_holders_lease_is_taken_over(studio, note) -> None:
    queued = studio.submit(note("queued"))
    held = studio.submit(note("held by the dead"))
    long_ago = utc_now() - timedelta(hours=1)
    assert studio.library.record.claim(held.id, held.lane, now=long_ago, lease_s=60) is not None
    assert {video.state for video in studio.finish(queued, held)} == {VideoState.REJECTED}


def test_two_workers_in_one_process_do_nothing_twice(studio, clip, monkeypatch) -> None:
    ran: list[tuple[str, str]] = []
    run = Pipeline._run

    def counted(self, stage, source, *rest):
        ran.append((source.video.id, stage.name))
        return run(self, stage, source, *rest)

    monkeypatch.setattr(Pipeline, "_run", counted)
    videos = [studio.submit(clip(studio.folder / f"pair-{seed}.mp4", seed, seconds=0.8)) for seed in (61,)]
    with studio.working(count=2) as workers:
        for video in videos:
            for worker in workers:
                worker.notify(video.id, video.lane)
        done = studio.wait([video.id for video in videos])
    assert {video.state for video in done} == {VideoState.READY}
    assert Counter(ran) == {(video.id, name): 1 for video in videos for name in NAMES}


def test_two_libraries_in_one_process_do_their_own_work(studio, open_studio, note) -> None:
    other = open_studio(folder=studio.folder)
    mine, theirs = studio.submit(note("mine")), other.submit(note("theirs"))
    with studio.working(), other.working():
        assert studio.wait([mine.id])[0].state is VideoState.REJECTED
        assert other.wait([theirs.id])[0].state is VideoState.REJECTED


def test_a_lane_that_has_to_be_tried_again_is_found_by_the_sweep(open_studio, studio, note) -> None:
    """The blob comes back between two tries, as from a share that was away for a moment."""
    studio = open_studio(folder=studio.folder, max_attempts=3)
    video = studio.submit(note("away"))
    blob = studio.library.settings.data_dir / "blobs" / video.blob_key
    aside = blob.rename(blob.with_suffix(".away"))
    with studio.working():
        ends = time.monotonic() + 30
        while studio.video(video.id).attempts == 0 and time.monotonic() < ends:
            time.sleep(0.02)
        assert studio.video(video.id).state is VideoState.QUEUED
        aside.rename(blob)
        assert studio.wait([video.id])[0].state is VideoState.REJECTED


def test_stop_lets_running_lanes_end_and_leaves_the_rest_due(open_studio, clip) -> None:
    studio = open_studio()
    videos = [studio.submit(clip(studio.folder / f"busy-{seed}.mp4", seed, seconds=0.8)) for seed in range(71, 77, 2)]
    worker = EmbeddedWorker(studio.library, studio.runtime, threads=1)
    worker.start()
    while not any(worker.progress(video.id) for video in videos):
        time.sleep(0.005)
    started = time.monotonic()
    worker.stop()
    assert time.monotonic() - started < 30
    left = [studio.video(video.id) for video in videos if studio.video(video.id).state is not VideoState.READY]
    assert left
    assert {video_id for video_id, _ in studio.library.record.due(now=utc_now())} == {video.id for video in left}
    assert all(video.attempts == 0 for video in left)


def test_a_video_that_kills_its_workers_is_failed_in_the_end(open_studio, clip) -> None:
    studio = open_studio(max_attempts=2)
    video = studio.submit(clip(studio.folder / "killer.mp4", 81, seconds=0.6))
    for hours in (3, 2, 1):
        then = utc_now() - timedelta(hours=hours)
        assert studio.library.record.claim(video.id, video.lane, now=then, lease_s=1) is not None
    LaneWorker(Pipeline(studio.library, studio.runtime), lambda *_: pytest.fail("a stage ran")).run(
        video.id, video.lane
    )
    done = studio.video(video.id)
    assert done.state is VideoState.FAILED
    assert "the worker died each time" in done.reason
