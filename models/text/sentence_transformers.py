"""Any text encoder that `sentence-transformers` loads: Qwen3-Embedding, BGE-M3, E5 and others, from a local folder.

Query and passage prompts come from the model's own configuration. Cutting vectors short is for models trained for it
(Kusupati et al. 2022, "Matryoshka Representation Learning").
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable, ModelError, ProfileInvalid
from models.grouping import Grouping, alone
from models.identity import ModelIdentity
from models.text.engines import SentenceTransformersOptions
from models.torch_loading import LOCAL, quiet, torch_device, torch_dtype

try:
    import torch
    from safetensors import SafetensorError, safe_open
    from sentence_transformers import SentenceTransformer
except ImportError as error:
    raise EngineUnavailable("sentence-transformers is not installed; run: pip install 'reelwise[standard]'") from error

_PASSAGE_PROMPTS = ("document", "passage", "corpus")

Matrix = NDArray[np.float32]
Encode = Callable[[Sequence[str]], list[Matrix]]


class SentenceTransformers:
    """Embeds texts; of a long one the first `max_tokens` are read. Safe to call from several threads."""

    def __init__(
        self,
        folder: Path,
        identity: ModelIdentity,
        options: SentenceTransformersOptions,
        *,
        threads: int = 0,
        grouping: Grouping = alone,
    ) -> None:
        quiet()
        _check_folder(folder)
        if threads:
            torch.set_num_threads(threads)
        device = torch_device(options.device)
        try:
            self._model = SentenceTransformer(
                str(folder),
                device=str(device),
                model_kwargs={"dtype": torch_dtype(options, device), "use_safetensors": True},
                **LOCAL,
            )
        except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
            raise ModelError(f"{folder} cannot be loaded: {error}") from error
        _check_complete(self._model, folder)
        # Tokenizers keep their padding and truncation as state.
        self._lock = threading.Lock()
        own = self._model.max_seq_length
        self._model.max_seq_length = min(options.max_tokens, own) if own else options.max_tokens
        query = _prompt(self._model, options.query_prompt, ("query",))
        passage = _prompt(self._model, options.passage_prompt, _PASSAGE_PROMPTS)
        whole = int(self._model.get_embedding_dimension() or self._encode(["a"], "").shape[1])
        if options.dim is not None and options.dim > whole:
            raise ProfileInvalid(
                f"option 'dim': {identity.name} has vectors of {whole} numbers, {options.dim} are asked"
            )
        self._dim = options.dim or whole
        self._identity = identity
        name, size = f"text {identity.name}", options.batch
        self._queries: Encode = grouping(
            partial(self._encode, prompt=query), name=f"{name}, queries", size=size, urgent=True
        )
        self._passages: Encode = grouping(partial(self._encode, prompt=passage), name=f"{name}, passages", size=size)

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self._dim

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """Embed what somebody looks for; shape (texts, dim)."""
        return self._embed(texts, self._queries)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed what is there to be found; shape (texts, dim)."""
        return self._embed(texts, self._passages)

    def _embed(self, texts: Sequence[str], encode: Encode) -> Matrix:
        if not texts:
            return np.zeros((0, self._dim), np.float32)
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        vectors = np.stack(encode(clean))[:, : self._dim]
        # Numbers that are left after cutting have another length than 1.
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)

    def _encode(self, texts: Sequence[str], prompt: str) -> Matrix:
        """All of the texts at once; unscaled."""
        with self._lock:
            found = self._model.encode(
                list(texts), prompt=prompt, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True
            )
        return np.asarray(found, dtype=np.float32)


def _prompt(model: SentenceTransformer, given: str | None, names: Sequence[str]) -> str:
    """The prompt that was given, else the first that the model has under one of the names, else none."""
    if given is not None:
        return given
    return next((prompt for name in names if (prompt := model.prompts.get(name))), "")


def _check_folder(folder: Path) -> None:
    """Raise `ModelError` unless the folder is a sentence-transformers model whose weights are all safetensors."""
    if not (folder / "modules.json").is_file():
        raise ModelError(f"{folder} is no folder of a sentence-transformers model: it has no modules.json")
    parts = {path.parent for path in folder.rglob("*.safetensors")}
    pickled = [path for path in folder.rglob("pytorch_model*.bin") if path.parent not in parts]
    if pickled or not parts:
        why = f"; {pickled[0].relative_to(folder)} may hold code and is not read" if pickled else ""
        raise ModelError(f"{folder} holds no safetensors for a part of the model{why}")


def _check_complete(model: SentenceTransformer, folder: Path) -> None:
    """Raise `ModelError` where weights are missing: the library would make random ones in their place."""
    stored: set[str] = set()
    for file in folder.rglob("*.safetensors"):
        with safe_open(file, framework="pt") as tensors:
            stored.update(tensors.keys())
    # A file may name tensors with the whole model's prefix. No sentence vector uses a pooler's weights.
    encoder: Any = model[0]
    wanted = [name for name, _ in encoder.auto_model.named_parameters() if not name.startswith("pooler.")]
    missing = [name for name in wanted if not any(key == name or key.endswith(f".{name}") for key in stored)]
    if missing:
        raise ModelError(
            f"{folder} lacks weights of its own architecture: {', '.join(missing[:3])} ({len(missing)} in all)"
        )
