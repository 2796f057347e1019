"""A made-up catalogue's record: a row and a document for every clip, and what viewers did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.recommend_catalogue import NOW, Clip, batches
from benchmarks.recommend_documents import document_json
from services.library.record.event_tables import EventCountRow, EventRow
from services.library.record.store import Record
from services.library.record.tables import UnderstandingRow, VideoRow
from services.library.taxonomy import load_taxonomy
from services.library.understanding import VideoState

EVENTS_PER_VIEWER = 50


def write_record(record: Record, clips: Sequence[Clip], events: int, seed: int = 0) -> list[str]:
    """Rows of every clip with its document, and `events` events; names of the viewers.

    A viewer has fifty events on two to four topics, within the last sixty days. Rows go in by the thousand, as a
    restored backup would, past the checks that single uploads and events pass.
    """
    taxonomy = load_taxonomy()
    with Session(record.engine) as session, session.begin():
        for batch in batches(clips):
            session.execute(insert(VideoRow), [_video_row(clip) for clip in batch])
            documents = [
                {"video_id": clip.id, "document": document_json(clip, taxonomy), "updated_at": NOW} for clip in batch
            ]
            session.execute(insert(UnderstandingRow), documents)
    return _write_events(record, clips, events, seed)


def _write_events(record: Record, clips: Sequence[Clip], events: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed + 2)
    by_topic: dict[int, list[Clip]] = {}
    for clip in clips:
        by_topic.setdefault(clip.topic, []).append(clip)
    viewers = [f"viewer-{number}" for number in range(max(1, events // EVENTS_PER_VIEWER))]
    kinds = np.array(["play", "play", "play", "play", "like", "skip", "share", "favourite"])
    now = datetime.now(UTC)
    counts: Counter[tuple[str, str, datetime]] = Counter()
    rows: list[dict[str, object]] = []

    def flush(session: Session) -> None:
        if rows:
            session.connection().execute(insert(EventRow), rows)
            rows.clear()

    with Session(record.engine) as session, session.begin():
        for viewer in viewers:
            topics = rng.choice(list(by_topic), size=int(rng.integers(2, 5)))
            ages_s = rng.uniform(60, 60 * 86_400, size=EVENTS_PER_VIEWER).tolist()
            ranks = rng.zipf(1.2, size=EVENTS_PER_VIEWER).tolist()
            acts = kinds[rng.integers(len(kinds), size=EVENTS_PER_VIEWER)].tolist()
            ratios = rng.uniform(0, 1.4, size=EVENTS_PER_VIEWER).tolist()
            for number in range(EVENTS_PER_VIEWER):
                of_topic = by_topic[int(topics[number % len(topics)])]
                clip = of_topic[min(ranks[number], len(of_topic)) - 1]
                kind = acts[number]
                at = now - timedelta(seconds=ages_s[number])
                ratio = ratios[number] if kind == "play" else None
                rows.append(_event_row(f"{viewer}-{number}", viewer, kind, at, clip, ratio))
                counts[clip.id, kind, at.replace(minute=0, second=0, microsecond=0)] += 1
            if len(rows) >= 20_000:
                flush(session)
        flush(session)
        hours = [
            {"video_id": one, "kind": kind, "hour": hour, "audience": "", "count": count}
            for (one, kind, hour), count in counts.items()
        ]
        for start in range(0, len(hours), 20_000):
            session.connection().execute(insert(EventCountRow), hours[start : start + 20_000])
    return viewers


def write_busy_viewer(record: Record, clips: Sequence[Clip], events: int, name: str = "busy") -> str:
    """One viewer with very many events, on half of the clips: the other half is left to recommend."""
    rng = np.random.default_rng(9)
    now = datetime.now(UTC)
    picked = rng.integers(max(1, len(clips) // 2), size=events)
    with Session(record.engine) as session, session.begin():
        for start in range(0, events, 20_000):
            rows = [
                _event_row(
                    f"{name}-{number}",
                    name,
                    "play",
                    now - timedelta(seconds=60 + 30 * number),
                    clips[picked[number]],
                    1.0,
                )
                for number in range(start, min(events, start + 20_000))
            ]
            session.execute(insert(EventRow), rows)
    return name


def _event_row(ident: str, viewer: str, kind: str, at: datetime, clip: Clip, ratio: float | None) -> dict[str, object]:
    return {
        "id": ident,
        "user_id": viewer,
        "kind": kind,
        "at": at,
        "video_id": clip.id,
        "creator": None,
        "watch_s": None,
        "duration_s": clip.duration_s,
        "watch_ratio": ratio,
        "query": None,
        "request_id": None,
        "position": None,
        "utc_offset_minutes": 480,
        "audience": None,
    }


def _video_row(clip: Clip) -> dict[str, object]:
    return {
        "id": clip.id,
        "sha256": clip.sha256,
        "size_bytes": 1,
        "blob_key": f"videos/{clip.sha256}",
        "state": VideoState.READY.value,
        "reason": None,
        "lane": None,
        "attempts": 0,
        "not_before": None,
        "dirty": False,
        "lease_token": None,
        "lease_expires_at": None,
        "created_at": clip.published_at,
        "updated_at": clip.published_at,
    }
