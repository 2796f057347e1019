"""Frames: a vector each, in a space that text reaches, and what they show."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from models.profile import Role
from models.vision.base import VisualLabel
from services.library.blobs import BlobStore
from services.library.record.types import Lane
from workers.stages.base import Stage, StageContext, StageOutput
from workers.stages.media import MEDIA, MediaOutput


class LabelledFrame(BaseModel):
    """A kept frame at `at` seconds in shot number `shot`, and what it shows, best first."""

    model_config = ConfigDict(frozen=True)

    at: float
    shot: int
    labels: tuple[VisualLabel, ...]


class FramesOutput(StageOutput):
    """`frames[i]` belongs to row i of the vectors in the blob `vectors_key` (None for a video without pictures)."""

    frames: tuple[LabelledFrame, ...] = ()
    vectors_key: str | None = None

    def vectors(self, blobs: BlobStore) -> NDArray[np.float32]:
        """Shape (frames, dim), unit rows."""
        if self.vectors_key is None:
            return np.zeros((0, 0), np.float32)
        return np.asarray(np.load(io.BytesIO(blobs.get_bytes(self.vectors_key)), allow_pickle=False), np.float32)


def _run(context: StageContext) -> FramesOutput:
    media = context.output(MEDIA.name, MediaOutput)
    kept = media.prepared.frames
    if not kept:
        return FramesOutput()
    pictures = [media.frame(context.blobs, frame) for frame in kept]
    with context.runtime.calling(Role.VISION):
        features = context.runtime.vision.embed_frames(pictures)
    key = f"{context.folder}/vectors.npy"
    packed = io.BytesIO()
    np.save(packed, features.vectors, allow_pickle=False)
    context.blobs.put_bytes(packed.getvalue(), key)
    frames = tuple(
        LabelledFrame(at=frame.at, shot=frame.shot, labels=labels)
        for frame, labels in zip(kept, features.labels, strict=True)
    )
    return FramesOutput(frames=frames, vectors_key=key)


FRAMES = Stage("frames", Lane.PERCEIVE, 1, FramesOutput, _run, needs=(MEDIA.name,), role=Role.VISION)
