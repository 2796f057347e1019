"""Signature: what copies of the video are told by, from the hashes of the one pass and from the sound."""

from __future__ import annotations

from services.library.blobs import BlobStore
from services.library.record.types import Lane
from workers.copies.make import signature_of
from workers.copies.signature import Signature
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
    signature = signature_of(media.prepared, lambda name: context.blobs.get_bytes(f"{media.folder}/{name}"))
    key = f"{context.folder}/signature.bin"
    context.blobs.put_bytes(signature.to_bytes(), key)
    return SignatureOutput(key=key)


SIGNATURE = Stage("signature", Lane.PREPARE, 1, SignatureOutput, _run, needs=(MEDIA.name,))
