"""A stream becomes a temporary file and its sha256, in one pass and never more than a limit."""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from services.intake.errors import StorageFull, UploadTooLarge

CHUNK_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file on this machine's disk with the sha256 (hex) and the size of exactly what lies in it."""

    path: Path
    sha256: str
    size_bytes: int


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's bytes in pieces of at most `CHUNK_BYTES`."""
    while piece := stream.read(CHUNK_BYTES):
        yield piece


@contextmanager
def spool(
    pieces: Iterable[bytes], *, folder: Path, max_bytes: int, what: str, min_free_bytes: int = 0
) -> Iterator[Spooled]:
    """Write `pieces` to a temporary file in `folder`, hashing on the way. The file is gone when the block ends.

    Raises:
        UploadTooLarge: more than `max_bytes` came; `what` names the thing and the limit's setting is in the remedy.
        StorageFull: less than `min_free_bytes` would be left on the folder's disk, or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    with _temporary(folder) as path:
        with _naming_a_full_disk(folder), path.open("wb") as target:
            for piece in pieces:
                size += len(piece)
                if size > max_bytes:
                    raise too_large(what, max_bytes)
                check_space(folder, min_free_bytes, coming_bytes=len(piece))
                digest.update(piece)
                target.write(piece)
        yield Spooled(path, digest.hexdigest(), size)


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(dir=folder, prefix="intake-", delete=False) as file:
        path = Path(file.name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)  # the blob store may have moved it


def check_space(folder: Path, min_free_bytes: int, *, coming_bytes: int = 0) -> None:
    """Raises `StorageFull` where the folder's disk would have less than `min_free_bytes` left."""
    free = shutil.disk_usage(folder).free
    if free - coming_bytes < min_free_bytes:
        raise StorageFull(
            f"The disk of {folder} has {free:,} bytes left, and {min_free_bytes:,} are to stay free.",
            remedy="Free some, move REELWISE_DATA_DIR to a larger disk, or lower REELWISE_MIN_FREE_BYTES.",
        )


@contextmanager
def _naming_a_full_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if not disk_full(error):
            raise
        raise StorageFull(
            f"The disk of {folder} is full.", remedy="Free some, or move REELWISE_DATA_DIR to a larger disk."
        ) from error


def disk_full(error: OSError) -> bool:
    """Whether the disk, or one's share of it, is used up."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def too_large(what: str, max_bytes: int) -> UploadTooLarge:
    """The error for `what` going over `max_bytes`."""
    return UploadTooLarge(
        f"{what} is larger than {max_bytes:,} bytes.",
        remedy="Send a smaller file, or raise REELWISE_MAX_UPLOAD_BYTES if it is a video.",
    )
