"""The index, watched: how long its calls take."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from services.library.index.port import IndexPort
from services.telemetry.meters import meters

_TIMED = frozenset(
    {
        "upsert",
        "delete",
        "set_payload",
        "query",
        "ask",
        "retrieve",
        "scroll",
        "count",
        "facet",
        "optimize",
    }
)
"""Calls that reach the index itself; the others only look at this process."""


def watched(index: IndexPort) -> IndexPort:
    """The same index, whose calls are timed by operation."""
    return cast("IndexPort", _Watched(index))


class _Watched:
    """Passes everything on; one wrapped method an operation, made once."""

    def __init__(self, index: IndexPort) -> None:
        self._index = index
        for name in _TIMED:
            setattr(self, name, _timed(name, getattr(index, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


def _timed(operation: str, call: Callable[..., Any]) -> Callable[..., Any]:
    seconds = meters().index_seconds
    good, bad = seconds.labels(operation, "ok"), seconds.labels(operation, "failed")

    @wraps(call)
    def timed(*args: Any, **options: Any) -> Any:
        started = time.perf_counter()
        outcome = bad
        try:
            answer = call(*args, **options)
            outcome = good
            return answer
        finally:
            outcome.observe(time.perf_counter() - started)

    return timed
