"""Between the port's values and qdrant-client's: vectors, filters, points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from qdrant_client import models

from services.library.index.port import Filter, MultiVector, SparseVector, Stored, Vector


def server_vector(vector: Vector | MultiVector | SparseVector) -> Any:
    """One vector."""
    if isinstance(vector, SparseVector):
        return models.SparseVector(indices=list(vector.indices), values=list(vector.values))
    return vector.tolist()


def server_vectors(vectors: Mapping[str, Vector | MultiVector | SparseVector]) -> dict[str, Any]:
    """Vectors by name."""
    return {name: server_vector(vector) for name, vector in vectors.items()}


def payload_selector(fields: Sequence[str] | None) -> bool | list[str]:
    """What a request says of the payload that it wants."""
    return True if fields is None else list(fields) or False


def stored_of(record: models.Record) -> Stored:
    """A point as it is stored."""
    vectors: dict[str, Vector | MultiVector | SparseVector] = {}
    if isinstance(record.vector, Mapping):
        for name, value in record.vector.items():
            if isinstance(value, models.SparseVector):
                order = np.argsort(value.indices)
                indices = tuple(value.indices[at] for at in order)
                vectors[name] = SparseVector(indices, tuple(value.values[at] for at in order))
            else:
                vectors[name] = np.asarray(value, dtype=np.float32)
    return Stored(str(record.id), record.payload or {}, vectors)


def server_filter(where: Filter) -> models.Filter:
    """A filter that was checked."""
    must: list[Any] = []
    must_not: list[Any] = []
    for key, values in where.equals.items():
        # Nothing is one of no values; no id is in the empty list.
        must.append(_any_of(key, values) if values else models.HasIdCondition(has_id=[]))
    for key, values in where.excludes.items():
        if values:
            must_not.append(_any_of(key, values))
    for key, (low, high) in where.ranges.items():
        if low is not None or high is not None:
            must.append(models.FieldCondition(key=key, range=models.Range(gte=low, lte=high)))
    if where.ids is not None:
        must.append(models.HasIdCondition(has_id=list(where.ids)))
    if where.within is not None:
        assert isinstance(where.within.condition, models.Filter), "prepared by another index"
        must.append(where.within.condition)
    if where.without is not None:
        assert isinstance(where.without.condition, models.Filter), "prepared by another index"
        must_not.append(where.without.condition)
    if where.not_ids:
        must_not.append(models.HasIdCondition(has_id=list(where.not_ids)))
    some: list[Any] = [_any_of(key, values) for key, values in where.some.items() if values]
    if where.some and not some:
        must.append(models.HasIdCondition(has_id=[]))
    return models.Filter(must=must or None, should=some or None, must_not=must_not or None)


def _any_of(key: str, values: Sequence[str | int | bool]) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchAny(any=[str(value) for value in values]))
