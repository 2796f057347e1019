"""The product's sequence model offline: its training on what was liked, in order, and its scores of every item."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
from rich.console import Console

from benchmarks.recsys.baselines import Scores, Source
from benchmarks.recsys.content import Texts
from benchmarks.recsys.movielens import MovieLens
from benchmarks.recsys.splits import Split
from models.sequence_shape import LENGTH
from services.library.versions import Array
from services.recommend.sequence import SequenceSpace
from workers.training.sequence import SequenceParameters, learn_sequence
from workers.training.sequence_data import SequenceData


def sequence(data: MovieLens, texts: Texts, parameters: SequenceParameters, console: Console | None = None) -> Source:
    """Trained on a split's known likes, and folded in for each user as a request does it; an item nobody has liked is
    scored by its text.
    """

    def score(split: Split) -> Scores:
        vectors = texts.raw(split)
        learnt = learn_sequence(_known(split, vectors), parameters, now=datetime(2026, 1, 1, tzinfo=UTC))
        if console is not None:
            figures = f"{learnt.meta.epochs} epochs, nDCG of the viewers aside {learnt.meta.ndcg:.4f}"
            console.print(f"sequence model for {split.name}: {figures}", style="dim")
        space = SequenceSpace(learnt)

        def contents(ids: Iterable[str]) -> dict[str, Array]:
            return {one: vectors[int(one)] for one in ids}

        embedded = space.embedded([str(item) for item in range(data.items)], contents)
        items = np.stack([embedded[str(item)][0] for item in range(data.items)])
        biases = np.array([embedded[str(item)][1] for item in range(data.items)], np.float32)
        rows = np.zeros((len(split.asked), data.items), np.float32)
        for row, user in enumerate(split.asked):
            liked = split.known.item[split.known.user == user]
            viewer = space.viewer([str(item) for item in liked], contents)
            if viewer is not None:
                rows[row] = items @ viewer.state + biases
        return rows

    return score


def _known(split: Split, vectors: Array) -> SequenceData:
    """Each user's last likes, oldest first, as `workers.training.sequence_data` reads them from a record."""
    known = np.unique(split.known.item)
    place = np.full(len(vectors), -1, np.int64)
    place[known] = np.arange(len(known))
    users = [split.known.item[split.known.user == user][-LENGTH - 1 :] for user in np.unique(split.known.user)]
    users = [items for items in users if len(items) > 2]
    rows = np.full((len(users), LENGTH + 1), -1, np.int64)
    for row, items in zip(rows, users, strict=True):
        row[len(row) - len(items) :] = place[items]
    return SequenceData(tuple(str(item) for item in known), vectors[known], rows, len(users))
