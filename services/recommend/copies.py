"""One video, one place: of videos that are copies of each other, an answer shows the best one only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

DUPLICATE_OF = "duplicate_of"
"""Payload field: the id of the video that this one is a copy of; null for an original."""


def original_of(point_id: str, payload: Mapping[str, Any]) -> str:
    """Id of the video that a point is a copy of, or its own: equal for all copies of one video."""
    named = payload.get(DUPLICATE_OF)
    return named if isinstance(named, str) and named else UUID(point_id).hex


def one_of_each(points: Iterable[str], original: Callable[[str], str]) -> list[str]:
    """`points` in their order without those whose original came before."""
    shown: set[str] = set()
    kept = []
    for point in points:
        group = original(point)
        if group not in shown:
            shown.add(group)
            kept.append(point)
    return kept
