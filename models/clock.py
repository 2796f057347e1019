"""When models were at work: what is left of the wall clock is the pipeline's own overhead."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from models.metering import count_seconds
from models.profile import Role


@dataclass(frozen=True, slots=True)
class Call:
    """One call into an engine; `start` and `end` are seconds of the process's monotonic clock."""

    role: Role
    start: float
    end: float


class CallClock:
    """Keeps the newest calls into engines; safe to use from many threads."""

    def __init__(self, keep: int = 100_000) -> None:
        self._calls: list[Call] = []
        self._keep = keep
        self._lock = threading.Lock()

    @contextmanager
    def measure(self, role: Role) -> Iterator[None]:
        """Time what happens inside as a call of that role."""
        start = time.monotonic()
        try:
            yield
        finally:
            end = time.monotonic()
            count_seconds(role, end - start)
            with self._lock:
                self._calls.append(Call(role, start, end))
                del self._calls[: -self._keep]

    def calls(self, since: float = 0.0) -> tuple[Call, ...]:
        """Calls that ended after `since`."""
        with self._lock:
            return tuple(call for call in self._calls if call.end > since)

    def busy_seconds(self, since: float, until: float) -> float:
        """Seconds of [since, until] in which at least one engine was at work."""
        busy, reached = 0.0, since
        for call in sorted(self.calls(since), key=lambda item: item.start):
            start, end = max(call.start, reached), min(call.end, until)
            if end > start:
                busy += end - start
                reached = end
        return busy
