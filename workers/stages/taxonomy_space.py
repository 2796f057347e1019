"""The taxonomy as vectors, in the text encoder's space and in the frames' space, computed once and kept as blobs."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.profile import Role
from models.runtime import Runtime
from models.vision.matching import Matching
from services.library.blobs import BlobStore
from services.library.taxonomy.loader import load_taxonomy
from services.library.taxonomy.types import Topic

Matrix = NDArray[np.float32]

HALF = 0.345
"""Cosine at which a topic is as likely right as wrong (labelled clips, the lite profile's text engine)."""

SLOPE = 0.05
"""Cosine by which the log odds of a topic rise by one."""

_LEAST = 1e-4
_LAYOUT = "2"
"""Raised when what is kept of a space changes."""

_lock = threading.Lock()
_spaces: dict[str, TaxonomySpace] = {}


@dataclass(frozen=True, slots=True)
class TaxonomySpace:
    """Rows follow `load_taxonomy().leaves`, each of unit length; `text` is centred on what short texts have in common.

    A leaf in `text` is the mean of its names and descriptions in both languages, each kind centred by itself: one text
    of name and description sits nearer to its language and length than to what it is about (`benchmarks/README.md`).

    `centre` has shape (1, dim) and is to be taken from a passage vector before it is compared with `text`. `visual` is
    centred as well where the vision engine learned no scale for its cosines (`scale` is then 0, of shape (1,)).
    """

    text: Matrix
    visual: Matrix
    centre: Matrix
    scale: Matrix

    def by_text(self, passages: Matrix) -> Matrix:
        """Cosines of passage vectors, shape (n, dim), with every leaf: shape (n, leaves)."""
        return np.asarray(_unit(passages - self.centre) @ self.text.T, dtype=np.float32)

    def by_frames(self, vectors: Matrix) -> Matrix:
        """How near frame vectors, shape (n, dim), are to every leaf, as cosines of texts would be: (n, leaves).

        A space with a learned scale says how likely a leaf is among all of them. That is placed where a text's cosine
        would mean the same: at `HALF` for even odds, `SLOPE` further for each step of the log odds.
        """
        if not self.scale[0]:
            return np.asarray(vectors @ self.visual.T, dtype=np.float32)
        likely = Matching(float(self.scale[0])).among(vectors, self.visual)
        odds = np.log(np.maximum(likely, _LEAST)) - np.log(np.maximum(1.0 - likely, _LEAST))
        return np.asarray(HALF + SLOPE * odds, dtype=np.float32)


def taxonomy_space(runtime: Runtime, blobs: BlobStore) -> TaxonomySpace:
    """The space for this runtime's models; computed when first asked for, then read from the blob store."""
    leaves = load_taxonomy().leaves
    prompts = [text for kind in _prompts(leaves) for text in kind]
    named = "\n".join([_LAYOUT, str(runtime.identity(Role.TEXT)), str(runtime.identity(Role.VISION)), *prompts])
    key = hashlib.sha256(named.encode()).hexdigest()[:24]
    with _lock:
        if key not in _spaces:
            blob = f"derived/taxonomy/{key}.npz"
            if not blobs.exists(blob):
                blobs.put_bytes(_packed(_compute(runtime, leaves)), blob)
            with np.load(io.BytesIO(blobs.get_bytes(blob)), allow_pickle=False) as stored:
                _spaces[key] = TaxonomySpace(**{name: stored[name] for name in TaxonomySpace.__slots__})
        return _spaces[key]


def leaf_vectors(leaves: Sequence[Topic], embed: Callable[[Sequence[str]], Matrix]) -> tuple[Matrix, Matrix]:
    """Rows for the leaves, shape (leaves, dim), and the centre, shape (1, dim), to take from passages before.

    An ensemble of prompts as in Radford et al. 2021 (CLIP), over kinds of text instead of phrasings of one.
    """
    kinds = [embed(texts) for texts in _prompts(leaves)]
    rows = np.stack([_centred(kind) for kind in kinds]).sum(axis=0)
    return _unit(rows), np.concatenate(kinds).mean(axis=0, keepdims=True)


def _prompts(leaves: Sequence[Topic]) -> tuple[list[str], ...]:
    return (
        [leaf.en for leaf in leaves],
        [leaf.description_en for leaf in leaves],
        [leaf.zh for leaf in leaves],
        [leaf.description_zh for leaf in leaves],
    )


def _compute(runtime: Runtime, leaves: Sequence[Topic]) -> TaxonomySpace:
    with runtime.calling(Role.TEXT):
        text, centre = leaf_vectors(leaves, runtime.text.embed_passages)
    with runtime.calling(Role.VISION):
        by_language = {
            "en": runtime.vision.embed_texts([f"{leaf.en}. {leaf.description_en}" for leaf in leaves]),
            "zh": runtime.vision.embed_texts([f"{leaf.zh}。{leaf.description_zh}" for leaf in leaves]),
        }
        languages, matching = runtime.vision.languages, runtime.vision.matching
    # A language that the engine doesn't know would only add noise to the one it does.
    known = [rows for language, rows in by_language.items() if language in languages]
    visual = _unit(np.asarray(np.mean(known, axis=0), dtype=np.float32))
    if matching is None:
        visual = _unit(visual - visual.mean(axis=0, keepdims=True))
    scale = np.array([matching.scale if matching else 0.0], dtype=np.float32)
    return TaxonomySpace(text, visual, centre, scale)


def _centred(matrix: Matrix) -> Matrix:
    return _unit(np.asarray(matrix - matrix.mean(axis=0, keepdims=True), dtype=np.float32))


def _unit(matrix: Matrix) -> Matrix:
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.maximum(norms, 1e-12), dtype=np.float32)


def _packed(space: TaxonomySpace) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{name: getattr(space, name) for name in TaxonomySpace.__slots__})
    return buffer.getvalue()
