"""Content as the product reads it: meaning by text vectors near several interests, and labels weighted by rarity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.kept_vectors import KeptVectors
from benchmarks.recsys.baselines import Scores, Source
from benchmarks.recsys.movielens import MovieLens
from benchmarks.recsys.splits import Split

_RECENT = 50
_PART = 512
_WORDS = 12
"""Tag words a text takes, commonest first: a hundred tags would drown title and genres."""


def texts_of(data: MovieLens, split: Split) -> list[str]:
    """Title, genres and what people tagged, as one passage an item."""
    words: dict[int, Counter[str]] = defaultdict(Counter)
    for tag in split.tags:
        words[tag.item][tag.word] += 1
    return [
        ". ".join(
            part
            for part in (
                title,
                ", ".join(genres),
                ", ".join(word for word, _ in words[item].most_common(_WORDS)) if item in words else "",
            )
            if part
        )
        for item, (title, genres) in enumerate(zip(data.titles, data.genres, strict=True))
    ]


class Texts:
    """The texts of all splits as centred unit vectors; what two splits share is embedded once."""

    def __init__(self, data: MovieLens, splits: Sequence[Split], vectors: KeptVectors) -> None:
        self._texts = {id(split): texts_of(data, split) for split in splits}
        every = sorted({text for texts in self._texts.values() for text in texts})
        # In parts that are kept one by one, so that a run that was ended goes on where it was.
        parts = [every[start : start + _PART] for start in range(0, len(every), _PART)]
        said = "embedding titles, genres and tags"
        rows = np.concatenate([vectors.passages(part, f"{said}, part {at}") for at, part in enumerate(parts, 1)])
        self._place = {text: row for row, text in enumerate(every)}
        self._rows = rows

    def raw(self, split: Split) -> NDArray[np.float32]:
        """As the encoder gives them; shape (items, dim), unit rows."""
        return np.asarray(self._rows[[self._place[text] for text in self._texts[id(split)]]], np.float32)

    def of(self, split: Split) -> NDArray[np.float32]:
        """Shape (items, dim). E5's vectors share a large common part, so the mean is taken off."""
        found = self.raw(split)
        centred = found - found.mean(axis=0)
        return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9), np.float32)


def meaning(data: MovieLens, texts: Texts, *, sharpness: float, half_life: float) -> Source:
    """How near an item is to what a user liked: a softmax-weighted mean of cosines to their recent likes.

    `sharpness` 0 compares with the mean of the likes, a large one with the nearest like alone. A like is worth half
    after `half_life` later likes.
    """

    def score(split: Split) -> Scores:
        vectors = texts.of(split)
        rows = np.zeros((len(split.asked), data.items), np.float32)
        for row, user in enumerate(split.asked):
            liked = split.known.item[split.known.user == user][-_RECENT:]
            weights = 0.5 ** (np.arange(len(liked))[::-1] / half_life)
            if sharpness == 0:
                rows[row] = vectors @ (weights @ vectors[liked] / weights.sum()).astype(np.float32)
                continue
            cosines = vectors[liked] @ vectors.T
            near = np.exp(np.float32(sharpness) * cosines) * weights[:, None].astype(np.float32)
            rows[row] = (near * cosines).sum(axis=0) / near.sum(axis=0)
        return rows

    return score


def label_matrix(data: MovieLens, split: Split) -> sparse.csr_matrix:
    """Items by labels (genres and tag words), each weighted by its inverse document frequency, rows of unit length."""
    pairs = {(item, f"genre:{name}") for item, names in enumerate(data.genres) for name in names}
    pairs |= {(tag.item, f"tag:{tag.word}") for tag in split.tags}
    names = {name: at for at, name in enumerate(sorted({name for _, name in pairs}))}
    counts = Counter(name for _, name in pairs)
    ordered = sorted(pairs)
    weights = [np.log1p(data.items / counts[name]) for _, name in ordered]
    places = ([item for item, _ in ordered], [names[name] for _, name in ordered])
    whole = sparse.csr_matrix((weights, places), shape=(data.items, len(names)), dtype=np.float32)
    norms = np.sqrt(np.asarray(whole.multiply(whole).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1.0 / np.maximum(norms, 1e-9)) @ whole)


def labels(data: MovieLens, *, half_life: float) -> Source:
    """Cosine between the decayed sum of the labels a user liked and an item's labels."""

    def score(split: Split) -> Scores:
        named = label_matrix(data, split)
        rows = np.zeros((len(split.asked), data.items), np.float32)
        for row, user in enumerate(split.asked):
            liked = split.known.item[split.known.user == user]
            weights = 0.5 ** (np.arange(len(liked))[::-1] / half_life)
            taste = np.asarray(weights @ named[liked]).ravel()
            rows[row] = named @ (taste / max(float(np.linalg.norm(taste)), 1e-9))
        return rows

    return score
