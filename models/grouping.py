"""How an engine's calls of its model are made: alone in each caller's thread, or joined with those of other threads.

An engine asks for a `Grouping` with a function of a batch, after whatever can be prepared an input at a time, so that
decoding and scaling go on in the callers' threads while the model is at work.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Generic, Protocol

from models.batching import BatchLimits, In, MicroBatcher, Out, Work, checked
from models.cancelling import check_wanted
from models.errors import OutOfMemory
from models.exhaustion import free_memory, is_out_of_memory, out_of_memory_text

_log = logging.getLogger(__name__)


class Grouping(Protocol):
    """Makes of a model's call one that may be shared with other threads."""

    def __call__(
        self, work: Work[In, Out], *, name: str, size: int, urgent: bool = False
    ) -> Callable[[Sequence[In]], list[Out]]:
        """`size` is the most inputs of one call; `urgent` calls never wait for company (somebody waits for them)."""
        ...


class Alone(Generic[In, Out]):
    """The same face without company: the caller's own inputs, `size` at a time, in its own thread."""

    def __init__(self, work: Work[In, Out], *, name: str, size: int) -> None:
        self._work = work
        self._name = name
        self._size = size

    def __call__(self, items: Sequence[In]) -> list[Out]:
        """Raises `OutOfMemory` where half a batch is too much as well, `WorkCancelled`, and what the model raises."""
        found: list[Out] = []
        at = 0
        while at < len(items):
            check_wanted()
            part = items[at : at + self._size]
            try:
                found.extend(checked(self._work, part, self._name))
                at += len(part)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                found.extend(self._in_halves(part, error))
                at += len(part)
        return found

    def _in_halves(self, part: Sequence[In], error: Exception) -> list[Out]:
        free_memory()
        try:
            if len(part) == 1:
                raise error
            self._size = half = (len(part) + 1) // 2
            _log.warning("%s ran out of memory with %d inputs; from now on %d at a time", self._name, len(part), half)
            return [out for at in (0, half) for out in checked(self._work, part[at : at + half], self._name)]
        except Exception as again:
            if not is_out_of_memory(again):
                raise
            free_memory()
            raise OutOfMemory(out_of_memory_text(self._name, again)) from again


def alone(work: Work[In, Out], *, name: str, size: int, urgent: bool = False) -> Callable[[Sequence[In]], list[Out]]:
    """The `Grouping` of engines that nobody groups."""
    return Alone(work, name=name, size=size)


class EngineGroups:
    """The batchers of one engine, which share its lock: one batch of it is in memory at a time."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._made: list[MicroBatcher[object, object]] = []

    def __call__(
        self, work: Work[In, Out], *, name: str, size: int, urgent: bool = False
    ) -> Callable[[Sequence[In]], list[Out]]:
        """A `Grouping`."""
        limits = BatchLimits(0.0, self._limits.queue, self._limits.patience_s) if urgent else self._limits
        made = MicroBatcher(work, name=name, size=size, limits=limits, lock=self._lock)
        self._made.append(made)  # type: ignore[arg-type]
        return made

    def rest(self) -> None:
        """Let the threads go."""
        for made in self._made:
            made.rest()

    def close(self) -> None:
        """Finish what waits, and end."""
        for made in self._made:
            made.close()
