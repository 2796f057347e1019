"""Decode once: what Reelwise's one pass reads and decodes, against an OpenCV pass for every consumer of pictures.

A consumer of sound decodes the file once as well. The passes of the naive way only decode (to BGR, as OpenCV gives
it) and compute nothing; Reelwise's pass is given whole, with sharpness, hashes, shots and the files that it writes, and
once more as bare decoding by PyAV.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2

from benchmarks.audio import read_audio
from services.settings import Settings
from workers.media.prepare import prepare_media
from workers.stages.media import media_limits

PICTURE_CONSUMERS = ("classifier", "shots", "text on screen", "hashes")
SOUND_CONSUMERS = ("speech", "sound")


@dataclass(frozen=True, slots=True)
class Passes:
    """Pictures decoded, bytes of packets or files read, and seconds."""

    frames: int
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class DecodeCost:
    """Over all files. Ratios are naive over Reelwise; `bare_s` is what decoding alone takes in one pass."""

    videos: int
    reelwise: Passes
    naive: Passes
    bare_s: float
    naive_seconds: dict[str, float]
    ratio_frames: float
    ratio_bytes: float
    ratio_seconds: float


def decode_cost(paths: Sequence[Path]) -> DecodeCost:
    """Measure one file after another in this process, nothing else at work. Raises `MediaRejected`."""
    limits = media_limits(Settings())
    frames = bytes_ = naive_frames = naive_bytes = 0
    whole = bare = 0.0
    naive: dict[str, float] = dict.fromkeys((*PICTURE_CONSUMERS, *SOUND_CONSUMERS), 0.0)
    for path in paths:
        with tempfile.TemporaryDirectory(prefix="reelwise-benchmark-") as scratch:
            started = time.perf_counter()
            stats = prepare_media(path, Path(scratch) / "media", limits).stats
            whole += time.perf_counter() - started
        frames += stats.frames_decoded
        bytes_ += stats.bytes_read
        bare += _bare(path)
        for consumer in PICTURE_CONSUMERS:
            started = time.perf_counter()
            naive_frames += _opencv_pass(path)
            naive[consumer] += time.perf_counter() - started
            naive_bytes += path.stat().st_size
        for consumer in SOUND_CONSUMERS:
            started = time.perf_counter()
            read_audio(path)
            naive[consumer] += time.perf_counter() - started
            naive_bytes += path.stat().st_size
    naive_s = sum(naive.values())
    return DecodeCost(
        videos=len(paths),
        reelwise=Passes(frames, bytes_, whole),
        naive=Passes(naive_frames, naive_bytes, naive_s),
        bare_s=bare,
        naive_seconds=naive,
        ratio_frames=naive_frames / max(frames, 1),
        ratio_bytes=naive_bytes / max(bytes_, 1),
        ratio_seconds=naive_s / max(whole, 1e-9),
    )


def _opencv_pass(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    try:
        count = 0
        while capture.read()[0]:
            count += 1
    finally:
        capture.release()
    return count


def _bare(path: Path) -> float:
    """Seconds to decode pictures and sound in one pass and drop them; damaged packets are skipped."""
    started = time.perf_counter()
    with av.open(str(path)) as container:
        for stream in container.streams.video:
            stream.thread_type = "AUTO"
        streams = [*container.streams.video[:1], *container.streams.audio[:1]]
        for packet in container.demux(streams):
            try:
                packet.decode()
            except av.error.InvalidDataError:
                continue
    return time.perf_counter() - started
