"""Tags against the tags that people gave, exactly and by meaning. Counts are pooled over all clips (micro average)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.metrics.similarity import Embed, Matrix, threshold_for
from benchmarks.metrics.words import tag_key

Tags = Sequence[str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision: share of the given tags that are right; recall: share of the right tags that are given."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, matched: int, given: int, right: int) -> Agreement:
        """From counts; what has nothing to divide by is 0."""
        precision = matched / given if given else 0.0
        recall = matched / right if right else 0.0
        return cls(precision, recall, 2 * precision * recall / (precision + recall) if matched else 0.0)


def exact_agreement(given: Sequence[Tags], right: Sequence[Tags]) -> Agreement:
    """A tag is right when a person gave the same words, but for case, hyphens and plain plurals."""
    return _pooled(given, right, lambda ours, theirs: len(set(ours) & set(theirs)))


def soft_agreement(given: Sequence[Tags], right: Sequence[Tags], embed: Embed, threshold: float) -> Agreement:
    """A tag is right when its cosine to a person's tag reaches the threshold; every tag is matched once at most."""

    def matched(ours: Tags, theirs: Tags) -> int:
        if not ours or not theirs:
            return 0
        return matched_pairs(embed(ours) @ embed(theirs).T, threshold)

    return _pooled(given, right, matched)


def soft_threshold(right: Sequence[Tags], embed: Embed) -> float:
    """The cosine that at most 1 % of pairs of different tags of different clips reach."""
    owners = [(clip, tag) for clip, tags in enumerate(right) for tag in dict.fromkeys(map(tag_key, tags))]
    vectors = embed([tag for _, tag in owners])
    cosines = vectors @ vectors.T
    return threshold_for(
        [
            float(cosines[i, j])
            for i, (clip, tag) in enumerate(owners)
            for j, (other, name) in enumerate(owners[:i])
            if clip != other and tag != name
        ]
    )


def matched_pairs(similarities: Matrix, threshold: float) -> int:
    """Size of a greedy one-to-one matching of rows and columns, nearest pairs first, none below the threshold."""
    left = np.array(similarities, dtype=np.float64)
    count = 0
    while left.size and left.max() >= threshold:
        row, column = np.unravel_index(left.argmax(), left.shape)
        left[row, :] = left[:, column] = -np.inf
        count += 1
    return count


def _pooled(given: Sequence[Tags], right: Sequence[Tags], matched: Callable[[Tags, Tags], int]) -> Agreement:
    ours = [tuple(dict.fromkeys(map(tag_key, tags))) for tags in given]
    theirs = [tuple(dict.fromkeys(map(tag_key, tags))) for tags in right]
    pairs = sum(matched(a, b) for a, b in zip(ours, theirs, strict=True))
    return Agreement.of(pairs, sum(map(len, ours)), sum(map(len, theirs)))
