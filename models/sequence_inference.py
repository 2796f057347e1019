"""A trained sequence model for requests, in NumPy: no PyTorch in a process that serves.

A viewer's past is fifty short vectors: through PyTorch the threads cost several times the arithmetic. What it computes
is `models.sequence.SequenceNetwork` without dropout; tests hold one against the other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from models.sequence_shape import LENGTH, SPREAD, SequenceShape

Array = NDArray[np.float32]

_SMALL = np.float32(1e-5)
"""What PyTorch adds to a variance."""

_LEAST_NORM = np.float32(1e-12)


class SequenceModel:
    """Arrays in, arrays out. Safe to share between threads."""

    def __init__(self, shape: SequenceShape, weights: Mapping[str, Array]) -> None:
        """`weights` by the network's names. Raises `ValueError` where one is missing or does not fit the shape."""
        for name, wanted in _shapes(shape).items():
            found = weights[name].shape if name in weights else None
            if found != wanted:
                raise ValueError(f"the weights don't fit: {name} is {found}, not {wanted}")
        self.shape = shape
        self._weights = weights

    def embed(self, contents: Array) -> tuple[Array, Array]:
        """Content vectors, shape (videos, dim), to videos, shape (videos, width), and their biases, shape (videos,)."""
        centred = contents - self._weights["centre"]
        norms = np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), _LEAST_NORM)
        hidden = _gelu(self._linear("videos.1", SPREAD * centred / norms))
        videos = self._linear("videos.4", hidden)
        return videos, self._linear("popular", videos)[:, 0]

    def states(self, sequences: Array) -> Array:
        """Where viewers stand after what they took to: sequences of videos, oldest first, all of one length, shape
        (viewers, length, width) as `embed` gives them; states of shape (viewers, width).
        """
        length = sequences.shape[1]
        found = sequences + self._weights["places.weight"][LENGTH - length :]
        for number in range(self.shape.layers):
            layer = f"viewers.layers.{number}"
            seen = self._normed(f"{layer}.norm1", found)
            # Of the last layer, only where the viewer stands at the end is asked for.
            since = length - 1 if number == self.shape.layers - 1 else 0
            found = found[:, since:] + self._attention(layer, seen, since)
            hidden = _gelu(self._linear(f"{layer}.linear1", self._normed(f"{layer}.norm2", found)))
            found = found + self._linear(f"{layer}.linear2", hidden)
        return self._normed("norm", found[:, -1])

    def _attention(self, layer: str, seen: Array, since: int) -> Array:
        """What each place from `since` on takes from those up to itself; shape (viewers, length - since, width)."""
        viewers, length, width = seen.shape
        heads = self.shape.heads
        weights = np.split(self._weights[f"{layer}.self_attn.in_proj_weight"], 3)
        biases = np.split(self._weights[f"{layer}.self_attn.in_proj_bias"], 3)

        def projected(number: int, given: Array) -> Array:
            found = given @ weights[number].T + biases[number]
            return found.reshape(viewers, given.shape[1], heads, width // heads).swapaxes(1, 2)

        asked, keys, values = projected(0, seen[:, since:]), projected(1, seen), projected(2, seen)
        scores = asked @ keys.swapaxes(2, 3) / np.float32(np.sqrt(width // heads))
        # Nothing sees what comes later.
        scores += np.triu(np.full((length - since, length), -np.inf, np.float32), since + 1)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ values
        return self._linear(f"{layer}.self_attn.out_proj", mixed.swapaxes(1, 2).reshape(viewers, length - since, width))

    def _linear(self, name: str, given: Array) -> Array:
        found: Array = given @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return found

    def _normed(self, name: str, given: Array) -> Array:
        centred = given - given.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _SMALL)
        found: Array = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return found


def _gelu(given: Array) -> Array:
    found: Array = given * (0.5 * (1.0 + erf(given * np.float32(np.sqrt(0.5)))))
    return found


def _shapes(shape: SequenceShape) -> dict[str, tuple[int, ...]]:
    """Every array that a model needs, with its shape."""
    dim, width = shape.dim, shape.width
    found: dict[str, tuple[int, ...]] = {"centre": (dim,), "places.weight": (LENGTH, width)}

    def linear(name: str, size_in: int, size_out: int) -> None:
        found[f"{name}.weight"], found[f"{name}.bias"] = (size_out, size_in), (size_out,)

    def norm(name: str) -> None:
        found[f"{name}.weight"] = found[f"{name}.bias"] = (width,)

    linear("videos.1", dim, 2 * width)
    linear("videos.4", 2 * width, width)
    linear("popular", width, 1)
    norm("norm")
    for number in range(shape.layers):
        layer = f"viewers.layers.{number}"
        found[f"{layer}.self_attn.in_proj_weight"] = (3 * width, width)
        found[f"{layer}.self_attn.in_proj_bias"] = (3 * width,)
        linear(f"{layer}.self_attn.out_proj", width, width)
        linear(f"{layer}.linear1", width, 2 * width)
        linear(f"{layer}.linear2", 2 * width, width)
        norm(f"{layer}.norm1")
        norm(f"{layer}.norm2")
    return found
