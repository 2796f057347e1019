"""Vision: frames in, vectors out, in a space that text reaches too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.identity import ModelIdentity
from models.vision.matching import Matching


@dataclass(frozen=True, slots=True)
class VisualLabel:
    """Something a frame shows, with its Chinese name where known and the engine's probability in [0, 1]."""

    name: str
    name_zh: str
    probability: float


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """`vectors` has shape (frames, dim), each row of unit length; `labels[i]` are frame i's, best first."""

    vectors: NDArray[np.float32]
    labels: tuple[tuple[VisualLabel, ...], ...]


class VisionEngine(Protocol):
    """Embeds RGB uint8 frames of shape (height, width, 3), any size, and texts into one space."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and code, and what changes their output."""
        ...

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages (ISO 639-1), of Chinese and English, in which texts reach the frames."""
        ...

    @property
    def matching(self) -> Matching | None:
        """How its cosines become probabilities; None where it learned no such thing."""
        ...

    @property
    def near_text(self) -> float:
        """Cosine from which a text and a frame are near enough to be said to be."""
        ...

    def embed_frames(self, frames: Sequence[NDArray[np.uint8]]) -> FrameFeatures:
        """Embed frames; what one shows does not depend on its neighbours."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed queries into the frames' space; shape (texts, dim), unit rows."""
        ...
