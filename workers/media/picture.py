"""Decoded pictures as later stages want them: upright, square pixels, small where small will do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

Image = npt.NDArray[np.uint8]

LONG_SIDE = 1280
"""Longest side of a kept frame, pixels."""
THUMBNAIL_SIDE = 256
"""Longest side of the thumbnails that are measured, pixels: enough for sharpness, cheap enough for eight a second."""
JPEG_QUALITY = 92

_MIN_THUMBNAIL_SIDE = 16
_MAX_ASPECT = 16.0


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a decoded picture is turned to be upright: flipped top to bottom first, then turned clockwise (degrees)."""

    rotation: int = 0
    flipped: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation:
        """Read the display matrix that comes with `frame`; upright without one, or with one that makes no sense."""
        # PyAV declares a mapping keyed by strings; it holds SideData and is keyed by its Type.
        side_data = cast("Mapping[SideDataType, SideData]", frame.side_data)
        data = side_data.get(SideDataType.DISPLAYMATRIX)
        if data is None:
            return cls()
        # ISO/IEC 14496-12: x' = a*x + c*y, y' = b*x + d*y with y pointing down, 16.16 fixed point.
        matrix = np.frombuffer(bytes(data), dtype=np.int32, count=9).astype(np.float64)
        a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
        if abs(a * d - b * c) < 1.0:
            return cls()
        quarter_turns = round(math.degrees(math.atan2(b, a)) / 90.0)
        return cls(rotation=quarter_turns * 90 % 360, flipped=bool(a * d - b * c < 0))

    def apply(self, image: Image) -> Image:
        """`image` (height, width, 3) upright."""
        if self.flipped:
            image = image[::-1]
        turned = np.rot90(image, k=-self.rotation // 90)
        return np.ascontiguousarray(turned)


class PictureReader:
    """Converts the frames of one stream. `pixel_aspect` is the width of a pixel divided by its height."""

    def __init__(self, pixel_aspect: float = 1.0) -> None:
        self.pixel_aspect = pixel_aspect if 1 / _MAX_ASPECT <= pixel_aspect <= _MAX_ASPECT else 1.0
        # A reformatter keeps its scaling tables between frames of one size; a frame's own method builds them anew.
        self._small = VideoReformatter()
        self._large = VideoReformatter()
        self._thumbnail_size: tuple[int, int] | None = None

    def shown_size(self, frame: VideoFrame, orientation: Orientation) -> tuple[int, int]:
        """(width, height) in pixels as a player would show it."""
        width, height = max(1, round(frame.width * self.pixel_aspect)), frame.height
        return (height, width) if orientation.rotation in (90, 270) else (width, height)

    def thumbnail(self, frame: VideoFrame) -> Image:
        """BGR, as coded (not turned), at most `THUMBNAIL_SIDE` long; the same shape for every frame of a file."""
        if self._thumbnail_size is None:
            scale = min(1.0, THUMBNAIL_SIDE / max(frame.width, frame.height))
            self._thumbnail_size = (
                max(_MIN_THUMBNAIL_SIDE, round(frame.width * scale)),
                max(_MIN_THUMBNAIL_SIDE, round(frame.height * scale)),
            )
        return _bgr(self._small, frame, self._thumbnail_size, Interpolation.FAST_BILINEAR)

    def jpeg(self, frame: VideoFrame) -> bytes:
        """The frame as JPEG: upright, square pixels, at most `LONG_SIDE` long."""
        width, height = max(1, round(frame.width * self.pixel_aspect)), frame.height
        scale = min(1.0, LONG_SIDE / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = Orientation.of(frame).apply(_bgr(self._large, frame, size, Interpolation.BICUBIC))
        encoded, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
        if not encoded:
            raise ValueError(f"a picture of {size[0]}x{size[1]} pixels could not be written as JPEG")
        return bytes(data)


def _bgr(reformatter: VideoReformatter, frame: VideoFrame, size: tuple[int, int], how: Interpolation) -> Image:
    options: dict[str, Any] = {"interpolation": how, "src_color_range": frame.color_range}
    small = reformatter.reformat(frame, width=size[0], height=size[1], format="bgr24", **options)
    return small.to_ndarray().astype(np.uint8, copy=False)
