"""ConSE: an image's place in a text space, from what a classifier sees in it.

Norouzi et al. 2013, "Zero-Shot Learning by Convex Combination of Semantic Embeddings": the vector of an image is the
mean of the text vectors of its most probable class names, weighted by their probabilities. Departures, measured on
labelled clips (`benchmarks/README.md`): the class vectors are centred on their mean, because sentence encoders put all
short texts close together; a query is centred in the same way; a class has names in several languages, each language
centred by itself, because texts of one language are nearer together than texts of one meaning.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


class SemanticSpace:
    """The text vectors of the class names, shape (classes, dim), and what follows from them.

    `translations` are vectors of the same classes' names in other languages; queries are centred on the first names.
    """

    def __init__(self, class_vectors: Matrix, *translations: Matrix, top: int = 10) -> None:
        self._mean = class_vectors.mean(axis=0, keepdims=True)
        named = [unit_rows(names - names.mean(axis=0, keepdims=True)) for names in (class_vectors, *translations)]
        self._classes = unit_rows(np.stack(named).sum(axis=0))
        self._top = top

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self._classes.shape[1])

    def images(self, probabilities: Matrix) -> Matrix:
        """Place images by their class probabilities, shape (images, classes); the result has unit rows."""
        best = np.argsort(-probabilities, axis=1)[:, : self._top]
        weights = np.take_along_axis(probabilities, best, axis=1)
        return unit_rows(np.einsum("nk,nkd->nd", weights, self._classes[best]))

    def texts(self, vectors: Matrix) -> Matrix:
        """Place texts by their vectors from the encoder that made the class vectors; the result has unit rows."""
        return unit_rows(vectors - self._mean)


def unit_rows(matrix: Matrix) -> Matrix:
    """Scale rows to unit length; a zero row stays zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.maximum(norms, 1e-12), dtype=np.float32)
