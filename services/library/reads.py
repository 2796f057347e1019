"""How much a piece of work reads from the blob store: counted in its own thread, by whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Reads:
    """Bytes of the blobs that were read. One that was opened as a file counts whole."""

    bytes: int = 0


_CURRENT: ContextVar[Reads | None] = ContextVar("reads", default=None)


@contextmanager
def counting_reads() -> Iterator[Reads]:
    """Count what is read inside, in this thread."""
    reads = Reads()
    token = _CURRENT.set(reads)
    try:
        yield reads
    finally:
        _CURRENT.reset(token)


def count_read(size: int) -> None:
    """So many bytes were read."""
    if (reads := _CURRENT.get()) is not None:
        reads.bytes += size
