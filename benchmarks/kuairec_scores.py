"""Ways to score captions against KuaiRec's categories without having seen a label, and how right they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.kept_vectors import KeptVectors
from benchmarks.metrics.similarity import Matrix
from models.vision.conse import unit_rows
from services.library.taxonomy import load_taxonomy
from workers.stages.taxonomy_space import leaf_vectors

_HUB_NEIGHBOURS = 50


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of captions whose category is first, or among the first three, and the mean F1 over categories."""

    top1: float
    top3: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Labels:
    """`names` of the categories; a category's `phrases`; and the category that a topic's slug `stands_for`."""

    names: tuple[str, ...]
    phrases: Mapping[str, Sequence[str]]
    stands_for: Mapping[str, str]


def category_scores(
    labels: Labels, captions: Matrix, reference: Sequence[int], vectors: KeptVectors
) -> dict[str, Matrix]:
    """By method, scores of shape (captions, categories). `reference` are rows whose mean and density may be known.

    "Centred" takes the mean of the reference captions from captions, and of the labels from labels; CSLS (Conneau et
    al. 2018) takes half of a label's mean cosine with its nearest reference captions off its cosines.
    """
    names = vectors.passages(labels.names, "embedding names")
    pairs = [(place, text) for place, name in enumerate(labels.names) for text in (name, *labels.phrases[name])]
    phrases = unit_rows(_less_mean(vectors.passages([text for _, text in pairs], "embedding descriptions")))
    owner = np.array([place for place, _ in pairs])
    described = unit_rows(np.stack([phrases[owner == place].mean(axis=0) for place in range(len(labels.names))]))

    leaves = load_taxonomy().leaves
    topics, centre = leaf_vectors(leaves, lambda texts: vectors.passages(texts, "embedding topics"))
    english = vectors.passages([f"{leaf.en}. {leaf.description_en}" for leaf in leaves], "embedding topics")
    chinese = vectors.passages([f"{leaf.zh}。{leaf.description_zh}" for leaf in leaves], "embedding topics")
    plain_centre = np.concatenate([english, chinese]).mean(axis=0, keepdims=True)
    plain = unit_rows((english + chinese) / 2 - plain_centre)
    mine = [labels.stands_for.get(leaf.slug) or labels.stands_for.get(leaf.parent or "") for leaf in leaves]

    def by_topic(cosines: Matrix) -> Matrix:
        """Of a category, the nearest of the topics that stand for it; -1 where none does."""
        columns = []
        for name in labels.names:
            own = [place for place, category in enumerate(mine) if category == name]
            columns.append(cosines[:, own].max(axis=1) if own else np.full(len(cosines), -1.0, np.float32))
        return np.stack(columns, axis=1)

    centred = unit_rows(captions - captions[list(reference)].mean(axis=0, keepdims=True))
    of_topics, of_descriptions = by_topic(centred @ topics.T), centred @ described.T
    both = np.where(of_topics > -1.0, (of_topics + of_descriptions) / 2, of_descriptions)
    return {
        "nearest name": captions @ names.T,
        "nearest name, centred": centred @ unit_rows(_less_mean(names)).T,
        "topics, one text each": by_topic(unit_rows(captions - plain_centre) @ plain.T),
        "topics, as the pipeline": by_topic(unit_rows(captions - centre) @ topics.T),
        "topics, centred": of_topics,
        "descriptions, centred": of_descriptions,
        "descriptions, CSLS": of_descriptions - _hubness(of_descriptions[list(reference)]),
        "topics and descriptions, centred": both,
    }


def accuracy(scores: Matrix, right: Sequence[int]) -> Accuracy:
    """`scores` has shape (captions, categories); `right[i]` is row i's category. Equal scores: the earlier one first.

    >>> accuracy(np.array([[0.9, 0.1], [0.8, 0.2]], np.float32), [0, 1])
    Accuracy(top1=0.5, top3=1.0, macro_f1=0.3333333333333333)
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    truth, given = np.asarray(right), order[:, 0]
    f1 = []
    for category in np.unique(truth):
        hits = int(((given == category) & (truth == category)).sum())
        f1.append(2 * hits / int((given == category).sum() + (truth == category).sum()))
    return Accuracy(
        top1=float((given == truth).mean()),
        top3=float((order[:, :3] == truth[:, None]).any(axis=1).mean()),
        macro_f1=float(np.mean(f1)),
    )


def _hubness(cosines: Matrix) -> Matrix:
    """Half of each label's mean cosine with its nearest captions, shape (1, labels)."""
    nearest = np.sort(cosines, axis=0)[-_HUB_NEIGHBOURS:]
    return np.asarray(nearest.mean(axis=0, keepdims=True) / 2, dtype=np.float32)


def _less_mean(matrix: Matrix) -> Matrix:
    return np.asarray(matrix - matrix.mean(axis=0, keepdims=True), dtype=np.float32)
