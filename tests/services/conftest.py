"""A small library of made-up videos, embedded by the real text and vision models, behind the real API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
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
from services.library.index.sparse import encode_document
from services.library.library import Library
from services.library.record.types import Lane, Submission
from services.library.understanding import (
    Bilingual,
    Evidence,
    Label,
    SafetyLabel,
    Understanding,
    VideoFacts,
    VideoState,
)
from services.settings import Settings

# title, speech, tag, topic, mood, occasion, language, severe risk
VIDEOS = {
    "cat": ("My cat opens the door", "the cat jumps on the handle", "cat", "pets", "healing", "bedtime", "en", False),
    "kitten": ("小猫睡觉", "这只小猫在沙发上睡着了", "cat", "pets", "healing", "bedtime", "zh", False),
    "noodles": (
        "Hand pulled noodles",
        "we pull the noodles and cook",
        "noodles",
        "home-cooking",
        "relaxing",
        "meal",
        "en",
        False,
    ),
    "goal": (
        "Last minute goal",
        "what a goal the crowd goes wild",
        "football",
        "football",
        "exciting",
        "break",
        "en",
        False,
    ),
    "fight": ("Street fight", "they have a knife", "cat", "pets", "exciting", "break", "en", True),
}


def video_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


@pytest.fixture(scope="session")
def models() -> Iterator[Runtime]:
    settings = Settings()
    runtime = Runtime(load_profile("lite"), settings.models_dir)
    yield runtime
    runtime.close()


@pytest.fixture
def empty(models: Runtime, tmp_path: Path) -> Iterator[Library]:
    roots = tmp_path / "videos"
    roots.mkdir()
    settings = Settings(data_dir=tmp_path / "data", allowed_roots=(roots,), allowed_hosts=("127.0.0.1",))
    dims = IndexDims(text=models.text.dim, visual=models.vision.dim, sound=models.sound.dim)
    with Library.open(settings, dims) as library:
        yield library


@pytest.fixture
def library(empty: Library, models: Runtime) -> Library:
    for name, (title, speech, tag, topic, mood, occasion, language, severe) in VIDEOS.items():
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        video, _ = empty.record.submit(Submission(sha256, 1, f"videos/{sha256}", name, title=title))
        lane: Lane | None = Lane.PREPARE
        for following in (Lane.PERCEIVE, Lane.DESCRIBE, Lane.PUBLISH, None):
            lease = empty.record.claim(video.id, lane, now=datetime.now(UTC), lease_s=60)
            assert lease is not None
            assert empty.record.advance(lease, following)
            lane = following
        label = lambda text, slug=None: Label(  # noqa: E731
            label=text, label_zh=f"中{text}", slug=slug, confidence=0.9, evidence=("S1",), source="test"
        )
        risk = SafetyLabel(category="violence", severity="high", confidence=0.9, evidence=("S1",), explanation="knife")
        empty.record.put_understanding(
            Understanding(
                state=VideoState.READY,
                video=VideoFacts(id=video.id, source=name, sha256=sha256, title=title, language=language),
                evidence=(Evidence(id="S1", kind="S", start=0, end=4, text=speech),),
                summary=Bilingual(en=title, zh=title),
                tags=(label(tag),),
                topics=(label(topic, topic),),
                moods=(label(mood, mood),),
                occasions=(label(occasion, occasion),),
                safety=(risk,) if severe else (),
            )
        )
        passage = models.text.embed_passages([f"{title}. {speech}"])[0]
        shown = models.vision.embed_texts([title])
        payload = {
            "video_id": video.id, "title": title, "tags": [tag], "topics": [topic], "moods": [mood],
            "occasions": [occasion], "language": language, "duration_s": 20.0, "safety": ["violence"] if severe else [],
        }  # fmt: skip
        lexical = encode_document(f"{title} {speech} {tag}")
        vectors = {"text": passage, "visual": shown.astype(np.float32), "lexical": lexical}
        empty.index.upsert(Collection.VIDEOS, [Point(video.point_id, vectors, payload)])
        moment = {"video_id": video.id, "start": 0.0, "end": 4.0, "kind": "speech", "text": speech, "title": title}
        vectors = {"text": passage, "lexical": encode_document(speech)}
        empty.index.upsert(Collection.MOMENTS, [Point(video.point_id, vectors, moment)])
    return empty


@pytest.fixture
def client(library: Library, models: Runtime) -> Iterator[httpx.Client]:
    app = create_app(Service(library, models, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        yield http


PLAIN_DIM = 8


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Library]:
    """An empty library of `PLAIN_DIM` dimensions, for what needs no model."""
    dims = IndexDims(text=PLAIN_DIM, visual=PLAIN_DIM, sound=PLAIN_DIM)
    with Library.open(Settings(data_dir=tmp_path / "data"), dims) as library:
        yield library


@pytest.fixture
def add(plain: Library) -> Callable[..., str]:
    """`add(name, axis, **payload)` publishes a video in `plain` whose vectors lie close to that axis; its id."""

    def publish(name: str, axis: int, **payload: object) -> str:
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        video, _ = plain.record.submit(Submission(sha256, 1, f"videos/{sha256}", name, title=name))
        for lane, following in zip(Lane, [*list(Lane)[1:], None], strict=True):
            lease = plain.record.claim(video.id, lane, now=datetime.now(UTC), lease_s=60)
            assert lease is not None
            plain.record.advance(lease, following)
        wobble = np.random.default_rng(int(sha256[:8], 16)).normal(0, 0.02, PLAIN_DIM)
        vector = (np.eye(PLAIN_DIM)[axis] + wobble).astype(np.float32)
        vector /= np.linalg.norm(vector)
        vectors = {"text": vector, "visual": vector[np.newaxis, :]}
        said = {"video_id": video.id, "title": name, "safety": [], **payload}
        facts = VideoFacts(id=video.id, source=name, sha256=sha256, title=name)
        plain.record.put_understanding(Understanding(state=VideoState.READY, video=facts))
        plain.index.upsert(Collection.VIDEOS, [Point(video.point_id, vectors, said)])
        return video.id

    return publish
