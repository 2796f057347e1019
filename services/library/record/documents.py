"""Documents that were parsed already, kept by their revision: parsing one costs more than reading it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime

from services.library.understanding import Understanding

CAPACITY = 1_000
"""Parsed documents kept, some 30 to 100 KB each."""

Revision = tuple[int, datetime]
"""What changes with a document: the count of its revisions, and when it was written."""


class ParsedDocuments:
    """The most recently used `capacity` documents. A document is immutable, so all callers share it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, tuple[Revision, Understanding]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, video_id: object) -> bool:
        return video_id in self._kept

    def get(self, video_id: str, revision: Revision) -> Understanding | None:
        """The document, None unless this very revision of it is kept."""
        with self._lock:
            kept = self._kept.get(video_id)
            if kept is None or kept[0] != revision:
                return None
            self._kept.move_to_end(video_id)
            return kept[1]

    def put(self, video_id: str, revision: Revision, document: Understanding) -> None:
        """Keep a document; the one that was used longest ago makes room."""
        with self._lock:
            self._kept[video_id] = (revision, document)
            self._kept.move_to_end(video_id)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
