"""Text: sentences in, vectors out; queries and passages are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.identity import ModelIdentity


class TextEngine(Protocol):
    """Embeds texts; the result has shape (texts, dim), float32, each row of unit length."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and code, and what changes their output."""
        ...

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what somebody looks for."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is there to be found."""
        ...
