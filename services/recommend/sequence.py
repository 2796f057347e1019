"""What viewers go on to after what this one took to: the trained sequence model in memory, for requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from models.sequence_inference import SequenceModel
from models.sequence_shape import LENGTH, SequenceShape
from services.library.best import best_rows
from services.library.blobs import BlobStore
from services.library.preference import reactions_of, taken_in_order
from services.library.sequences import StoredSequenceModel, load_sequence_model, sequence_versions
from services.library.versions import Array
from services.recommend.sources.base import SourceRequest
from services.recommend.trained import Trained

Contents = Callable[[Iterable[str]], Mapping[str, Array]]
"""Text vectors of videos by id; videos without one are left out."""

LEAST_TAKEN = 3
"""Videos that a viewer must have taken to before their order says anything; training asks for as many."""

_CAUSES = 5
"""Videos that a score may be put down to, the latest."""

_KEPT = 100_000
"""Vectors kept of videos that training did not know."""


class SequenceSpace:
    """One version of the model. Safe to share between threads."""

    def __init__(self, stored: StoredSequenceModel) -> None:
        """Raises `ValueError` where weights and shape don't fit."""
        meta = stored.meta
        self.version, self.dim = meta.version, meta.dim
        shape = SequenceShape(meta.dim, meta.width, meta.layers, meta.heads)
        self.model = SequenceModel(shape, stored.weights)
        self.video_ids, self.vectors, self.biases = stored.video_ids, stored.vectors, stored.biases
        self.mean = stored.vectors.mean(axis=0)
        self.rows = {video: row for row, video in enumerate(stored.video_ids)}
        self._new: dict[str, tuple[Array, Array, float]] = {}

    def embedded(self, video_ids: Sequence[str], contents: Contents) -> dict[str, tuple[Array, float]]:
        """Vectors and biases by id: as trained, or else from the content; videos without content, or with content of
        another length than the model knows, are left out.
        """
        found = {
            one: (self.vectors[self.rows[one]], float(self.biases[self.rows[one]]))
            for one in video_ids
            if one in self.rows
        }
        missing = [one for one in video_ids if one not in found]
        texts = {one: text for one, text in contents(missing).items() if len(text) == self.dim} if missing else {}
        kept = self._new  # another thread may begin anew meanwhile
        # What is kept counts for as long as the content is the same.
        unknown = [one for one, text in texts.items() if one not in kept or kept[one][0] is not text]
        if unknown:
            vectors, biases = self.model.embed(np.stack([texts[one] for one in unknown]))
            if len(kept) + len(unknown) > _KEPT:
                kept = self._new = {one: kept[one] for one in texts if one in kept}
            kept.update({one: (texts[one], vectors[row], float(biases[row])) for row, one in enumerate(unknown)})
        return found | {one: kept[one][1:] for one in texts}

    def viewer(self, taken: Sequence[str], contents: Contents) -> SequenceViewer | None:
        """A viewer from the videos that they took to, oldest first; None where the model knows too few of them."""
        latest = list(taken)[-LENGTH:]
        known = self.embedded(latest, contents)
        path = [one for one in latest if one in known]
        if len(path) < LEAST_TAKEN:
            return None
        return SequenceViewer(self, contents, tuple(path), np.stack([known[one][0] for one in path]))


@dataclass(frozen=True)
class SequenceViewer:
    """A viewer in one version of the model. `taken`: what they took to, oldest first; `path` its vectors, shape
    (videos, width). Only the order of scores means something.
    """

    space: SequenceSpace
    contents: Contents
    taken: tuple[str, ...]
    path: Array = field(repr=False)

    @property
    def version(self) -> str:
        """The training that scores come from."""
        return self.space.version

    @cached_property
    def state(self) -> Array:
        """Where the viewer stands, shape (width,)."""
        state: Array = self.space.model.states(self.path[None])[0]
        return state

    def best(self, limit: int, *, without: Iterable[str] = ()) -> list[tuple[str, float]]:
        """Of the videos that training knew: (video id, score), best first, none of `without`."""
        rows, ids = self.space.rows, self.space.video_ids
        scores = self.space.vectors @ self.state + self.space.biases
        best = best_rows(scores, limit, without=[rows[one] for one in without if one in rows])
        return [(ids[row], float(scores[row])) for row in best]

    def score(self, video_ids: Sequence[str]) -> dict[str, float]:
        """Scores of these videos, of those that nobody took to yet by their content."""
        space = self.space
        known = [one for one in video_ids if one in space.rows]
        rows = [space.rows[one] for one in known]
        scores = dict(zip(known, (space.vectors[rows] @ self.state + space.biases[rows]).tolist(), strict=True))
        new = [one for one in video_ids if one not in scores]
        for one, (vector, bias) in space.embedded(new, self.contents).items():
            scores[one] = float(vector @ self.state) + bias
        return scores

    def causes(self, video_id: str) -> list[tuple[str, float]]:
        """By how much the score falls, beside the mean of all scores, without each of the latest videos that the viewer
        took to, most first.
        """
        found = self.space.embedded([video_id], self.contents)
        if video_id not in found:
            return []
        falls = (self.state - self._states_without) @ (found[video_id][0] - self.space.mean)
        return sorted(zip(self._latest, falls.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))

    @property
    def _latest(self) -> tuple[str, ...]:
        return self.taken[-_CAUSES:]

    @cached_property
    def _states_without(self) -> Array:
        """Where the viewer would stand without each of the latest, shape (latest, width)."""
        places = range(len(self.taken) - len(self._latest), len(self.taken))
        return self.space.model.states(np.stack([np.delete(self.path, place, axis=0) for place in places]))


class Sequences:
    """Reads the model in use, as `Trained` does. Safe to share between threads."""

    def __init__(self, blobs: BlobStore, *, check_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        def load(version: str) -> SequenceSpace:
            try:
                return SequenceSpace(load_sequence_model(blobs, version))
            except ValueError as error:
                raise sequence_versions(blobs).unreadable(version, str(error)) from error

        self._trained = Trained(sequence_versions(blobs), load, check_s=check_s, clock=clock)

    def space(self) -> SequenceSpace | None:
        """The model in use; None before the first training."""
        return self._trained.get()

    def viewer(self, request: SourceRequest) -> SequenceViewer | None:
        """The viewer of a request; None when nothing can be said of them."""
        space = self.space()
        if space is None:
            return None
        return space.viewer(taken_in_order(reactions_of(request.taste.events)), request.catalogue.texts)
