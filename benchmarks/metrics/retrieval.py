"""Does the clip come back for its caption, and how far up?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Recall at 1 and at 5, and the mean reciprocal rank; all in [0, 1]."""

    r_at_1: float
    r_at_5: float
    mrr: float


def retrieval(ranks: Sequence[int | None]) -> Retrieval:
    """`ranks` has, per query, the place of the one right answer, 1 first, None where it was not found at all.

    >>> retrieval([1, 2, None, 1])
    Retrieval(r_at_1=0.5, r_at_5=0.75, mrr=0.625)
    """
    if not ranks:
        raise ValueError("no query was asked, so there is nothing to average")
    return Retrieval(
        r_at_1=sum(rank == 1 for rank in ranks) / len(ranks),
        r_at_5=sum(rank is not None and rank <= 5 for rank in ranks) / len(ranks),
        mrr=sum(1.0 / rank for rank in ranks if rank is not None) / len(ranks),
    )


def chance(candidates: int) -> Retrieval:
    """What a random order of so many candidates reaches on average."""
    harmonic = sum(1.0 / rank for rank in range(1, candidates + 1))
    return Retrieval(1.0 / candidates, min(1.0, 5.0 / candidates), harmonic / candidates)


def rank_of(wanted: str, ranked: Sequence[str]) -> int | None:
    """The place of `wanted`, 1 first; None where it is not in the list."""
    return ranked.index(wanted) + 1 if wanted in ranked else None
