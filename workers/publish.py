"""Publish: put the understanding together, write it to the record and its points to the index."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from models.runtime import Runtime
from services.library.index.port import Collection, Filter, Point
from services.library.index.sparse import encode_document
from services.library.library import Library
from services.library.payload import annotation_payload, publish_overlay
from services.library.record.types import Video
from services.library.understanding import DuplicateOf, Sound, StageReport, Understanding, VideoFacts, VideoState
from workers.stages.annotate import ANNOTATE, AnnotateOutput
from workers.stages.base import OutputT, Source, StageOutput
from workers.stages.captions import CAPTIONS, CaptionsOutput
from workers.stages.describe import DESCRIBE, DescribeOutput
from workers.stages.evidence import EVIDENCE, EvidenceOutput
from workers.stages.frames import FRAMES, FramesOutput
from workers.stages.media import MEDIA, MediaOutput
from workers.stages.sound import SOUND, SoundOutput
from workers.stages.speech import SPEECH, SpeechOutput
from workers.stages.vectors import VECTORS, VectorsOutput

Outputs = Mapping[str, StageOutput]


def publish(
    library: Library, runtime: Runtime, source: Source, outputs: Outputs, stages: tuple[StageReport, ...]
) -> Understanding:
    """Write the record, then the index, with the editors' decisions laid over what the models wrote.

    Point ids follow from the content, so doing it twice changes nothing.
    """
    understanding = assemble(source, outputs, stages, library.record.duplicate_of(source.video.id))
    library.record.put_understanding(understanding)
    found = library.record.effective(source.video.id)
    assert found is not None
    effective, reviewed, revision = found
    library.index.upsert(Collection.VIDEOS, [_video_point(library, source, outputs, effective, reviewed=reviewed)])
    # A run with fewer moments than the last must not leave the old ones behind.
    library.index.delete(Collection.MOMENTS, Filter(equals={"video_id": [source.video.id]}))
    moments = _moment_points(library, source, outputs)
    if moments:
        library.index.upsert(Collection.MOMENTS, moments)
    if not library.record.mark_published(source.video.id, revision):
        publish_overlay(library, source.video.id)  # somebody decided meanwhile
    return understanding


def assemble(
    source: Source, outputs: Outputs, stages: tuple[StageReport, ...], duplicate_of: DuplicateOf | None = None
) -> Understanding:
    """The document of one video from the outputs of all its stages, and what it is a copy of."""
    media = _get(outputs, MEDIA.name, MediaOutput).prepared
    evidence = _get(outputs, EVIDENCE.name, EvidenceOutput)
    annotation = _get(outputs, ANNOTATE.name, AnnotateOutput)
    captions = _get(outputs, CAPTIONS.name, CaptionsOutput)
    described = _get(outputs, DESCRIBE.name, DescribeOutput)
    transcript = _get(outputs, SPEECH.name, SpeechOutput).transcript
    profile = _get(outputs, SOUND.name, SoundOutput).profile
    return Understanding(
        state=VideoState.READY,
        video=_facts(source, outputs),
        duplicate_of=duplicate_of,
        segments=evidence.segments,
        evidence=evidence.evidence,
        summary=annotation.summary,
        why=annotation.why,
        topics=annotation.topics,
        tags=annotation.tags,
        moods=annotation.moods,
        occasions=annotation.occasions,
        sound=None
        if profile is None
        else Sound(
            speech_ratio=profile.speech_ratio,
            music_ratio=profile.music_ratio,
            tempo_bpm=profile.tempo_bpm,
            energy=profile.energy,
        ),
        safety=annotation.safety,
        stages=stages,
        problems=(*media.problems, *captions.problems, *transcript.notes, *described.problems),
    )


def unfinished(source: Source, state: VideoState, reason: str, outputs: Outputs) -> Understanding:
    """The document of a video that was rejected or failed: what is known of it, and why it ended."""
    return Understanding(state=state, reason=reason, video=_facts(source, outputs))


def _facts(source: Source, outputs: Outputs) -> VideoFacts:
    known = VideoFacts(
        id=source.video.id,
        source=source.metadata.source,
        sha256=source.video.sha256,
        title=source.metadata.title,
        creator=source.metadata.creator,
        language=source.metadata.language_hint,
    )
    if MEDIA.name not in outputs:
        return known
    info = _get(outputs, MEDIA.name, MediaOutput).prepared.info
    evidence = outputs.get(EVIDENCE.name)
    language = evidence.language if isinstance(evidence, EvidenceOutput) else None
    return known.model_copy(
        update={
            "duration_s": info.duration_s,
            "width": info.width,
            "height": info.height,
            "fps": info.fps,
            "has_audio": info.has_audio,
            "language": language or known.language,
        }
    )


def _video_point(
    library: Library, source: Source, outputs: Outputs, understanding: Understanding, *, reviewed: bool
) -> Point:
    vectors = _get(outputs, VECTORS.name, VectorsOutput)
    frames = _get(outputs, FRAMES.name, FramesOutput)
    profile = _get(outputs, SOUND.name, SoundOutput).profile
    point: dict[str, object] = {"text": vectors.vectors(library.blobs)[0]}
    lexical = encode_document(vectors.lexical_text)
    if lexical.indices:
        point["lexical"] = lexical
    visual = frames.vectors(library.blobs)
    if len(visual):
        point["visual"] = visual
    if profile is not None:
        point["sound"] = np.asarray(profile.vector, dtype=np.float32)
    return Point(source.video.point_id, point, _payload(source, understanding, reviewed=reviewed))  # type: ignore[arg-type]


def _payload(source: Source, found: Understanding, *, reviewed: bool) -> dict[str, object]:
    """The payload that docs/qdrant.md describes field by field."""
    published = source.metadata.published_at
    sound = found.sound
    return {
        "video_id": found.video.id,
        "title": found.video.title,
        **annotation_payload(found, reviewed=reviewed),
        "language": found.video.language,
        "creator": found.video.creator,
        "duration_s": found.video.duration_s,
        "width": found.video.width,
        "height": found.video.height,
        "published_at": published.timestamp() if published else None,
        "duplicate_of": found.duplicate_of.original if found.duplicate_of else None,
        "models": sorted({stage.model for stage in found.stages if stage.model}),
        "speech_ratio": sound.speech_ratio if sound else None,
        "music_ratio": sound.music_ratio if sound else None,
        "tempo_bpm": sound.tempo_bpm if sound else None,
        "energy": sound.energy if sound else None,
    }


def _moment_points(library: Library, source: Source, outputs: Outputs) -> list[Point]:
    vectors = _get(outputs, VECTORS.name, VectorsOutput)
    frames = _get(outputs, FRAMES.name, FramesOutput)
    texts = vectors.vectors(library.blobs)[1:]
    visual = frames.vectors(library.blobs)
    points = []
    for number, (moment, text) in enumerate(zip(vectors.moments, texts, strict=True)):
        named: dict[str, object] = {"text": text}
        lexical = encode_document(moment.text)
        if lexical.indices:
            named["lexical"] = lexical
        shown = _shot_vector(frames, visual, moment.shot)
        if shown is not None:
            named["visual"] = shown
        payload = {
            "video_id": source.video.id,
            "start": moment.start,
            "end": moment.end,
            "kind": moment.kind,
            "text": moment.text,
            "title": source.metadata.title,
        }
        points.append(Point(_moment_id(source.video, number), named, payload))  # type: ignore[arg-type]
    return points


def _shot_vector(frames: FramesOutput, visual: NDArray[np.float32], shot: int | None) -> NDArray[np.float32] | None:
    """The mean direction of a shot's frames."""
    rows = [row for row, frame in enumerate(frames.frames) if frame.shot == shot]
    if shot is None or not rows:
        return None
    mean = visual[rows].mean(axis=0)
    norm = float(np.linalg.norm(mean))
    return np.asarray(mean / norm, dtype=np.float32) if norm > 0 else None


def _moment_id(video: Video, number: int) -> str:
    return str(uuid5(UUID(video.point_id), f"moment-{number}"))


def _get(outputs: Outputs, name: str, kind: type[OutputT]) -> OutputT:
    found = outputs[name]
    if not isinstance(found, kind):
        raise TypeError(f"stage {name!r} gave {type(found).__name__}, not {kind.__name__}")
    return found
