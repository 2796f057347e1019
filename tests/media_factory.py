"""Small media made on the spot: pictures from numpy, sound from sines, written by PyAV. No files are kept around."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.subtitles.subtitle import SubtitleSet

Image = npt.NDArray[np.uint8]
_TICKS = Fraction(1, 1000)
_SOUND_CHUNK = 1024
_ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def shared_media() -> Path | None:
    """The folder of real clips beside the repository, or where REELWISE_SHARED says; None where there is none."""
    named = os.environ.get("REELWISE_SHARED")
    folders = [Path(named)] if named else [parent / "shared" for parent in Path(__file__).resolve().parents]
    return next((folder / "media" for folder in folders if (folder / "media").is_dir()), None)


def textured(seed: int, width: int = 160, height: int = 120) -> Image:
    """A sharp RGB picture that no other seed resembles."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)


def plain(value: int, width: int = 160, height: int = 120) -> Image:
    """One grey level everywhere."""
    return np.full((height, width, 3), value, dtype=np.uint8)


def scenes(seeds: Sequence[int], seconds_each: float, fps: int = 25, size: tuple[int, int] = (160, 120)) -> list[Image]:
    """Hard cuts: every seed's picture, drifting slowly to the right, for `seconds_each`."""
    frames = []
    for seed in seeds:
        picture = textured(seed, *size)
        frames += [np.roll(picture, step // 2, axis=1) for step in range(round(seconds_each * fps))]
    return frames


def sine(seconds: float, hertz: float = 440.0, rate: int = 44100) -> npt.NDArray[np.int16]:
    """A tone as mono 16-bit samples."""
    return (np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate) * 12000).astype(np.int16)


def write_video(
    path: Path,
    frames: Iterable[Image] = (),
    *,
    fps: int = 25,
    times_ms: Sequence[int] | None = None,
    codec: str = "mpeg4",
    pixel_format: str = "yuv420p",
    sound: npt.NDArray[np.int16] | None = None,
    sound_rate: int = 44100,
    sound_codec: str = "aac",
    metadata: dict[str, str] | None = None,
    gop: int = 12,
) -> Path:
    """Write `frames` (RGB, all of one size) and `sound` (mono) to `path`; the suffix names the container.

    `times_ms` gives every frame its own time (variable frame rate) instead of `fps`.
    """
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata or {})
        video = None
        audio = container.add_stream(sound_codec, rate=sound_rate, layout="mono") if sound is not None else None
        for number, image in enumerate(frames):
            if video is None:
                video = container.add_stream(codec, rate=fps)
                video.width, video.height = image.shape[1], image.shape[0]
                video.pix_fmt = pixel_format
                video.gop_size = gop
                if times_ms is not None:
                    video.codec_context.time_base = _TICKS
                    video.time_base = _TICKS
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixel_format)
            if times_ms is not None:
                frame.pts, frame.time_base = times_ms[number], _TICKS
            else:
                frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(video.encode(frame))
        if video is not None:
            container.mux(video.encode(None))
        if audio is not None and sound is not None:
            for start in range(0, len(sound), _SOUND_CHUNK):
                chunk = av.AudioFrame.from_ndarray(
                    sound[None, start : start + _SOUND_CHUNK], format="s16", layout="mono"
                )
                chunk.sample_rate, chunk.pts, chunk.time_base = sound_rate, start, Fraction(1, sound_rate)
                container.mux(audio.encode(chunk))
            container.mux(audio.encode(None))
    return path


def rotate_in_header(path: Path, clockwise: int) -> Path:
    """Turn an MP4's picture by rewriting its track's display matrix (ISO/IEC 14496-12, 8.3.2), as phones do."""
    one = 0x10000
    a, b, c, d = {90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}[clockwise]
    data = bytearray(path.read_bytes())
    box = data.index(b"tkhd")
    version = data[box + 4]
    matrix = box + 4 + (52 if version == 1 else 40)
    data[matrix : matrix + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(data))
    return path


def write_subtitled(path: Path, frames: Sequence[Image], cues: Sequence[tuple[float, float, str]], codec: str) -> Path:
    """A video (25 frames a second) with one soft subtitle stream; `codec` is "subrip" (mkv) or "mov_text" (mp4)."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
        subtitles = container.add_stream(codec)
        subtitles.metadata["language"] = "eng"
        subtitles.codec_context.subtitle_header = _ASS_HEADER
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for start, end, text in cues:
            event = b"0,0,Default,,0,0,0,," + text.replace("\n", "\\N").encode()
            cue = SubtitleSet.create(event, start=0, end=round((end - start) * 1000), pts=round(start * 1_000_000))
            packet = subtitles.codec_context.encode_subtitle(cue)
            packet.stream, packet.time_base = subtitles, _TICKS
            packet.pts = packet.dts = round(start * 1000)
            packet.duration = round((end - start) * 1000)
            container.mux(packet)
    return path
