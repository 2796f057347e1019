"""A stream becomes a temporary file and its sha256, in one pass and never more than a limit."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from services.intake.errors import UploadTooLarge

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
def spool(pieces: Iterable[bytes], *, folder: Path, max_bytes: int, what: str) -> Iterator[Spooled]:
    """Write `pieces` to a temporary file in `folder`, hashing on the way. The file is gone when the block ends.

    Raises:
        UploadTooLarge: more than `max_bytes` came; `what` names the thing and the limit's setting is in the remedy.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    with _temporary(folder) as path:
        with path.open("wb") as target:
            for piece in pieces:
                size += len(piece)
                if size > max_bytes:
                    raise too_large(what, max_bytes)
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


def too_large(what: str, max_bytes: int) -> UploadTooLarge:
    """The error for `what` going over `max_bytes`."""
    return UploadTooLarge(
        f"{what} is larger than {max_bytes:,} bytes.",
        remedy="Send a smaller file, or raise REELWISE_MAX_UPLOAD_BYTES if it is a video.",
    )
