"""One video, one place: of videos that are copies of each other, an answer shows the best one only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.library.index.port import Collection, IndexPort

DUPLICATE_OF = "duplicate_of"
"""Payload field: the id of the video that this one is a copy of; null for an original."""


def original_of(point_id: str, payload: Mapping[str, Any]) -> str:
    """Id of the video that a point is a copy of, or its own: equal for all copies of one video."""
    named = payload.get(DUPLICATE_OF)
    return named if isinstance(named, str) and named else UUID(point_id).hex


def one_of_each(points: Iterable[str], original: Callable[[str], str], *, taken: Iterable[str] = ()) -> list[str]:
    """`points` in their order without those whose original came before, or is one of `taken`."""
    shown = set(taken)
    kept = []
    for point in points:
        group = original(point)
        if group not in shown:
            shown.add(group)
            kept.append(point)
    return kept


def originals_of(index: IndexPort, point_ids: Sequence[str]) -> set[str]:
    """Originals of videos that were seen already; one that is not indexed counts as its own."""
    known = {stored.id: stored.payload for stored in index.retrieve(Collection.VIDEOS, point_ids)}
    return {original_of(point, known.get(point, {})) for point in point_ids}
