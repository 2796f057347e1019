"""Image and text towers through `transformers`: SigLIP 2 and SigLIP, CLIP, Chinese-CLIP.

SigLIP 2: Tschannen et al. 2025. CLIP: Radford et al. 2021. Chinese-CLIP: Yang et al. 2022. Texts reach pictures
directly here; what a frame shows is told by comparing it with the phrases of a vocabulary (zero-shot).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable, ModelError
from models.grouping import Grouping, alone
from models.identity import ModelIdentity
from models.kept_vectors import kept_vectors
from models.torch_loading import load_model, load_part, torch_device, torch_dtype
from models.vision.base import FrameFeatures, VisualLabel
from models.vision.conse import unit_rows
from models.vision.dual_families import family_of, languages_of
from models.vision.engines import DualOptions
from models.vision.label_names import LabelName
from models.vision.matching import Matching
from models.vision.vocabulary import vocabulary

try:
    import torch
    from PIL import Image
    from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoTokenizer
except ImportError as error:
    raise EngineUnavailable("transformers is not installed; run: pip install 'reelwise[standard]'") from error

_log = logging.getLogger(__name__)

_MAX_LABELS = 5
_MIN_PROBABILITY = 0.05

Matrix = NDArray[np.float32]
Prepared = dict[str, torch.Tensor]
"""A frame as the model takes it: tensors of one row."""


class TransformersDual:
    """Embeds frames and texts into one space; safe to call from several threads."""

    def __init__(
        self,
        folder: Path,
        identity: ModelIdentity,
        options: DualOptions,
        *,
        cache: Path,
        threads: int = 0,
        grouping: Grouping = alone,
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._device = torch_device(options.device)
        self._dtype = torch_dtype(options, self._device)
        config = load_part(AutoConfig, folder, "configuration")
        self._family = family_of(config, folder)
        self._languages = languages_of(config)
        self._model = load_model(AutoModel, folder, self._dtype, self._device)
        self._processor = load_part(AutoImageProcessor, folder, "image processor", backend="pil")
        self._tokenizer = load_part(AutoTokenizer, folder, "tokenizer")
        # The library's tokenizers keep their padding and truncation as state.
        self._tokenizing = threading.Lock()
        self._max_tokens = self._family.max_tokens or int(config.text_config.max_position_embeddings)
        self._see: Callable[[Sequence[Prepared]], list[Matrix]] = grouping(
            self._pictures, name=f"vision {identity.name}, frames", size=options.batch
        )
        self._read: Callable[[Sequence[str]], list[Matrix]] = grouping(
            self._texts, name=f"vision {identity.name}, texts", size=options.batch, urgent=True
        )
        self._identity = identity
        self._dim = int(self._texts([""]).shape[1])
        scale = float(self._model.logit_scale.detach().float().exp())
        self._matching = Matching(scale, float(self._model.logit_bias.detach()) if self._family.sigmoid else None)
        self._names = vocabulary(options.vocabulary)
        self._named = kept_vectors(
            [self._family.phrase(name) for name in self._names], identity, self._dim, cache, self.embed_texts
        )

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self._dim

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of texts that reach the pictures."""
        return self._languages

    @property
    def matching(self) -> Matching:
        """The scale and the bias that the model learned."""
        return self._matching

    @property
    def near_text(self) -> float:
        """Cosine from which a text and a frame are near."""
        return self._matching.near

    def embed_frames(self, frames: Sequence[NDArray[np.uint8]]) -> FrameFeatures:
        """Embed RGB frames; labels below 5 % are left out, and at most five are kept."""
        if not frames:
            return FrameFeatures(np.zeros((0, self._dim), np.float32), ())
        vectors = unit_rows(np.stack(self._see([self._prepared(frame) for frame in frames])))
        likely = self._matching.each(vectors, self._named)
        return FrameFeatures(vectors, tuple(self._labels(row) for row in likely))

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        """Embed texts into the frames' space; shape (texts, dim). What exceeds the model's length is not read."""
        if not texts:
            return np.zeros((0, self._dim), np.float32)
        return unit_rows(np.stack(self._read(texts)))

    def _prepared(self, frame: NDArray[np.uint8]) -> Prepared:
        """One frame as the model takes it. Alone, so that neither its neighbours nor their number can matter."""
        return dict(self._processor(images=[_picture(frame)], return_tensors="pt"))

    def _pictures(self, prepared: Sequence[Prepared]) -> Matrix:
        inputs = {name: torch.cat([one[name] for one in prepared]).to(self._device) for name in prepared[0]}
        moved = {name: value.to(self._dtype) if value.is_floating_point() else value for name, value in inputs.items()}
        with torch.inference_mode():
            return _numbers(self._model.get_image_features(**moved))

    def _texts(self, texts: Sequence[str]) -> Matrix:
        family = self._family
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        with self._tokenizing:
            tokens = self._tokenizer(
                [text.lower() for text in clean] if family.lower_case else clean,
                padding="max_length" if family.full_length else "longest",
                padding_side="right",
                truncation=True,
                max_length=self._max_tokens,
                return_tensors="pt",
            )
        if family.full_length:
            tokens = {"input_ids": tokens["input_ids"]}
        elif bool((tokens["attention_mask"].sum(dim=1) == self._max_tokens).any()):
            _log.debug("a text reaches %s's %d tokens; what follows is not read", self._identity.name, self._max_tokens)
        with torch.inference_mode():
            return _numbers(
                self._model.get_text_features(**{name: value.to(self._device) for name, value in tokens.items()})
            )

    def _labels(self, row: Matrix) -> tuple[VisualLabel, ...]:
        best = np.argsort(-row)[:_MAX_LABELS]
        return tuple(_label(self._names[i], float(row[i])) for i in best if row[i] >= _MIN_PROBABILITY)


def _label(name: LabelName, probability: float) -> VisualLabel:
    return VisualLabel(name.en, name.zh, probability)


def _numbers(output: Any) -> Matrix:
    """The pooled (and projected) vectors, unscaled; half precision is widened before anything is added up."""
    vectors = output if isinstance(output, torch.Tensor) else output.pooler_output
    return np.asarray(vectors.float().cpu().numpy(), dtype=np.float32)


def _picture(frame: NDArray[np.uint8]) -> Image.Image:
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        raise ModelError(f"a frame must be RGB of shape (height, width, 3) and not empty; this one is {frame.shape}")
    return Image.fromarray(frame)
