"""Values that are slow to make and may be a little old: made once, then renewed behind the requests that use them."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from services.library.errors import LibraryError

_log = logging.getLogger(__name__)

T = TypeVar("T")
K = TypeVar("K")


class Renewed(Generic[T]):
    """A value that is at most about `ttl_s` seconds old while it is asked for.

    The first caller waits for it. Later ones get the old value at once while one thread makes the new one; if that
    fails, the old one stays and the log says so. With a `ttl_s` of 0 it is made for every caller.
    """

    def __init__(self, make: Callable[[], T], ttl_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._make, self._ttl_s, self._clock = make, ttl_s, clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._made = 0.0
        self._there = False

    def get(self) -> T:
        """The value. Raises what making it raises, if there is none yet."""
        if self._ttl_s <= 0:
            return self._make()
        if not self._there:
            with self._lock:
                if not self._there:
                    self._renew()
        elif self._clock() - self._made > self._ttl_s and self._lock.acquire(blocking=False):
            threading.Thread(target=self._renew_and_release, name="renew", daemon=True).start()
        assert self._there
        return self._value  # type: ignore[return-value]

    def _renew(self) -> None:
        self._value = self._make()
        self._made = self._clock()
        self._there = True

    def _renew_and_release(self) -> None:
        try:
            self._renew()
        except LibraryError as error:
            self._made = self._clock()
            _log.warning("a cached value could not be renewed, the old one stays: %s", error)
        finally:
            self._lock.release()


class Kept(Generic[K, T]):
    """The `capacity` values that were read last, none older than `ttl_s` seconds (None: however old, until they are
    forgotten). Safe to share between threads.

    Not those that were used last: noting each use costs requests more than reading a favourite anew from time to time.
    """

    def __init__(self, capacity: int, ttl_s: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity, self._ttl_s, self._clock = capacity, ttl_s, clock
        self._values: OrderedDict[K, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()
        self._forgotten = 0

    def many(self, keys: Iterable[K], fetch: Callable[[list[K]], Mapping[K, T]]) -> dict[K, T]:
        """The values of `keys`; `fetch` is asked once for those that are not kept. Unknown keys are left out."""
        now = self._clock()
        since = -math.inf if self._ttl_s is None else now - self._ttl_s
        wanted = keys if isinstance(keys, dict) else dict.fromkeys(keys)
        # Each look is atomic, and a lock around some hundred of them would be waited for.
        forgotten, kept = self._forgotten, self._values.get
        found = {key: held[1] for key in wanted if (held := kept(key)) is not None and held[0] >= since}
        if len(found) < len(wanted):
            missing = [key for key in wanted if key not in found]
            fetched = fetch(missing)
            found.update(fetched)
            with self._lock:
                # What was read while something was forgotten may be what was there before.
                if forgotten == self._forgotten:
                    for key, value in fetched.items():
                        self._values[key] = (now, value)
                        self._values.move_to_end(key)
                while len(self._values) > self._capacity:
                    self._values.popitem(last=False)
        return found

    def forget(self, keys: Iterable[K] | None = None) -> None:
        """Let go of these, or of all."""
        with self._lock:
            self._forgotten += 1
            if keys is None:
                self._values.clear()
            else:
                for key in keys:
                    self._values.pop(key, None)
