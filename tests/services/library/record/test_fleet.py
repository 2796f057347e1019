"""The record knows the workers that say that they live, and tells which of them stopped saying so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.library.record.fleet import WorkerRun
from services.library.record.store import Record
from services.library.record.types import Lane
from tests.services.library.record.conftest import Clock


@pytest.fixture
def worker(clock: Clock) -> WorkerRun:
    return WorkerRun(uuid4().hex, "a-pod-of-many", 7, frozenset({Lane.PERCEIVE, Lane.PREPARE}), 4, 15.0, clock())


def test_a_worker_is_known_from_its_first_word_to_its_last(record: Record, clock: Clock, worker: WorkerRun) -> None:
    record.note_worker(worker, running=0, now=clock())
    clock.now += timedelta(seconds=15)
    record.note_worker(worker, running=3, now=clock())
    (seen,) = record.fleet(now=clock())
    assert (seen.worker, seen.running, seen.seen_at, seen.silent) == (worker, 3, clock(), False)
    record.forget_worker(worker.run)
    assert record.fleet(now=clock()) == []


def test_workers_with_the_same_host_name_and_process_id_are_two(
    record: Record, clock: Clock, worker: WorkerRun
) -> None:
    twin = replace(worker, run=uuid4().hex)
    for one in (worker, twin):
        record.note_worker(one, running=0, now=clock())
    record.forget_worker(twin.run)
    assert [seen.worker for seen in record.fleet(now=clock())] == [worker]


def test_a_worker_is_silent_after_three_beats_of_its_own(record: Record, clock: Clock, worker: WorkerRun) -> None:
    slow = replace(worker, run=uuid4().hex, beat_s=60.0)
    for one in (worker, slow):
        record.note_worker(one, running=0, now=clock())
    clock.now += timedelta(seconds=45)
    assert not any(seen.silent for seen in record.fleet(now=clock()))
    clock.now += timedelta(seconds=1)
    assert {seen.worker.run for seen in record.fleet(now=clock()) if seen.silent} == {worker.run}
    record.note_worker(worker, running=0, now=clock())  # it had only stood still
    assert not any(seen.silent for seen in record.fleet(now=clock()))


def test_a_silent_worker_is_forgotten_after_an_hour_and_comes_back_with_its_next_word(
    record: Record, clock: Clock, worker: WorkerRun
) -> None:
    other = replace(worker, run=uuid4().hex)
    record.note_worker(worker, running=0, now=clock())
    clock.now += timedelta(minutes=59)
    record.note_worker(other, running=0, now=clock())
    record.forget_silent_workers(now=clock())
    # Who was heard of longest ago comes first.
    assert [(seen.worker, seen.silent) for seen in record.fleet(now=clock())] == [(worker, True), (other, False)]
    assert [seen.worker for seen in record.fleet(now=clock(), limit=1)] == [worker]
    clock.now += timedelta(minutes=1)
    assert [seen.worker for seen in record.fleet(now=clock())] == [other]
    record.forget_silent_workers(now=clock())
    record.note_worker(worker, running=0, now=clock())
    assert {seen.worker for seen in record.fleet(now=clock())} == {worker, other}


def test_a_word_from_before_the_clock_was_set_back_is_not_believed_for_ever(
    record: Record, clock: Clock, worker: WorkerRun
) -> None:
    record.note_worker(worker, running=0, now=clock())
    clock.now -= timedelta(hours=2)
    assert record.fleet(now=clock()) == []
    record.forget_silent_workers(now=clock())
    clock.now += timedelta(hours=2)
    assert record.fleet(now=clock()) == []
