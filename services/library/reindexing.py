"""A new index from the old one, while it is read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services.library.errors import IndexMismatch
from services.library.index.port import Collection
from services.library.index.server import ServerIndex
from services.library.library import Library
from services.library.record.database import utc_now

_CLOCKS_DIFFER = timedelta(minutes=5)
"""Machines whose clocks are further apart than this lose what was published while points were copied."""


class ReindexUnderWay(IndexMismatch):
    """Another process fills a new index just now."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """How many points were copied, and how many videos are published once more because they changed meanwhile."""

    points: dict[str, int]
    revisited: int


def reindex(library: Library, told: Callable[[Collection, int], None]) -> Reindexed:
    """Fill new collections, made with today's settings, from those in use; put them in use; remove the old ones.

    Readers notice nothing. What was published meanwhile is sent through the lane publish once more, from the record.
    Raises `ReindexUnderWay`, `IndexMismatch` for an index that is no server's, `IndexUnavailable`, `RecordUnavailable`.
    """
    index, record = library.index, library.record
    if not isinstance(index, ServerIndex):
        raise IndexMismatch("The embedded index takes new settings by itself when it is optimized: nothing to do.")
    with record.alone("reindex") as alone:
        if not alone:
            raise ReindexUnderWay("Another process fills a new index just now: wait for it to end.")
        began = utc_now() - _CLOCKS_DIFFER
        counts: dict[str, int] = {}

        def count(collection: Collection, points: int) -> None:
            counts[collection.value] = points
            told(collection, points)

        old = index.refill(count)
        touched = record.touched(since=began)
        for video_id in touched:
            record.revisit(video_id)
        index.drop(old)
        return Reindexed(counts, len(touched))
