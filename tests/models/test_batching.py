"""Concurrent calls share batches; a failure, a cancellation or a limit touches those alone whom it concerns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest
import torch

from models.batching import BatchLimits, MicroBatcher
from models.cancelling import cancelled_when
from models.errors import EngineBusy, EngineClosed, ModelError, OutOfMemory, WorkCancelled
from models.grouping import alone

SOON = 20.0
WAIT = BatchLimits(wait_s=0.2)


class Model:
    """Doubles numbers, notes its batches, and waits at a gate as long as it is shut."""

    def __init__(self, fault: Callable[[Sequence[int]], None] = lambda _: None) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()
        self._fault = fault

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.began.set()
        assert self.gate.wait(SOON)
        self._fault(items)
        return [2 * item for item in items]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as threads:
        yield threads


def batcher(model: Callable[[Sequence[int]], Sequence[int]], size: int = 8, **limits: float) -> MicroBatcher[int, int]:
    given = {"wait_s": 0.2, **limits}
    return MicroBatcher(model, name="doubler", size=size, limits=BatchLimits(**given))  # type: ignore[arg-type]


def held(model: Model, batch: MicroBatcher[int, int], pool: ThreadPoolExecutor) -> Future[list[int]]:
    """A call that the model is busy with until its gate opens."""
    model.gate.clear()
    model.began.clear()
    first = pool.submit(batch, [1000])
    assert model.began.wait(SOON)
    return first


def queued(batch: MicroBatcher[int, int], count: int) -> None:
    """Wait until so many inputs stand in the queue."""
    ends = time.monotonic() + SOON
    while len(batch._queue) < count:
        assert time.monotonic() < ends
        time.sleep(0.002)


def test_calls_of_many_threads_are_answered_from_shared_batches(pool: ThreadPoolExecutor) -> None:
    model = Model()
    together = batcher(model)
    first = held(model, together, pool)
    calls = [pool.submit(together, [n, n + 100]) for n in range(4)]
    queued(together, 8)
    model.gate.set()
    assert [call.result(SOON) for call in calls] == [[2 * n, 2 * n + 200] for n in range(4)]
    assert first.result(SOON) == [2000]
    assert [len(batch) for batch in model.batches] == [1, 8]


def test_a_batch_that_is_not_full_goes_off_when_its_time_is_up() -> None:
    model = Model()
    assert batcher(model, wait_s=0.01)([1, 2, 3]) == [2, 4, 6]
    assert model.batches == [[1, 2, 3]]


def test_more_inputs_than_a_batch_or_the_queue_holds_keep_their_order() -> None:
    model = Model()
    assert batcher(model, size=4, queue=3, wait_s=0.0)(list(range(50))) == [2 * n for n in range(50)]
    assert max(len(batch) for batch in model.batches) <= 4


def test_no_inputs_need_no_model() -> None:
    assert batcher(Model())([]) == []


def test_a_poisonous_input_fails_its_own_caller_and_no_neighbour(pool: ThreadPoolExecutor) -> None:
    def refuse_thirteen(items: Sequence[int]) -> None:
        if 13 in items:
            raise ValueError("thirteen")

    model = Model(refuse_thirteen)
    together = batcher(model)
    first = held(model, together, pool)
    good, bad, also_good = (pool.submit(together, items) for items in ([1, 2], [13], [3]))
    queued(together, 4)
    model.gate.set()
    assert (first.result(SOON), good.result(SOON), also_good.result(SOON)) == ([2000], [2, 4], [6])
    with pytest.raises(ValueError, match="thirteen"):
        bad.result(SOON)
    # The batch of four, then each by itself, once.
    assert [len(batch) for batch in model.batches] == [1, 4, 1, 1, 1, 1]


def test_a_call_alone_in_its_batch_fails_at_once() -> None:
    def refuse(_: Sequence[int]) -> None:
        raise ValueError("no")

    model = Model(refuse)
    with pytest.raises(ValueError, match="no"):
        batcher(model, wait_s=0.0)([1, 2, 3])
    assert len(model.batches) == 1


def test_a_model_that_loses_an_output_is_found_out() -> None:
    with pytest.raises(ModelError, match="doubler gave 1 outputs for 2 inputs"):
        batcher(lambda items: [0], wait_s=0.0)([1, 2])


def test_work_that_nobody_wants_any_more_is_skipped(pool: ThreadPoolExecutor) -> None:
    model = Model()
    together = batcher(model)
    first = held(model, together, pool)
    lost = threading.Event()

    def task() -> list[int]:
        with cancelled_when(lost.is_set):
            return together([7, 8])

    given_up, kept = pool.submit(task), pool.submit(together, [9])
    queued(together, 3)
    lost.set()
    with pytest.raises(WorkCancelled):
        given_up.result(SOON)
    model.gate.set()
    assert (first.result(SOON), kept.result(SOON)) == ([2000], [18])
    assert model.batches == [[1000], [9]]


def test_a_full_queue_makes_callers_wait_and_then_says_that_the_engine_is_busy(pool: ThreadPoolExecutor) -> None:
    model = Model()
    together = batcher(model, queue=2, patience_s=0.3)
    first = held(model, together, pool)
    waiting = pool.submit(together, [1, 2])
    queued(together, 2)
    with pytest.raises(EngineBusy, match=r"doubler began nothing of this call for 0\.3 s .*REELWISE_BATCH_PATIENCE_S"):
        together([3])
    with pytest.raises(EngineBusy):
        waiting.result(SOON)
    assert not together._queue
    model.gate.set()
    # What is at work has no limit here.
    assert first.result(SOON) == [2000]
    assert together([4]) == [8]


def test_closing_finishes_what_waits_and_takes_nothing_more(pool: ThreadPoolExecutor) -> None:
    model = Model()
    together = batcher(model)
    first = held(model, together, pool)
    waiting = pool.submit(together, [1])
    queued(together, 1)
    closing = pool.submit(together.close)
    model.gate.set()
    closing.result(SOON)
    assert (first.result(SOON), waiting.result(SOON)) == ([2000], [2])
    with pytest.raises(EngineClosed, match="doubler was closed"):
        together([2])


def test_closing_does_not_wait_longer_than_it_was_told_and_fails_the_waiting(pool: ThreadPoolExecutor) -> None:
    model = Model()
    together = batcher(model)
    first = held(model, together, pool)
    waiting = pool.submit(together, [1])
    queued(together, 1)
    together.close(drain_s=0.05)
    with pytest.raises(EngineClosed):
        waiting.result(SOON)
    model.gate.set()
    assert first.result(SOON) == [2000]


def test_a_batcher_that_rests_holds_no_thread_and_starts_again() -> None:
    together = batcher(Model(), wait_s=0.0)
    assert together([1]) == [2]
    thread = together._thread
    assert thread is not None
    together.rest()
    thread.join(SOON)
    assert not thread.is_alive()
    assert together([2]) == [4]


def exhausting(most: int, error: Callable[[], Exception]) -> Callable[[Sequence[int]], None]:
    def check(items: Sequence[int]) -> None:
        if len(items) > most:
            raise error()

    return check


ERRORS: dict[str, Callable[[], Exception]] = {
    "PyTorch": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    "Python": MemoryError,
    "CUDA's words": lambda: RuntimeError("CUDA error: out of memory"),
    "CTranslate2": lambda: RuntimeError("CUDA failed with error out of memory"),
    "ONNX Runtime": lambda: RuntimeError("Failed to allocate memory for requested buffer of size 1073741824"),
}


@pytest.mark.parametrize("grouped", [True, False], ids=["grouped", "alone"])
@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_a_batch_that_is_too_much_for_the_memory_is_halved_and_stays_so(
    error: Callable[[], Exception], grouped: bool
) -> None:
    model = Model(exhausting(4, error))
    call = batcher(model, wait_s=0.05) if grouped else alone(model, name="doubler", size=8)
    assert call(list(range(8))) == [2 * n for n in range(8)]
    assert [len(batch) for batch in model.batches] == [8, 4, 4]
    assert call(list(range(8))) == [2 * n for n in range(8)]
    assert [len(batch) for batch in model.batches[3:]] == [4, 4]


@pytest.mark.parametrize("grouped", [True, False], ids=["grouped", "alone"])
def test_where_half_a_batch_is_too_much_as_well_the_error_says_what_to_do(grouped: bool) -> None:
    model = Model(exhausting(1, ERRORS["PyTorch"]))
    call = batcher(model, wait_s=0.05) if grouped else alone(model, name="doubler", size=8)
    with pytest.raises(OutOfMemory, match=r"doubler ran out of memory .*Tried to allocate .* smaller `batch`"):
        call(list(range(8)))


def test_memory_that_pytorch_cannot_have_is_told_as_such() -> None:
    """The real allocator, asked for more than any machine has."""
    too_much = batcher(lambda items: [torch.empty(2**60, dtype=torch.uint8) for _ in items], wait_s=0.0)  # type: ignore[misc]
    with pytest.raises(OutOfMemory):
        too_much([1, 2])


def test_many_threads_get_their_own_answers_under_load(pool: ThreadPoolExecutor) -> None:
    def fail_multiples_of_seven(items: Sequence[int]) -> None:
        if any(item % 7 == 0 for item in items):
            raise ValueError("seven")

    together = batcher(Model(fail_multiples_of_seven), size=5, queue=9, wait_s=0.001)

    def task(start: int) -> bool:
        items = [start * 3 + n for n in range(3)]
        with suppress(ValueError):
            return together(items) == [2 * item for item in items] and not any(item % 7 == 0 for item in items)
        return any(item % 7 == 0 for item in items)

    assert all(pool.map(task, range(200)))
