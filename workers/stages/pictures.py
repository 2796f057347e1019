"""Pictures for people: a poster and a sprite of the kept frames, made once so that pages need no video to show one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from services.library.pictures import STAGE, Pictures
from services.library.record.types import Lane
from workers.media.types import KeptFrame
from workers.stages.base import Stage, StageContext, StageOutput
from workers.stages.media import MEDIA, MediaOutput

POSTER_EDGE = 640
"""Longer edge of a poster, pixels."""

TILE_HEIGHT = 144
"""Height of a sprite's tile, pixels: enough to tell frames apart over a timeline."""

COLUMNS = 6
"""Tiles to a row of the sprite."""

_QUALITY = 82
"""JPEG quality."""

_DARK = 24.0
"""Mean luma (0 to 255) below which a frame is no poster while there is a lighter one."""

Image = NDArray[np.uint8]


class PicturesOutput(StageOutput):
    """The pictures' keys and sizes."""

    pictures: Pictures


def _run(context: StageContext) -> PicturesOutput:
    media = context.output(MEDIA.name, MediaOutput)
    kept = media.prepared.frames
    if not kept:
        return PicturesOutput(pictures=Pictures())
    frames = [media.frame(context.blobs, frame) for frame in kept]
    poster = _fitted(frames[best_poster(kept, frames)], POSTER_EDGE)
    sprite, (width, height), columns = sheet(frames)
    poster_key, sprite_key = f"{context.folder}/poster.jpg", f"{context.folder}/sprite.jpg"
    context.blobs.put_bytes(_jpeg(poster), poster_key)
    context.blobs.put_bytes(_jpeg(sprite), sprite_key)
    return PicturesOutput(
        pictures=Pictures(
            poster=poster_key,
            poster_width=poster.shape[1],
            poster_height=poster.shape[0],
            sprite=sprite_key,
            tile_width=width,
            tile_height=height,
            columns=columns,
            times=tuple(frame.at for frame in kept),
        )
    )


def best_poster(kept: tuple[KeptFrame, ...], frames: list[Image]) -> int:
    """Index of the frame that stands for the video: the sharpest that is not dark; the first of equals."""
    light = [number for number, frame in enumerate(frames) if float(frame.mean()) >= _DARK]
    return max(light or range(len(frames)), key=lambda number: (kept[number].sharpness, -number))


def sheet(frames: list[Image]) -> tuple[Image, tuple[int, int], int]:
    """(sprite, (tile width, tile height), columns): the frames in order, each `TILE_HEIGHT` high."""
    height, width = frames[0].shape[:2]
    tile = (max(1, round(width * TILE_HEIGHT / height)), TILE_HEIGHT)
    columns = min(COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    sprite = np.zeros((rows * tile[1], columns * tile[0], 3), dtype=np.uint8)
    for number, frame in enumerate(frames):
        top, left = number // columns * tile[1], number % columns * tile[0]
        sprite[top : top + tile[1], left : left + tile[0]] = cv2.resize(frame, tile, interpolation=cv2.INTER_AREA)
    return sprite, tile, columns


def _fitted(frame: Image, edge: int) -> Image:
    """The frame with its longer edge at most `edge` pixels."""
    height, width = frame.shape[:2]
    scale = min(1.0, edge / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _jpeg(image: Image) -> bytes:
    made, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not made:
        raise ValueError(f"a picture of shape {image.shape} could not be written as JPEG")
    return data.tobytes()


PICTURES = Stage(STAGE, Lane.PREPARE, 1, PicturesOutput, _run, needs=(MEDIA.name,))
