"""A made-up catalogue of any size: clips of the taxonomy's topics, with tags, creators and dates.

Nothing is rendered or embedded, so a hundred thousand clips take minutes instead of weeks. What is measured on it is
speed, never taste. `recommend_points` and `recommend_record` write it down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.library.index.schema import IndexDims
from services.library.taxonomy import Taxonomy, load_taxonomy

DIMS = IndexDims(text=384, visual=384, sound=64)
"""Sizes of the lite profile's vectors."""

TAGS_PER_TOPIC = 24
NOW = datetime.now(UTC)
BATCH = 2000
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


def topic_centres(taxonomy: Taxonomy, seed: int = 0) -> NDArray[np.float32]:
    """(leaves, 384): where each topic's clips lie."""
    return unit(np.random.default_rng(seed + 1).normal(size=(len(taxonomy.leaves), DIMS.text)))


def unit(vectors: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors at unit length."""
    scaled: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return scaled


def batches(clips: Sequence[Clip]) -> Iterator[Sequence[Clip]]:
    """The clips, `BATCH` at a time."""
    for start in range(0, len(clips), BATCH):
        yield clips[start : start + BATCH]
