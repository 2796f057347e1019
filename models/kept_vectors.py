"""Vectors of an engine's own vocabulary, kept on disk: a thousand texts take seconds to embed."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.identity import ModelIdentity

_log = logging.getLogger(__name__)


def kept_vectors(
    texts: Sequence[str],
    encoder: ModelIdentity,
    dim: int,
    cache: Path,
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """The texts' vectors, shape (texts, dim): read from the folder `cache`, or embedded and kept there."""
    key = hashlib.sha256("\n".join([str(encoder), *texts]).encode()).hexdigest()[:16]
    file = cache / f"class-vectors-{key}.npy"
    kept = _read(file, (len(texts), dim))
    if kept is not None:
        return kept
    vectors = embed(texts)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp.npy")
        np.save(partial, vectors, allow_pickle=False)
        partial.replace(file)
    except OSError as error:
        # A weights folder shared read-only, or a full disk: the vectors are made anew at each start instead.
        _log.warning("the class vectors cannot be kept in %s: %s", cache, error)
    return vectors


def _read(file: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
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
