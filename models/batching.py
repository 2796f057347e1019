"""Groups the inputs of concurrent calls into one call of a model: micro-batching (Crankshaw et al. 2017, "Clipper")."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from models.cancelling import Cancelled, cancellation
from models.errors import EngineBusy, EngineClosed, ModelError, OutOfMemory, WorkCancelled
from models.exhaustion import free_memory, is_out_of_memory, out_of_memory_text
from models.observing import batch_called

_log = logging.getLogger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")
Each = TypeVar("Each", covariant=True)


class Rows(Protocol[Each]):
    """Outputs in order: a sequence, or the rows of an array."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Each]: ...


Work = Callable[[Sequence[In]], Rows[Out]]
"""A model's call: as many outputs as inputs, in their order, each depending on its own input alone."""

_LOOK_AGAIN_S = 0.1
"""How often a waiting caller looks whether its work is still wanted."""

_IDLE_S = 5.0
"""A thread without work ends after this long; the next call starts another."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How calls are grouped.

    A batch that is not full waits `wait_s` seconds for more. At most `queue` inputs wait; who brings more waits with
    them outside. A call none of whose inputs was begun for `patience_s` seconds fails with `EngineBusy`.
    """

    wait_s: float = 0.005
    queue: int = 256
    patience_s: float = 300.0


class _Call(Generic[Out]):
    """What one caller waits for; every field belongs to the batcher's condition."""

    def __init__(self, count: int, cancelled: Cancelled) -> None:
        self.outs: dict[int, Out] = {}
        self.count = count
        self.cancelled = cancelled
        self.error: Exception | None = None
        self.running = 0
        self.touched = time.monotonic()

    @property
    def over(self) -> bool:
        return self.error is not None or len(self.outs) == self.count

    def fail(self, error: Exception) -> None:
        self.error = self.error or error


@dataclass(slots=True)
class _Entry(Generic[In, Out]):
    call: _Call[Out]
    index: int
    item: In


class MicroBatcher(Generic[In, Out]):
    """Call it with inputs from any thread; it gives their outputs, made in batches with those of other threads.

    A failure reaches only those whose input it was: a batch that fails is tried again input by input, once. Where
    memory runs out, the batch is halved once and stays so; if half is too much, its callers get `OutOfMemory`.
    """

    def __init__(
        self,
        work: Work[In, Out],
        *,
        name: str,
        size: int,
        limits: BatchLimits | None = None,
        lock: threading.Lock | None = None,
    ) -> None:
        self._work = work
        self._name = name
        self._size = size
        self._limits = limits or BatchLimits()
        self._lock = lock or threading.Lock()
        self._changed = threading.Condition()
        self._queue: deque[_Entry[In, Out]] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._resting = False

    def __call__(self, items: Sequence[In]) -> list[Out]:
        """Outputs in the order of the inputs.

        Raises what the model raised for one of them, `EngineBusy`, `EngineClosed`, `OutOfMemory` or `WorkCancelled`.
        """
        call: _Call[Out] = _Call(len(items), cancellation())
        outside = deque(enumerate(items))
        with self._changed:
            while not call.over:
                self._admit(call, outside)
                if not call.over:
                    self._changed.wait(_LOOK_AGAIN_S)
                    self._look_after(call)
            if call.error is not None:
                self._drop(call)
                raise call.error
        return [call.outs[index] for index in range(len(items))]

    def rest(self) -> None:
        """Let the thread go, and with it all it holds, once nothing waits. The next call starts another."""
        with self._changed:
            self._resting = True
            self._changed.notify_all()

    def close(self, *, drain_s: float = 10.0) -> None:
        """Take nothing in any more; finish what waits within `drain_s` seconds, and fail the rest. Idempotent."""
        ends = time.monotonic() + drain_s
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(max(0.0, ends - time.monotonic()))
        with self._changed:
            for entry in self._queue:
                entry.call.fail(EngineClosed(f"{self._name} was closed before it came to this"))
            self._queue.clear()
            self._changed.notify_all()

    def _admit(self, call: _Call[Out], outside: deque[tuple[int, In]]) -> None:
        if not outside:
            return
        if self._closed:
            call.fail(EngineClosed(f"{self._name} was closed and takes nothing in"))
            return
        came = False
        while outside and len(self._queue) < self._limits.queue:
            index, item = outside.popleft()
            self._queue.append(_Entry(call, index, item))
            came = True
        if not came:
            return
        call.touched = time.monotonic()
        self._resting = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=f"batch-{self._name}", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _look_after(self, call: _Call[Out]) -> None:
        if call.over:
            return
        if call.cancelled():
            call.fail(WorkCancelled(f"{self._name}: the work was given up before it was begun"))
        elif not call.running and time.monotonic() - call.touched > self._limits.patience_s:
            call.fail(
                EngineBusy(
                    f"{self._name} began nothing of this call for {self._limits.patience_s:g} s "
                    f"({len(self._queue)} inputs wait); run fewer tasks at once, or raise REELWISE_BATCH_PATIENCE_S"
                )
            )

    def _drop(self, call: _Call[Out]) -> None:
        self._queue = deque(entry for entry in self._queue if entry.call is not call)
        self._changed.notify_all()

    def _serve(self) -> None:
        while (batch := self._take()) is not None:
            if batch:
                self._do(batch)
            # Or the last batch would be held while nothing is to be done.
            del batch

    def _take(self) -> list[_Entry[In, Out]] | None:
        """The next batch; empty when what waited was given up; None when this thread is to end."""
        with self._changed:
            idle_until = time.monotonic() + _IDLE_S
            while not self._queue:
                left = idle_until - time.monotonic()
                if self._closed or self._resting or left <= 0:
                    self._thread = None
                    return None
                self._changed.wait(left)
            full_by = time.monotonic() + self._limits.wait_s
            while len(self._queue) < self._size and not self._closed and (left := full_by - time.monotonic()) > 0:
                self._changed.wait(left)
            batch: list[_Entry[In, Out]] = []
            while self._queue and len(batch) < self._size:
                entry = self._queue.popleft()
                if not entry.call.over and entry.call.cancelled():
                    entry.call.fail(WorkCancelled(f"{self._name}: the work was given up before it was begun"))
                if not entry.call.over:
                    entry.call.running += 1
                    batch.append(entry)
            self._changed.notify_all()
            return batch

    def _do(self, batch: Sequence[_Entry[In, Out]]) -> None:
        try:
            self._finish(batch, self._called(batch))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those whose input it was
            if is_out_of_memory(error):
                self._in_halves(batch, error)
            elif len({id(entry.call) for entry in batch}) == 1:
                self._fail(batch, error)
            else:
                self._one_by_one(batch)
        except BaseException:
            self._fail(batch, EngineClosed(f"{self._name}: its thread was ended"))
            raise

    def _called(self, batch: Sequence[_Entry[In, Out]]) -> Rows[Out]:
        with self._lock:
            return checked(self._work, [entry.item for entry in batch], self._name)

    def _one_by_one(self, batch: Sequence[_Entry[In, Out]]) -> None:
        for entry in batch:
            try:
                self._finish([entry], self._called([entry]))
            except Exception as error:  # noqa: BLE001 - as above
                if is_out_of_memory(error):
                    self._fail([entry], _exhausted(self._name, error))
                else:
                    self._fail([entry], error)

    def _in_halves(self, batch: Sequence[_Entry[In, Out]], error: Exception) -> None:
        free_memory()
        if len(batch) == 1:
            self._fail(batch, _exhausted(self._name, error))
            return
        self._size = half = (len(batch) + 1) // 2
        _log.warning("%s ran out of memory with %d inputs; from now on %d at a time", self._name, len(batch), half)
        for part in (batch[:half], batch[half:]):
            try:
                self._finish(part, self._called(part))
            except Exception as again:  # noqa: BLE001 - as above
                free_memory()
                if is_out_of_memory(again):
                    self._fail(part, _exhausted(self._name, again))
                else:
                    self._one_by_one(part)

    def _finish(self, batch: Sequence[_Entry[In, Out]], outs: Rows[Out]) -> None:
        with self._changed:
            for entry, out in zip(batch, outs, strict=True):
                entry.call.outs[entry.index] = out
                entry.call.running -= 1
                entry.call.touched = time.monotonic()
            self._changed.notify_all()

    def _fail(self, batch: Sequence[_Entry[In, Out]], error: Exception) -> None:
        with self._changed:
            for entry in batch:
                entry.call.running -= 1
                entry.call.fail(error)
            self._changed.notify_all()


def _exhausted(name: str, error: Exception) -> OutOfMemory:
    exhausted = OutOfMemory(out_of_memory_text(name, error))
    exhausted.__cause__ = error
    return exhausted


def checked(work: Work[In, Out], items: Sequence[In], name: str) -> Rows[Out]:
    """The model's outputs. Raises `ModelError` where they are not as many as the inputs."""
    batch_called(name, len(items))
    outs = work(items)
    if len(outs) != len(items):
        raise ModelError(f"{name} gave {len(outs)} outputs for {len(items)} inputs")
    return outs
