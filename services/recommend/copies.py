"""One video, one place: of videos that are copies of each other, an answer shows the best one only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

DUPLICATE_OF = "duplicate_of"
"""Payload field: the id of the video that this one is a copy of; null for an original."""


def original_of(point_id: str, payload: Mapping[str, Any]) -> str:
    """Id of the video that a point is a copy of, or its own: equal for all copies of one video."""
    named = payload.get(DUPLICATE_OF)
    return named if isinstance(named, str) and named else UUID(point_id).hex
