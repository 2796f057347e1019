"""Signature: what copies of the video are told by, from the hashes of the one pass and from the sound."""

from __future__ import annotations

import numpy as np

from models.speech.base import SAMPLE_RATE
from services.library.blobs import BlobStore
from services.library.record.types import Lane
from workers.copies.signature import Signature
from workers.copies.sound_print import BANDS, sound_print
from workers.media.frame_hashes import VIEWS, read_hashes
from workers.stages.base import Stage, StageContext, StageOutput
from workers.stages.media import MEDIA, MediaOutput


class SignatureOutput(StageOutput):
    """The signature lies in the blob `key`."""

    key: str

    def signature(self, blobs: BlobStore) -> Signature:
        """Read it."""
        return Signature.from_bytes(blobs.get_bytes(self.key))


def _run(context: StageContext) -> SignatureOutput:
    media = context.output(MEDIA.name, MediaOutput)
    prepared = media.prepared
    times, hashes = np.zeros(0, np.float32), np.zeros((0, len(VIEWS)), np.uint64)
    if prepared.hashes_file is not None:
        times, hashes = read_hashes(context.blobs.get_bytes(f"{media.folder}/{prepared.hashes_file}"))
    audio = media.audio(context.blobs)
    sound = np.zeros((0, BANDS), np.int8) if audio is None else sound_print(audio, SAMPLE_RATE)
    key = f"{context.folder}/signature.bin"
    context.blobs.put_bytes(Signature(prepared.info.duration_s, times, hashes, sound).to_bytes(), key)
    return SignatureOutput(key=key)


SIGNATURE = Stage("signature", Lane.PREPARE, 1, SignatureOutput, _run, needs=(MEDIA.name,))
