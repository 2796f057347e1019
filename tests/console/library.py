"""A library for the console: real clips where they are, else media made on the spot, with understandings put in."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from models.runtime import Runtime
from services.library.index.port import Collection, Point
from services.library.index.sparse import encode_document
from services.library.library import Library
from services.library.record.types import Lane, StageResult, Submission, Video
from services.library.taxonomy import load_taxonomy
from services.library.understanding import (
    Bilingual,
    Evidence,
    EvidenceKind,
    Label,
    SignalScore,
    StageReport,
    TimelineSegment,
    Understanding,
    VideoFacts,
    VideoState,
)
from tests.console.content import Content
from tests.media_factory import scenes, sine, write_video
from workers.media.prepare import prepare_media
from workers.media.types import MediaLimits, PreparedMedia, Shot
from workers.stages.base import Source, StageContext
from workers.stages.media import MediaOutput
from workers.stages.metadata import merge_uploads
from workers.stages.pictures import PICTURES

MADE_S = 4.0
"""Length of a made clip, seconds: short, because browsers play only the beginning."""


def clip_of(content: Content, folder: Path, shared: Path | None) -> Path:
    """The real clip, or one of three coloured scenes with a tone, as WebM, which every Chromium plays."""
    real = shared / "clips" / content.clip if shared is not None else None
    if real is not None and real.exists():
        return real
    seed = int.from_bytes(hashlib.sha256(content.clip.encode()).digest()[:2], "big")
    frames = scenes([seed, seed + 1, seed + 2], MADE_S / 3, fps=10, size=(240, 320))
    path = folder / f"{Path(content.clip).stem}.webm"
    return write_video(
        path, frames, fps=10, codec="libvpx", sound=sine(MADE_S, 220 + seed % 400, rate=48000), sound_rate=48000,
        sound_codec="libopus",
    )  # fmt: skip


def add(library: Library, runtime: Runtime, content: Content, clip: Path, number: int = 0) -> Video:
    """Take the clip in, make its pictures by the real stages, and put the understanding and the points in."""
    data = clip.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"videos/{sha256[:2]}/{sha256}{clip.suffix}"
    library.blobs.put_bytes(data, key)
    submission = Submission(
        sha256, len(data), key, clip.name, title=content.title, creator=content.creator,
        published_at=datetime.now(UTC) - timedelta(days=number),
    )  # fmt: skip
    video, _ = library.record.submit(submission)
    prepared = _pictured(library, runtime, video, clip)
    lane: Lane | None = Lane.PREPARE
    for following in (Lane.PERCEIVE, Lane.DESCRIBE, Lane.PUBLISH, None):
        assert lane is not None
        lease = library.record.claim(video.id, lane, now=datetime.now(UTC), lease_s=60)
        assert lease is not None
        assert library.record.advance(lease, following)
        lane = following
    duration = prepared.info.duration_s
    understanding = understood(content, video, duration, prepared.info.width, prepared.info.height, prepared.shots)
    library.record.put_understanding(understanding)
    index(library, runtime, video, understanding, content)
    return library.record.video(video.id) or video


def _pictured(library: Library, runtime: Runtime, video: Video, clip: Path) -> PreparedMedia:
    """Decode in this process, which made the clip or knows it, and run the stage that makes the pictures."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "media"
        prepared = prepare_media(clip, out, MediaLimits(max_frames=8))
        folder = f"derived/{video.id}/media-test"
        for kept in prepared.frames:
            library.blobs.put_file(out / kept.file, f"{folder}/{kept.file}")
    made = PICTURES.run(
        StageContext(
            source=Source(video, merge_uploads(library.record.uploads(video.id))), settings=library.settings,
            runtime=runtime, blobs=library.blobs, folder=f"derived/{video.id}/pictures-test",
            outputs={"media": MediaOutput(prepared=prepared, folder=folder)}, progress=lambda share: None,
        )
    )  # fmt: skip
    library.record.put_stage_result(
        StageResult(video.id, PICTURES.name, "test", made.model_dump(mode="json"), None, 0.1)
    )
    return prepared


def understood(
    content: Content, video: Video, duration: float, width: int | None, height: int | None, shots: Iterable[Shot] = ()
) -> Understanding:
    """The document that the models might have written."""
    taxonomy = load_taxonomy()
    longest = max(end for _, _, end, _ in content.lines)
    scale = duration / longest
    evidence = tuple(
        Evidence(id=id_, kind=EvidenceKind(id_[0]), start=start * scale, end=end * scale, text=text)
        for id_, start, end, text in content.lines
    )

    def label(en: str, zh: str, confidence: float, cites: str, slug: str | None = None) -> Label:
        return Label(
            label=en, label_zh=zh, slug=slug, confidence=confidence, evidence=tuple(cites.split()), source="test-model",
            signals=(
                SignalScore(signal="language", model="qwen@test", score=min(1.0, confidence + 0.08)),
                SignalScore(signal="frames", model="effnet@test", score=max(0.0, confidence - 0.1)),
            ),
        )  # fmt: skip

    topic, mood, occasion = (
        taxonomy.topic(content.topic[0]),
        taxonomy.mood(content.mood[0]),
        taxonomy.occasion(content.occasion[0]),
    )
    return Understanding(
        state=VideoState.READY,
        video=VideoFacts(
            id=video.id, source=content.clip, sha256=video.sha256, title=content.title, creator=content.creator,
            duration_s=duration, width=width, height=height, fps=25.0, has_audio=True, language=content.language,
        ),
        segments=tuple(TimelineSegment(start=shot.start, end=shot.end) for shot in shots),
        evidence=evidence,
        summary=Bilingual(en=content.summary[0], zh=content.summary[1]),
        why=Bilingual(en=content.why[0], zh=content.why[1]),
        tags=tuple(label(en, zh, confidence, cites) for en, zh, confidence, cites in content.tags),
        topics=(label(topic.en, topic.zh, content.topic[1], content.topic[2], topic.slug),),
        moods=(label(mood.en, mood.zh, content.mood[1], content.mood[2], mood.slug),),
        occasions=(label(occasion.en, occasion.zh, content.occasion[1], content.occasion[2], occasion.slug),),
        stages=(StageReport(name="describe", seconds=1.0, reused=False, model="qwen@test", fingerprint="f" * 64),),
    )  # fmt: skip


def index(library: Library, runtime: Runtime, video: Video, found: Understanding, content: Content) -> None:
    """The points that publish would write, embedded by the real text and vision models."""
    text = " ".join([content.title, found.summary.en if found.summary else "", *(line.text for line in found.evidence)])
    passage = runtime.text.embed_passages([text])[0]
    shown = runtime.vision.embed_texts([", ".join(en for en, _, _, _ in content.tags)]).astype(np.float32)
    payload = {
        "video_id": video.id, "title": content.title, "creator": content.creator, "language": content.language,
        "duration_s": found.video.duration_s, "safety": [], "review_state": "machine",
        "tags": [tag.label.casefold() for tag in found.tags], "tags_zh": [tag.label_zh for tag in found.tags],
        "topics": [one.slug for one in found.topics], "moods": [one.slug for one in found.moods],
        "occasions": [one.slug for one in found.occasions],
        "summary_en": content.summary[0], "summary_zh": content.summary[1],
        "why_en": content.why[0], "why_zh": content.why[1],
    }  # fmt: skip
    vectors = {"text": passage, "visual": shown, "lexical": encode_document(text)}
    library.index.upsert(Collection.VIDEOS, [Point(video.point_id, vectors, payload)])
    for line in found.evidence:
        if line.kind in (EvidenceKind.SPEECH, EvidenceKind.FRAME):
            moment = {
                "video_id": video.id, "start": line.start, "end": line.end, "text": line.text, "title": content.title,
                "kind": "speech" if line.kind is EvidenceKind.SPEECH else "shot",
            }  # fmt: skip
            point = hashlib.sha256(f"{video.id}{line.id}".encode()).hexdigest()[:32]
            vector = runtime.text.embed_passages([line.text])[0]
            library.index.upsert(
                Collection.MOMENTS,
                [Point(str(uuid.UUID(hex=point)), {"text": vector, "lexical": encode_document(line.text)}, moment)],
            )
