"""A record of viewers in two camps: each takes to most videos of one half and to none of the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from services.library.blobs import BlobStore
from services.library.record.events import Event, EventKind
from services.library.record.store import Record
from services.library.record.types import Submission
from services.settings import Settings

VIDEOS, VIEWERS = 24, 30


@dataclass(frozen=True)
class Camps:
    """`videos[0]` and `videos[1]` are the ids of each camp's videos; viewers are named `viewer-<camp>-<number>`."""

    record: Record
    blobs: BlobStore
    settings: Settings
    videos: tuple[tuple[str, ...], tuple[str, ...]]

    def events_of(self, user: str) -> list[Event]:
        return self.record.events(user)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Camps]:
    settings = Settings(data_dir=tmp_path)
    record = Record.open(settings.resolved_database_url)
    ids = []
    for number in range(VIDEOS):
        digest = sha256(f"video {number}".encode()).hexdigest()
        ids.append(record.submit(Submission(digest, 1, f"videos/{digest}", f"video {number}"))[0].id)
    half = VIDEOS // 2
    yield Camps(record, BlobStore(settings.resolved_blob_url), settings, (tuple(ids[:half]), tuple(ids[half:])))
    record.close()


@pytest.fixture
def camps(empty: Camps) -> Camps:
    rng, now = np.random.default_rng(0), datetime.now(UTC)
    events = []
    for number in range(VIEWERS):
        camp = number % 2
        for video in rng.choice(empty.videos[camp], 8, replace=False):
            kind = EventKind.LIKE if rng.random() < 0.5 else EventKind.PLAY
            at = now - timedelta(minutes=len(events))
            ratio = 0.95 if kind is EventKind.PLAY else None
            user = f"viewer-{camp}-{number}"
            events.append(Event(f"e{len(events)}", user, kind, at, str(video), watch_ratio=ratio))
    assert empty.record.add_events(events).stored == len(events)
    return empty
