from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.library.errors import InvalidValue, UnknownVideo
from services.library.record.types import CostKey, StageCost, StageResult

SPEECH = StageCost("v1", "speech", "whisper", True, 4.0, 6.0, 3.0, bytes_read=5_000_000_000)
DESCRIBE = StageCost("v1", "describe", "openai:m", True, 2.0, 0.5, 0.0, 1000, 100, True)
MEDIA = StageCost("v2", "media", None, True, 1.0, 1.0)
JAN_31, FEB_1 = date(2026, 1, 31), date(2026, 2, 1)


@pytest.fixture
def spent(record, clock):
    """Two days of work; the clock begins at 18:00 UTC on the 31st of January."""
    for cost in (SPEECH, DESCRIBE, MEDIA):
        record.add_cost(cost)
    clock.now += timedelta(hours=7)
    record.add_cost(replace(DESCRIBE, video_id="v2"))
    record.add_cost(replace(DESCRIBE, video_id="v2", made=False, completion_tokens=0))
    record.add_cost(replace(DESCRIBE, video_id="v2", model="llama.cpp:q", tokens_billed=False))
    return record


def keys(sums):
    return {one.key: one.runs for one in sums}


def test_costs_are_summed_by_day_stage_model_and_video(spent):
    assert keys(spent.costs(CostKey.DAY)) == {"2026-01-31": 3, "2026-02-01": 3}
    assert keys(spent.costs(CostKey.STAGE)) == {"speech": 1, "describe": 4, "media": 1}
    assert keys(spent.costs(CostKey.MODEL)) == {"whisper": 1, "openai:m": 3, "llama.cpp:q": 1, "": 1}
    assert keys(spent.costs(CostKey.VIDEO)) == {"v1": 2, "v2": 4}


def test_a_sum_has_all_seconds_tokens_and_bytes_and_tells_those_that_a_server_bills(spent):
    (_, second) = spent.costs(CostKey.DAY)
    assert (second.runs, second.failed) == (3, 1)
    assert (second.wall_seconds, second.cpu_seconds, second.gpu_seconds) == (6.0, 1.5, 0.0)
    assert (second.prompt_tokens, second.completion_tokens) == (3000, 200)
    assert (second.billed_prompt_tokens, second.billed_completion_tokens) == (2000, 100)
    total = spent.total_cost()
    assert (total.runs, total.gpu_seconds, total.bytes_read) == (6, 3.0, 5_000_000_000)


def test_the_days_asked_for_are_both_included_and_no_other(spent):
    assert keys(spent.costs(CostKey.STAGE, first=JAN_31, last=JAN_31)) == {"speech": 1, "describe": 1, "media": 1}
    assert spent.total_cost(first=FEB_1).runs == 3
    assert spent.total_cost(first=date(2026, 3, 1)).runs == 0


def test_of_many_lines_the_longest_work_comes_first(spent):
    first, *_ = spent.costs(CostKey.STAGE, limit=1)
    assert (first.key, first.wall_seconds) == ("describe", 8.0)


def test_the_cost_of_a_result_comes_with_it_and_work_done_twice_is_paid_twice(record, submission):
    video = record.submit(submission("a"))[0]
    result = StageResult(video.id, "speech", "f", {}, "whisper@1", 4.0)
    cost = replace(SPEECH, video_id=video.id)
    for _ in range(2):
        record.put_stage_result(result, cost)
    record.put_stage_result(replace(result, fingerprint="g"))
    assert keys(record.costs(CostKey.VIDEO)) == {video.id: 2}


def test_a_cost_that_is_no_number_is_refused(record):
    with pytest.raises(InvalidValue, match="cost of stage 'speech'"):
        record.add_cost(replace(SPEECH, cpu_seconds=float("nan")))


def test_what_is_stored_is_the_size_of_all_videos(record, submission):
    assert record.stored_bytes() == 0
    for content in ("a", "bcd", "a"):
        record.submit(submission(content))
    assert record.stored_bytes() == 4


def test_a_result_of_an_unknown_video_leaves_no_cost_behind(record):
    with pytest.raises(UnknownVideo):
        record.put_stage_result(StageResult("ab" * 16, "speech", "f", {}, "whisper@1", 4.0), SPEECH)
    with pytest.raises(UnknownVideo):
        record.put_stage_result(StageResult("ab" * 16, "speech", "f", {}, "whisper@1", 4.0))
    assert record.total_cost().runs == 0


def test_a_result_that_is_refused_leaves_no_cost_behind(record, submission):
    video = record.submit(submission("a"))[0]
    with pytest.raises(InvalidValue, match="output of stage 'speech'"):
        record.put_stage_result(StageResult(video.id, "speech", "f", {"loud": float("nan")}, None, 4.0), SPEECH)
    with pytest.raises(InvalidValue, match="cost of stage 'speech'"):
        record.put_stage_result(
            StageResult(video.id, "speech", "f", {}, None, 4.0), replace(SPEECH, gpu_seconds=float("nan"))
        )
    assert record.total_cost().runs == 0
    assert record.stage_result(video.id, "speech", "f") is None
