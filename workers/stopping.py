"""Stopping a worker: running lanes may end for a while, then they are given back, and other workers go on at once.

Celery's own soft shutdown cannot do it: it waits its whole time whenever anything runs, and then for threads as long
as they take (docs/decisions/0041-lanes-are-given-back.md).
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)

_GIVING_BACK_S = 10.0
"""Longest that giving back may take; a record that is away must not keep a process that was told to end."""


@contextmanager
def ended_by_signals(give_back: Callable[[], None], *, patience_s: float) -> Iterator[None]:
    """Inside, the first SIGTERM or SIGINT starts a clock of `patience_s`, a second one ends it.

    Then `give_back` is called, and the process ends with status 0. The handlers of these signals, which are told as
    well, belong to whoever runs inside; leaving the block before that ends the watch. Call it from the main thread.
    """
    # The C handler writes to this socket at once, whatever the main thread is at; Python's handlers wait for it.
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(reader, give_back, patience_s), name="signals", daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writer.close()
        watch.join()
        reader.close()


def _watch(reader: socket.socket, give_back: Callable[[], None], patience_s: float) -> None:
    if not _signalled(reader):
        return
    logger.warning("told to stop: running work may take %.0f s to end; a second signal cuts that short", patience_s)
    reader.settimeout(patience_s or 0.001)
    with suppress(TimeoutError):
        if not _signalled(reader):
            return
    leave(give_back)


def _signalled(reader: socket.socket) -> bool:
    """Wait for one of the signals; False when the block was left. Raises `TimeoutError`."""
    ends = None if (patience := reader.gettimeout()) is None else time.monotonic() + patience
    while received := reader.recv(64):
        if any(number in SIGNALS for number in received):
            return True
        if ends is not None:
            reader.settimeout(max(0.001, ends - time.monotonic()))
    return False


def leave(give_back: Callable[[], None]) -> None:
    """Give back, for at most `_GIVING_BACK_S`, and end this process with status 0, whatever its threads are at."""
    giving = threading.Thread(target=give_back, name="giving-back", daemon=True)
    giving.start()
    giving.join(_GIVING_BACK_S)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)


class Word:
    """A word that a parent process can give to children it forked after making this: it is time to leave."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()

    def give(self) -> None:
        """In the parent: tell all children. Idempotent. Without it they are told when the parent dies."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    def heed(self, act: Callable[[], None]) -> None:
        """In a child: call `act` from a thread of its own once the word is given."""
        # A child's own copy of the writing end would keep the pipe open for ever.
        self.give()

        def listen() -> None:
            os.read(self._reader, 1)
            act()

        threading.Thread(target=listen, name="parents-word", daemon=True).start()
