"""Media for the curves: copies that count as different videos, and long clips put together from short ones."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.audio import read_audio
from models.speech.base import SAMPLE_RATE

_RATE = 25
_WIDTH, _HEIGHT = 640, 360
_CHUNK = 1024

Picture = NDArray[np.uint8]


def distinct_copy(source: Path, target: Path, number: int) -> Path:
    """The MP4 file and a `free` box (ISO/IEC 14496-12, 8.1.2) that holds `number`: other bytes, the same video."""
    payload = f"reelwise benchmark copy {number}".encode()
    target.write_bytes(source.read_bytes() + struct.pack(">I4s", 8 + len(payload), b"free") + payload)
    return target


def concatenated(sources: Sequence[Path], target: Path, seconds: float) -> Path:
    """Clips one after another, from the first again when they run out, as one MP4 of `seconds`.

    640 x 360 at 25 frames a second, letterboxed, H.264 and AAC; clips without sound are silent. `ValueError` where no
    source holds pictures.
    """
    wanted = round(seconds * _RATE)
    with av.open(str(target), "w") as container:
        video = container.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast", "crf": "26"})
        video.width, video.height, video.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        written = heard = 0
        for number, source in enumerate(itertools.cycle(sources)):
            if written >= wanted:
                break
            if number >= len(sources) and written == 0:
                raise ValueError("none of the clips holds pictures, so there is nothing to put together")
            for picture in itertools.islice(_pictures(source), wanted - written):
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
                frame.pts, frame.time_base = written, Fraction(1, _RATE)
                container.mux(video.encode(frame))
                written += 1
            samples = _fitted(read_audio(source), round(written / _RATE * SAMPLE_RATE) - heard)
            for start in range(0, len(samples), _CHUNK):
                chunk = av.AudioFrame.from_ndarray(samples[None, start : start + _CHUNK], format="fltp", layout="mono")
                chunk.sample_rate, chunk.pts, chunk.time_base = SAMPLE_RATE, heard, Fraction(1, SAMPLE_RATE)
                container.mux(audio.encode(chunk))
                heard += chunk.samples
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return target


def _pictures(path: Path) -> Iterator[Picture]:
    """Pictures at 25 a second, scaled into the frame: each shown until the next one's time."""
    with av.open(str(path)) as container:
        if not container.streams.video:
            return
        shown = 0
        for number, frame in enumerate(container.decode(video=0)):
            at = frame.time if frame.time is not None else number / _RATE
            if round(at * _RATE) < shown:
                continue
            picture = _boxed(np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8))
            for _ in range(min(round(at * _RATE) + 1 - shown, _RATE)):
                yield picture
                shown += 1
            shown = max(shown, round(at * _RATE) + 1)


def _boxed(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = min(_WIDTH / width, _HEIGHT / height)
    inner = cv2.resize(picture, (max(1, int(width * scale)), max(1, int(height * scale))), interpolation=cv2.INTER_AREA)
    boxed = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)
    top, left = (_HEIGHT - inner.shape[0]) // 2, (_WIDTH - inner.shape[1]) // 2
    boxed[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return boxed


def _fitted(audio: NDArray[np.float32] | None, samples: int) -> NDArray[np.float32]:
    """The first `samples` samples, with silence behind what is too short."""
    found = np.zeros(0, np.float32) if audio is None else audio[:samples]
    return np.pad(found, (0, max(0, samples - len(found))))
