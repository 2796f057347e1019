"""A library of made-up videos with made-up vectors: nothing here runs a model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from models.profile import load_profile
from models.runtime import Runtime
from services.accounts import make_key, valid_password
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.payload import annotation_payload
from services.library.record.accounts import Role
from services.library.record.types import Lane, Submission
from services.library.understanding import (
    Bilingual,
    Evidence,
    Label,
    SafetyLabel,
    SignalScore,
    StageReport,
    Understanding,
    VideoFacts,
    VideoState,
)
from services.settings import Settings


def video_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def label(word: str, slug: str | None = None, confidence: float = 0.6, score: float = 0.5) -> Label:
    return Label(
        label=word, label_zh=word, slug=slug, confidence=confidence, evidence=("S1",), source="test",
        signals=(SignalScore(signal="speech", model="small@1", score=score),),
    )  # fmt: skip


def document(name: str, **changes: object) -> Understanding:
    """What the models say of a video, whole."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    values: dict = {
        "state": VideoState.READY,
        "video": VideoFacts(id=sha256[:32], source=name, sha256=sha256, title=name, language="en", creator="mia"),
        "evidence": (
            Evidence(id="S1", kind="S", start=0, end=2, text=f"this is about {name}"),
            Evidence(id="T1", kind="T", start=0, end=2, text="HELLO"),
        ),
        "summary": Bilingual(en=f"A video of {name}.", zh=f"关于{name}的视频。"),
        "why": Bilingual(en="It is fun.", zh="好玩。"),
        "tags": (label(name), label("fun")),
        "topics": (label("Pets", "pets"),),
        "moods": (label("healing", "healing"),),
        "occasions": (label("bedtime", "bedtime"),),
        "safety": (),
        "stages": (StageReport(name="describe", seconds=1, reused=False, model="small@1", fingerprint="f"),),
    }
    return Understanding(**(values | changes))


RISK = SafetyLabel(category="violence", severity="high", confidence=0.9, evidence=("S1",), explanation="knife")


def put(library: Library, understanding: Understanding) -> str:
    """A ready video with this document, in the record and in the index."""
    facts = understanding.video
    submission = Submission(facts.sha256, 1, f"videos/{facts.sha256}", facts.source, title=facts.title)
    video = library.record.video(facts.id)
    if video is None:
        video, _ = library.record.submit(submission)
        lane: Lane | None = Lane.PREPARE
        for following in (Lane.PERCEIVE, Lane.DESCRIBE, Lane.PUBLISH, None):
            lease = library.record.claim(video.id, lane, now=datetime.now(UTC), lease_s=60)
            assert lease is not None
            assert library.record.advance(lease, following)
            lane = following
    library.record.put_understanding(understanding)
    found = library.record.effective(video.id)
    assert found is not None
    payload = {"video_id": video.id, "title": facts.title, **annotation_payload(found[0], reviewed=found[1])}
    vector = np.random.default_rng(int(video.id[:8], 16)).normal(size=8).astype(np.float32)
    library.index.upsert(Collection.VIDEOS, [Point(video.point_id, {"text": vector / np.linalg.norm(vector)}, payload)])
    library.record.mark_published(video.id, found[2])
    return video.id


@pytest.fixture
def open_library(tmp_path: Path) -> Iterator[Callable[..., Library]]:
    with ExitStack() as stack:

        def make(**settings: object) -> Library:
            return stack.enter_context(
                Library.open(Settings(data_dir=tmp_path / "data", **settings), IndexDims(text=8, visual=8, sound=8))
            )

        yield make


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Library:
    """Three ready videos; no video goes to two editors."""
    made = open_library(double_review=0.0)
    put(made, document("cat"))
    put(made, document("dog", safety=(RISK,)))
    put(made, document("fish", tags=(label("fish", confidence=0.95), label("fun", confidence=0.95))))
    return made


@pytest.fixture
def connect(library: Library) -> Iterator[Callable[..., httpx.Client]]:
    """`connect(role=..., name=...)` is a client with a key of an account of its own; without a role, nobody's."""
    with ExitStack() as stack:
        models = Runtime(load_profile("lite"), library.settings.models_dir)
        stack.callback(models.close)

        def client(name: str = "", role: Role | None = None, **more: object) -> httpx.Client:
            headers = {}
            if role is not None:
                library.record.add_account(name, role)
                headers["authorization"] = f"Bearer {make_key(library.record, name)[1]}"
            app = create_app(Service(library, models, Sweeping()), **more)  # type: ignore[arg-type]
            http = httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1", headers=headers)
            return stack.enter_context(http)

        yield client


@pytest.fixture
def client(connect: Callable[..., httpx.Client]) -> httpx.Client:
    """Where nobody signs in."""
    return connect()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return valid_password("a long enough password")
