"""What a run of a stage costs: its wall clock, its share of the CPU, its models' time and tokens, what it read."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from models.metering import metering
from models.runtime import Runtime
from services.library.reads import counting_reads
from services.library.record.types import StageCost
from workers.stages.base import Stage


def cpu_seconds_used() -> float:
    """CPU seconds of this process, all its threads, and the child processes that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


class CpuShares:
    """Splits a process's CPU time evenly among the stages that run at once.

    Engines compute in threads of their own, which no operating system can tell to belong to a stage. What is split adds
    up to what was used while at least one stage ran; whose it was is right when one runs, and a guess when several do.
    """

    def __init__(self, used: Callable[[], float] = cpu_seconds_used) -> None:
        self._used = used
        self._lock = threading.Lock()
        self._last = 0.0
        self._shares: dict[int, float] = {}
        self._next = 0

    def begin(self) -> int:
        """A stage begins; its number."""
        with self._lock:
            self._split()
            self._next += 1
            self._shares[self._next] = 0.0
            return self._next

    def so_far(self, number: int) -> float:
        """Its share of the CPU seconds until now."""
        with self._lock:
            self._split()
            return self._shares[number]

    def end(self, number: int) -> None:
        """It is over."""
        with self._lock:
            self._split()
            del self._shares[number]

    def _split(self) -> None:
        now = self._used()
        for number in self._shares:
            self._shares[number] += (now - self._last) / len(self._shares)
        self._last = now


_PROCESS = CpuShares()
"""One for the process, because that is what the operating system counts by."""


class StageMeter:
    """Measures a stage while the context lasts, in the thread that runs it."""

    def __init__(self, runtime: Runtime, stage: Stage, video_id: str, *, shares: CpuShares = _PROCESS) -> None:
        self._runtime, self._stage, self._video_id, self._shares = runtime, stage, video_id, shares
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._models = self._stack.enter_context(metering())
        self._reads = self._stack.enter_context(counting_reads())
        self._number = self._shares.begin()
        self._stack.callback(self._shares.end, self._number)
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def cost(self, *, made: bool) -> StageCost:
        """What it has cost until now."""
        wall = time.perf_counter() - self._started
        role = self._stage.role
        on_gpu = sum(spent for of, spent in self._models.seconds.items() if self._runtime.works_on_gpu(of))
        return StageCost(
            video_id=self._video_id,
            stage=self._stage.name,
            model=self._runtime.identity(role).short if role else None,
            made=made,
            wall_seconds=wall,
            cpu_seconds=self._shares.so_far(self._number),
            gpu_seconds=on_gpu,
            prompt_tokens=self._models.prompt_tokens,
            completion_tokens=self._models.completion_tokens,
            tokens_billed=role is not None and self._runtime.asks_a_server(role),
            bytes_read=self._reads.bytes,
        )
