"""Decoding in processes of their own: a file that crashes, hangs or devours memory takes nothing else with it."""

from __future__ import annotations

import atexit
import os
import shutil
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType

from workers.media.process import DecoderProcess
from workers.media.types import MediaLimits, PreparedMedia

MAX_FILES_PER_PROCESS = 200
MAX_GROWTH_BYTES = 512 * 1024**2
"""A child that keeps this much more than it started with is replaced: decoders leak."""


class DecoderPool:
    """At most `size` decoder processes, started when needed, reused between files. Safe to call from any thread."""

    def __init__(
        self, size: int = 1, max_files: int = MAX_FILES_PER_PROCESS, max_growth_bytes: int = MAX_GROWTH_BYTES
    ) -> None:
        if size < 1:
            raise ValueError(f"a pool needs at least one decoder process, got size={size}")
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[DecoderProcess] = []
        self._busy: set[DecoderProcess] = set()
        self._max_files = max_files
        self._max_growth_bytes = max_growth_bytes

    def __enter__(self) -> DecoderPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the children that run now."""
        with self._lock:
            return tuple(process.pid for process in (*self._busy, *self._idle) if process.alive)

    def prepare(
        self, path: Path, out: Path, limits: MediaLimits, on_progress: Callable[[float], None] | None = None
    ) -> PreparedMedia:
        """See `prepare_isolated`. Waits while all processes are busy; the timeout starts when decoding does."""
        created = not out.exists()
        if not created and any(out.iterdir()):
            raise FileExistsError(f"{out} is not empty: give a folder that does not exist yet")
        with self._slots:
            process = self._take()
            finished = False
            try:
                prepared = process.prepare(path, out, limits, on_progress)
                finished = True
                return prepared
            finally:
                self._give_back(process)
                if not finished:
                    shutil.rmtree(out, ignore_errors=True)

    def close(self) -> None:
        """End all children, busy ones too (their callers get MediaCrashed)."""
        with self._lock:
            processes = [*self._idle, *self._busy]
            self._idle.clear()
        for process in processes:
            process.kill()

    def _take(self) -> DecoderProcess:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.alive:
                    self._busy.add(process)
                    return process
                process.kill()
        process = DecoderProcess()
        with self._lock:
            self._busy.add(process)
        return process

    def _give_back(self, process: DecoderProcess) -> None:
        grown = process.resident_bytes() - process.resident_at_start
        reusable = process.alive and process.idle and process.files < self._max_files and grown < self._max_growth_bytes
        if not reusable:
            process.kill()
        with self._lock:
            self._busy.discard(process)
            if reusable:
                self._idle.append(process)


def prepare_isolated(
    path: Path,
    out: Path,
    limits: MediaLimits,
    on_progress: Callable[[float], None] | None = None,
    pool: DecoderPool | None = None,
) -> PreparedMedia:
    """`prepare_media` in a child process, of `pool` or of one that all callers of this process share.

    `on_progress` is called in this thread with 0 to 1; if it raises, decoding is stopped and the error passed on.
    Raises MediaRejected (the file is at fault), MediaCrashed, a kind of it (the child crashed, took longer than
    `limits.timeout_s` or grew by more than `limits.memory_bytes`), DecoderUnavailableError (the child can't run at
    all), FileExistsError (`out` is not empty). `out` does not exist after an error.
    """
    return (pool or shared_pool()).prepare(path, out, limits, on_progress)


_shared_lock = threading.Lock()


def shared_pool() -> DecoderPool:
    """The pool of this process: one child for two processor cores, since one decode keeps about two busy."""
    with _shared_lock:
        return _shared_pool()


@cache
def _shared_pool() -> DecoderPool:
    pool = DecoderPool(size=max(1, (os.cpu_count() or 1) // 2))
    atexit.register(pool.close)
    return pool
