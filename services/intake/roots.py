"""Which local files may be taken in: regular files below an allowed root, links followed first."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from services.intake.errors import SourceForbidden, SourceNotFound, SourceUnreadable


def resolve_within(path: Path, roots: Sequence[Path]) -> Path:
    """The real path of `path`, which lies below one of `roots`.

    Links are followed before the comparison, so a link that leads out of a root is refused. A path outside every
    root is refused whether or not it exists, so that the answer tells a caller nothing about the rest of the disk.

    Raises:
        SourceForbidden: the real path lies outside every root.
        SourceNotFound: nothing is there.
    """
    try:
        real = path.resolve()
        allowed = any(real.is_relative_to(root.resolve()) for root in roots)
    except (OSError, RuntimeError, ValueError) as error:  # a link loop, a name too long, a null byte
        raise SourceUnreadable(f"{path} is no usable path: {error}", remedy="Name an ordinary file.") from error
    if not allowed:
        raise SourceForbidden(
            f"{path} lies outside the allowed folders.",
            remedy="Add its folder to REELWISE_ALLOWED_ROOTS, or upload the file.",
        )
    if not real.exists():
        raise SourceNotFound(f"{path} does not exist.", remedy="Check the path.")
    return real


def open_regular(path: Path) -> BinaryIO:
    """Open a resolved path for reading, and only if it is a regular file.

    The check is made on the open file, not on the name, and neither follows a link that took the name's place since
    nor waits on a named pipe.

    Raises:
        SourceUnreadable: a folder, a device, a pipe, or a file this process may not read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror}.", remedy="Check its permissions.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceUnreadable(f"{path} is not a regular file.", remedy="Name a video file, not a folder or device.")
    return os.fdopen(descriptor, "rb")
