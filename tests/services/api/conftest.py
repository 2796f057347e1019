"""The API over an empty library, for what needs neither embedded videos nor models that are loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.types import Submission
from services.settings import Settings

DIM = 8


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Library]:
    """An empty library of `DIM` dimensions."""
    with Library.open(Settings(data_dir=tmp_path / "data"), IndexDims(text=DIM, visual=DIM, sound=DIM)) as library:
        yield library


@pytest.fixture
def api(plain: Library) -> Iterator[httpx.Client]:
    """A client of the API over it. The models are the lite profile's, each loaded when a request first needs it."""
    runtime = Runtime(load_profile("lite"), Settings().models_dir)
    app = create_app(Service(plain, runtime, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        yield http
    runtime.close()


@pytest.fixture
def add(plain: Library) -> Callable[..., str]:
    """`add(name, axis, **payload)` publishes a video whose vectors lie on that axis; its id."""

    def publish(name: str, axis: int, **payload: object) -> str:
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        video, _ = plain.record.submit(Submission(sha256, 1, f"videos/{sha256}", name, title=name))
        vector = np.eye(DIM)[axis].astype(np.float32)
        vectors = {"text": vector, "visual": vector[np.newaxis, :]}
        said = {"video_id": video.id, "title": name, "safety": [], **payload}
        plain.index.upsert(Collection.VIDEOS, [Point(video.point_id, vectors, said)])
        return video.id

    return publish
