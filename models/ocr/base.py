"""OCR: a frame in, text on screen with boxes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.identity import ModelIdentity


@dataclass(frozen=True, slots=True)
class TextBox:
    """A line of text; the box is (left, top, right, bottom) as shares of the frame's width and height."""

    text: str
    confidence: float
    box: tuple[float, float, float, float]


class OcrEngine(Protocol):
    """Reads RGB uint8 frames of shape (height, width, 3), any size; lines come in reading order."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and code, and what changes their output."""
        ...

    def read(self, frame: NDArray[np.uint8]) -> tuple[TextBox, ...]:
        """Lines of text on the frame; empty where there is none."""
        ...
