"""EfficientNet-Lite2 (Tan and Le 2019, ImageNet-1k) placed in the text encoder's space by ConSE."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.grouping import Grouping, alone
from models.identity import ModelIdentity
from models.kept_vectors import kept_vectors
from models.text.base import TextEngine
from models.vision.base import FrameFeatures, VisualLabel
from models.vision.conse import SemanticSpace
from models.vision.label_names import imagenet_names

if TYPE_CHECKING:
    from models.vision.efficientnet_network import EfficientNetLite2

_SIDE = 260
"""Input side of EfficientNet-Lite2, pixels."""

_BATCH = 8
_MAX_LABELS = 5
_MIN_PROBABILITY = 0.05

_NEAR_TEXT = 0.26
"""About the 98th percentile of a text's nearest frame among pairs of unrelated labelled clips."""


class EfficientNetConse:
    """Frames become probabilities over 1,000 classes, and those a vector that text reaches.

    The middle square of a frame is what is looked at: short video keeps its subject there, and squeezing a vertical
    frame into a square costs the classifier more than the edges are worth (measured).
    """

    def __init__(
        self,
        weights: Path,
        text: TextEngine,
        identity: ModelIdentity,
        *,
        cache: Path,
        threads: int = 0,
        grouping: Grouping = alone,
    ) -> None:
        self._weights = weights
        self._threads = threads
        self._network: EfficientNetLite2 | None = None
        self._lock = threading.Lock()
        self._see: Callable[[Sequence[NDArray[np.float32]]], list[NDArray[np.float32]]] = grouping(
            self._probabilities, name=f"vision {identity.name}, frames", size=_BATCH
        )
        self._names = imagenet_names()
        self._text = text
        self._space = SemanticSpace(
            *(
                kept_vectors(names, text.identity, text.dim, cache, text.embed_passages)
                for names in ([name.en for name in self._names], [name.zh for name in self._names])
            )
        )
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    @property
    def dim(self) -> int:
        """Numbers in a vector: the text encoder's."""
        return self._space.dim

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of texts that reach the frames: the text encoder's."""
        return ("en", "zh")

    @property
    def matching(self) -> None:
        """None: this space is the text encoder's, and its cosines were no probabilities in any training."""
        return

    @property
    def near_text(self) -> float:
        """Cosine from which a text and a frame are near."""
        return _NEAR_TEXT

    def embed_frames(self, frames: Sequence[NDArray[np.uint8]]) -> FrameFeatures:
        """Embed RGB frames; labels below 5 % are left out, and at most five are kept."""
        if not frames:
            return FrameFeatures(np.zeros((0, self.dim), np.float32), ())
        probabilities = self.classify(frames)
        labels = tuple(self._labels(row) for row in probabilities)
        return FrameFeatures(self._space.images(probabilities), labels)

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed queries into the frames' space; shape (texts, dim)."""
        return self._space.texts(self._text.embed_queries(texts))

    def classify(self, frames: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Class probabilities of frames, shape (frames, 1000)."""
        return np.stack(self._see([_model_input(frame) for frame in frames]))

    def _probabilities(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        # Searching needs the text side only, so neither torch nor the network is loaded before the first frame.
        from models.vision.efficientnet_network import EfficientNetLite2

        with self._lock:
            if self._network is None:
                self._network = EfficientNetLite2(self._weights, batch=_BATCH, side=_SIDE, threads=self._threads)
            return self._network.probabilities(np.stack(inputs))

    def _labels(self, row: NDArray[np.float32]) -> tuple[VisualLabel, ...]:
        best = np.argsort(-row)[:_MAX_LABELS]
        return tuple(
            VisualLabel(self._names[i].en, self._names[i].zh, float(row[i])) for i in best if row[i] >= _MIN_PROBABILITY
        )


def _model_input(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The middle square, scaled, in the network's range, channels first."""
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        raise ModelError(f"a frame must be RGB of shape (height, width, 3) and not empty; this one is {frame.shape}")
    height, width = frame.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = cv2.resize(frame[top : top + side, left : left + side], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(((square.astype(np.float32) - 127.0) / 128.0).transpose(2, 0, 1))
