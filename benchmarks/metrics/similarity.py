"""Cosines of embedded texts, and how high a cosine must be before it means the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Matrix]
"""Texts to vectors of unit length, shape (texts, dim)."""

FALSE_MATCH_RATE = 0.01
"""Share of pairs that do not belong together which a threshold lets pass."""


def threshold_for(unrelated: Sequence[float] | Matrix, rate: float = FALSE_MATCH_RATE) -> float:
    """The smallest threshold that at most `rate` of the unrelated pairs' similarities reach.

    Sentence encoders put any two short texts close together, so a cosine means nothing before it is compared with the
    cosines of pairs that have nothing to do with each other. Raises `ValueError` where there is no pair.

    >>> threshold_for([0.1, 0.2, 0.3, 0.4], rate=0.25) > 0.3
    True
    """
    found = np.sort(np.asarray(unrelated, dtype=np.float64))[::-1]
    if not len(found):
        raise ValueError("a threshold needs pairs of unrelated texts: label at least two clips")
    allowed = int(rate * len(found))
    return float(np.nextafter(found[allowed], np.inf)) if allowed < len(found) else float(found[-1])


def remembered(embed: Embed) -> Embed:
    """The same embedding, each text computed once."""
    known: dict[str, Matrix] = {}

    def look_up(texts: Sequence[str]) -> Matrix:
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known.update(zip(missing, embed(missing), strict=True))
        return np.stack([known[text] for text in texts]) if texts else embed([])

    return look_up
