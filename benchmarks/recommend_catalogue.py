"""A made-up catalogue of any size: clustered vectors, real labels of the taxonomy, a record to match.

Clips of a topic lie around the topic's centre, as sentence vectors of real clips do. Nothing is rendered or embedded,
so a hundred thousand clips take minutes instead of weeks. What is measured on it is speed, never taste.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.library.index.port import Collection, IndexPort, Point
from services.library.index.schema import IndexDims
from services.library.index.sparse import encode_document
from services.library.taxonomy import Taxonomy, load_taxonomy

DIMS = IndexDims(text=384, visual=384, sound=64)
"""Sizes of the lite profile's vectors."""

FRAMES = 3
"""Frame vectors a clip has."""

TAGS_PER_TOPIC = 24
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
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
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def _batches(clips: Sequence[Clip]) -> Iterator[Sequence[Clip]]:
    for start in range(0, len(clips), _BATCH):
        yield clips[start : start + _BATCH]
