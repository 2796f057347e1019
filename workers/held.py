"""The leases of the lanes that run in this process, so that whoever stops it can give them back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.library.errors import LibraryError
from services.library.record.port import RecordPort
from services.library.record.types import Lane, Lease

logger = logging.getLogger(__name__)


class HeldLeases:
    """Safe to use from many threads. Once they were given back, none is kept any more."""

    def __init__(self, record: RecordPort) -> None:
        self._record = record
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Lease, threading.Event]] = {}
        self._closed = False

    @contextmanager
    def keeping(self, lease: Lease, given_up: threading.Event) -> Iterator[bool]:
        """Hold the lease inside; `given_up` is set when it goes back. False, and it goes back, after `give_back`."""
        with self._lock:
            if not self._closed:
                self._held[lease.token] = (lease, given_up)
        if lease.token not in self._held:
            self._release(lease)
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                self._held.pop(lease.token, None)

    def give_back(self) -> list[tuple[str, Lane]]:
        """Give all leases back and take no more; (video, lane) of what is due again, with no attempt counted."""
        with self._lock:
            self._closed = True
            held = list(self._held.values())
        for _, given_up in held:
            given_up.set()
        return [(lease.video_id, lease.lane) for lease, _ in held if self._release(lease)]

    def _release(self, lease: Lease) -> bool:
        try:
            return self._record.release(lease)
        except LibraryError:
            logger.exception("the lease of %s (%s) could not be given back; it expires", lease.video_id, lease.lane)
            return False
