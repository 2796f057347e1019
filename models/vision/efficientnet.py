"""EfficientNet-Lite2 (Tan and Le 2019, ImageNet-1k) placed in the text encoder's space by ConSE."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.identity import ModelIdentity
from models.text.base import TextEngine
from models.vision.base import FrameFeatures, VisualLabel
from models.vision.conse import SemanticSpace
from models.vision.label_names import imagenet_names

if TYPE_CHECKING:
    from models.vision.efficientnet_network import EfficientNetLite2

_log = logging.getLogger(__name__)

_SIDE = 260
"""Input side of EfficientNet-Lite2, pixels."""

_BATCH = 8
_MAX_LABELS = 5
_MIN_PROBABILITY = 0.05


class EfficientNetConse:
    """Frames become probabilities over 1,000 classes, and those a vector that text reaches.

    The middle square of a frame is what is looked at: short video keeps its subject there, and squeezing a vertical
    frame into a square costs the classifier more than the edges are worth (measured).
    """

    def __init__(
        self, weights: Path, text: TextEngine, identity: ModelIdentity, *, cache: Path, threads: int = 0
    ) -> None:
        self._weights = weights
        self._threads = threads
        self._network: EfficientNetLite2 | None = None
        self._lock = threading.Lock()
        self._names = imagenet_names()
        self._text = text
        self._space = SemanticSpace(
            _class_vectors(text, [name.en for name in self._names], cache),
            _class_vectors(text, [name.zh for name in self._names], cache),
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
        inputs = np.stack([_model_input(frame) for frame in frames])
        # Searching needs the text side only, so neither torch nor the network is loaded before the first frame.
        from models.vision.efficientnet_network import EfficientNetLite2

        with self._lock:
            if self._network is None:
                self._network = EfficientNetLite2(self._weights, batch=_BATCH, side=_SIDE, threads=self._threads)
            return self._network.probabilities(inputs)

    def _labels(self, row: NDArray[np.float32]) -> tuple[VisualLabel, ...]:
        best = np.argsort(-row)[:_MAX_LABELS]
        return tuple(
            VisualLabel(self._names[i].en, self._names[i].zh, float(row[i])) for i in best if row[i] >= _MIN_PROBABILITY
        )


def _class_vectors(text: TextEngine, names: Sequence[str], cache: Path) -> NDArray[np.float32]:
    """Vectors of the class names, shape (classes, dim), kept on disk: a thousand texts take seconds to embed."""
    key = hashlib.sha256("\n".join([str(text.identity), *names]).encode()).hexdigest()[:16]
    file = cache / f"class-vectors-{key}.npy"
    kept = _read_vectors(file, (len(names), text.dim))
    if kept is not None:
        return kept
    vectors = text.embed_passages(names)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp.npy")
        np.save(partial, vectors, allow_pickle=False)
        partial.replace(file)
    except OSError as error:
        # A weights folder shared read-only, or a full disk: the vectors are made anew at each start instead.
        _log.warning("the class vectors cannot be kept in %s: %s", cache, error)
    return vectors


def _read_vectors(file: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """The vectors kept in the file; None where there is none, or it is not what was written."""
    try:
        vectors = np.asarray(np.load(file, allow_pickle=False), dtype=np.float32)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError) as error:
        _log.warning("%s cannot be read and is made anew: %s", file, error)
        return None
    if vectors.shape != shape or not np.isfinite(vectors).all():
        _log.warning("%s does not hold %d finite vectors of %d numbers and is made anew", file, *shape)
        return None
    return vectors


def _model_input(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The middle square, scaled, in the network's range, channels first."""
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        raise ModelError(f"a frame must be RGB of shape (height, width, 3) and not empty; this one is {frame.shape}")
    height, width = frame.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = cv2.resize(frame[top : top + side, left : left + side], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(((square.astype(np.float32) - 127.0) / 128.0).transpose(2, 0, 1))
