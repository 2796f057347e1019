"""Whether there is room for another upload: in the queue, and on the disk it would be written to."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from services.intake.errors import BacklogFull
from services.intake.spool import check_space
from services.library.library import Library
from services.library.record.types import Priority

PACE_S = 900.0
"""Time over which it is measured how fast videos get done, seconds."""

SHORTEST_WAIT_S, LONGEST_WAIT_S = 5, 600
"""What a caller who comes too early is told to wait, at least and at most, seconds."""


def admit(library: Library, *, uploader: str | None, priority: Priority) -> None:
    """Raises `BacklogFull` where too much is on its way already, with the time until there is likely room.

    Fresh uploads are measured against fresh ones alone: an archive that fills the queue must not shut them out. Of one
    uploader (None: not known yet) everything counts.
    """
    settings, record = library.settings, library.record
    ahead = record.on_their_way(priority=Priority.FRESH if priority is Priority.FRESH else None)
    if ahead >= settings.max_backlog:
        raise BacklogFull(
            f"{ahead:,} videos are on their way, and REELWISE_MAX_BACKLOG allows {settings.max_backlog:,}.",
            remedy="Wait as Retry-After says; more workers, or a higher limit, let more in.",
            retry_after_s=_until_room(library, ahead - settings.max_backlog + 1, None),
        )
    if uploader is None:
        return
    own = record.on_their_way(uploader=uploader)
    if own >= settings.max_backlog_per_uploader:
        most = settings.max_backlog_per_uploader
        raise BacklogFull(
            f"{own:,} videos of {uploader!r} are on their way, and REELWISE_MAX_BACKLOG_PER_UPLOADER allows {most:,}.",
            remedy="Wait as Retry-After says, then send the rest.",
            retry_after_s=_until_room(library, own - most + 1, uploader),
        )


def check_room(library: Library, coming_bytes: int = 0) -> None:
    """Raises `StorageFull` where an upload of so many bytes would leave too little of the disk.

    It takes its size twice for a moment: where it is spooled, and in the blob store beside it.
    """
    settings = library.settings
    check_space(settings.data_dir, settings.min_free_bytes, coming_bytes=2 * coming_bytes)


def _until_room(library: Library, excess: int, uploader: str | None) -> int:
    """Seconds until `excess` videos are done at the pace of late; the longest wait where none was."""
    done = library.record.finished_count(since=datetime.now(UTC) - timedelta(seconds=PACE_S), uploader=uploader)
    if done == 0:
        return LONGEST_WAIT_S
    return min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, math.ceil(excess * PACE_S / done)))
