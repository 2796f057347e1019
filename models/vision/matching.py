"""How likely a text belongs to a picture, by the scale and the bias that a model learned for its cosines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

_NEAR_COSINE = 0.28
"""Cosine from which a text is said to fit a picture where a model learned no bias: the bound that LAION-5B's pairs were
kept by (Schuhmann et al. 2022, for CLIP ViT-B/32)."""


@dataclass(frozen=True, slots=True)
class Matching:
    """`scale` and `bias` turn a cosine into a logit. Without a bias only texts among each other can be compared.

    With one, each pair has its own probability (SigLIP: Zhai et al. 2023, "Sigmoid Loss for Language Image
    Pre-Training"); without, the texts share one (CLIP: Radford et al. 2021, "Learning Transferable Visual Models").
    """

    scale: float
    bias: float | None = None

    def each(self, frames: Matrix, texts: Matrix) -> Matrix:
        """Probability of every text for every frame, shape (frames, texts): by itself, or among the texts."""
        if self.bias is None:
            return self.among(frames, texts)
        return np.asarray(1.0 / (1.0 + np.exp(-(self.scale * (frames @ texts.T) + self.bias))), dtype=np.float32)

    def among(self, frames: Matrix, texts: Matrix) -> Matrix:
        """Probability of every text if one of them must be right, shape (frames, texts); rows add up to 1."""
        logits = self.scale * (frames @ texts.T).astype(np.float64)
        likely = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(likely / likely.sum(axis=1, keepdims=True), dtype=np.float32)

    @property
    def near(self) -> float:
        """Cosine from which a text and a picture are near: likelier than not, where the model can say that."""
        return _NEAR_COSINE if self.bias is None else -self.bias / self.scale
