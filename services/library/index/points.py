"""What both adapters do before an engine sees anything: check against the schema, cut into batches.

So a mistake fails the same way everywhere, in our words, and before a part of the batch is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.library.errors import IndexMismatch
from services.library.index.port import Collection, Filter, MultiVector, Point, SparseVector, Vector
from services.library.index.schema import LEXICAL, PAYLOAD_INDEXES, SCHEMA_VERSION, IndexDims
from services.library.jsonable import storable_json

BATCH_BYTES = 8 * 1024 * 1024
"""Largest batch of points written at once, bytes (a Qdrant server takes 32 MiB a request)."""

BATCH_POINTS = 500
"""Most points written at once."""

_BYTES_PER_NUMBER = 12
"""A float32 as JSON text, about."""


def physical_name(collection: Collection, dims: IndexDims) -> str:
    """The versioned name behind a collection's alias, e.g. `videos-v1-text384-visual384m-sound64`."""
    sizes = "-".join(f"{name}{spec.dim}{'m' if spec.multi else ''}" for name, spec in dims.vectors(collection).items())
    return f"{collection.value}-v{SCHEMA_VERSION}-{sizes}"


def mismatch(where: str, live: Mapping[str, str], wanted: Mapping[str, str]) -> IndexMismatch:
    """The error for an index that was built with another schema or other models."""
    old = ", ".join(sorted(name for name in live.values() if name not in wanted.values()))
    new = ", ".join(sorted(name for name in wanted.values() if name not in live.values()))
    return IndexMismatch(
        f"The index in {where} holds {old}, this profile needs {new}. Use the profile it was built with "
        "(REELWISE_PROFILE) or another data folder (REELWISE_DATA_DIR), or run `reelwise reindex --empty`, which "
        "starts an empty index and sends every video through the lanes again."
    )


_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def point_id(text: str) -> str:
    """The id in its canonical form. Raises `IndexMismatch` when it is not a UUID."""
    if _CANONICAL.fullmatch(text):  # nearly all are: five times faster than parsing
        return text
    try:
        return str(UUID(text))
    except ValueError as error:
        raise IndexMismatch(f"{text!r} is not a point id: ids are UUIDs, `Video.point_id` has a video's.") from error


def checked(collection: Collection, points: Sequence[Point], dims: IndexDims) -> list[Point]:
    """The points with canonical ids, float32 vectors (multi: two axes), JSON payloads; empty vectors left out."""
    return [
        Point(
            point_id(point.id),
            {
                name: vector
                for name, value in point.vectors.items()
                if (vector := checked_vector(collection, name, value, dims)) is not None
            },
            storable_json(point.payload, f"payload of {collection.value} point {point.id}"),
        )
        for point in points
    ]


def checked_vector(
    collection: Collection, name: str, value: Vector | MultiVector | SparseVector, dims: IndexDims
) -> NDArray[np.float32] | SparseVector | None:
    """The vector as the schema wants it, None when it is empty. Raises `IndexMismatch` when it does not fit."""
    where = f"Vector {name!r} of {collection.value!r}"
    if name == LEXICAL:
        if not isinstance(value, SparseVector):
            raise IndexMismatch(f"{where} is sparse: make it with services.library.index.sparse.")
        return _checked_sparse(where, value)
    specs = dims.vectors(collection)
    if name not in specs:
        raise IndexMismatch(f"{where} does not exist: there are {', '.join([*specs, LEXICAL])}.")
    if isinstance(value, SparseVector):
        raise IndexMismatch(f"{where} is dense, but a sparse vector was given.")
    spec, array = specs[name], np.asarray(value, dtype=np.float32)
    if array.ndim not in ((1, 2) if spec.multi else (1,)) or (array.size and array.shape[-1] != spec.dim):
        raise IndexMismatch(
            f"{where} has shape {array.shape}, the index was built for {spec.dim} numbers"
            f"{' a row' if spec.multi else ''}: embed with the profile the index was built with."
        )
    if not np.isfinite(array).all():
        raise IndexMismatch(f"{where} holds NaN or infinity: leave the vector out when there is nothing to embed.")
    if array.size == 0:
        return None
    return array.reshape(-1, spec.dim) if spec.multi else array


def checked_discovery(
    collection: Collection, using: str, target: Vector, pairs: Sequence[tuple[Vector, Vector]], dims: IndexDims
) -> tuple[NDArray[np.float32] | None, list[tuple[NDArray[np.float32], NDArray[np.float32]]]]:
    """The target (None when empty) and the pairs that have both sides. Raises `IndexMismatch`."""
    if using == LEXICAL:
        raise IndexMismatch("Discovery works on dense vectors, not on 'lexical'.")
    aim = checked_vector(collection, using, target, dims)
    sides = [
        (positive, negative)
        for one, other in pairs
        if isinstance(positive := checked_vector(collection, using, one, dims), np.ndarray)
        and isinstance(negative := checked_vector(collection, using, other, dims), np.ndarray)
    ]
    return (aim if isinstance(aim, np.ndarray) else None), sides


def _checked_sparse(where: str, value: SparseVector) -> SparseVector | None:
    indices, values = value.indices, value.values
    ascending = all(a < b for a, b in pairwise(indices))
    if len(indices) != len(values) or not ascending or (indices and not 0 <= indices[0] <= indices[-1] < 2**32):
        raise IndexMismatch(f"{where} needs unique ascending 32-bit term ids, and as many weights.")
    if not np.isfinite(values).all():
        raise IndexMismatch(f"{where} holds NaN or infinity.")
    return value if indices else None


def checked_filter(collection: Collection, where: Filter | None) -> Filter:
    """The filter, with canonical ids. Raises `IndexMismatch` for a field without a payload index: it would scan."""
    if where is None:
        return Filter()
    for prepared in (where.within, where.without):
        if prepared is not None and prepared.collection is not collection:
            raise IndexMismatch(f"The filter was prepared for {prepared.collection.value!r}, not {collection.value!r}.")
    indexed = PAYLOAD_INDEXES[collection]
    for key in (*where.equals, *where.some, *where.excludes, *where.ranges):
        if key not in indexed:
            raise IndexMismatch(f"{collection.value!r} cannot be filtered by {key!r}: there are {', '.join(indexed)}.")
    for key in where.ranges:
        if indexed[key] != "float":
            raise IndexMismatch(f"{key!r} of {collection.value!r} is no number: use equals instead of ranges.")
    for key in (*where.equals, *where.some, *where.excludes):
        if indexed[key] != "keyword":
            raise IndexMismatch(f"{key!r} of {collection.value!r} is a number: use ranges instead of equals.")
    return replace(
        where,
        ids=None if where.ids is None else [point_id(one) for one in where.ids],
        not_ids=frozenset(point_id(one) for one in where.not_ids),
    )


def checked_facet(collection: Collection, key: str) -> str:
    """The key, when it can be counted by value. Raises `IndexMismatch`."""
    keywords = [name for name, kind in PAYLOAD_INDEXES[collection].items() if kind == "keyword"]
    if key not in keywords:
        raise IndexMismatch(f"{collection.value!r} cannot be counted by {key!r}: there are {', '.join(keywords)}.")
    return key


def batches(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Runs of points of at most BATCH_POINTS and about BATCH_BYTES; a larger point travels alone."""
    batch: list[Point] = []
    size = 0
    for point in points:
        bytes_ = _size(point)
        if batch and (len(batch) >= BATCH_POINTS or size + bytes_ > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(point)
        size += bytes_
    if batch:
        yield batch


def _size(point: Point) -> int:
    numbers = sum(
        2 * len(vector.indices) if isinstance(vector, SparseVector) else vector.size
        for vector in point.vectors.values()
    )
    return numbers * _BYTES_PER_NUMBER + _text_size(point.payload)


def _text_size(value: Any) -> int:
    if isinstance(value, str):
        return 4 * len(value) + 2
    if isinstance(value, Mapping):
        return sum(_text_size(key) + _text_size(item) for key, item in value.items()) + 2
    if isinstance(value, list):
        return sum(map(_text_size, value)) + 2
    return 24
