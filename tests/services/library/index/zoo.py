"""Three points that both adapters are tested with, and what names their parts."""

from __future__ import annotations

from uuid import UUID

import numpy as np

from services.library.index.port import Collection, Hit, Stored
from services.library.index.schema import IndexDims

DIMS = IndexDims(text=16, visual=8, sound=4)
VIDEOS, MOMENTS = Collection.VIDEOS, Collection.MOMENTS


def uid(number: int) -> str:
    return str(UUID(int=number + 1))


def axis(number: int, dim: int = 16) -> np.ndarray:
    return np.eye(dim, dtype=np.float32)[number]


def near(number: int, other: int, share: float, dim: int = 16) -> np.ndarray:
    vector = axis(number, dim) * (1 - share) + axis(other, dim) * share
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def ids(hits: list[Hit] | list[Stored]) -> list[str]:
    return [hit.id for hit in hits]
