"""A signature from what the one pass over a file left behind."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import soundfile

from workers.copies.signature import Signature
from workers.copies.sound_print import BANDS, sound_print
from workers.media.frame_hashes import VIEWS, read_hashes
from workers.media.types import PreparedMedia


def signature_of(prepared: PreparedMedia, read: Callable[[str], bytes]) -> Signature:
    """`read` gives the bytes of a file that `prepared` names."""
    times, hashes = np.zeros(0, np.float32), np.zeros((0, len(VIEWS)), np.uint64)
    if prepared.hashes_file is not None:
        times, hashes = read_hashes(read(prepared.hashes_file))
    sound = np.zeros((0, BANDS), np.int8)
    if prepared.audio_file is not None:
        audio, rate = soundfile.read(io.BytesIO(read(prepared.audio_file)), dtype="float32")
        sound = sound_print(audio, rate)
    return Signature(prepared.info.duration_s, times, hashes, sound)
