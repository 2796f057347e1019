from __future__ import annotations

from datetime import timedelta

from services.library.record.store import Record
from services.library.record.types import Lane


def test_one_at_a_time_is_alone_and_another_name_is_another_matter(record: Record, url: str) -> None:
    other = Record.open(url)
    with record.alone("training") as first, other.alone("training") as second, other.alone("catch-up") as third:
        assert (first, second, third) == (True, False, True)
    with other.alone("training") as again:
        assert again
    other.close()


def test_whoever_fails_inside_is_not_alone_for_ever(record: Record) -> None:
    try:
        with record.alone("training"):
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with record.alone("training") as again:
        assert again


def test_a_lease_that_was_given_back_is_due_at_once_with_no_attempt_counted(record, clock, submission) -> None:
    video, _ = record.submit(submission("a"))
    lease = record.claim(video.id, Lane.PREPARE, now=clock(), lease_s=60)
    assert record.release(lease)
    assert record.due(now=clock()) == [(video.id, Lane.PREPARE)]
    assert record.video(video.id).attempts == 0
    assert not record.release(lease)
    assert record.advance(lease, Lane.PERCEIVE) is None


def test_work_is_neglected_when_it_has_long_been_due_and_nobody_is_at_work(record, clock, submission) -> None:
    record.submit(submission("a"))
    other, _ = record.submit(submission("b"))
    since = clock.now
    assert record.neglected(now=clock(), since=since) == 0
    clock.now += timedelta(minutes=20)
    since = clock.now - timedelta(minutes=10)
    assert record.neglected(now=clock(), since=since) == 2
    record.claim(other.id, Lane.PREPARE, now=clock(), lease_s=60)
    assert record.neglected(now=clock(), since=since) == 0
    clock.now += timedelta(minutes=5)  # its lease has expired
    assert record.neglected(now=clock(), since=clock.now - timedelta(minutes=10)) == 1
