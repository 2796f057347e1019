"""Which hashtags a caption had, from what is left of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.kept_vectors import KeptVectors
from benchmarks.kuairec_data import Caption
from benchmarks.metrics.similarity import Matrix
from models.vision.conse import unit_rows

MIN_USES = 5
"""A hashtag that the tuning half uses more rarely is not asked for."""

AT = (1, 5, 10)
_NEIGHBOURS = (5, 20, 50)
_PROMOTION = re.compile(
    "热门|推广|官方|感谢|涨粉|限流|助手|助推|助力|商家号|中心|平台|支持快手|我要|流量|激励计划|创作者|创业者|快影|周年|全面屏"
)
"""Words of hashtags that ask the platform for reach or thank it, and say nothing of the video."""


@dataclass(frozen=True, slots=True)
class HashtagRecall:
    """`recall[method][k]`: mean share of a caption's hashtags among the first k of `vocabulary`.

    `asked` captions have words and a hashtag of the vocabulary. `covered`: the share of the reported half's uses of
    hashtags that the vocabulary holds. `chosen` is the method that found most on the tuning half.
    """

    vocabulary: int
    asked: int
    covered: float
    recall: dict[str, dict[str, float]]
    chosen: str


def is_promotion(hashtag: str) -> bool:
    """Whether a hashtag speaks to the platform instead of about the video."""
    return _PROMOTION.search(hashtag) is not None


def hashtag_recall(
    captions: Sequence[Caption], documents: Matrix, vectors: KeptVectors, *, promotion: bool
) -> HashtagRecall | None:
    """Recall on the reported half; None where the tuning half uses no hashtag often enough.

    "Of alike captions" adds up the hashtags of the nearest captions of the tuning half: it has seen hashtags of other
    videos, and is no zero-shot method. `documents[i]` embeds caption i.
    """
    known = [i for i, caption in enumerate(captions) if caption.tuning and caption.text]
    wanted = [[tag for tag in caption.hashtags if promotion or not is_promotion(tag)] for caption in captions]
    uses = Counter(tag for i, caption in enumerate(captions) if caption.tuning for tag in wanted[i])
    vocabulary = [tag for tag, count in uses.most_common() if count >= MIN_USES]
    if not vocabulary or not known:
        return None
    place = {tag: column for column, tag in enumerate(vocabulary)}
    right = [[place[tag] for tag in tags if tag in place] for tags in wanted]
    asked = [i for i, caption in enumerate(captions) if not caption.tuning and right[i] and caption.text]
    tuned = [i for i in known if right[i]]
    centred = unit_rows(documents - documents[known].mean(axis=0, keepdims=True))
    names = vectors.passages(vocabulary, "embedding hashtags")
    names_centred = unit_rows(names - names.mean(axis=0, keepdims=True))
    popularity = np.array([uses[tag] for tag in vocabulary], np.float32)
    used = np.zeros((len(known), len(vocabulary)), np.float32)
    for row, i in enumerate(known):
        used[row, right[i]] = 1.0

    def scores(rows: list[int]) -> dict[str, Matrix]:
        alike = centred[rows] @ centred[known].T
        alike[np.asarray(rows)[:, None] == np.asarray(known)[None, :]] = -1.0  # a caption is not its own neighbour
        found = {
            "most popular": np.tile(popularity, (len(rows), 1)),
            "nearest name": documents[rows] @ names.T,
            "nearest name, centred": centred[rows] @ names_centred.T,
        }
        for count in _NEIGHBOURS:
            cut = np.sort(alike, axis=1)[:, -min(count, alike.shape[1])][:, None]
            found[f"of {count} alike captions"] = np.where(alike >= cut, np.maximum(alike, 0.0), 0.0) @ used / count
        return found

    on_tuning = {name: _recall(matrix, tuned, right, 5) for name, matrix in scores(tuned).items()}
    total = sum(len(wanted[i]) for i, caption in enumerate(captions) if not caption.tuning)
    held = sum(len(right[i]) for i, caption in enumerate(captions) if not caption.tuning)
    return HashtagRecall(
        vocabulary=len(vocabulary),
        asked=len(asked),
        covered=held / max(1, total),
        recall={
            name: {f"at_{k}": _recall(matrix, asked, right, k) for k in AT} for name, matrix in scores(asked).items()
        },
        chosen=max(on_tuning, key=lambda name: on_tuning[name]),
    )


def _recall(matrix: Matrix, rows: Sequence[int], right: Sequence[Sequence[int]], k: int) -> float:
    order = np.argsort(-matrix, axis=1, kind="stable")[:, :k]
    shares = [len(set(order[row].tolist()) & set(right[i])) / len(right[i]) for row, i in enumerate(rows)]
    return float(np.mean(shares)) if shares else 0.0
