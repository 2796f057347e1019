"""A file's sound as the speech engines take it, for what runs outside the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.error import InvalidDataError
from numpy.typing import NDArray

from models.speech.base import SAMPLE_RATE


def read_audio(path: Path) -> NDArray[np.float32] | None:
    """Mono 16 kHz in [-1, 1], shape (samples,); None for a file without sound. Damaged packets are left out."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        pieces = [piece.to_ndarray()[0] for frame in _frames(container) for piece in resampler.resample(frame)]
        pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    return np.concatenate(pieces).astype(np.float32, copy=False) if pieces else None


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    for packet in container.demux(audio=0):
        try:
            yield from packet.decode()
        except InvalidDataError:
            continue
