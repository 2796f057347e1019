"""The one narrow port to Qdrant. Two adapters, `edge` and `server`, are held to the same tests.

`videos` holds one point a video, `moments` one point a shot or speech turn. `schema.py` names the vectors and fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from services.library.index.asks import Ask

Vector = NDArray[np.float32]
"""Shape (dim,), unit length."""

MultiVector = NDArray[np.float32]
"""Shape (n, dim), n >= 1, unit rows; compared by the largest cosine (MaxSim)."""


Changed = Callable[["Collection", Sequence[str] | None], None]
"""Told of a write: the collection, and the ids of the points that it touched; None where the index does not know."""


QUICK_EF = 32
"""How many candidates a quick search keeps in sight (HNSW's ef), or as many as are asked for; Qdrant's default is 100.

On 100,000 made-up videos it found 91 % of the exact best 30 by text; 48 found 94 % and 96 found 95 %, for 1.6 and 2.3
times the work.
"""


class Collection(StrEnum):
    """The two collections; adapters prefix and version the physical names behind these aliases."""

    VIDEOS = "videos"
    MOMENTS = "moments"


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term ids (unsigned 32 bit, unique, ascending) and their weights, same length."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """`id` is a UUID string. `vectors` maps a vector's name to what the schema says it is; names may be missing."""

    id: str
    vectors: Mapping[str, Vector | MultiVector | SparseVector]
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PreparedFilter:
    """A filter and its form in an adapter, of `IndexPort.prepare`: the latter is of use to that index only."""

    collection: Collection
    condition: object
    where: Filter


@dataclass(frozen=True, slots=True)
class Filter:
    """All conditions hold together. `equals`: the field (or one of its items) is one of the values.

    `some`: for at least one of these fields, as in `equals`. `excludes`: the field (and every one of its items) is none
    of the values. `ranges`: gte/lte bounds, either None. `ids` keeps only, `not_ids` drops, these point ids. `within`
    is a prepared filter that must hold as well, `without` one that must not.
    """

    equals: Mapping[str, Sequence[str | int | bool]] = field(default_factory=dict)
    some: Mapping[str, Sequence[str | int | bool]] = field(default_factory=dict)
    excludes: Mapping[str, Sequence[str | int | bool]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    ids: Sequence[str] | None = None
    not_ids: Sequence[str] | AbstractSet[str] = ()
    within: PreparedFilter | None = None
    without: PreparedFilter | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A found point; higher scores are nearer (cosine, MaxSim or the sparse dot product)."""

    id: str
    score: float
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """A point as stored; `vectors` is empty unless it was asked for."""

    id: str
    payload: Mapping[str, Any]
    vectors: Mapping[str, Vector | MultiVector | SparseVector]


class IndexPort(Protocol):
    """What the library needs of a vector index. Writes are durable and visible when they return.

    Raises `IndexUnavailable` (index out of reach, locked) and `IndexMismatch` (a vector that the schema does not fit).
    """

    def upsert(self, collection: Collection, points: Sequence[Point]) -> None:
        """Write points; a point of the same id is replaced whole."""
        ...

    def delete(self, collection: Collection, where: Filter) -> None:
        """Delete all points that the filter lets through."""
        ...

    def set_payload(self, collection: Collection, point_id: str, payload: Mapping[str, Any]) -> None:
        """Merge fields into a point's payload; its vectors stay as they are."""
        ...

    def query(
        self,
        collection: Collection,
        *,
        using: str,
        vector: Vector | SparseVector,
        where: Filter | None = None,
        limit: int = 10,
        fields: Sequence[str] | None = None,
        quick: bool = False,
    ) -> list[Hit]:
        """Nearest points by the named vector, best first. A point that lacks the vector is not a candidate.

        `fields` are the payload fields to bring along: all of them by default, none for `()`. `quick` looks less far
        into the graph (`QUICK_EF`): for one of many sources of candidates.
        """
        ...

    def ask(
        self, collection: Collection, asks: Sequence[Ask], *, fields: Sequence[str] | None = None, quick: bool = False
    ) -> list[list[Hit]]:
        """The answers to several questions, in their order: one journey to the index, and less work for it than one by
        one. `fields` and `quick` as in `query`.
        """
        ...

    def prepare(self, collection: Collection, where: Filter) -> PreparedFilter:
        """Check and convert a filter once, for several questions of one request (`Filter.within`).

        Worth it for filters with hundreds of ids, which cost more to convert than to apply.
        """
        ...

    def retrieve(
        self,
        collection: Collection,
        ids: Sequence[str],
        *,
        with_vectors: bool | Sequence[str] = False,
        fields: Sequence[str] | None = None,
    ) -> list[Stored]:
        """In the order of `ids`; unknown ids are left out. `with_vectors` may name the vectors that are wanted."""
        ...

    def scroll(
        self,
        collection: Collection,
        *,
        where: Filter | None = None,
        limit: int = 100,
        fields: Sequence[str] | None = None,
    ) -> list[Stored]:
        """Points that pass the filter, in the order of ids."""
        ...

    def count(self, collection: Collection, where: Filter | None = None) -> int:
        """How many points pass the filter, exactly."""
        ...

    def facet(
        self, collection: Collection, key: str, *, where: Filter | None = None, limit: int = 50
    ) -> dict[str, int]:
        """Values of an indexed field and how many points have each, most frequent first."""
        ...

    def watch(self, changed: Changed) -> bool:
        """Have `changed` called after every write, for as long as its object lives. False, and nothing is ever
        called, where others may write to the index unseen.
        """
        ...

    def optimize(self) -> None:
        """Build what makes queries fast; slow, so for idle moments."""
        ...

    def unoptimized(self) -> tuple[int, float]:
        """How many points were written since the last `optimize`, and how many seconds ago the last was."""
        ...

    def close(self) -> None:
        """Flush and let go of the index."""
        ...
