from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.library.errors import AmbiguousId, InvalidValue, UnknownVideo
from services.library.record.types import Lane, StageResult
from services.library.understanding import Bilingual, Understanding, VideoFacts, VideoState

BEIJING = timezone(timedelta(hours=8))


def test_the_same_file_from_eight_threads_is_one_video_with_eight_uploads(record, submission):
    start = threading.Barrier(8)

    def upload(number):
        start.wait()
        return record.submit(submission("a", title=f"take {number}"))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(upload, range(8)))
    assert sum(new for _, new in answers) == 1
    assert len({video.id for video, _ in answers}) == 1
    titles = {upload.submission.title for upload in record.uploads(answers[0][0].id)}
    assert titles == {f"take {number}" for number in range(8)}


def test_a_submission_comes_back_as_it_was(record, submission):
    sent = submission(
        "a",
        title="猫咪日常 🐱 ñ",
        description="line\nline",
        hashtags=("治愈", "cat"),
        creator="小明",
        language_hint="zh",
        published_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=BEIJING),
        sidecars=("subs/a.srt",),
    )
    video, new = record.submit(sent)
    (upload,) = record.uploads(video.id)
    assert new
    assert upload.submission == sent
    assert upload.submission.published_at.utcoffset() == timedelta(0)
    assert video.id == sent.sha256[:32]
    assert record.video(video.id) == video
    assert (video.state, video.lane, video.created_at.tzinfo) == (VideoState.QUEUED, Lane.PREPARE, UTC)


def test_nul_and_lone_surrogates_do_not_reach_the_database(record, submission):
    video, _ = record.submit(replace(submission("a", title="a\x00b"), source="caf\udce9.mp4"))
    (upload,) = record.uploads(video.id)
    assert upload.submission.title == "ab"
    assert upload.submission.source.startswith("caf\ufffd")


def test_a_bad_hash_and_a_time_without_zone_are_refused(record, submission):
    with pytest.raises(InvalidValue, match="64 hex digits"):
        record.submit(replace(submission("a"), sha256="abc"))
    with pytest.raises(InvalidValue, match="time zone"):
        record.submit(submission("a", published_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    assert record.videos() == []


def test_a_final_video_that_is_uploaded_again_is_queued_again(record, clock, submission):
    video, _ = record.submit(submission("a"))
    record.reject(record.claim(video.id, Lane.PREPARE, now=clock.now, lease_s=9), "no")
    again, new = record.submit(submission("a"))
    assert not new
    assert (again.state, again.lane, again.reason) == (VideoState.QUEUED, Lane.PREPARE, None)


def test_videos_are_found_by_the_start_of_their_id(record, submission):
    video, _ = record.submit(submission("a"))
    assert record.find(video.id[:4].upper()) == [video]
    assert record.resolve(video.point_id) == video
    with pytest.raises(UnknownVideo, match="first 4 or more"):
        record.find("abc")
    with pytest.raises(UnknownVideo):
        record.resolve("0" * 32)
    digest = video.sha256[:8] + "0" * 56
    record.submit(replace(submission("b"), sha256=digest))
    with pytest.raises(AmbiguousId, match="more digits"):
        record.resolve(video.id[:8])


def test_videos_are_listed_newest_first_and_counted_by_state(record, clock, submission):
    ids = []
    for number in range(3):
        ids.append(record.submit(submission(f"v{number}"))[0].id)
        clock.now += timedelta(seconds=1)
    record.reject(record.claim(ids[0], Lane.PREPARE, now=clock.now, lease_s=9), "no")
    assert [video.id for video in record.videos(limit=2)] == ids[:0:-1]
    assert [video.id for video in record.videos(offset=2)] == ids[:1]
    assert [video.id for video in record.videos(state=VideoState.REJECTED)] == ids[:1]
    counts = record.counts()
    assert (counts[VideoState.QUEUED], counts[VideoState.REJECTED], counts[VideoState.READY]) == (2, 1, 0)


def test_retrying_an_unknown_video_says_so(record):
    with pytest.raises(UnknownVideo, match="no video 'nope'"):
        record.retry("nope")


def test_uploads_of_many_videos_are_read_together_each_video_s_oldest_first(record, submission):
    first, _ = record.submit(submission("a", title="one"))
    record.submit(submission("a", title="two"))
    second, _ = record.submit(submission("b"))
    found = record.uploads_of([second.id, first.id, "nope"])
    assert [upload.submission.title for upload in found[first.id]] == ["one", "two"]
    assert found[second.id] == record.uploads(second.id)
    assert found["nope"] == []
    assert record.uploads_of([]) == {}


def test_the_first_result_of_a_fingerprint_stays(record, submission):
    video, _ = record.submit(submission("a"))
    first = StageResult(video.id, "speech", "f1", {"text": "你好 🎬", "words": [1, 0.5, None, True]}, "whisper@1", 2.5)
    record.put_stage_result(first)
    record.put_stage_result(replace(first, output={"text": "other"}))
    assert record.stage_result(video.id, "speech", "f1") == first
    assert record.stage_result(video.id, "speech", "f2") is None


def test_results_are_read_together_for_exactly_the_fingerprints_asked_for(record, submission):
    video, _ = record.submit(submission("a"))
    other, _ = record.submit(submission("b"))
    stored = [
        StageResult(video.id, "speech", "f1", {"text": "你好"}, "whisper@1", 2.5),
        StageResult(video.id, "ocr", "f2", {"lines": []}, None, 0.5),
        StageResult(other.id, "speech", "f3", {"text": "other"}, None, 1.0),
    ]
    for one in stored:
        record.put_stage_result(one)
    assert record.stage_results(video.id, {"speech": "f1", "ocr": "f2"}) == {"speech": stored[0], "ocr": stored[1]}
    assert record.stage_results(video.id, {"speech": "f3", "ocr": "f1", "sound": "f2"}) == {}
    assert record.stage_results(video.id, {}) == {}


def test_a_result_that_is_not_json_is_refused_with_its_place(record, submission):
    video, _ = record.submit(submission("a"))
    with pytest.raises(InvalidValue, match=r"stage 'speech'\.words\[1\] is nan"):
        record.put_stage_result(StageResult(video.id, "speech", "f", {"words": [1, float("nan")]}, None, 1.0))
    with pytest.raises(UnknownVideo):
        record.put_stage_result(StageResult("nope", "speech", "f", {}, None, 1.0))


def test_an_understanding_is_replaced_as_a_whole(record, submission):
    video, _ = record.submit(submission("a"))
    facts = VideoFacts(id=video.id, source="a.mp4", sha256=video.sha256)
    old = Understanding(state=VideoState.READY, video=facts, summary=Bilingual(en="A cat", zh="一只猫 🐱"))
    new = Understanding(state=VideoState.READY, video=facts, problems=("no sound",))
    assert record.understanding(video.id) is None
    record.put_understanding(old)
    assert record.understanding(video.id) == old
    record.put_understanding(new)
    assert record.understanding(video.id) == new
