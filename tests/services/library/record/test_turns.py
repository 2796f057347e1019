"""Nobody is starved: what is announced goes round the uploaders, back-fill has its share, and no queue grows long."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from services.library.record.store import Record
from services.library.record.types import Advanced, Lane, Priority, Window
from services.library.understanding import VideoState

WINDOW = 6


@pytest.fixture
def submit(record, clock, submission):
    """`submit(uploader, count)`: ids of new videos, each a second younger than the last."""

    def make(uploader: str, count: int, priority: Priority = Priority.FRESH) -> list[str]:
        ids = []
        for number in range(count):
            clock.now += timedelta(seconds=1)
            one = submission(f"{uploader}-{priority}-{number}-{clock.now}", uploader=uploader, priority=priority)
            ids.append(record.submit(one)[0].id)
        return ids

    return make


@pytest.fixture
def announce(record, clock):
    """`announce()`: ids of what the broker is told of now."""

    def ask(share: float = 0.25, lanes=tuple(Lane), again_s: float = 600) -> list[str]:
        told = record.announce(now=clock.now, window=Window(WINDOW, share, timedelta(seconds=again_s)), lanes=lanes)
        return [video_id for video_id, _ in told]

    return ask


def work(record, clock, video_id: str, lane: Lane = Lane.PREPARE, following: Lane | None = None) -> None:
    lease = record.claim(video_id, lane, now=clock.now, lease_s=60)
    assert lease is not None
    assert record.advance(lease, following)


def test_one_uploaders_backlog_does_not_hold_up_another(record, clock, submit, announce) -> None:
    many = submit("archive", 12)
    queue = announce()
    assert queue == many[:WINDOW]
    (mine,) = submit("amy", 1)
    served = []
    while mine not in served:
        served.append(queue.pop(0))
        work(record, clock, served[-1])
        queue += announce()
    assert len(served) == WINDOW + 1, "only what the broker was told of already is ahead"


def test_uploaders_take_turns_and_each_ones_order_stays(record, clock, submit, announce) -> None:
    first, second = submit("a", 9), submit("b", 9)
    served: list[str] = []
    queue = announce()
    while queue:
        served.append(queue.pop(0))
        work(record, clock, served[-1])
        queue += announce()
    assert [video for video in served if video in first] == first
    assert [video for video in served if video in second] == second
    assert Counter("a" if video in first else "b" for video in served[:10]) == {"a": 5, "b": 5}


def test_who_uploaded_much_long_ago_is_not_behind_and_who_comes_new_does_not_overtake_for_ever(
    record, clock, submit, announce
) -> None:
    for video in submit("veteran", 8):
        announce()
        work(record, clock, video)
    old, new = submit("veteran", 5), submit("newcomer", 5)
    assert announce() == [old[0], new[0], old[1], new[1], old[2], new[2]]


def test_videos_that_wait_for_a_model_do_not_put_a_newcomer_behind_them(record, clock, submit, announce) -> None:
    many = submit("archive", 12)
    for _ in range(2):
        for video in announce():
            lease = record.claim(video, Lane.PREPARE, now=clock.now, lease_s=60)
            later, given_up = clock.now + timedelta(minutes=5), clock.now + timedelta(hours=1)
            record.wait(lease, reason="away", not_before=later, give_up_at=given_up)
    (mine,) = submit("amy", 1)
    clock.now += timedelta(minutes=6)
    assert announce()[:2] == [many[0], mine]


def test_no_more_than_the_window_is_under_way_and_what_is_taken_up_makes_room(record, clock, submit, announce) -> None:
    ids = submit("a", 20)
    assert announce() == ids[:WINDOW]
    assert announce() == []
    lease = record.claim(ids[0], Lane.PREPARE, now=clock.now, lease_s=60)
    assert announce() == [ids[WINDOW]]
    record.advance(lease, Lane.PERCEIVE)
    assert announce(lanes=(Lane.PERCEIVE,)) == [ids[0]], "every lane has a window of its own"


def test_a_lost_message_is_sent_again_and_one_that_was_not_sent_at_once(record, clock, submit, announce) -> None:
    ids = submit("a", 1)
    assert announce() == ids
    record.withdraw([(ids[0], Lane.PREPARE)])
    assert announce() == ids
    record.withdraw_all()
    assert announce() == ids
    clock.now += timedelta(seconds=599)
    assert announce() == []
    clock.now += timedelta(seconds=2)
    assert announce() == ids


def test_fresh_uploads_go_before_backfill_which_keeps_a_small_share(record, clock, submit, announce) -> None:
    old = set(submit("archive", 20, Priority.BACKFILL))
    assert len(announce()) == WINDOW, "alone, it has the whole window"
    new = submit("amy", 24)
    assert announce() == new[:WINDOW], "fresh ones have a window that back-fill cannot fill"
    served: list[str] = []
    queue = new[:WINDOW]
    for _ in range(10):
        served.append(queue.pop(0))
        work(record, clock, served[-1])
        queue += announce()
    record.withdraw_all()
    mixed = announce()
    assert sum(video in old for video in mixed) == 2, "2 of 8 is the share of a quarter"
    record.withdraw_all()
    assert not old.intersection(announce(share=0.0))


def test_backfill_that_is_uploaded_fresh_is_fresh(record, clock, submission, announce) -> None:
    record.submit(submission("x", uploader="a", priority=Priority.BACKFILL))
    video, new = record.submit(submission("x", uploader="a"))
    assert (new, video.priority) == (False, Priority.FRESH)


@pytest.fixture
def end_lane(record, clock):
    """`end_lane(video)`: do the lane prepare of a video that was told of; how it moved on."""

    def end(video_id: str, window: int = WINDOW, following: Lane | None = Lane.PERCEIVE) -> Advanced:
        lease = record.claim(video_id, Lane.PREPARE, now=clock.now, lease_s=60)
        advanced = record.advance(lease, following, window=Window(window, 0.25, timedelta(seconds=600)))
        assert advanced is not None
        return advanced

    return end


def test_whoever_ends_a_lane_tells_of_the_next_one_in_the_same_breath(record, submit, announce, end_lane) -> None:
    (video,) = submit("a", 1)
    announce()
    assert end_lane(video) == Advanced(Lane.PERCEIVE, told=True)
    assert record.video(video).lane is Lane.PERCEIVE
    assert announce() == [], "it was noted"


@pytest.mark.parametrize("priority", Priority)
def test_a_lane_that_has_no_room_is_told_of_later(submit, announce, end_lane, priority) -> None:
    videos = submit("a", 4, priority)
    announce()
    told = [end_lane(video, window=2).told for video in videos]
    assert told == [True, True, False, False]


def test_a_video_does_not_overtake_those_that_wait_to_be_told_of(record, submit, announce, end_lane) -> None:
    first, second = submit("a", 2)
    announce()
    assert end_lane(first).told
    record.withdraw([(first, Lane.PERCEIVE)])
    assert end_lane(second) == Advanced(Lane.PERCEIVE, told=False, fill=frozenset({Lane.PERCEIVE}))
    assert announce(lanes=(Lane.PERCEIVE,)) == [first, second]


@pytest.mark.parametrize("priority", Priority)
@pytest.mark.parametrize("following", [Lane.PERCEIVE, None])
def test_a_lane_is_filled_again_when_less_than_half_of_its_window_is_used(
    submit, announce, end_lane, priority, following
) -> None:
    videos = submit("a", 20, priority)
    assert announce() == videos[:WINDOW]
    asked = [Lane.PREPARE in end_lane(video, following=following).fill for video in videos[: WINDOW - 1]]
    assert asked == [False, False, False, True, True], "4 of 6 taken up leave 2, 3 being half of 6"
    assert announce() == videos[WINDOW : 2 * WINDOW - 1]


def test_a_lane_that_nobody_else_waits_for_is_not_filled(submit, announce, end_lane) -> None:
    (video,) = submit("a", 1)
    announce()
    assert end_lane(video, following=None) == Advanced(None)


def test_a_video_that_is_sent_through_again_at_its_end_is_announced(
    record, clock, submit, submission, announce, end_lane
) -> None:
    (video,) = submit("a", 1)
    announce()
    lease = record.claim(video, Lane.PREPARE, now=clock.now, lease_s=60)
    sha256 = record.video(video).sha256
    record.submit(replace(submission("again"), sha256=sha256, title="Another title"))
    advanced = record.advance(lease, None, window=Window(WINDOW, 0.25, timedelta(seconds=600)))
    assert advanced == Advanced(Lane.PREPARE, fill=frozenset({Lane.PREPARE}))
    assert announce(lanes=advanced.fill) == [video]


def test_announcers_in_several_threads_announce_everything_once(record, clock, submit, url) -> None:
    ids = submit("a", 24)
    records = [Record.open(url, clock=clock) for _ in range(4)]
    limits = {"now": clock.now, "window": Window(10, 0.1, timedelta(seconds=600))}
    with ThreadPoolExecutor(8) as pool:
        told = [id_ for found in pool.map(lambda n: records[n % 4].announce(**limits), range(16)) for id_, _ in found]
    assert sorted(told) == sorted(ids[:10])
    for each in records:
        each.close()


def test_a_failed_video_goes_on_from_the_lane_that_failed_with_nothing_held_against_it(
    record, clock, submit, announce
) -> None:
    (video,) = submit("a", 1)
    work(record, clock, video, following=Lane.PERCEIVE)
    lease = record.claim(video, Lane.PERCEIVE, now=clock.now, lease_s=60)
    assert record.retry_later(lease, reason="broken", not_before=clock.now, max_attempts=1) is VideoState.FAILED
    again = record.retry(video)
    assert (again.lane, again.attempts, again.reason) == (Lane.PERCEIVE, 0, None)
    assert announce() == [video]


def test_neither_a_choice_nor_a_submission_reads_all_that_is_due(record, clock, submit, announce, url) -> None:
    """The plans of the real statements are looked at, not a clock."""
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL plans by statistics, and takes a scan for a small table")
    asked: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, *_) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(record.engine, "before_cursor_execute", note)
    submit("a", 2)
    submit("b", 1, Priority.BACKFILL)
    announce()
    event.remove(record.engine, "before_cursor_execute", note)
    with record.engine.connect() as connection:
        plans = [
            " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
            for statement, parameters in asked
        ]
    assert [plan for plan in plans if "SCAN videos" in plan] == []
    used = " ".join(plans)
    assert all(f"ix_videos_{name}" in used for name in ("due", "announced", "uploader", "turn")), plans
