"""A library of made-up videos with small made-up vectors: no model is loaded, so hundreds of feeds take seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np

from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.events import Event, EventKind
from services.library.record.types import Lane, Submission
from services.library.taxonomy import load_taxonomy
from services.library.understanding import (
    Bilingual,
    Evidence,
    Label,
    SafetyLabel,
    Sound,
    Understanding,
    VideoFacts,
    VideoState,
)
from services.recommend import Recommender
from services.settings import Settings

DIMS = IndexDims(text=16, visual=8, sound=4)
TAXONOMY = load_taxonomy()


@dataclass(frozen=True)
class Made:
    """A made-up video; `near` is the axis that its vectors lie around."""

    name: str
    near: int = 0
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    occasions: tuple[str, ...] = ()
    creator: str | None = None
    language: str = "en"
    duration_s: float = 20.0
    published: datetime | None = None
    risk: str | None = None
    payload: dict = field(default_factory=dict)

    @property
    def id(self) -> str:
        return video_id(self.name)


def video_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


class Stage:
    """A library with helpers to fill it. The clock of the recommender is `now`, which tests may move."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.now = datetime.now(UTC)
        self.recommender = Recommender(library, clock=lambda: self.now, cache_s=0.0)
        self._rng = np.random.default_rng(3)
        self._numbers = count()

    def add(self, *videos: Made) -> None:
        self.library.index.upsert(Collection.VIDEOS, [self._store(video) for video in videos])

    def did(self, user: str, kind: str, *names: str, ratio: float | None = None, ago_s: float = 60.0) -> list[str]:
        events = [
            Event(
                f"e{next(self._numbers)}", user, EventKind(kind), self.now - timedelta(seconds=ago_s + at),
                video_id(one),
                watch_ratio=ratio if ratio is not None else (1.0 if kind == "play" else None),
            )
            for at, one in enumerate(names)
        ]  # fmt: skip
        outcome = self.library.record.add_events(events)
        assert not outcome.dropped, outcome
        return [event.id for event in events]

    def store_events(self, events: Sequence[Event]) -> None:
        assert not self.library.record.add_events(events).dropped

    def _store(self, video: Made) -> Point:
        record = self.library.record
        sha256 = hashlib.sha256(video.name.encode()).hexdigest()
        stored, _ = record.submit(
            Submission(sha256, 1, f"videos/{sha256}", video.name, title=video.name, creator=video.creator,
                       published_at=video.published)
        )  # fmt: skip
        lane: Lane | None = Lane.PREPARE
        for following in (Lane.PERCEIVE, Lane.DESCRIBE, Lane.PUBLISH, None):
            lease = record.claim(stored.id, lane, now=datetime.now(UTC), lease_s=60)
            assert lease is not None
            record.advance(lease, following)
            lane = following
        record.put_understanding(document_of(video, sha256))
        text = unit(np.eye(16)[video.near] + self._rng.normal(scale=0.05, size=16))
        looks = unit(np.eye(8)[video.near % 8] + self._rng.normal(scale=0.05, size=(2, 8)))
        risks = [video.risk] if video.risk else []
        payload = {
            "video_id": video.id, "title": video.name, "tags": list(video.tags), "topics": list(video.topics),
            "moods": list(video.moods), "occasions": list(video.occasions), "language": video.language,
            "creator": video.creator, "duration_s": video.duration_s, "safety": risks, "review_state": "machine",
            "published_at": video.published.timestamp() if video.published else None, **video.payload,
        }  # fmt: skip
        return Point(stored.point_id, {"text": text, "visual": looks}, payload)


def document_of(video: Made, sha256: str) -> Understanding:
    def entry(kind: str, slug: str) -> Label:
        names = {"topics": TAXONOMY.topic, "moods": TAXONOMY.mood, "occasions": TAXONOMY.occasion}
        known = names[kind](slug)
        return Label(label=known.en, label_zh=known.zh, slug=slug, confidence=0.8, evidence=("S1",), source="test")

    return Understanding(
        state=VideoState.READY,
        video=VideoFacts(
            id=video.id, source=video.name, sha256=sha256, title=video.name, creator=video.creator,
            language=video.language, duration_s=video.duration_s,
        ),
        evidence=(
            Evidence(id="S1", kind="S", start=0, end=4, text="words"),
            Evidence(id="F1", kind="F", start=1, end=2, text="a frame"),
            Evidence(id="A1", kind="A", start=0, end=4, text="slow music"),
        ),
        summary=Bilingual(en=video.name, zh=video.name),
        tags=tuple(
            Label(label=tag, label_zh=f"中{tag}", confidence=0.8, evidence=("F1",), source="test") for tag in video.tags
        ),
        topics=tuple(entry("topics", slug) for slug in video.topics),
        moods=tuple(entry("moods", slug) for slug in video.moods),
        occasions=tuple(entry("occasions", slug) for slug in video.occasions),
        sound=Sound(speech_ratio=0.1, music_ratio=0.8, tempo_bpm=70.0, energy=0.2),
        safety=(SafetyLabel(category=video.risk, severity="high", confidence=0.9, evidence=("S1",), explanation="x"),)
        if video.risk
        else (),
    )  # fmt: skip


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    with Library.open(Settings(data_dir=folder / "data", source_timeout_s=60.0), DIMS) as library:
        made = Stage(library)
        yield made
        made.recommender.close()


def catalogue(size: int, creators: int = 8) -> list[Made]:
    """Videos over six topics, each with moods, tags and an occasion of its own."""
    leaves = TAXONOMY.leaves[:6]
    rng = np.random.default_rng(11)
    made = []
    for number in range(size):
        leaf = leaves[number % len(leaves)]
        made.append(
            Made(
                f"{leaf.en} {number}",
                near=number % len(leaves),
                tags=tuple(dict.fromkeys([f"{leaf.slug}-tag{rng.integers(3)}", f"tag{rng.integers(8)}"])),
                topics=(leaf.slug,),
                moods=(leaf.moods[int(rng.integers(len(leaf.moods)))],),
                occasions=(TAXONOMY.occasions[int(rng.integers(len(TAXONOMY.occasions)))].slug,),
                creator=f"creator {rng.integers(creators)}",
                language="zh" if rng.random() < 0.5 else "en",
                duration_s=float(rng.integers(8, 200)),
                published=datetime.now(UTC) - timedelta(days=float(rng.uniform(0, 60))) if number % 3 else None,
            )
        )
    return made
