"""Vectors of many texts, made once: minutes of embedding that a second run need not repeat."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.metrics.similarity import Matrix
from models.text.base import TextEngine

_BATCH = 64


class KeptVectors:
    """Embeds lists of passages and shows how far it is; with a `folder`, a list that was embedded before is read.

    `texts` and `seconds` count what was really embedded, so a run that read everything says 0.
    """

    def __init__(self, engine: TextEngine, folder: Path | None, progress: Console) -> None:
        self._engine = engine
        self._folder = folder
        self._progress = progress
        self.texts = 0
        self.seconds = 0.0

    def passages(self, texts: Sequence[str], said: str) -> Matrix:
        """Unit vectors of `texts`, shape (texts, dim); equal texts are embedded once. `said` names the work."""
        distinct = list(dict.fromkeys(texts))
        place = {text: row for row, text in enumerate(distinct)}
        return self._distinct(distinct, said)[[place[text] for text in texts]]

    def _distinct(self, texts: Sequence[str], said: str) -> Matrix:
        key = hashlib.sha256("\0".join([str(self._engine.identity), *texts]).encode()).hexdigest()[:24]
        file = None if self._folder is None else self._folder / f"{key}.npy"
        if file is not None and file.is_file():
            return np.asarray(np.load(file, allow_pickle=False), dtype=np.float32)
        started = time.monotonic()
        parts = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        rows = [self._engine.embed_passages(part) for part in track(parts, said, console=self._progress)]
        self.texts += len(texts)
        self.seconds += time.monotonic() - started
        vectors = np.asarray(np.concatenate(rows), dtype=np.float32)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".tmp.npy")
            np.save(partial, vectors, allow_pickle=False)
            partial.replace(file)
        return vectors
