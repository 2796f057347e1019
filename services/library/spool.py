"""Local copies of blobs that lie elsewhere, while they are read: bounded by what is free, removed afterwards."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.library.errors import BlobStoreUnavailable

_PREFIX = "reelwise-blob-"
"""How the folders begin that hold copies, in the folder of temporary files."""

_SPARE_BYTES = 256 * 1024**2
"""What a copy leaves free beside it."""

_STALE_S = 24 * 3600.0


@contextmanager
def spooled(key: str, size: int) -> Iterator[Path]:
    """A path for a copy of a blob of `size` bytes, under the name its key ends with. Raises `BlobStoreUnavailable`."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        free = shutil.disk_usage(folder).free
        if size + _SPARE_BYTES > free:
            raise BlobStoreUnavailable(
                f"The blob {key!r} has {size / 1e6:.0f} MB, and {folder} has {free / 1e6:.0f} MB free: make room "
                "there, or set TMPDIR to a larger disk."
            )
        yield Path(folder) / Path(key).name


def sweep_spool() -> None:
    """Remove copies whose reader was killed; a day is longer than any reading takes."""
    for leftover in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if time.time() - leftover.stat().st_mtime > _STALE_S:
                shutil.rmtree(leftover)
        except OSError:
            continue  # gone meanwhile, or another user's
