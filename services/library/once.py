"""Values that take long to make: made once in a process, however many threads ask for one at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


def once(make: Callable[P, T]) -> Callable[P, T]:
    """Keep what `make` gives for its arguments, which are positional and hashable; what it raises is not kept.

    Unlike `functools.cache`, the threads that ask meanwhile wait for the first instead of doing the same.
    """
    known: dict[Hashable, T] = {}
    lock = threading.RLock()

    @wraps(make)
    def get(*args: P.args, **kwargs: P.kwargs) -> T:
        assert not kwargs, "positional arguments only"
        if args not in known:
            with lock:
                if args not in known:
                    known[args] = make(*args, **kwargs)
        return known[args]

    return get
