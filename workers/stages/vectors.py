"""Vectors of what was said and written about a video and its moments, ready for the index."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from models.profile import Role
from services.library.blobs import BlobStore
from services.library.record.types import Lane
from services.library.understanding import Evidence, EvidenceKind, TimelineSegment
from workers.stages.annotate import ANNOTATE, AnnotateOutput
from workers.stages.base import Stage, StageContext, StageOutput
from workers.stages.evidence import EVIDENCE, EvidenceOutput

_MAX_SPEECH_CHARS = 1200
"""The text vector hears this much of the speech: more would drown the title and the tags."""


class Moment(BaseModel):
    """A stretch of a video that can be found by itself. `kind` is "shot", "speech" or "caption"."""

    model_config = ConfigDict(frozen=True)

    kind: str
    start: float
    end: float
    text: str
    shot: int | None = None


class VectorsOutput(StageOutput):
    """Row 0 of the blob's matrix is the video's text vector; row i + 1 is moment i's. Texts are what was embedded."""

    text: str
    lexical_text: str
    moments: tuple[Moment, ...]
    vectors_key: str

    def vectors(self, blobs: BlobStore) -> NDArray[np.float32]:
        """Shape (1 + moments, dim), unit rows."""
        return np.asarray(np.load(io.BytesIO(blobs.get_bytes(self.vectors_key)), allow_pickle=False), np.float32)


def _run(context: StageContext) -> VectorsOutput:
    found = context.output(EVIDENCE.name, EvidenceOutput)
    annotation = context.output(ANNOTATE.name, AnnotateOutput)
    text = video_text(found.lines, annotation)
    moments = video_moments(found.segments, found.lines)
    with context.runtime.calling(Role.TEXT):
        vectors = context.runtime.text.embed_passages([text, *(moment.text for moment in moments)])
    packed = io.BytesIO()
    np.save(packed, vectors, allow_pickle=False)
    key = f"{context.folder}/vectors.npy"
    context.blobs.put_bytes(packed.getvalue(), key)
    return VectorsOutput(
        text=text, lexical_text=lexical_text(found.lines, annotation), moments=moments, vectors_key=key
    )


def video_text(evidence: Sequence[Evidence], annotation: AnnotateOutput) -> str:
    """What the video's text vector stands for: what it was called, what it is about, shows, says and has written.

    Topics and tags are named in both languages: the encoder knows both, but puts texts of one language nearer together
    than texts of one meaning, so a query finds little where nothing is written in its language.
    """
    labels = (*annotation.topics, *annotation.tags)
    said = " ".join(_texts(evidence, EvidenceKind.CAPTION) or _texts(evidence, EvidenceKind.SPEECH))
    parts = [
        *_texts(evidence, EvidenceKind.METADATA),
        ", ".join(label.label for label in annotation.topics),
        ", ".join(label.label for label in annotation.tags),
        ", ".join(label.label_zh for label in labels if label.label_zh != label.label),
        *_seen(evidence),
        said[:_MAX_SPEECH_CHARS],
        " ".join(_texts(evidence, EvidenceKind.SCREEN)),
    ]
    return ". ".join(part for part in parts if part) or annotation.summary.en


def lexical_text(evidence: Sequence[Evidence], annotation: AnnotateOutput) -> str:
    """The words a video can be found by: all evidence but guesses, and all labels in both languages."""
    labels = (*annotation.tags, *annotation.topics, *annotation.moods, *annotation.occasions)
    words = [f"{label.label} {label.label_zh}" for label in labels]
    lines = [line.text for line in evidence if not line.is_manner]
    return "\n".join([*lines, *words])


def video_moments(segments: Sequence[TimelineSegment], evidence: Sequence[Evidence]) -> tuple[Moment, ...]:
    """A moment a shot that shows or says anything, and one a line of speech and of captions."""
    moments = []
    for number, segment in enumerate(segments):
        names = dict.fromkeys(label.label for frame in segment.frames for label in frame.labels[:2])
        parts = [", ".join(names), *segment.onscreen_text, segment.speech or "", *segment.captions]
        text = ". ".join(part for part in parts if part)
        if text:
            moments.append(Moment(kind="shot", start=segment.start, end=segment.end, text=text, shot=number))
    for kind, name in ((EvidenceKind.SPEECH, "speech"), (EvidenceKind.CAPTION, "caption")):
        for line in evidence:
            if line.kind is kind:
                moments.append(Moment(kind=name, start=line.start, end=line.end, text=line.text))
    return tuple(moments)


def _texts(evidence: Sequence[Evidence], kind: EvidenceKind) -> list[str]:
    return [line.text for line in evidence if line.kind is kind]


def _seen(evidence: Sequence[Evidence]) -> list[str]:
    seen = (line for line in evidence if line.kind is EvidenceKind.FRAME and not line.is_manner)
    names = [line.text.removeprefix("perhaps ") for line in seen]
    return [", ".join(names)] if names else []


VECTORS = Stage("vectors", Lane.PUBLISH, 3, VectorsOutput, _run, needs=(EVIDENCE.name, ANNOTATE.name), role=Role.TEXT)
