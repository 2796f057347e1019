"""Work that nobody waits for any more: a lane that lost its lease says so here, and engines skip what it wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from models.errors import WorkCancelled

Cancelled = Callable[[], bool]


def _never() -> bool:
    return False


_current: ContextVar[Cancelled] = ContextVar("cancelled", default=_never)


@contextmanager
def cancelled_when(cancelled: Cancelled) -> Iterator[None]:
    """What this thread does inside is given up as soon as `cancelled()` is true; any thread may call it."""
    token = _current.set(cancelled)
    try:
        yield
    finally:
        _current.reset(token)


def cancellation() -> Cancelled:
    """What tells whether the present work of this thread is still wanted."""
    return _current.get()


def check_wanted() -> None:
    """Raise `WorkCancelled` when the present work of this thread is not wanted any more."""
    if _current.get()():
        raise WorkCancelled("the work was given up: its lease was lost or nobody waits for it")
