"""What is kept of a video to tell its copies: hashes of pictures, and a print of the sound."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.copies.sound_print import BANDS, SoundPrint
from workers.media.frame_hashes import VIEWS, Hashes

VERSION = 1
"""Raised when signatures of before can no longer be compared with those of today."""

_HEADER = struct.Struct("<HHIIf")


class SignatureUnreadable(ValueError):
    """The bytes are no signature of this version."""


@dataclass(frozen=True, slots=True)
class Signature:
    """`times` (n,) in seconds, ascending, and `hashes` (n, views) of pictures; `sound` (frames, bands)."""

    duration_s: float
    times: npt.NDArray[np.float32]
    hashes: Hashes
    sound: SoundPrint

    def to_bytes(self) -> bytes:
        """A compact form: a header and the arrays, little-endian."""
        header = _HEADER.pack(VERSION, len(VIEWS), len(self.times), len(self.sound), self.duration_s)
        # Column by column, because without bars the last views repeat the first ones, which zlib sees.
        arrays = (self.times.astype("<f4"), self.hashes.T.astype("<u8"), self.sound.T.astype("i1"))
        return header + zlib.compress(b"".join(array.tobytes() for array in arrays), 6)

    @classmethod
    def from_bytes(cls, data: bytes) -> Signature:
        """Read what `to_bytes` wrote. Raises `SignatureUnreadable`."""
        try:
            version, views, pictures, sounds, duration = _HEADER.unpack_from(data)
            packed = zlib.decompress(data[_HEADER.size :])
        except (struct.error, zlib.error) as error:
            raise SignatureUnreadable(f"not a signature: {error}") from error
        sizes = (4 * pictures, 8 * pictures * views, BANDS * sounds)
        if version != VERSION or views != len(VIEWS) or len(packed) != sum(sizes):
            raise SignatureUnreadable(f"not a signature of version {VERSION}")
        first, second = sizes[0], sizes[0] + sizes[1]
        return cls(
            duration_s=duration,
            times=np.frombuffer(packed[:first], "<f4").astype(np.float32),
            hashes=np.ascontiguousarray(
                np.frombuffer(packed[first:second], "<u8").astype(np.uint64).reshape(views, pictures).T
            ),
            sound=np.ascontiguousarray(np.frombuffer(packed[second:], "i1").reshape(BANDS, sounds).T),
        )
