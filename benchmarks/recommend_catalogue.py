"""A made-up catalogue of any size: clustered vectors, real labels of the taxonomy, a record to match.

Clips of a topic lie around the topic's centre, as sentence vectors of real clips do. Nothing is rendered or embedded,
so a hundred thousand clips take minutes instead of weeks. What is measured on it is speed, never taste.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.library.index.port import Collection, IndexPort, Point
from services.library.index.schema import IndexDims
from services.library.index.sparse import encode_document
from services.library.record.event_tables import EventCountRow, EventRow
from services.library.record.store import Record
from services.library.record.tables import UnderstandingRow, VideoRow
from services.library.taxonomy import Taxonomy, load_taxonomy
from services.library.understanding import (
    Bilingual,
    Evidence,
    EvidenceKind,
    Label,
    Sound,
    Understanding,
    VideoFacts,
    VideoState,
)

DIMS = IndexDims(text=384, visual=384, sound=64)
"""Sizes of the lite profile's vectors."""

FRAMES = 2
"""Frame vectors a clip has."""

TAGS_PER_TOPIC = 24
EVENTS_PER_VIEWER = 50
NOW = datetime.now(UTC)
_BATCH = 2000
_AGE_DAYS = 180


@dataclass(frozen=True, slots=True)
class Clip:
    """One made-up clip; `number` counts from 0, `topic` is a leaf's place in the taxonomy."""

    number: int
    topic: int
    tags: tuple[str, ...]
    moods: tuple[str, ...]
    occasion: str
    language: str
    creator: str
    duration_s: float
    published_at: datetime

    @property
    def sha256(self) -> str:
        """The file's digest, as if there were a file."""
        return hashlib.sha256(f"made-up clip {self.number}".encode()).hexdigest()

    @property
    def id(self) -> str:
        """The record's id."""
        return self.sha256[:32]

    @property
    def point_id(self) -> str:
        """The index's id."""
        return str(UUID(hex=self.id))

    @property
    def title(self) -> str:
        """What the uploader called it."""
        return f"{' '.join(self.tags[:2])} #{self.number}"


def make_clips(size: int, seed: int = 0) -> list[Clip]:
    """`size` clips; the first of a larger catalogue of the same seed are not the same."""
    taxonomy = load_taxonomy()
    rng = np.random.default_rng(seed)
    leaves, occasions = taxonomy.leaves, taxonomy.occasions
    creators = max(10, size // 20)
    topics = rng.integers(len(leaves), size=size)
    # A creator stays with few topics, and few creators make much: Zipf within a topic.
    ranks = np.minimum(rng.zipf(1.3, size=size), creators // len(leaves) + 1)
    ages = rng.uniform(0, _AGE_DAYS, size=size)
    lengths = np.clip(rng.lognormal(3.3, 0.7, size=size), 4, 600)
    clips = []
    for number in range(size):
        leaf = leaves[topics[number]]
        picked = sorted(set(np.minimum(rng.zipf(1.5, size=5), TAGS_PER_TOPIC).tolist()))
        clips.append(
            Clip(
                number,
                int(topics[number]),
                tuple(f"{leaf.slug} {rank}" for rank in picked),
                tuple(dict.fromkeys(rng.choice(leaf.moods, size=2).tolist())),
                occasions[int(rng.integers(len(occasions)))].slug,
                "zh" if rng.random() < 0.7 else "en",
                f"creator-{topics[number]}-{ranks[number]}",
                round(float(lengths[number]), 1),
                NOW - timedelta(days=float(ages[number])),
            )
        )
    return clips


def write_points(index: IndexPort, clips: Sequence[Clip], seed: int = 0) -> None:
    """Write every clip's point, and build what makes queries fast."""
    taxonomy = load_taxonomy()
    rng = np.random.default_rng(seed)
    centres = topic_centres(taxonomy, seed)
    for batch in _batches(clips):
        around = centres[[clip.topic for clip in batch]]
        texts = _unit(around + rng.normal(scale=0.035, size=around.shape))
        shown = _unit(around[:, None] + rng.normal(scale=0.05, size=(len(batch), FRAMES, DIMS.visual)))
        sounds = _unit(rng.normal(size=(len(batch), DIMS.sound)))
        index.upsert(
            Collection.VIDEOS,
            [
                Point(
                    clip.point_id,
                    {
                        "text": texts[at],
                        "visual": shown[at],
                        "sound": sounds[at],
                        "lexical": encode_document(clip.title),
                    },
                    _payload(clip, taxonomy),
                )
                for at, clip in enumerate(batch)
            ],
        )
    index.optimize()


def topic_centres(taxonomy: Taxonomy, seed: int = 0) -> NDArray[np.float32]:
    """(leaves, 384): where each topic's clips lie."""
    return _unit(np.random.default_rng(seed + 1).normal(size=(len(taxonomy.leaves), DIMS.text)))


def _payload(clip: Clip, taxonomy: Taxonomy) -> dict[str, object]:
    leaf = taxonomy.leaves[clip.topic]
    labels = [("tag", tag, None) for tag in clip.tags] + [("topic", leaf.en, leaf.slug)]
    return {
        "video_id": clip.id,
        "title": clip.title,
        "summary_en": leaf.description_en,
        "summary_zh": leaf.description_zh,
        "why_en": leaf.description_en,
        "why_zh": leaf.description_zh,
        "tags": list(clip.tags),
        "tags_zh": list(clip.tags),
        "topics": [leaf.slug],
        "moods": list(clip.moods),
        "occasions": [clip.occasion],
        "labels": [
            {"label": name, "label_zh": name, "slug": slug, "kind": kind, "confidence": 0.7, "evidence": ["S1"]}
            for kind, name, slug in labels
        ],
        "language": clip.language,
        "creator": clip.creator,
        "duration_s": clip.duration_s,
        "width": 720,
        "height": 1280,
        "published_at": clip.published_at.timestamp(),
        "safety": [],
        "review_state": "machine",
        "models": ["made-up"],
        "speech_ratio": 0.4,
        "music_ratio": 0.4,
        "tempo_bpm": 92.0,
        "energy": 0.4,
    }


def _unit(vectors: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return unit


def _batches(clips: Sequence[Clip]) -> Iterator[Sequence[Clip]]:
    for start in range(0, len(clips), _BATCH):
        yield clips[start : start + _BATCH]


def write_record(record: Record, clips: Sequence[Clip], events: int, seed: int = 0) -> list[str]:
    """Rows of every clip with its document, and `events` events; names of the viewers.

    A viewer has fifty events on two to four topics, within the last sixty days. Rows go in by the thousand, as a
    restored backup would, past the checks that single uploads and events pass.
    """
    taxonomy = load_taxonomy()
    with Session(record.engine) as session, session.begin():
        for batch in _batches(clips):
            session.execute(insert(VideoRow), [_video_row(clip) for clip in batch])
            documents = [
                {"video_id": clip.id, "document": _document_json(clip, taxonomy), "updated_at": NOW} for clip in batch
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
    """One viewer with very many events."""
    rng = np.random.default_rng(9)
    now = datetime.now(UTC)
    picked = rng.integers(len(clips), size=events)
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


def _document_json(clip: Clip, taxonomy: Taxonomy) -> dict[str, object]:
    """As the record stores it. Dumping a hundred thousand models takes minutes, so the parts that clips share are
    dumped once.
    """
    whole = _dumped(clip.topic, taxonomy)
    of_moods = [_dumped_label(mood.en, mood.zh, mood.slug) for mood in map(taxonomy.mood, clip.moods)]
    occasion = taxonomy.occasion(clip.occasion)
    video = {"id": clip.id, "sha256": clip.sha256, "title": clip.title, "creator": clip.creator}
    return {
        **whole,
        "video": {**whole["video"], **video, "duration_s": clip.duration_s, "language": clip.language},
        "tags": [_dumped_label(tag, tag, None) for tag in clip.tags],
        "moods": of_moods,
        "occasions": [_dumped_label(occasion.en, occasion.zh, occasion.slug)],
    }


_DUMPED: dict[int, dict[str, Any]] = {}


def _dumped(topic: int, taxonomy: Taxonomy) -> dict[str, Any]:
    if topic not in _DUMPED:
        clip = Clip(0, topic, (), (), taxonomy.occasions[0].slug, "zh", "", 1.0, NOW)
        _DUMPED[topic] = _document(clip, taxonomy).model_dump(mode="json")
    return _DUMPED[topic]


@cache
def _dumped_label(en: str, zh: str, slug: str | None) -> dict[str, Any]:
    return _label(en, zh, slug).model_dump(mode="json")


def _label(en: str, zh: str, slug: str | None) -> Label:
    return Label(label=en, label_zh=zh, slug=slug, evidence=("S1", "F1"), confidence=0.7, source="made-up")


def _document(clip: Clip, taxonomy: Taxonomy) -> Understanding:
    leaf = taxonomy.leaves[clip.topic]
    moods, occasion = [taxonomy.mood(slug) for slug in clip.moods], taxonomy.occasion(clip.occasion)
    lines = [
        Evidence(
            id=f"{kind.value}{number}",
            kind=kind,
            start=float(number),
            end=float(number + 1),
            text=f"{leaf.description_en} {number}",
        )
        for kind in (EvidenceKind.SPEECH, EvidenceKind.FRAME, EvidenceKind.SOUND)
        for number in range(1, 7)
    ]
    return Understanding(
        state=VideoState.READY,
        video=VideoFacts(
            id=clip.id,
            source="made-up",
            sha256=clip.sha256,
            title=clip.title,
            creator=clip.creator,
            duration_s=clip.duration_s,
            has_audio=True,
            language=clip.language,
        ),
        evidence=tuple(lines),
        summary=Bilingual(en=leaf.description_en, zh=leaf.description_zh),
        why=Bilingual(en=leaf.description_en, zh=leaf.description_zh),
        topics=(_label(leaf.en, leaf.zh, leaf.slug),),
        tags=tuple(_label(tag, tag, None) for tag in clip.tags),
        moods=tuple(_label(mood.en, mood.zh, mood.slug) for mood in moods),
        occasions=(_label(occasion.en, occasion.zh, occasion.slug),),
        sound=Sound(speech_ratio=0.4, music_ratio=0.4, tempo_bpm=92.0, energy=0.4),
    )
