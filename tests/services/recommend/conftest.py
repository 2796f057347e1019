"""A library of hand-made points in few dimensions, for what needs no model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import Submission
from services.settings import Settings
from tests.services.recommend.made_up import Stage, staged

DIM = 8


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Library]:
    """An empty library of `DIM` dimensions."""
    settings = Settings(data_dir=tmp_path / "data")
    with Library.open(settings, IndexDims(text=DIM, visual=DIM, sound=DIM)) as library:
        yield library


@pytest.fixture
def add(plain: Library) -> Callable[..., str]:
    """`add(name, axis, **payload)` publishes a video whose text vector lies close to that axis; its id."""

    def publish(name: str, axis: int, **payload: object) -> str:
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        video, _ = plain.record.submit(Submission(sha256, 1, f"videos/{sha256}", name, title=name))
        wobble = np.random.default_rng(int(sha256[:8], 16)).normal(0, 0.02, DIM)
        vector = (np.eye(DIM)[axis] + wobble).astype(np.float32)
        vector /= np.linalg.norm(vector)
        plain.index.upsert(
            Collection.VIDEOS,
            [
                Point(
                    video.point_id,
                    {"text": vector, "visual": vector[np.newaxis, :]},
                    {"video_id": video.id, "title": name, "safety": [], **payload},
                )
            ],
        )
        return video.id

    return publish


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An empty library with helpers that fill it; no model is loaded."""
    with staged(tmp_path) as made:
        yield made
