"""Decode once: frames, sound, shots and soft subtitles of the file, left in the blob store for the other stages."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray

from models.profile import Profile
from models.speech.base import SAMPLE_RATE
from services.library.blobs import BlobStore
from services.library.record.types import Lane
from services.settings import Settings
from workers.media.isolation import prepare_isolated
from workers.media.types import KeptFrame, MediaLimits, PreparedMedia
from workers.stages.base import Source, Stage, StageContext, StageOutput


class MediaOutput(StageOutput):
    """What was decoded; the files that `prepared` names lie under the blob prefix `folder`."""

    prepared: PreparedMedia
    folder: str

    def frame(self, blobs: BlobStore, kept: KeptFrame) -> NDArray[np.uint8]:
        """A kept frame as RGB, shape (height, width, 3)."""
        raw = np.frombuffer(blobs.get_bytes(f"{self.folder}/{kept.file}"), dtype=np.uint8)
        picture = cv2.imdecode(raw, cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"blob {self.folder}/{kept.file} is not a picture")
        return np.asarray(picture[:, :, ::-1], dtype=np.uint8)

    def audio(self, blobs: BlobStore) -> NDArray[np.float32] | None:
        """The sound, mono 16 kHz in [-1, 1], shape (samples,); None where there is none."""
        if self.prepared.audio_file is None:
            return None
        raw = io.BytesIO(blobs.get_bytes(f"{self.folder}/{self.prepared.audio_file}"))
        samples, rate = soundfile.read(raw, dtype="float32")
        if rate != SAMPLE_RATE:
            raise ValueError(f"blob {self.folder}/{self.prepared.audio_file} has {rate} samples/s, not {SAMPLE_RATE}")
        return np.asarray(samples, dtype=np.float32)


def media_limits(settings: Settings) -> MediaLimits:
    """The settings that bound decoding."""
    return MediaLimits(
        max_duration_s=settings.max_duration_s,
        max_pixels=settings.max_pixels,
        max_frames=settings.max_frames,
        timeout_s=settings.decode_timeout_s,
        memory_bytes=settings.decode_memory_bytes,
    )


def _inputs(_: Source, settings: Settings, __: Profile) -> Mapping[str, Any]:
    return {"max_frames": settings.max_frames}


def _run(context: StageContext) -> MediaOutput:
    with (
        tempfile.TemporaryDirectory(prefix="reelwise-") as scratch,
        context.blobs.local_path(context.source.video.blob_key) as file,
    ):
        out = Path(scratch) / "media"
        prepared = prepare_isolated(file, out, media_limits(context.settings), context.progress)
        names = [kept.file for kept in prepared.frames]
        if prepared.audio_file is not None:
            names.append(prepared.audio_file)
        if prepared.hashes_file is not None:
            names.append(prepared.hashes_file)
        for name in names:
            context.blobs.put_file(out / name, f"{context.folder}/{name}")
    return MediaOutput(prepared=prepared, folder=context.folder)


MEDIA = Stage("media", Lane.PREPARE, 2, MediaOutput, _run, inputs=_inputs)
