"""Renders the demo's clips: photographs or footage with burnt-in text and recorded sound, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FPS = 12
AUDIO_RATE = 48_000
VERTICAL = (544, 960)
"""Width and height of a vertical clip, pixels; multiples of the encoder's 16-pixel blocks."""

# One thread and no encoder version in the file: the same input gives the same bytes, so a clip keeps its id. x264's
# macroblock tree is off because its choices differ from run to run where a side is no multiple of 16.
_VIDEO_OPTIONS = {
    "crf": "24",
    "preset": "veryfast",
    "threads": "1",
    "x264-params": "threads=1:lookahead-threads=1:mbtree=0",
}
_BITEXACT = {"fflags": "+bitexact", "movflags": "+faststart"}


@dataclass(frozen=True, slots=True)
class Caption:
    """Text burnt in near the bottom from `start` to `end`, seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Photos:
    """A vertical clip of photographs shown in turn for equal times, each slowly nearing, over a blurred backdrop."""

    pictures: tuple[Path, ...]
    duration: float
    headline: str
    captions: tuple[Caption, ...]
    font: Path

    def frames(self) -> Iterator[Image.Image]:
        """The frames in order, RGB, `FPS` a second."""
        count = round(self.duration * FPS)
        for index, picture in enumerate(self.pictures):
            begin, end = (count * step // len(self.pictures) for step in (index, index + 1))
            photo = Image.open(picture).convert("RGB")
            backdrop = _cover(photo, VERTICAL).filter(ImageFilter.GaussianBlur(24)).point(lambda value: value * 0.45)
            for number in range(begin, end):
                frame = backdrop.copy()
                near = _near(photo, (number - begin) / max(1, end - begin))
                frame.paste(near, (0, (VERTICAL[1] - near.height) // 2))
                self._write(frame, number / FPS)
                yield frame

    def _write(self, frame: Image.Image, at: float) -> None:
        draw = ImageDraw.Draw(frame)
        _centred(draw, self.headline, 90, _font(self.font, 40), (255, 230, 120))
        for caption in self.captions:
            if caption.start <= at < caption.end:
                _centred(draw, caption.text, VERTICAL[1] - 190, _font(self.font, 34), (255, 255, 255))


@dataclass(frozen=True, slots=True)
class Footage:
    """The first `duration` seconds of a video's pictures, at `FPS`."""

    video: Path
    duration: float

    def frames(self) -> Iterator[Image.Image]:
        """The frames in order, RGB, `FPS` a second; the source's nearest frame not before each time."""
        wanted = 0
        with av.open(str(self.video)) as container:
            for frame in container.decode(video=0):
                while wanted < self.duration * FPS and frame.time is not None and frame.time >= wanted / FPS - 1e-6:
                    yield Image.fromarray(frame.to_ndarray(format="rgb24"))
                    wanted += 1
                if wanted >= self.duration * FPS:
                    return


def _cover(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    scale = max(size[0] / photo.width, size[1] / photo.height)
    wide = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BILINEAR)
    left, top = (wide.width - size[0]) // 2, (wide.height - size[1]) // 2
    return wide.crop((left, top, left + size[0], top + size[1]))


def _near(photo: Image.Image, progress: float) -> Image.Image:
    """The photo at the frame's width, its middle shown up to 8 % nearer as `progress` goes from 0 to 1."""
    shown = 1.0 - 0.08 * progress
    width, height = photo.width * shown, photo.height * shown
    left, top = (photo.width - width) / 2, (photo.height - height) / 2
    target = (VERTICAL[0], round(VERTICAL[0] * photo.height / photo.width) // 2 * 2)
    return photo.resize(target, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))


def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout engine needs no system library, so that every machine draws the same pixels.
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def _centred(
    draw: ImageDraw.ImageDraw, text: str, top: int, font: ImageFont.FreeTypeFont, colour: tuple[int, int, int]
) -> None:
    draw.multiline_text(
        (VERTICAL[0] / 2, top),
        text,
        font=font,
        fill=colour,
        anchor="ma",
        align="center",
        spacing=10,
        stroke_width=3,
        stroke_fill=(0, 0, 0),
    )


def write_clip(path: Path, frames: Iterable[Image.Image], sound: Path | None, duration: float) -> None:
    """Encodes H.264 (and AAC where there is sound, cut at `duration` seconds) into an MP4 at `path`."""
    temporary = path.with_suffix(".part")
    try:
        with av.open(str(temporary), "w", format="mp4", container_options=_BITEXACT) as container:
            packets = [
                *_video_packets(container, frames),
                *(_audio_packets(container, sound, duration) if sound else ()),
            ]
            for packet in sorted(packets, key=_time_of):
                container.mux(packet)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _time_of(packet: av.Packet[Any]) -> Fraction:
    return Fraction(packet.dts or 0) * packet.time_base


def _video_packets(container: av.container.OutputContainer, frames: Iterable[Image.Image]) -> list[av.Packet[Any]]:
    stream = container.add_stream("libx264", rate=FPS, options=_VIDEO_OPTIONS)
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    packets: list[av.Packet[Any]] = []
    for number, image in enumerate(frames):
        if number == 0:
            stream.width, stream.height = image.width // 2 * 2, image.height // 2 * 2
        frame = av.VideoFrame.from_ndarray(np.asarray(image.crop((0, 0, stream.width, stream.height))), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def _audio_packets(container: av.container.OutputContainer, sound: Path, duration: float) -> list[av.Packet[Any]]:
    stream = container.add_stream("aac", rate=AUDIO_RATE, layout="mono", options={"b": "96k"})
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    samples = _samples(sound)[:, : round(duration * AUDIO_RATE)]
    packets: list[av.Packet[Any]] = []
    for start in range(0, samples.shape[1], 1024):
        block = np.ascontiguousarray(samples[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = AUDIO_RATE, start, Fraction(1, AUDIO_RATE)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def _samples(sound: Path) -> NDArray[np.float32]:
    """The recording as mono float32 of shape (1, samples) at `AUDIO_RATE`."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=AUDIO_RATE)
    blocks: list[NDArray[np.float32]] = []
    with av.open(str(sound)) as container:
        for frame in container.decode(audio=0):
            blocks += [resampled.to_ndarray().astype(np.float32, copy=False) for resampled in resampler.resample(frame)]
    blocks += [resampled.to_ndarray().astype(np.float32, copy=False) for resampled in resampler.resample(None)]
    return np.concatenate(blocks, axis=1)
