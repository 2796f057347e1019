"""Questions that the index answers with points; many can be asked at once (`IndexPort.ask`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.library.index.port import Filter, Hit, SparseVector, Vector


@dataclass(frozen=True, slots=True)
class Near:
    """Nearest points by the named vector, best first. A point that lacks the vector is not a candidate."""

    using: str
    vector: Vector | SparseVector
    where: Filter | None = None
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Toward:
    """Qdrant's discovery search: points nearer to each pair's first vector than to its second come first, and among
    them those nearest to `target`.

    The score's whole part is how many pairs a point is on the right side of, less those it is on the wrong side of; the
    rest, in (0, 1), rises with the cosine to the target.
    """

    using: str
    target: Vector
    pairs: Sequence[tuple[Vector, Vector]] = ()
    where: Filter | None = None
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Drawn:
    """Points that pass the filter, drawn at random; their scores say nothing."""

    where: Filter | None = None
    limit: int = 100


Ask = Near | Toward | Drawn


def in_their_places(requests: Sequence[object | None], found: Iterable[Iterable[Any]]) -> list[list[Hit]]:
    """What an engine found for the requests that are not None, in their order; nothing for the others."""
    answers = iter(found)
    return [
        [] if request is None else [Hit(str(hit.id), float(hit.score), hit.payload or {}) for hit in next(answers)]
        for request in requests
    ]
