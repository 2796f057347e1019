"""Frames as data URLs, for models that look at pictures."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def shrunk(frame: NDArray[np.uint8], side: int) -> Image.Image:
    """An RGB frame of shape (height, width, 3) as a picture whose long side is at most `side` pixels."""
    picture = Image.fromarray(frame)
    scale = side / max(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def jpeg_url(frame: NDArray[np.uint8], *, side: int, quality: int) -> str:
    """An RGB frame as a `data:image/jpeg` URL."""
    packed = io.BytesIO()
    shrunk(frame, side).save(packed, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(packed.getvalue()).decode('ascii')}"
