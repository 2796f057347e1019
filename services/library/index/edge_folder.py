"""The folder of an embedded index: which process it belongs to, and which collections are live in it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from services.library.errors import IndexUnavailable, LibraryLocked
from services.library.index.points import mismatch

_LIVE = "live.json"
_OWNER = "owner"


def own(folder: Path) -> FileLock:
    """Lock the folder for this process, until the lock is released. Raises `IndexUnavailable` and `LibraryLocked`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexUnavailable(f"The index folder {folder} cannot be made: {error}. Set REELWISE_DATA_DIR.") from error
    lock = FileLock(folder / ".lock", timeout=0)
    owner = folder / _OWNER
    try:
        lock.acquire()
    except Timeout as error:
        pid = owner.read_text() if owner.is_file() else "unknown"
        raise LibraryLocked(
            f"The library in {folder.parent} is open in process {pid}: talk to the running `reelwise up` through "
            "its API, or stop that process first."
        ) from error
    owner.write_text(str(os.getpid()))
    return lock


def check_live(folder: Path, wanted: Mapping[str, str], *, rebuild: bool) -> None:
    """Raise `IndexMismatch` where the folder's live collections are others than `wanted`, unless they are rebuilt."""
    file = folder / _LIVE
    live = json.loads(file.read_text()) if file.is_file() else wanted
    if live != wanted and not rebuild:
        raise mismatch(str(folder), live, wanted)


def write_live(folder: Path, wanted: Mapping[str, str]) -> None:
    """Say which collections are live from now on."""
    aside = (folder / _LIVE).with_suffix(".tmp")
    aside.write_text(json.dumps(wanted, indent=2) + "\n")
    aside.replace(folder / _LIVE)
